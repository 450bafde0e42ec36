package build_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nselfc/internal/build"
	"nselfc/lang/diag"
)

// gitRepo makes an empty repository, and gives its folder.
func gitRepo(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := filepath.Join(t.TempDir(), "repo")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	runGit(t, dir, "init", "-q", "--initial-branch=main")
	return dir
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func runGit(t fataler, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func commit(t fataler, dir string) string {
	t.Helper()
	runGit(t, dir, "add", "-A", "-f")
	runGit(t, dir, "commit", "-q", "--allow-empty", "-m", "x")
	return runGit(t, dir, "rev-parse", "HEAD")
}

// outcome is all that a compilation gives.
func outcome(c *build.Compiled, diags diag.List) map[string]string {
	out := map[string]string{"findings": show(diags)}
	for name, f := range c.Files() {
		out["input "+name] = string(f.Bytes)
	}
	for _, e := range c.Environments {
		for _, f := range e.Files {
			out[e.Name+"/"+f.Path] = fmt.Sprintf("%o %s", f.Mode, f.Text.String())
		}
	}
	return out
}

// sameAsCheckout compares a compilation at a revision with one of a clean checkout.
func sameAsCheckout(t fataler, repo, stack, rev string) (environments int) {
	t.Helper()
	checkout := repo + "-checkout"
	runGit(t, repo, "worktree", "add", "-q", "--detach", checkout, rev)
	at, atDiags := build.CompileAt(context.Background(), filepath.Join(repo, stack), rev, build.Options{})
	on, onDiags := build.Compile(context.Background(), filepath.Join(checkout, stack), build.Options{})
	if d := cmp.Diff(outcome(on, onDiags), outcome(at, atDiags)); d != "" {
		t.Fatalf("%s at %s (-checkout +objects):\n%s", stack, rev, d)
	}
	for i, e := range on.Environments {
		if !reflect.DeepEqual(e.Stack, at.Environments[i].Stack) {
			t.Fatalf("%s at %s: the compiled stack of %q is another one", stack, rev, e.Name)
		}
	}
	runGit(t, repo, "worktree", "remove", "--force", checkout)
	return len(on.Environments)
}

// TestAtRevisions: the examples, and a stack whose parts are behind links, come out
// of git's objects as out of a checkout, whatever has become of the work tree.
func TestAtRevisions(t *testing.T) {
	t.Parallel()
	repo := gitRepo(t)
	examples, err := filepath.Glob("../../examples/*/nself.hcl")
	if err != nil || len(examples) < 4 {
		t.Fatalf("%v, %v", examples, err)
	}
	commits := map[string]string{} // by commit, the stack's folder
	for _, example := range examples {
		if err := os.RemoveAll(filepath.Join(repo, "stack")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(repo, "stack"), os.DirFS(filepath.Dir(example))); err != nil {
			t.Fatal(err)
		}
		commits[commit(t, repo)] = "stack"
		behindLinks(t, filepath.Join(repo, "stack"), func() bool { return true })
		commits[commit(t, repo)] = "stack"
	}
	// The top of the repository is a stack too; it ends in the middle of a block.
	put(t, filepath.Join(repo, "nself.hcl"), "stack \"top\" {\n")
	commits[commit(t, repo)] = "."
	put(t, filepath.Join(repo, "nself.hcl"), "stack \"top\" {}\n\nservice \"a\" {\n  image = \"a:1\"\n  nonsense = 1\n}\n")
	commits[commit(t, repo)] = "."
	// What the work tree and the index hold is another matter.
	put(t, filepath.Join(repo, "stack/nself.hcl"), "no stack at all {{{")
	put(t, filepath.Join(repo, "stack/more.hcl"), "service \"x\" {}\n")
	runGit(t, repo, "add", "-A")
	n := 0
	for _, rev := range slices.Sorted(maps.Keys(commits)) {
		n += sameAsCheckout(t, repo, commits[rev], rev)
	}
	if n < 10 {
		t.Errorf("only %d environments were compared", n)
	}
}

// behindLinks moves files and folders of a stack into one of their own, and leaves
// links in their place.
func behindLinks(t fataler, dir string, move func() bool) {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && path != dir && !strings.Contains(path, "/.real") && move() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	real := filepath.Join(dir, ".real")
	if err := os.MkdirAll(real, 0o755); err != nil {
		t.Fatalf("%v", err)
	}
	for i, path := range slices.Backward(paths) { // what is in a folder before the folder
		to := filepath.Join(real, fmt.Sprint(i))
		if err := os.Rename(path, to); err != nil {
			t.Fatalf("%v", err)
		}
		if info, err := os.Lstat(to); err != nil || info.Mode()&os.ModeSymlink != 0 {
			t.Fatalf("%s: %v, %v", to, info, err)
		}
		relink(t, to, real)
		rel, err := filepath.Rel(filepath.Dir(path), to)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if err := os.Symlink(rel, path); err != nil {
			t.Fatalf("%v", err)
		}
	}
}

// relink points the links of a folder that has moved at where they led before.
func relink(t fataler, moved, real string) {
	t.Helper()
	err := filepath.WalkDir(moved, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.Type()&os.ModeSymlink == 0 {
			return err
		}
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(filepath.Dir(path), filepath.Join(real, filepath.Base(target)))
		if err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		return os.Symlink(rel, path)
	})
	if err != nil {
		t.Fatalf("%s: %v", moved, err)
	}
}

// TestAtDrawnRevisions does the same with stacks that are drawn, with kinds, modules
// and templates, some of them behind links.
func TestAtDrawnRevisions(t *testing.T) {
	t.Parallel()
	n := 0
	base := gitRepo(t)
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > 4 && !thorough || n > 25 {
			return
		}
		dir := filepath.Join(base, fmt.Sprint("stack", n))
		var revs []string
		for range 2 {
			if err := os.RemoveAll(dir); err != nil {
				rt.Fatal(err)
			}
			w := drawWorld(rt)
			w.write(rt, dir, w.spread(rt))
			behindLinks(rt, dir, func() bool { return rapid.IntRange(0, 3).Draw(rt, "link") == 0 })
			revs = append(revs, commit(rt, base))
		}
		for _, rev := range revs {
			if sameAsCheckout(rt, base, filepath.Base(dir), rev) == 0 {
				rt.Fatal("nothing was compiled")
			}
		}
	})
}

