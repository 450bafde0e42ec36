//go:build lab && linux

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nselfc/internal/lab"
)

const retireStack = `stack "small" {}

environment "dev" {
  posture = "development"
}

secret "key" {}

secret "old" {}

service "worker" {
  image   = "redis:8.2.9"
  user    = "999:999"
  command = ["redis-server", "--save", ""]
  secrets = { KEY = secret.key, OLD = secret.old }
}
`

// TestRetire asks a real engine what runs: a value that a container was started with
// is not taken away before that container is gone, and one that it never had is.
func TestRetire(t *testing.T) {
	t.Parallel()
	engine := lab.Start(t, lab.Options{Images: standIns})
	engine.RequireMachines(t)
	s := newStack(t, engine, fstest.MapFS{"nself.hcl": {Data: []byte(retireStack), Mode: 0o644}}, "small", "dev", "small.localhost")
	program := nselfc(t)
	retire := func(args ...string) lab.Result {
		return engine.HostRun(lab.Command{Args: append([]string{program, "secrets", "retire", "--env", "dev", "--path", s.dir}, args...), Timeout: time.Minute})
	}
	s.build(t)
	s.up(t)
	s.edit(t, "secret \"old\" {}\n\n", "")
	s.edit(t, ", OLD = secret.old", "")
	s.build(t)
	if r := retire("OLD"); r.OK() || !strings.Contains(r.String(), "NS687") || !strings.Contains(r.String(), "small-dev-worker-1") {
		t.Fatalf("a value in use was retired: %s", r)
	}
	s.up(t)
	if r := retire("OLD"); !r.OK() {
		t.Fatalf("not retired: %s", r)
	}
	if strings.Contains(read(t, filepath.Join(s.out, ".secrets")), "OLD=") {
		t.Error("it is still there")
	}
	if r := retire("OLD", "--undo"); !r.OK() || !strings.Contains(read(t, filepath.Join(s.out, ".secrets")), "OLD=") {
		t.Errorf("not put back: %s", r)
	}
}
