//go:build lab

package build_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestCheckConflicts puts git's markers into every generated file of a stack in
// turn, and into the lock: each is told as a merge that nobody finished, with what
// to do, and neither check nor build touches anything.
func TestCheckConflicts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/shop")); err != nil {
		t.Fatal(err)
	}
	ran(t, 0, dir, "build", "--env", "prod", "--no-secrets")
	out := filepath.Join(dir, "out/prod")
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range tree(t, out) {
			if !yield(name) {
				return
			}
		}
	})
	if len(names) < 20 {
		t.Fatalf("only %v", names)
	}
	for i, name := range names {
		full := filepath.Join(out, name)
		good := get(t, full)
		middle := strings.Index(good[len(good)/2:], "\n") + len(good)/2 + 1
		put(t, full, good[:middle]+mergeText+good[middle:])
		before := everyInode(t, dir)
		for _, command := range []string{"check", "build"}[:1+i%2] { // they share the plan
			args := []string{command, "--env", "prod"}
			if command == "build" {
				args = append(args, "--no-secrets")
			}
			r := ran(t, 1, dir, args...)
			code := "NS521"
			if name == "nself.lock" {
				code = "NS511"
			}
			place := fmt.Sprintf("out/prod/%s:%d", name, 1+strings.Count(good[:middle], "\n"))
			for _, want := range []string{code, place, "git checkout --no-overlay HEAD -- out/prod", "nselfc build"} {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("%s: %s does not say %q:\n%s", name, command, want, r.stderr)
				}
			}
			if command == "check" && !strings.Contains(r.stdout, "1 unfinished merge") {
				t.Errorf("%s: %s", name, r.stdout)
			}
		}
		if d := gocmp.Diff(before, everyInode(t, dir)); d != "" {
			t.Errorf("%s: something was touched:\n%s", name, d)
		}
		put(t, full, good)
	}
	ran(t, 0, dir, "check", "--env", "prod")
}

// TestHostileLocks hands locks from a stranger's branch to both commands. Each is
// refused with its line, and nothing is touched, inside the output or outside.
func TestHostileLocks(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir := filepath.Join(base, "stack")
	put(t, filepath.Join(dir, "nself.hcl"), smallStack)
	ran(t, 0, dir, "build", "--no-secrets")
	lock := filepath.Join(dir, "out/dev/nself.lock")
	good := get(t, lock)
	victim := "mine\n"
	put(t, filepath.Join(base, "victim"), victim)
	put(t, filepath.Join(base, "outside/victim"), victim)
	if err := os.Symlink("../../../outside", filepath.Join(dir, "out/dev/link")); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, ".gitignore"), "/out/dev/link\n")
	const digest = "sha256:4b7f2d8dbda0a4f3b8a5a6ad9ab2d3f8ea0b6ab4a6e1b9d5e6e8a5d29f36e2bd"
	names := func(path string) string {
		return strings.Replace(good, "image ", "file "+digest+" 0644 5 "+path+"\nimage ", 1)
	}
	for name, c := range map[string]struct{ text, code string }{
		"up":                   {names("../../../victim"), "NS512"},
		"up, in the middle":    {names("a/../../../../victim"), "NS512"},
		"absolute":             {names(filepath.Join(base, "victim")), "NS512"},
		"behind a link":        {names("link/victim"), "NS525"},
		"twice":                {names("docker-compose.yml"), "NS512"},
		"twice but for case":   {names("Docker-Compose.yml"), "NS512"},
		"a secret":             {names(".secrets"), "NS512"},
		"git's":                {names(".git/hooks/pre-commit"), "NS512"},
		"NUL":                  {names("a\x00b"), "NS510"},
		"an escape":            {names("a\x1b[2J\x1b]0;x\x07"), "NS510"},
		"other direction":      {names("a\u202egnp.exe"), "NS510"},
		"CR LF":                {strings.ReplaceAll(good, "\n", "\r\n"), "NS510"},
		"a long line":          {names(strings.Repeat("a", 1<<20)), "NS510"},
		"one long line":        {strings.Repeat("a", 1<<25), "NS510"},
		"cut off":              {good[:len(good)-10], "NS510"},
		"cut off between":      {good[:strings.LastIndex(good[:len(good)-1], "\n")+1], ""},
		"empty":                {"", "NS510"},
		"nothing but line end": {strings.Repeat("\n", 1<<20), "NS510"},
		"another format":       {"version: 1\nfiles: []\n", "NS510"},
		"newer":                {strings.Replace(good, "lock 1", "lock 7", 1), "NS513"},
		"a merge":              {strings.Replace(good, "image ", mergeText+"image ", 1), "NS511"},
	} {
		put(t, lock, c.text)
		before := everyInode(t, base)
		for _, command := range [][]string{{"check"}, {"build", "--no-secrets"}} {
			if c.code == "" && command[0] == "build" { // it is whole, and says less than it should: a build mends that
				continue
			}
			r := ran(t, 1, dir, command...)
			if code := c.code; code != "" && (!strings.Contains(r.stderr, "Error "+code) || !strings.Contains(r.stderr, "out/dev/")) {
				t.Errorf("%s: %s does not say %s:\n%.2000s", name, command[0], code, r.stderr)
			}
			if strings.ContainsAny(r.stdout+r.stderr, "\x00\x1b\x07\u202e") || len(r.stderr) > 20_000 {
				t.Errorf("%s: unfit for a terminal: %d bytes", name, len(r.stderr))
			}
			if command[0] == "check" && !strings.Contains(r.stdout, "out/dev is not what the stack compiles to: 1 ") {
				t.Errorf("%s: %s", name, r.stdout)
			}
		}
		if d := gocmp.Diff(before, everyInode(t, base)); d != "" {
			t.Errorf("%s: something was touched:\n%s", name, d)
		}
	}
	put(t, lock, good)
	ran(t, 0, dir, "check")
}

// TestHugeLock: ten million entries cost no more than the first of them.
func TestHugeLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "nself.hcl"), smallStack)
	ran(t, 0, dir, "build", "--no-secrets")
	plain := memory(t, dir, "check")
	lock, err := os.Create(filepath.Join(dir, "out/dev/nself.lock"))
	if err != nil {
		t.Fatal(err)
	}
	line := "file sha256:" + strings.Repeat("00", 32) + " 0644 1 x\n"
	_, err = lock.Write(append([]byte("lock 1\ncompiler x\n"), bytes.Repeat([]byte(line), 600_000)...))
	// What follows is a hole; whoever read it would read 830 MB of it.
	if err := errors.Join(err, lock.Truncate(int64(len(line))*10_000_000), lock.Close()); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"check"}, {"build", "--no-secrets"}} {
		if used := memory(t, dir, command...); used > plain+200 {
			t.Errorf("%v took %d MiB, and without the lock %d", command, used, plain)
		}
	}
}

// memory runs the program, which must refuse unless the stack is as it was, and
// gives the most memory that it had, in MiB.
func memory(t *testing.T, dir string, args ...string) int64 {
	t.Helper()
	c := command(t, dir, args...)
	r := run(t, c)
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		if r.code != 0 && !strings.Contains(r.stderr, "NS510") {
			t.Errorf("%v: %s", args, r.stderr)
		}
		return usage.Maxrss >> 10
	}
	return 0
}
