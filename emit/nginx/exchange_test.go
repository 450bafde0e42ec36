package nginx

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"nselfc/compiler/ir"
)

// TestExchange sends requests on as marks say, from one request to the next, and
// holds that a marked route is what it was in all else.
func TestExchange(t *testing.T) {
	t.Parallel()
	port := service(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Service", "api")
		echo(w, r)
	}))
	api, files, inside := aRoute("api", "/", port), aRoute("api", "/files", port), aRoute("api", "/inside", port)
	files.StripPrefix = yes()
	files.RateLimit = limitOf(1, 60, 3)
	inside.AllowFrom = []ir.String{str("203.0.113.0/24")}
	var asked atomic.Pointer[string]
	srv := start(t, anIngress(aHost("a.example.com", api, files, inside)), setup{dns: func(name string) string {
		asked.Store(&name)
		if name == "gone.api" {
			return ""
		}
		return "127.0.0.1"
	}})
	mark := func(group string) string {
		path := filepath.Join(srv.dir, "cache/marks", filepath.Base(Mark(group, "api", port)))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	same := func(t *testing.T) {
		t.Helper()
		for target, want := range map[string]string{"/x?y": "200", "/inside/x": "403"} {
			if answer := srv.get("a.example.com", target); status(answer) != want || !strings.Contains(answer, "Strict-Transport-Security") {
				t.Errorf("%s: %s, want %s and the headers", target, answer, want)
			}
		}
	}
	same(t)
	if got := *asked.Load(); got != "api" {
		t.Errorf("asked for %q without a mark", got)
	}
	for _, group := range Groups {
		path := mark(group)
		same(t)
		if got := *asked.Load(); got != group+".api" {
			t.Errorf("asked for %q with the mark of %s", got, group)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	mark("a")
	statuses := ""
	for range 4 {
		answer := srv.get("a.example.com", "/files/sub?q="+strconv.Itoa(1))
		statuses += status(answer) + " "
		if status(answer) == "200" && (!strings.Contains(answer, "GET /sub?q=1\n") || !strings.Contains(answer, "a.example.com")) {
			t.Errorf("a marked route that strips its prefix: %s", answer)
		}
	}
	if statuses != "200 200 200 429 " {
		t.Errorf("a marked route with a limit of three: %s", statuses)
	}
}
