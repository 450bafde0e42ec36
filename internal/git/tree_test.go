package git

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var sample = map[string]string{
	"README":                     "top\n",
	"stack/nself.hcl":            "stack \"shop\" {}\n",
	"stack/empty":                "",
	"stack/apply.sh*":            "#!/bin/sh\n",
	"stack/modules/edge/e.hcl":   "x",
	"stack/a b/quote\"d":         "q",
	"stack/new\nline":            "n",
	"stack/link":                 "-> modules/edge/e.hcl",
	"stack/modules/up":           "-> ../nself.hcl",
	"stack/folder":               "-> modules",
	"stack/modules/edge/through": "-> ../../folder/edge/e.hcl",
	"stack/ü":                    "u",
}

// samplePaths leaves out what is behind a link to a folder, which fstest does not follow.
var samplePaths = []string{"nself.hcl", "empty", "apply.sh", "modules/edge/e.hcl", "a b/quote\"d", "new\nline", "link", "modules/up", "folder", "modules/edge/through", "ü"}

// TestFormats: however git keeps a repository, the file system is a sound one, and
// holds what was committed and not what is in the work tree.
func TestFormats(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T) (dir, rev string){
		"loose": func(t *testing.T) (string, string) { return newRepo(t, sample).dir, "HEAD" },
		"packed": func(t *testing.T) (string, string) {
			r := newRepo(t, sample)
			r.git("gc", "-q", "--aggressive")
			return r.dir, "main"
		},
		"SHA-256": func(t *testing.T) (string, string) { return newRepo(t, sample, "--object-format=sha256").dir, "main" },
		"linked work tree": func(t *testing.T) (string, string) {
			r := newRepo(t, sample)
			r.git("worktree", "add", "-q", "--detach", "../linked")
			return filepath.Join(filepath.Dir(r.dir), "linked"), "HEAD"
		},
		"alternates, of a remote branch": func(t *testing.T) (string, string) {
			r := newRepo(t, sample)
			r.git("clone", "-q", "--shared", r.dir, "../clone")
			return filepath.Join(filepath.Dir(r.dir), "clone"), "origin/main"
		},
		"shallow": func(t *testing.T) (string, string) {
			r := newRepo(t, map[string]string{"before": ""})
			r.commit(sample)
			r.git("clone", "-q", "--depth=1", "file://"+r.dir, "../clone")
			return filepath.Join(filepath.Dir(r.dir), "clone"), "origin/main"
		},
		"bundle": func(t *testing.T) (string, string) {
			r := newRepo(t, sample)
			r.git("bundle", "create", "-q", "../b", "main")
			r.git("clone", "-q", "../b", "../clone")
			return filepath.Join(filepath.Dir(r.dir), "clone"), "origin/main~0"
		},
		"an annotated tag of an older commit": func(t *testing.T) (string, string) {
			r := newRepo(t, sample)
			r.git("tag", "-a", "v1", "-m", "x")
			r.git("rm", "-q", "-r", "stack")
			r.commit(nil)
			return r.dir, "v1"
		},
		"behind a link": func(t *testing.T) (string, string) {
			r := newRepo(t, sample)
			dir := filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(r.dir, dir); err != nil {
				t.Fatal(err)
			}
			return dir, "@"
		},
		"a submodule": func(t *testing.T) (string, string) {
			r, outer := newRepo(t, sample), newRepo(t, nil)
			outer.git("submodule", "add", "-q", r.dir, "sub")
			return filepath.Join(outer.dir, "sub"), "HEAD"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, rev := prepare(t)
			if err := os.RemoveAll(filepath.Join(dir, "stack/modules")); err != nil { // the work tree is another matter
				t.Fatal(err)
			}
			tree := open(t, filepath.Join(dir, "stack"), rev)
			if !tree.Has() {
				t.Fatal("the folder is not there")
			}
			if err := fstest.TestFS(tree.FS(), samplePaths...); err != nil {
				t.Error(err)
			}
			for name, want := range map[string]string{"nself.hcl": sample["stack/nself.hcl"], "link": "x", "modules/up": sample["stack/nself.hcl"], "folder/edge/through": "x"} {
				if got := content(tree, name); got != want {
					t.Errorf("%s holds %q", name, got)
				}
			}
			if info, err := fs.Stat(tree.FS(), "apply.sh"); err != nil || info.Mode() != 0o755 || info.Size() != 10 {
				t.Errorf("apply.sh: %v, %v", info, err)
			}
			if top := open(t, dir, rev); content(top, "README") != "top\n" || content(top, "stack/empty") != "" {
				t.Error("the repository's own folder is another one")
			}
		})
	}
}

