//go:build lab && linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// program is the command, for the tests that need a process of their own: to kill it,
// or to run it on the lab's host.
var program struct {
	sync.Once
	path string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if program.path != "" {
		if err := os.RemoveAll(filepath.Dir(program.path)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// nselfc gives the path of the program, built once.
func nselfc(t *testing.T) string {
	t.Helper()
	program.Do(func() {
		dir, err := os.MkdirTemp("", "nselfc-*") //nolint:usetesting // it outlives the test that builds it
		if err != nil {
			program.err = err
			return
		}
		program.path = filepath.Join(dir, "nselfc")
		if out, err := exec.Command("go", "build", "-o", program.path, "nselfc/cmd/nselfc").CombinedOutput(); err != nil {
			program.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	return program.path
}
