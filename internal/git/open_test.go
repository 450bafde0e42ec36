package git

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// refused opens what must not be opened.
func refused(t *testing.T, dir, rev string) *Error {
	t.Helper()
	tree, err := Open(context.Background(), dir, rev)
	if err == nil {
		_ = tree.Close()
		t.Errorf("%s of %s was opened, at %s", rev, dir, tree.Commit())
		return &Error{}
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%s of %s: %T %v", rev, dir, err, err)
	}
	return e
}

func TestRefused(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"stack/nself.hcl": "1"})
	r.commit(map[string]string{"stack/nself.hcl": "2", "top": "x"})
	r.git("branch", "feature/tls")
	r.git("clone", "-q", r.dir, "../clone")
	clone := filepath.Join(filepath.Dir(r.dir), "clone")
	r.git("branch", "later")
	bare := filepath.Join(filepath.Dir(r.dir), "bare")
	r.git("clone", "-q", "--bare", r.dir, bare)
	unborn := newRepo(t, nil)
	unborn.git("update-ref", "-d", "HEAD")
	blob := r.git("rev-parse", "HEAD:top")
	for _, c := range []struct {
		name, dir, rev string
		kind           Kind
		says           []string
	}{
		{"empty", r.dir, "", Unknown, []string{"empty"}},
		{"an option", r.dir, "--all", Unknown, []string{"dash"}},
		{"an option with a path", r.dir, "-C/etc", Unknown, []string{"dash"}},
		{"two lines", r.dir, "HEAD\nmain", Unknown, []string{`"HEAD\nmain"`}},
		{"a typing mistake", r.dir, "feature/tsl", Unknown, []string{`Did you mean "feature/tls"?`}},
		{"a range", r.dir, "main..HEAD", Unknown, []string{"no revision"}},
		{"a branch of a remote, by its own name", clone, "feature/tls", Unknown, []string{`Did you mean "origin/feature/tls"?`}},
		{"a branch of a remote, not fetched", clone, "origin/later", Unknown, []string{"\n    git fetch origin later:refs/remotes/origin/later"}},
		{"too far back", r.dir, "HEAD~7", Unknown, []string{`It has "HEAD"`}},
		{"a file", r.dir, "HEAD:top", Unknown, []string{"blob and no commit"}},
		{"a file by its object", r.dir, blob, Unknown, []string{"blob and no commit"}},
		{"a folder", r.dir, "HEAD^{tree}", Unknown, []string{"tree and no commit"}},
		{"an object that is not there", clone, strings.Repeat("12345678", 5), Unknown, []string{"git fetch origin 12345678"}},
		{"no commit", unborn.dir, "HEAD", Unknown, []string{"no commit yet"}},
		{"no repository", t.TempDir(), "HEAD", NotRepository, []string{"not a git repository", " init"}},
		{"a folder of the system", "/", "HEAD", NotRepository, nil},
		{"no work tree", bare, "HEAD", NotRepository, []string{"bare"}},
		{"git's own folder", filepath.Join(r.dir, ".git", "refs"), "HEAD", NotRepository, []string{"in no work tree"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := refused(t, c.dir, c.rev)
			if e.Kind != c.kind {
				t.Errorf("kind %d, want %d: %s", e.Kind, c.kind, e.Detail())
			}
			for _, want := range c.says {
				if !strings.Contains(e.Detail(), want) {
					t.Errorf("%q is not said:\n%s", want, e.Detail())
				}
			}
		})
	}
}

// TestShallow: in a clone as CI makes it, the error names the command that helps.
func TestShallow(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"nself.hcl": "main"})
	r.git("checkout", "-q", "-b", "change")
	r.commit(map[string]string{"nself.hcl": "before"})
	head := r.commit(map[string]string{"nself.hcl": "change"})
	// What actions/checkout does without options.
	ci := repo{t, filepath.Join(filepath.Dir(r.dir), "ci")}
	if err := os.Mkdir(ci.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ci.git("init", "-q")
	ci.git("remote", "add", "origin", "file://"+r.dir)
	ci.git("fetch", "-q", "--no-tags", "--depth=1", "origin", "+"+head+":refs/remotes/pull/1/merge")
	ci.git("checkout", "-q", "--detach", "refs/remotes/pull/1/merge")
	for _, c := range []struct{ rev, command, want string }{
		{"origin/main", "git fetch --depth=1 origin main:refs/remotes/origin/main", "main"},
		{r.git("rev-parse", "main"), "git fetch --depth=1 origin " + r.git("rev-parse", "main"), "main"},
		{"HEAD~1", "git fetch --unshallow", "before"},
	} {
		if c.rev == r.git("rev-parse", "main") { // which the case before has fetched
			ci.git("update-ref", "-d", "refs/remotes/origin/main")
			ci.git("reflog", "expire", "--expire=now", "--all")
			ci.git("gc", "-q", "--prune=now")
			if err := os.Remove(filepath.Join(ci.dir, ".git/FETCH_HEAD")); err != nil {
				t.Fatal(err)
			}
			ci.git("prune", "--expire=now")
		}
		e := refused(t, ci.dir, c.rev)
		if e.Kind != Unknown || !strings.Contains(e.Detail(), "\n    "+c.command+"\n") || !strings.Contains(e.Detail(), "fetch-depth: 0") {
			t.Fatalf("%s: the command is not said:\n%s", c.rev, e.Detail())
		}
		ci.git(strings.Fields(c.command)[1:]...)
		if got := content(open(t, ci.dir, c.rev), "nself.hcl"); got != c.want {
			t.Errorf("%s holds %q", c.rev, got)
		}
	}
}