// TestAbsent: what does not exist at a revision is no error, and can be told.
func TestAbsent(t *testing.T) {
	t.Parallel()
	repo := gitRepo(t)
	const stack = "stack \"shop\" {}\n"
	put(t, filepath.Join(repo, "README"), "")
	put(t, filepath.Join(repo, "docs/x.txt"), "")
	commit(t, repo)
	put(t, filepath.Join(repo, "new/nself.hcl"), stack)
	put(t, filepath.Join(repo, "docs/nself.hcl"), stack)
	put(t, filepath.Join(repo, "docs/other.hcl"), stack)
	commit(t, repo)
	put(t, filepath.Join(repo, "new/nself.hcl"), stack+"environment \"prod\" {}\n")
	commit(t, repo)
	runGit(t, repo, "rm", "-q", "-r", "docs")
	last := commit(t, repo)
	for _, c := range []struct {
		path, rev, env string
		absent         bool
	}{
		{"new", "main~3", "", true},
		{"new/nself.hcl", "main~3", "", true},
		{"docs", "main~3", "", true},
		{"docs/nself.hcl", "main~3", "", true},
		{"docs/other.hcl", "main~3", "", true},
		{"new", "main~2", "", false},
		{"new/nself.hcl", "main~2", "", false},
		{"new", "main~2", "prod", true},
		{"new", "main~1", "prod", false},
		{"docs/other.hcl", "main~2", "", false},
		{"docs", "main~2", "", false}, // gone today: two stack blocks, which is an error there
		{"docs", "main", "", true},
		{"never", "main", "", true},
		{".", "main", "", true},
	} {
		got, diags := build.CompileAt(context.Background(), filepath.Join(repo, c.path), c.rev, build.Options{Env: c.env})
		if got.Absent != c.absent || c.absent && (len(diags) > 0 || len(got.Environments) > 0) || !c.absent && len(diags)+len(got.Environments) == 0 {
			t.Errorf("%s at %s, environment %q: absent is %v, %d environments\n%s", c.path, c.rev, c.env, got.Absent, len(got.Environments), show(diags))
		}
		if c.rev == "main" && got.Commit != last {
			t.Errorf("%s: commit %s, want %s", c.path, got.Commit, last)
		}
	}
}

