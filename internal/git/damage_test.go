package git

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHostileFolders: git stores any folder that it is given, and checks none when
// it reads it.
func TestHostileFolders(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"x": "x"})
	blob := r.git("rev-parse", "HEAD:x")
	digest := func(hex string) string {
		out := make([]byte, len(hex)/2)
		for i := range out {
			for _, c := range hex[2*i : 2*i+2] {
				out[i] = out[i]<<4 | byte(strings.IndexRune("0123456789abcdef", c))
			}
		}
		return string(out)
	}(blob)
	one := func(mode, name string) string { return mode + " " + name + "\x00" + digest }
	for name, c := range map[string]struct{ tree, want string }{
		"sound":              {one("100644", "x"), ""},
		"a path":             {one("100644", "../x"), `the name "../x"`},
		"the parent":         {one("40000", ".."), `the name ".."`},
		"the folder":         {one("40000", "."), `the name "."`},
		"no name":            {one("100644", ""), `the name ""`},
		"an unknown mode":    {one("100000", "x"), `the mode "100000"`},
		"a device":           {one("20666", "x"), `the mode "20666"`},
		"twice":              {one("100644", "x") + one("120000", "x"), "two entries"},
		"cut":                {one("100644", "x")[:20], "in the middle"},
		"a file as a folder": {one("40000", "x"), "is a blob where there should be a tree"},
		"a folder as a file": {"100644 x\x00", "in the middle"},
	} {
		tree := r.gitIn(c.tree, "hash-object", "-t", "tree", "-w", "--stdin", "--literally")
		commit := r.git("commit-tree", "-m", "x", tree)
		opened := open(t, r.dir, commit)
		err := fs.WalkDir(opened.FS(), ".", func(_ string, _ fs.DirEntry, err error) error { return err })
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// FuzzFolder: what is taken for a folder has only names that stay in it.
func FuzzFolder(f *testing.F) {
	f.Add([]byte("100644 x\x0012345678901234567890"))
	f.Add([]byte("40000 a\x001234567890123456789040000 ..\x0012345678901234567890"))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := parse(b, 20)
		size := 0
		for i, e := range entries {
			if e.name == "." || e.name == ".." || e.name == "" || strings.ContainsAny(e.name, "/\x00") || i > 0 && entries[i-1].name >= e.name || len(e.object) != 40 {
				t.Fatalf("%+v of %q", e, b)
			}
			size += len(" ") + len(e.name) + 1 + 20
		}
		if err == nil && (size > len(b) || (len(entries) == 0) != (len(b) == 0)) {
			t.Fatalf("%d entries of %q", len(entries), b)
		}
	})
}

// TestStoredElsewhere: what git has only in another form is not taken for the file.
func TestStoredElsewhere(t *testing.T) {
	t.Parallel()
	tree := open(t, newRepo(t, map[string]string{
		"lfs":   "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n",
		"crypt": "\x00GITCRYPT\x00\x01\x02",
		"plain": "version https://example.com\n",
	}).dir, "HEAD")
	for name, want := range map[string]string{"lfs": "Git LFS", "crypt": "git-crypt", "plain": "version"} {
		if got := content(tree, name); !strings.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestLarge: a large file is listed, and not loaded.
func TestLarge(t *testing.T) {
	t.Parallel()
	r := newRepo(t, nil)
	r.git("config", "core.bigFileThreshold", "1m")
	r.git("config", "core.compression", "1")
	if err := os.WriteFile(filepath.Join(r.dir, "large"), make([]byte, maxFile+1), 0o644); err != nil {
		t.Fatal(err)
	}
	r.commit(map[string]string{"small": "s"})
	tree := open(t, r.dir, "HEAD")
	if info, err := fs.Stat(tree.FS(), "large"); err != nil || info.Size() != maxFile+1 {
		t.Errorf("%v, %v", info, err)
	}
	if got := content(tree, "large"); !strings.Contains(got, "more than 67108864 are not read") {
		t.Errorf("%.200q", got)
	}
	if got := content(tree, "small"); got != "s" {
		t.Errorf("after it: %q", got)
	}
}

// TestReplaced: a commit's name means what it means in every other clone.
func TestReplaced(t *testing.T) {
	t.Parallel()
	r := newRepo(t, map[string]string{"nself.hcl": "one"})
	first := r.git("rev-parse", "HEAD")
	r.git("replace", first, r.commit(map[string]string{"nself.hcl": "two"}))
	if got := r.git("show", first+":nself.hcl"); got != "two" {
		t.Fatalf("git itself reads %q, so this test shows nothing", got)
	}
	if got := content(open(t, r.dir, first), "nself.hcl"); got != "one" {
		t.Errorf("%q", got)
	}
}

// TestIncomplete: what a partial clone lacks is said, and not fetched.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	r := newRepo(t, sample)
	r.git("config", "uploadpack.allowFilter", "true")
	r.git("clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+r.dir, "../partial")
	partial := repo{t, filepath.Join(filepath.Dir(r.dir), "partial")}
	before := snapshot(t, partial.dir)
	tree := open(t, filepath.Join(partial.dir, "stack"), "origin/main")
	if _, err := fs.ReadDir(tree.FS(), "modules"); err != nil {
		t.Error(err)
	}
	got := content(tree, "nself.hcl")
	if !strings.Contains(got, "This clone is partial") {
		t.Errorf("%q", got)
	}
	if after := snapshot(t, partial.dir); !cmp.Equal(before, after) {
		t.Error("something was fetched")
	}
	partial.git("archive", "-o", os.DevNull, tree.Commit()) // what the advice says
	if got := content(open(t, filepath.Join(partial.dir, "stack"), "origin/main"), "nself.hcl"); got != sample["stack/nself.hcl"] {
		t.Errorf("afterwards: %q", got)
	}
}

// TestDamaged: a broken object is an error with git's words, and no crash.
func TestDamaged(t *testing.T) {
	t.Parallel()
	r := newRepo(t, sample)
	object := r.git("rev-parse", "HEAD:stack/nself.hcl")
	path := filepath.Join(r.dir, ".git/objects", object[:2], object[2:])
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("no object"), 0o644); err != nil {
		t.Fatal(err)
	}
	tree, err := Open(t.Context(), filepath.Join(r.dir, "stack"), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := content(tree, "nself.hcl"); !strings.Contains(got, object) || !strings.Contains(got, "git") {
			t.Errorf("%q", got)
		}
	}
	if err := tree.Close(); err != nil {
		t.Error(err)
	}
	if got := content(tree, "empty"); !strings.Contains(got, "closed") {
		t.Errorf("a closed tree: %q", got)
	}
}