// TestAmbiguous: nobody chooses what a change is compared with by pushing a tag.
func TestAmbiguous(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"nself.hcl": "safe"})
	safe := r.git("rev-parse", "HEAD")
	r.commit(map[string]string{"nself.hcl": "changed"})
	r.git("update-ref", "refs/remotes/origin/main", safe)
	r.git("tag", "origin/main", "HEAD")
	r.git("tag", "main", "HEAD") // the same commit as the branch
	e := refused(t, r.dir, "origin/main")
	for _, want := range []string{"ambiguous", "\n    refs/tags/origin/main\n    refs/remotes/origin/main"} {
		if !strings.Contains(e.Detail(), want) {
			t.Errorf("%q is not said:\n%s", want, e.Detail())
		}
	}
	if e.Kind != Unknown {
		t.Errorf("kind %d", e.Kind)
	}
	for rev, want := range map[string]string{"refs/remotes/origin/main": "safe", "main": "changed", safe: "safe", safe[:8]: "safe"} {
		if got := content(open(t, r.dir, rev), "nself.hcl"); got != want {
			t.Errorf("%s holds %q", rev, got)
		}
	}
	r.git("tag", "HEAD", safe)
	if got := content(open(t, r.dir, "HEAD"), "nself.hcl"); got != "changed" {
		t.Errorf("HEAD, with a tag of that name, holds %q", got)
	}
	r.git("tag", "-d", "HEAD")
	r.git("tag", "release/1", safe)
	r.git("remote", "add", "origin", "../elsewhere")
	r.git("tag", "-f", "origin/main", safe)
	if got := content(open(t, r.dir, "release/1"), "nself.hcl"); got != "safe" {
		t.Errorf("a tag with a slash holds %q", got)
	}
	r.git("update-ref", "-d", "refs/remotes/origin/main")
	e = refused(t, r.dir, "origin/main")
	for _, want := range []string{"\n    refs/tags/origin/main\n", "\n    git fetch origin main:refs/remotes/origin/main"} {
		if e.Kind != Unknown || !strings.Contains(e.Detail(), want) {
			t.Errorf("a tag in the place of a branch that was not fetched; %q is not said:\n%s", want, e.Detail())
		}
	}
	r.git("branch", safe[:8], "HEAD")
	if e := refused(t, r.dir, safe[:8]); !strings.Contains(e.Detail(), "ambiguous") {
		t.Errorf("a branch that is called as a commit: %s", e.Detail())
	}
}

// TestDenied: git refuses the repository of somebody else, and its own words are
// passed on.
func TestDenied(t *testing.T) {
	r := newRepo(t, map[string]string{"nself.hcl": ""})
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
	e := refused(t, r.dir, "HEAD")
	if e.Kind != Denied || !strings.Contains(e.Detail(), "    git config --global --add safe.directory "+r.dir) {
		t.Errorf("kind %d: %s", e.Kind, e.Detail())
	}
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(t.TempDir(), "config"))
	if out, err := exec.Command("git", "config", "--global", "safe.directory", r.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	open(t, r.dir, "HEAD")
}

func TestNoGit(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if e := refused(t, t.TempDir(), "HEAD"); e.Kind != NoGit || !strings.Contains(e.Detail(), "\n    apt-get install git") {
		t.Errorf("kind %d: %s", e.Kind, e.Detail())
	}
}

// fake puts a program in the place of git.
func fake(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// TestCleanWords: what git says cannot steer a terminal, nor fill it.
func TestCleanWords(t *testing.T) {
	fake(t, "printf 'fatal: \\033[31mred\\007\\nfatal: \\377 bytes\\r\\n' >&2; yes fatal | head -c 1000000 >&2; exit 128\n")
	e := refused(t, t.TempDir(), "HEAD")
	if d := e.Detail(); strings.ContainsAny(d, "\x1b\x07\r") || !utf8.ValidString(d) || len(d) > 16<<10 || !strings.Contains(d, "red") {
		t.Errorf("%d bytes: %.200q", len(d), d)
	}
	if e.Kind != Other {
		t.Errorf("kind %d", e.Kind)
	}
}

// TestInterrupted: when the context ends, git ends, whatever it is doing.
func TestInterrupted(t *testing.T) {
	t.Run("while it opens", func(t *testing.T) {
		fake(t, "exec sleep 60\n")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := Open(ctx, t.TempDir(), "HEAD")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
	t.Run("while it reads", func(t *testing.T) {
		r := newRepo(t, sample)
		ctx, cancel := context.WithCancel(t.Context())
		tree, err := Open(ctx, r.dir, "HEAD")
		if err != nil {
			t.Fatal(err)
		}
		if got := content(tree, "README"); got != "top\n" {
			t.Fatal(got)
		}
		cancel()
		begin := time.Now()
		for _, b := range []*batch{tree.info, tree.contents} { // gone without being asked or closed
			for b.cmd.Process.Signal(os.Interrupt) == nil && state(b.cmd.Process.Pid) != "Z" {
				if time.Sleep(time.Millisecond); time.Since(begin) > 30*time.Second {
					t.Fatal("git still runs")
				}
			}
		}
		if _, err := tree.FS().Open("stack/nself.hcl"); !errors.Is(err, context.Canceled) {
			t.Errorf("afterwards: %v", err)
		}
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
}

// state gives a process's letter of proc(5); "Z" for one that is gone.
func state(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "Z"
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return rest[:1]
}