// TestHas tells a folder from none, wherever it went.
func TestHas(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"a/nself.hcl": "1", "file": "", "to": "-> a", "out": "-> ../x"})
	r.git("rm", "-q", "-r", "a", "file", "to")
	r.commit(map[string]string{"b/nself.hcl": "2", "file/x": "", "to/nself.hcl": "now a folder"})
	for _, c := range []struct {
		dir, rev string
		want     bool
	}{
		{"a", "HEAD~1", true},
		{"a", "HEAD", false},
		{"b", "HEAD", true},
		{"b", "HEAD~1", false},
		{"a/deeper", "HEAD~1", false},
		{"file", "HEAD~1", false},
		{"file", "HEAD", true},
		{".", "HEAD", true},
		{"to", "HEAD~1", true},
		{"file/x", "HEAD~1", false},
	} {
		tree := open(t, filepath.Join(r.dir, c.dir), c.rev)
		if tree.Has() != c.want {
			t.Errorf("%s at %s: %v", c.dir, c.rev, tree.Has())
		}
		entries, err := fs.ReadDir(tree.FS(), ".")
		if (err == nil) != c.want || (len(entries) > 0) != c.want {
			t.Errorf("%s at %s: %v, %v", c.dir, c.rev, entries, err)
		}
	}
	if got := content(open(t, filepath.Join(r.dir, "to"), "HEAD~1"), "nself.hcl"); got != "1" {
		t.Errorf("through what was a link: %q", got)
	}
}

// TestSubmoduleInside: what is in a submodule is in another repository.
func TestSubmoduleInside(t *testing.T) {
	t.Parallel()
	inner, r := newRepo(t, sample), newRepo(t, map[string]string{"nself.hcl": ""})
	r.git("submodule", "add", "-q", inner.dir, "sub")
	r.commit(nil)
	tree := open(t, r.dir, "HEAD")
	entries, err := fs.ReadDir(tree.FS(), "sub")
	if err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
	if info, err := fs.Stat(tree.FS(), "sub"); err != nil || !info.IsDir() {
		t.Errorf("%v, %v", info, err)
	}
	if err := fstest.TestFS(tree.FS(), "sub", "nself.hcl"); err != nil {
		t.Error(err)
	}
	if sub := open(t, filepath.Join(r.dir, "sub"), "HEAD"); content(sub, "README") != "top\n" {
		t.Error("the submodule itself cannot be read")
	}
}

