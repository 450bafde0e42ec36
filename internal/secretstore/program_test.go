package secretstore

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// TestMain takes away what is built for the tests that run nselfc.
func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// built are the program under test, and the docker that it starts, made once.
var built struct {
	sync.Once
	dir, problem string
}

// builtProgram gives the path of nselfc, or of docker.
func builtProgram(t *testing.T, name string) string {
	t.Helper()
	built.Do(func() {
		built.dir, _ = os.MkdirTemp("", "nselfc") //nolint:usetesting // it outlives the test that builds it
		if out, err := exec.Command("go", "build", "-o", built.dir, "nselfc/cmd/nselfc", "./testdata/docker").CombinedOutput(); err != nil {
			built.problem = string(out) + err.Error()
		}
	})
	if built.problem != "" {
		t.Fatal(built.problem)
	}
	return filepath.Join(built.dir, name)
}
