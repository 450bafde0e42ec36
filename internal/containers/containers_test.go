package containers

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// docker puts a program of that name first in the path. What the real one takes
// and prints, TestRealClient tries.
func docker(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestRunning(t *testing.T) {
	docker(t, `case "$*" in *"label=com.docker.compose.project=shop "*) ;; *) exit 9;; esac
echo '{"Name":"shop-api-1","Service":"api","Config":"abc"}'
echo '{"Name":"shop-web-1","Service":"web","Config":""}'
`)
	got, err := Running(context.Background(), "shop")
	want := []Container{{"shop-api-1", "api", "abc"}, {"shop-web-1", "web", ""}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	docker(t, "")
	if got, err := Running(context.Background(), "shop"); len(got) != 0 || err != nil {
		t.Errorf("got %v and %v of no containers", got, err)
	}
}

// TestNoAnswer wants an engine that says nothing not to be taken for one that says
// that nothing runs.
func TestNoAnswer(t *testing.T) {
	for _, tt := range []struct{ name, script, says string }{
		{"no engine", "echo 'Cannot connect to the Docker daemon' >&2; exit 1", "Cannot connect to the Docker daemon"},
		{"silent failure", "exit 3", "exit status 3"},
		{"something else", "echo hello", "something else"},
	} {
		docker(t, tt.script)
		if got, err := Running(context.Background(), "shop"); got != nil || err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %v and %v", tt.name, got, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Running(context.Background(), "shop"); err == nil || !strings.Contains(err.Error(), "not installed") {
		t.Errorf("got %v without docker", err)
	}
}

// TestRealClient has the real command ask an engine of the test's own, which holds
// it to the question and answers as one does.
func TestRealClient(t *testing.T) {
	if _, err := exec.LookPath("docker"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	engine := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.44")
		w.Header().Set("Content-Type", "application/json")
		if !strings.HasSuffix(r.URL.Path, "/containers/json") {
			return // the ping
		}
		if got := r.URL.Query().Get("filters"); got != `{"label":{"com.docker.compose.project=shop":true}}` || r.URL.Query().Get("all") == "1" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = w.Write([]byte(`[{"Id":"0123","Names":["/shop-api-1"],"Image":"a","State":"running","Status":"Up 1 second",
			"Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"api","io.nselfc.config":"abc"}},
			{"Id":"4567","Names":["/shop-web-1"],"Image":"b","State":"paused","Status":"Up 1 second (Paused)",
			"Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"web"}}]`))
	})}
	go func() { _ = engine.Serve(listener) }()
	defer engine.Close()
	t.Setenv("DOCKER_HOST", "unix://"+socket)
	t.Setenv("DOCKER_CONTEXT", "")
	t.Setenv("HOME", t.TempDir())
	got, err := Running(context.Background(), "shop")
	want := []Container{{"shop-api-1", "api", "abc"}, {"shop-web-1", "web", ""}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}
