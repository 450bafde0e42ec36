package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/internal/cli"
)

var (
	patch   = regexp.MustCompile("(?ms)^```diff\n(.*?)^```")
	session = regexp.MustCompile("(?ms)^~~~console\n(.*?)^~~~")
)

// TestReviewPage runs the commands of docs/review.md on the shop, with the change
// that the page shows, and holds their output against the page's.
func TestReviewPage(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("git is not installed")
	}
	page, err := filepath.Abs("../../docs/review.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/shop")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := os.RemoveAll("out"); err != nil { // of somebody who tried the example
		t.Fatal(err)
	}
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} {
		t.Setenv(name, "")
		_ = os.Unsetenv(name)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", "/dev/null")
	for _, name := range []string{"GIT_AUTHOR", "GIT_COMMITTER"} { // the name of the commit is on the page
		t.Setenv(name+"_NAME", "a")
		t.Setenv(name+"_EMAIL", "a@example.com")
		t.Setenv(name+"_DATE", "2001-02-03T04:05:06Z")
	}
	nselfc(t, "build --no-secrets")
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"commit", "--quiet", "--message", "before"}, {"apply"}} {
		cmd := exec.CommandContext(t.Context(), git, args...)
		if args[0] == "apply" {
			cmd.Stdin = bytes.NewReader(patch.FindSubmatch(text)[1])
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	got := session.ReplaceAllFunc(text, func(block []byte) []byte {
		var b bytes.Buffer
		b.WriteString("~~~console\n")
		commands := regexp.MustCompile(`(?m)^\$ nselfc (.*)\n`).FindAllSubmatch(block, -1)
		for i, m := range commands {
			if i > 0 {
				b.WriteString("\n")
			}
			b.Write(m[0])
			b.WriteString(strings.TrimRight(nselfc(t, string(m[1])), "\n") + "\n")
		}
		b.WriteString("~~~")
		return b.Bytes()
	})
	if *update {
		if err := os.WriteFile(page, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), string(got)); diff != "" {
		t.Errorf("docs/review.md is out of date (make golden): -page +commands\n%s", diff)
	}
}

// nselfc runs a command line and gives what it prints for people and programs.
func nselfc(t *testing.T, line string) string {
	t.Helper()
	var out, errs bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }, Now: time.Now}
	if code := cli.Main(strings.Fields(line), env, newRoot); code > cli.Failed {
		t.Fatalf("nselfc %s: exit code %d\n%s%s", line, code, out.String(), errs.String())
	}
	return out.String()
}
