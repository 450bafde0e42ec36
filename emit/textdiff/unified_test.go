package textdiff

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tool needs a program; without it the test is skipped, but not in CI.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	return path
}

// appliers are the real readers of a unified diff. Each gets the diff on its
// standard input, in a directory that holds the old file below its name.
func appliers(t *testing.T) map[string][]string {
	return map[string][]string{
		"patch": {tool(t, "patch"), "-p1", "--fuzz=0", "--force", "--binary", "--silent"},
		"git":   {tool(t, "git"), "apply", "--whitespace=nowarn"},
	}
}

// applied gives the files of a directory after a tool has applied a diff to it, or
// what the tool said when it would not.
func applied(t interface {
	Helper()
	Fatal(...any)
}, argv []string, dir, diff string, files map[string]string,
) (map[string]string, string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "LC_ALL=C")
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, string(said)
	}
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		got[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, ""
}

// same compares directories.
func same(got, want map[string]string) bool {
	if len(got) != len(want) {
		return false
	}
	for name, text := range want {
		if b, ok := got[name]; !ok || b != text {
			return false
		}
	}
	return true
}

// text draws a text of few lines out of a small stock, so that two have much in
// common.
func text(t *rapid.T, name string) string {
	stock := []string{"a", "  b: c", "", "}", "-- a", "++ b", "@@ -1,1 +1,1 @@", "--- a/x", "\\ No newline at end of file", "diff --git a/x b/x", "r\r", "\r", "\xff\xfe", "ü", "tab\t", "\x1b[31m", " ", "\x00"}
	var w strings.Builder
	for _, l := range rapid.SliceOfN(rapid.SampledFrom(stock), 0, 24).Draw(t, name) {
		w.WriteString(l + "\n")
	}
	if s := w.String(); rapid.Bool().Draw(t, name+" lacks the last newline") {
		return strings.TrimSuffix(s, "\n")
	}
	return w.String()
}

// TestUnifiedApplies: patch and git read the diff and make the new text of the old,
// and refuse it where the old text is another.
func TestUnifiedApplies(t *testing.T) {
	for name, argv := range appliers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "work")
			rapid.Check(t, func(t *rapid.T) {
				old, new := text(t, "old"), text(t, "new")
				context := rapid.IntRange(1, 4).Draw(t, "context")
				file := rapid.SampledFrom([]string{"f", "conf.d/a b.conf", `q"\uote`, "ü.yml"}).Draw(t, "file")
				diff := Unified(file, file, old, new, context)
				if old == new {
					if diff != "" {
						t.Fatalf("equal texts differ: %q", diff)
					}
					return
				}
				got, said := applied(t, argv, dir, diff, map[string]string{file: old})
				if said != "" || !same(got, map[string]string{file: new}) {
					t.Fatalf("%s\n%q\ngot %q, want %q", said, diff, got[file], new)
				}
			})
			// Known bad: a diff of another text, one cut short, and one that was tampered with.
			old, new := "a\nb\nc\nd\n", "a\nb\nC\nd\n"
			diff := Unified("f", "f", old, new, 3)
			for what, bad := range map[string]string{
				"cut": diff[:len(diff)-4], "another count": strings.Replace(diff, "-1,4", "-1,3", 1), "another line": strings.Replace(diff, "\n b", "\n x", 1),
			} {
				if _, said := applied(t, argv, dir, bad, map[string]string{"f": old}); said == "" {
					t.Errorf("%s: accepted:\n%s", what, bad)
				}
			}
			if _, said := applied(t, argv, dir, diff, map[string]string{"f": "x\ny\nz\n"}); said == "" {
				t.Error("a diff of another text was accepted")
			}
		})
	}
}

// TestUnifiedFiles: files that come, go and change their name, with and without
// lines.
func TestUnifiedFiles(t *testing.T) {
	for name, argv := range appliers(t) {
		dir := filepath.Join(t.TempDir(), "work")
		for _, c := range []struct{ what, from, to, old, text string }{
			{"created", "", "d/new.yml", "", "a\nb\n"},
			{"created without the last newline", "", "new.yml", "", "a"},
			{"created empty", "", "new.yml", "", ""},
			{"removed", "old.yml", "", "a\nb", ""},
			{"removed empty", "old.yml", "", "", ""},
			{"renamed", "a/old.yml", "b/new name.yml", "a\n", "a\n"},
			{"renamed and changed", "old.yml", "d/\"new\".yml", "a\nb\nc\n", "a\nB\nc\n"},
			{"changed to empty", "f", "f", "a\n", ""},
			{"changed from empty", "f", "f", "", "a\n"},
		} {
			before, after := map[string]string{}, map[string]string{}
			if c.from != "" {
				before[c.from] = c.old
			}
			if c.to != "" {
				after[c.to] = c.text
			}
			diff := Unified(c.from, c.to, c.old, c.text, 3)
			if got, said := applied(t, argv, dir, diff, before); said != "" || !same(got, after) {
				t.Errorf("%s, %s: %s\n%s\ngot %q, want %q", name, c.what, said, diff, got, after)
			}
		}
	}
}

// FuzzUnified: for any two texts the diff is read back, by a reader of its own,
// to exactly these.
func FuzzUnified(f *testing.F) {
	f.Add("a\nb\n", "a\nc", 3)
	f.Add("", "\n", 0)
	f.Add("a\r\nb\r\n", "a\nb\n", 1)
	f.Add("\xff", "\x00\n\\ No newline at end of file\n", 2)
	f.Fuzz(func(t *testing.T, old, text string, context int) {
		context = min(max(context, 0), 1<<20)
		diff := Unified("f", "f", old, text, context)
		if (diff == "") != (old == text) {
			t.Fatalf("%q", diff)
		}
		got, ok := reread([]byte(diff), old)
		if !ok || got != text {
			t.Fatalf("the diff\n%q\nof %q gives %q, want %q", diff, old, got, text)
		}
	})
}

// reread applies a diff by the textbook.
func reread(diff []byte, old string) (string, bool) {
	a := Lines(old)
	var out strings.Builder
	at := 0
	lines := bytes.SplitAfter(diff, []byte("\n"))
	for i := 2; i < len(lines) && len(lines[i]) > 0; i++ {
		l := string(lines[i])
		if i+1 < len(lines) && l[0] != '@' && string(lines[i+1]) == NoNewline+"\n" {
			l = strings.TrimSuffix(l, "\n")
			i++
		}
		switch l[0] {
		case '@':
			h := Hunk{}
			if n := scanHeader(l, &h); !n {
				return "", false
			}
			for ; at < h.A0; at++ {
				out.WriteString(a[at])
			}
		case '+':
			out.WriteString(l[1:])
		case ' ', '-':
			if at >= len(a) || a[at] != l[1:] {
				return "", false
			}
			if l[0] == ' ' {
				out.WriteString(a[at])
			}
			at++
		default:
			return "", false
		}
	}
	for ; at < len(a); at++ {
		out.WriteString(a[at])
	}
	return out.String(), true
}

// scanHeader reads the range of the old text from a hunk's header.
func scanHeader(l string, h *Hunk) bool {
	var start, count, newStart, newCount int
	if n, err := fmt.Sscanf(l, "@@ -%d,%d +%d,%d @@\n", &start, &count, &newStart, &newCount); err != nil || n != 4 {
		return false
	}
	h.A0 = start - 1
	if count == 0 {
		h.A0 = start
	}
	return true
}
