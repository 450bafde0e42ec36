package git

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestHistory: what a branch, a tag, a stash or a merge alone has is found, of any
// spelling and in any folder, and nothing that no ref leads to.
func TestHistory(t *testing.T) {
	r := newRepo(t, map[string]string{"a/out/.secrets": "one", "a/nself.hcl": "x"})
	script := exec.Command("sh", "-ec", `git rm -q --cached a/out/.secrets && git commit -qm gone
git checkout -qb side && mkdir -p 'b/ü' && printf two > 'b/ü/.SECRETS.bak' && git add . && git commit -qm side && git checkout -q main && rm -rf b
git checkout -q --detach && printf three > .secrets && git add -f .secrets && git commit -qm tagged && git tag t && git checkout -q main
git checkout -qb other && printf y > y && git add y && git commit -qm y && git checkout -q main && printf z > z && git add z && git commit -qm z
git merge -q --no-commit other && printf four > .secrets.d && git add -f .secrets.d && git commit -qm merge && git rm -q .secrets.d && git commit -qm gone2
printf five > 'a/.secrets~' && git add -f 'a/.secrets~' && git stash -q
git checkout -q --detach && printf six > .secrets && git add -f .secrets && git commit -qm lost && git checkout -q main`)
	script.Dir = r.dir
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	h, err := OpenHistory(context.Background(), r.dir+"/a/out/gone")
	if err != nil {
		t.Fatal(err)
	}
	if h.Prefix() != "a/out/gone" {
		t.Errorf("prefix %q", h.Prefix())
	}
	found := map[string]string{}
	if err := h.Files(context.Background(), []string{":(top,icase,glob)**/*.secrets*"}, func(p Past) bool {
		text, err := h.Read(p.Object, 100)
		if err != nil || len(p.Commit) != 40 {
			t.Errorf("%+v: %v", p, err)
		}
		found[p.Path] += string(text) + " "
		return true
	}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"a/out/.secrets": "one", "b/ü/.SECRETS.bak": "two", ".secrets": "three", ".secrets.d": "four", "a/.secrets~": "five"} {
		if !strings.Contains(found[path], want) {
			t.Errorf("%s: %q, want %q", path, found[path], want)
		}
	}
	if strings.Contains(found[".secrets"], "six") || len(found) != 5 {
		t.Errorf("too much: %v", found)
	}
	var texts []string
	if err := h.Objects(context.Background(), func(name, path string) bool {
		kind, size, err := h.Look(name)
		if err != nil {
			t.Fatal(err)
		}
		if kind == "blob" {
			text, err := h.Read(name, size)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
			if string(text) == "two" {
				all, err := h.Holders(context.Background(), map[string]bool{name: true})
				p := all[name]
				if err != nil || p.Path != "b/ü/.SECRETS.bak" || path != p.Path {
					t.Errorf("%+v: %v", p, err)
				}
			}
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two", "three", "four", "five"} {
		if !slices.Contains(texts, want) {
			t.Errorf("%s is in no object: %q", want, texts)
		}
	}
	if n, err := h.Count(context.Background()); err != nil || n < len(texts) {
		t.Errorf("%d objects, %v", n, err)
	}
	// It ends when it is told to.
	n := 0
	if err := h.Files(context.Background(), nil, func(Past) bool { n++; return false }); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}
