package secrets

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// taken lists the files below a folder that a work tree would take, or has.
func taken(t *testing.T, folder, home string) []string {
	t.Helper()
	w, err := OpenWorkTree(folder, home)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var out []string
	err = filepath.WalkDir(folder, func(p string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(folder, p)
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == ".git":
			return fs.SkipDir
		case !e.IsDir() && !w.Ignored(filepath.ToSlash(name), false):
			out = append(out, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// TestIgnoredAsGitDoes has git judge random rules over a random tree.
func TestIgnoredAsGitDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	top := t.TempDir()
	git := repository(t, top)
	git("init", "-q")
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	name := func() string {
		return pick("a", "b", "ab", "a.x", "b.x", "a b", "#a", "!a", "a[1]", "A", "é", "a-b", ".x", "aab")
	}
	pattern := func() string {
		part := func() string {
			return pick("a", "b", "*", "?", "a*", "*b", "*.x", "a?", "**", "a**b", "[ab]", "[!a]", "[^b].x", "[a-b]b", "[[:alpha:]]", "[[:upper:]]", `\#a`, `\!a`, `a\[1\]`,
				"a b", "é", "*é", "[é]", "a[1", `a\`, `\a`, "[]a]", "[a-]*", "*a*a*b", "[[:punct:]]*", "[\\]a]", "?b", "a-b", "[!-a]", ".*", "A")
		}
		s := pick("", "", "", "!", "/", "!/") + part()
		for range rng.IntN(3) {
			s += "/" + part()
		}
		return s + pick("", "", "/", "/**", " ", `\ `, "  ", "\t")
	}
	dirs := []string{"a/a", "a/b", "a/a b", "b/a", "b/b", "ab/a", "ab/b", "ab/a b", "A/a", "A/b"}
	for _, dir := range dirs {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range dirs {
		for range 3 {
			_ = os.WriteFile(filepath.Join(top, dir, name()), []byte("x"), 0o644) // unless a directory has that name
		}
		_ = os.WriteFile(filepath.Join(top, filepath.Dir(dir), name()), []byte("x"), 0o644)
	}
	ignored := 0
	for round := range 60 {
		rules := map[string]string{}
		for _, dir := range []string{"", "a", "a/b", "ab", ".git/info"} {
			var b strings.Builder
			for range rng.IntN(5) {
				b.WriteString(pattern() + pick("\n", "\n", "\r\n"))
			}
			file := filepath.Join(dir, ".gitignore")
			if dir == ".git/info" {
				file = ".git/info/exclude"
			}
			rules[file] = b.String()
			put(t, filepath.Join(top, file), b.String(), 0o644)
		}
		git("rm", "-r", "-q", "--cached", "--ignore-unmatch", ".")
		if round%3 == 0 {
			git("add", "-f", "a/a") // what git has, it does not ignore
		}
		want := strings.FieldsFunc(git("ls-files", "-z", "-c", "-o", "--exclude-standard"), func(r rune) bool { return r == 0 })
		slices.Sort(want)
		got := taken(t, top, "")
		if d := cmp.Diff(strings.Join(slices.Compact(want), "\n"), strings.Join(got, "\n")); d != "" {
			t.Fatalf("round %d, rules %q (-git +ours):\n%s", round, rules, d)
		}
		if round > 0 && len(got) < 30 {
			ignored++
		}
	}
	if ignored < 15 {
		t.Errorf("only %d rounds ignored anything", ignored)
	}
}

// TestPatternsCostLittle: a pattern that is made to be slow is not.
func TestPatternsCostLittle(t *testing.T) {
	star := strings.Repeat("*a", 1000) + "b"
	if globMatch(star, strings.Repeat("a", 10_000)) || matchParts(strings.Split(strings.Repeat("**/a/", 1000)+"b", "/"), strings.Split(strings.Repeat("a/", 10_000)+"c", "/")) {
		t.Error("matched")
	}
	for _, p := range []string{"[", "[a", "[!", "[]", "[[:", "[[:alpha:", `[\`, `\`, "[a-", "[[:nope:]]"} {
		globMatch(p, "a") // must return
	}
}

// TestWorkTreeWithoutGit: what would be taken if one were begun in the stack's folder.
func TestWorkTreeWithoutGit(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{".gitignore": "*.key\n", "out/a": "", "out/b.key": "", "out/.gitignore": "c\n", "out/c": "", "out/deep/c": "", "out/deep/d": ""} {
		put(t, filepath.Join(dir, name), text, 0o644)
	}
	if got, want := fmt.Sprint(taken(t, filepath.Join(dir, "out"), dir)), "[.gitignore a deep/d]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(taken(t, filepath.Join(dir, "out"), t.TempDir())), "[.gitignore a b.key deep/d]"; got != want {
		t.Errorf("elsewhere: got %s, want %s", got, want)
	}
	if w, err := OpenWorkTree(filepath.Join(dir, "not/there"), dir); err != nil || w.Ignored("x", false) || !w.Ignored("x.key", false) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
