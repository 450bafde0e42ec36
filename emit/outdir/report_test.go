package outdir

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/emit"
	"nselfc/lang/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestWords keeps the words of every state that stops a build or fails a check.
func TestWords(t *testing.T) {
	dir := fresh(t)
	compose := file("docker-compose.yml", "services:\n  api:\n    image: acme/api:1.4.2\n    mem_limit: 512m\n  web:\n    image: acme/web:1.0.0")
	script := file("ufw/apply.sh", "x")
	script.Mode = 0o755
	old := []emit.File{
		compose, script, file("nginx/crlf.conf", "a\nb"), file("nginx/merge.conf", "a"), file("nginx/orphan.conf", "a"), file("nginx/edited orphan.conf", "a"),
		file("nginx/missing.conf", "a"), file("nginx/stale.conf", "a"), file("nginx/link.conf", "a"),
	}
	mustBuild(t, dir, old...)
	write(t, dir, "docker-compose.yml", strings.Replace(textAt(t, dir, "docker-compose.yml"), "512m", "4g", 1))
	write(t, dir, "nginx/crlf.conf", strings.ReplaceAll(textAt(t, dir, "nginx/crlf.conf"), "\n", "\r\n"))
	write(t, dir, "nginx/merge.conf", "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> theirs\n")
	write(t, dir, "nginx/edited orphan.conf", "mine")
	write(t, dir, "nginx/foreign.conf", "mine")
	write(t, dir, "nginx/generated.conf", generated("elsewhere"))
	write(t, dir, "nginx/unlisted.conf", generated("elsewhere"))
	write(t, dir, "nginx/dir.conf/mine", "mine")
	for _, err := range []error{
		os.Remove(filepath.Join(dir, "nginx/missing.conf")), os.Chmod(filepath.Join(dir, "ufw/apply.sh"), 0o644),
		os.Remove(filepath.Join(dir, "nginx/link.conf")), os.Symlink("/etc/passwd", filepath.Join(dir, "nginx/link.conf")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, dir)
	defer d.Close()
	p, diags := d.Plan([]emit.File{
		compose, script, old[2], old[3], file("nginx/missing.conf", "a"), file("nginx/stale.conf", "b"), file("nginx/link.conf", "a"),
		file("nginx/foreign.conf", "a"), file("nginx/generated.conf", "a"), file("nginx/dir.conf", "a"), file("nginx/new.conf", "a"),
	}, testMeta, Options{})
	var b strings.Builder
	for _, l := range []diag.List{diags, d.Check(p)} {
		for _, x := range l {
			fmt.Fprintf(&b, "%s %s: %s: %s\n%s\n\n", x.Code, x.Severity, x.Subject, x.Summary, x.Detail)
		}
	}
	got := strings.ReplaceAll(b.String(), dir, "out")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/words.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/words.txt")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("words (-want +got):\n%s", d)
	}
}

func textAt(t *testing.T, dir, p string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, p))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestCheckOfLockAlone: files are right and the lock is not.
func TestCheckOfLockAlone(t *testing.T) {
	dir := fresh(t)
	files := []emit.File{file("docker-compose.yml", "x")}
	mustBuild(t, dir, files...)
	d := open(t, dir)
	defer d.Close()
	meta := testMeta
	meta.Compiler = "0.2.0"
	p, diags := d.Plan(files, meta, Options{})
	if diff := cmp.Diff([]string{"NS534"}, codes(append(diags, d.Check(p)...))); diff != "" {
		t.Error(diff)
	}
	if err := os.Remove(filepath.Join(dir, LockName)); err != nil {
		t.Fatal(err)
	}
	p, diags = d.Plan(files, testMeta, Options{})
	if diff := cmp.Diff([]string{"NS534", "NS534", "NS534"}, codes(append(diags, d.Check(p)...))); diff != "" {
		t.Error(diff)
	}
}

// TestPages: each code of the package has its page, with the summary as title.
func TestPages(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(`"(NS5\d\d)"(?:, Severity: diag.Note, Summary: |, wholeFile\(.*?\), |, r\.at\(\), |, at, |, source\.Range\{.*?\}, )"([^"]+)"|code, summary = "(NS\d+)", "([^"]+)"`)
	found := map[string]string{}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text := textAt(t, ".", name)
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			found[m[1]+m[3]] = m[2] + m[4]
		}
		for _, m := range regexp.MustCompile(`"(NS5\d\d)"`).FindAllStringSubmatch(text, -1) {
			if found[m[1]] == "" {
				t.Errorf("%s: no summary found for %s", name, m[1])
			}
		}
	}
	if len(found) < 25 {
		t.Errorf("only %d codes were found", len(found))
	}
	for code, summary := range found {
		b, err := os.ReadFile("../../lang/diag/pages/" + code + ".md")
		if err != nil {
			t.Errorf("%s has no page", code)
			continue
		}
		page := string(b)
		if title := "# " + code + ": " + summary + "\n"; !strings.HasPrefix(page, title) {
			t.Errorf("the page of %s does not begin with %q", code, title)
		}
		for _, part := range []string{"\n## Wrong\n", "\n## Right\n"} {
			if !strings.Contains(page, part) {
				t.Errorf("the page of %s has no %q", code, strings.TrimSpace(part))
			}
		}
	}
}
