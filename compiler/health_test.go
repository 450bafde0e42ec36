package compiler

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// TestHealthChecksInAShell runs the generated checks with each client alone on
// the path, against a real server.
func TestHealthChecksInAShell(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query() // decoded: wget encodes the braces
		switch uri := r.URL.RequestURI(); {
		case uri == "/healthz", uri == "/it's%20%25fine", query.Get("all") == "$1" && query.Get("in[]") == "{a,b}":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	closed := closedPort(t)

	clients := map[string][]string{"wget": {"wget"}, "curl": {"curl"}, "bash": {"bash"}, "busybox": {"busybox"}}
	for name, tools := range clients {
		t.Run(name, func(t *testing.T) {
			path := toolbox(t, tools...)
			check := func(what string, test []string, want bool) {
				t.Helper()
				if got := healthy(t, path, test); got != want {
					t.Errorf("%s: healthy is %v\n%s", what, got, test[1])
				}
			}
			check("200", httpTest(port, "/healthz"), true)
			check("quoting", httpTest(port, "/it's%20%25fine"), true)
			check("query", httpTest(port, "/ready?all=$1&in[]={a,b}"), true)
			check("503", httpTest(port, "/broken"), false)
			check("refused", httpTest(closed, "/healthz"), false)
			if name == "bash" || name == "busybox" {
				check("tcp", tcpTest(port), true)
				check("tcp refused", tcpTest(closed), false)
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		if healthy(t, toolbox(t), httpTest(port, "/healthz")) {
			t.Error("healthy without a client")
		}
	})
}

// toolbox makes a folder that holds the tools and nothing else.
func toolbox(t *testing.T, tools ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range tools {
		real, err := exec.LookPath(tool)
		if err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing", tool)
			}
			t.Skipf("SKIPPED: %s is missing", tool)
		}
		names := []string{tool}
		if tool == "busybox" {
			names = []string{"wget", "grep"}
		}
		for _, name := range names {
			if err := os.Symlink(real, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func healthy(t *testing.T, path string, test []string) bool {
	t.Helper()
	if test[0] != "CMD-SHELL" || len(test) != 2 {
		t.Fatalf("%q", test)
	}
	c := exec.Command("/bin/sh", "-c", test[1]) // as Docker does
	c.Env = []string{"PATH=" + path}
	return c.Run() == nil
}

// closedPort gives a port of the loopback address on which nobody listens.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