// TestNamesAtARevision: nobody takes a line of the base for one of today's file.
func TestNamesAtARevision(t *testing.T) {
	t.Parallel()
	repo := gitRepo(t)
	put(t, filepath.Join(repo, "a/shop/nself.hcl"), "stack \"shop\" {}\nmodule \"m\" {\n  source = \"./m\"\n}\nredis \"cache\" {}\n")
	put(t, filepath.Join(repo, "a/shop/m/m.hcl"), "locals {\n  x = nonsense.y\n}\n")
	commit(t, repo)
	put(t, filepath.Join(repo, "a/shop/m/m.hcl"), "locals {\n  x = 1\n}\n")
	c, diags := build.CompileAt(context.Background(), filepath.Join(repo, "a/shop"), "main", build.Options{})
	if len(diags) != 1 || len(c.Environments) > 0 || c.Absent {
		t.Fatalf("%s", show(diags))
	}
	if got := c.DisplayName(diags[0].Subject.File); got != "main:a/shop/m/m.hcl" {
		t.Errorf("it is called %s", got)
	}
	if f := c.Files()[diags[0].Subject.File]; f == nil || !strings.Contains(string(f.Bytes), "nonsense") {
		t.Error("the text is not that of the revision")
	}
	if got := c.DisplayName("catalog/redis/redis.hcl"); got != "catalog/redis/redis.hcl" {
		t.Errorf("a file of the catalog is called %s", got)
	}
	if got := runGit(t, repo, "show", "main:a/shop/m/m.hcl"); !strings.Contains(got, "nonsense") {
		t.Error("git knows the name otherwise")
	}
	put(t, filepath.Join(repo, "nself.hcl"), "stack \"top\" {\n")
	commit(t, repo)
	c, diags = build.CompileAt(context.Background(), repo, "HEAD", build.Options{})
	if len(diags) == 0 || c.DisplayName(diags[0].Subject.File) != "HEAD:nself.hcl" {
		t.Errorf("%s", show(diags))
	}
}

// TestNoRevision: what git will not give is told by the code, and never with a line
// of today's stack.
func TestNoRevision(t *testing.T) {
	t.Parallel()
	repo := gitRepo(t)
	put(t, filepath.Join(repo, "nself.hcl"), "stack \"shop\" {}\n")
	commit(t, repo)
	alone := t.TempDir()
	put(t, filepath.Join(alone, "nself.hcl"), "stack \"shop\" {}\n")
	for _, c := range []struct{ dir, rev, code, says string }{
		{repo, "mian", "NS128", `Did you mean "main"?`},
		{repo, "--help", "NS128", "dash"},
		{repo, "", "NS128", "empty"},
		{alone, "main", "NS129", "not a git repository"},
	} {
		got, diags := build.CompileAt(context.Background(), c.dir, c.rev, build.Options{})
		if len(diags) != 1 || diags[0].Code != c.code || !strings.Contains(diags[0].Detail, c.says) || !diags[0].Subject.IsZero() {
			t.Errorf("%q: %s", c.rev, show(diags))
		}
		if got == nil || got.Absent || len(got.Environments) > 0 {
			t.Errorf("%q: %+v", c.rev, got)
		}
	}
}

// TestLinksAtARevision: what a container is shown is judged by where it was at the
// revision, whatever the links on the disk are now.
func TestLinksAtARevision(t *testing.T) {
	t.Parallel()
	const stack = `stack "links" {}

service "api" {
  image = "ghcr.io/acme/api:1.0.0"

  port "http" {
    container = 8080
  }

  volume "site" {
    path = "/site"
    host = "./site"
  }
}
`
	for _, c := range []struct {
		name, then, now string
		want            bool
	}{
		{"sound", "releases/5", "/etc", true},
		{"sound, by a round", "../stack/releases/5", "/etc", true},
		{"out of the repository", "/etc", "releases/5", false},
		{"out of the folder", "../beside", "releases/5", false},
		{"the folder around it", "..", "releases/5", false},
		{"the output", "out/.secrets.d", "releases/5", false},
		{"nothing", "later", "/etc", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			repo := gitRepo(t)
			dir := filepath.Join(repo, "stack")
			put(t, filepath.Join(dir, "nself.hcl"), stack)
			for _, f := range []string{"releases/5/index.html", "../beside/x", "out/.secrets.d/x"} {
				put(t, filepath.Join(dir, f), "")
			}
			site := filepath.Join(dir, "site")
			if err := os.Symlink(c.then, site); err != nil {
				t.Fatal(err)
			}
			rev := commit(t, repo)
			if err := os.Remove(site); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(c.now, site); err != nil {
				t.Fatal(err)
			}
			_, diags := build.CompileAt(context.Background(), dir, rev, build.Options{})
			refused := slices.ContainsFunc(diags, func(d *diag.Diagnostic) bool { return d.Code == "NS307" })
			if refused == c.want || refused != diags.HasErrors() {
				t.Errorf("refused is %v: %s", refused, show(diags))
			}
			// On the disk, what is there now counts.
			_, diags = build.Compile(context.Background(), dir, build.Options{})
			if refused := diags.HasErrors(); refused != c.want {
				t.Errorf("today it is refused: %v", refused)
			}
		})
	}
}