// TestSameAsACheckout: each path, also through links, of any sort, gives what it
// gives in a clean checkout that os.Root confines.
func TestSameAsACheckout(t *testing.T) {
	t.Parallel()
	base := newRepo(t, nil)
	names := []string{"a", "b", "c", "a/x", "b/y", "a/z/w"}
	targets := []string{"a", "b", "c", "x", "..", ".", "../b", "a/x", "../../b/y", "../repo/a", "/etc/passwd", "missing", "a/../b", "a/z/../x/", "b/", "../..", "a/z/../../c"}
	probes := append([]string{"a/x/y", "b/x", "c/x", "c/y", "a/z", "c/z/w", "b/a/x", "a/b/c", "a/z/w/x"}, names...)
	drawn := 0
	rapid.Check(t, func(t *rapid.T) {
		if drawn++; drawn > checkouts {
			return
		}
		r := repo{t, base.dir}
		r.git("rm", "-q", "-r", "--ignore-unmatch", ".")
		taken := map[string]bool{}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 6, rapid.ID).Draw(t, "names") {
			clash := false
			for other := range taken {
				clash = clash || strings.HasPrefix(name, other+"/") || strings.HasPrefix(other, name+"/")
			}
			if clash {
				continue
			}
			taken[name] = true
			text := "text of " + name
			if rapid.Bool().Draw(t, "link") {
				text = "-> " + rapid.SampledFrom(targets).Draw(t, "target")
			}
			r.put(map[string]string{name: text})
		}
		r.commit(nil)
		root, err := os.OpenRoot(base.dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		tree, err := Open(t.Context(), base.dir, "HEAD")
		if err != nil {
			t.Fatal(err)
		}
		defer tree.Close()
		for _, p := range probes {
			want, got := told(root.FS(), p), told(tree.FS(), p)
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("%s (-checkout +objects):\n%s", p, d)
			}
			real, err := tree.Real(p)
			if strings.HasPrefix(real, "..") || strings.HasPrefix(real, "/") {
				continue // what is there is no matter of the revision
			}
			on, errOn := filepath.EvalSymlinks(filepath.Join(base.dir, p))
			if (err == nil) != (errOn == nil) || err == nil && filepath.Join(base.dir, real) != on {
				t.Fatalf("%s leads to %q, %v; in a checkout to %q, %v", p, real, err, on, errOn)
			}
		}
	})
}

// TestReal: from a folder, links lead about in the repository and out of it.
func TestReal(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{
		"shared/site/x": "", "stacks/one/in": "-> sub/deep", "stacks/one/sub/deep/x": "", "stacks/one/beside": "-> ../two", "stacks/two/x": "",
		"stacks/one/shared": "-> ../../shared/site", "stacks/one/above": "-> ../../../else/where", "stacks/one/root": "-> /etc//nginx/../hosts",
		"stacks/one/round": "-> ../one/in/../../in", "stacks/one/loop": "-> loop", "current": "-> stacks/one",
	})
	for _, dir := range []string{"stacks/one", "current"} {
		tree := open(t, filepath.Join(r.dir, dir), "HEAD")
		for name, want := range map[string]string{
			".": ".", "in": "sub/deep", "in/x": "sub/deep/x", "beside": "../two", "beside/x": "../two/x", "shared": "../../shared/site", "above": "../../../else/where",
			"root": "/etc/hosts", "round": "sub/deep", "../two": "../two", "..": "..", "in/..": "sub",
		} {
			if got, err := tree.Real(name); err != nil || got != want {
				t.Errorf("%s leads to %q, %v; want %q", name, got, err, want)
			}
		}
		for _, name := range []string{"missing", "loop", "in/x/y", "in/missing"} {
			if got, err := tree.Real(name); err == nil {
				t.Errorf("%s leads to %q", name, got)
			}
		}
	}
}

// told gives what a file system says of a path, but for sizes of folders and times.
func told(fsys fs.FS, name string) []string {
	reason := func(err error) string {
		if pe, ok := errors.AsType[*fs.PathError](err); ok {
			err = pe.Err
		}
		return err.Error()
	}
	say := func(info fs.FileInfo, err error) string {
		switch {
		case err != nil:
			return reason(err)
		case info.IsDir():
			return path.Base(info.Name()) + " folder"
		}
		return info.Name() + " " + info.Mode().String() + " " + string(rune('0'+info.Size()%10))
	}
	out := []string{say(fs.Stat(fsys, name)), say(fs.Lstat(fsys, name))}
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		b = []byte(reason(err))
	}
	to, err := fs.ReadLink(fsys, name)
	if err != nil {
		to = reason(err)
	}
	entries, err := fs.ReadDir(fsys, name)
	if err != nil {
		entries = nil
		out = append(out, reason(err))
	}
	for _, e := range entries {
		if e.Name() != ".git" {
			out = append(out, e.Name()+" "+e.Type().String())
		}
	}
	return append(out, string(b), to)
}
