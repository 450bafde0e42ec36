package build_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"nselfc/emit/dotsecrets"
)

// The tests of a process need the real program: they kill it, starve it of
// rights and space, and search what it prints.

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
func nselfc(t testing.TB) string {
	t.Helper()
	program.Do(func() {
		dir, err := os.MkdirTemp("", "nselfc-*") //nolint:usetesting // it outlives the test that builds it
		if err != nil {
			program.err = err
			return
		}
		// Other users run it too, in the tests of rights.
		if program.err = os.Chmod(dir, 0o755); program.err != nil {
			return
		}
		program.path = filepath.Join(dir, "nselfc")
		out, err := exec.Command("go", "build", "-o", program.path, "nselfc/cmd/nselfc").CombinedOutput()
		if err != nil {
			program.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	return program.path
}

// result is what became of one run.
type result struct {
	code           int // -1 when a signal ended it
	stdout, stderr string
	cpu            time.Duration // which does not count what other processes take
}

// command prepares a run in a folder, in an environment that steers nothing.
func command(t testing.TB, dir string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(nselfc(t), args...)
	c.Dir = dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	return c
}

func run(t testing.TB, c *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	r := result{stdout: stdout.String(), stderr: stderr.String()}
	if c.ProcessState != nil {
		r.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		r.code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"panic:", "goroutine ", "NS900", "%!"} {
		if strings.Contains(r.stdout+r.stderr, s) {
			t.Errorf("%v prints %q:\n%s%s", c.Args[1:], s, r.stdout, r.stderr)
		}
	}
	return r
}

// ran runs the program and wants an exit code.
func ran(t testing.TB, want int, dir string, args ...string) result {
	t.Helper()
	r := run(t, command(t, dir, args...))
	if r.code != want {
		t.Fatalf("%v ends with %d, want %d:\n%s%s", args, r.code, want, r.stdout, r.stderr)
	}
	return r
}

// put writes a file, and the folders on the way.
func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// tree gives every regular file below a folder by its path.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		out[rel] = get(t, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// values reads .secrets.
func values(t testing.TB, out string) map[string]string {
	t.Helper()
	doc, diags := dotsecrets.Parse(".secrets", []byte(get(t, filepath.Join(out, ".secrets"))))
	if diags.HasErrors() {
		t.Fatal(show(diags))
	}
	m := map[string]string{}
	for _, k := range doc.Keys() {
		m[k], _ = doc.Get(k)
	}
	return m
}
