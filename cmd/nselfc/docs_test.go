package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCheckPage runs the commands of docs/check.md, one after the other, in a copy
// of the example that it speaks of, and holds what it shows against what they print.
func TestCheckPage(t *testing.T) {
	const name = "../../docs/check.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/minimal")); err != nil {
		t.Fatal(err)
	}
	sh := func(command string) string {
		t.Helper()
		c := exec.Command("sh", "-c", command)
		c.Dir = dir
		c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null"}
		out, _ := c.CombinedOutput() // a check that finds something fails
		return string(out)
	}
	if out := sh("rm -rf out && nselfc build --no-secrets >/dev/null 2>&1 && git init -q && git add -A && git -c user.name=a -c user.email=a@example.com commit -q -m first"); out != "" {
		t.Fatal(out)
	}
	got, blocks := asPrinted(string(page), sh)
	if *update {
		if err := os.WriteFile(filepath.FromSlash(name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(page), got); d != "" || blocks < 5 {
		t.Errorf("%d blocks (-page +printed):\n%s", blocks, d)
	}
}

// asPrinted gives a page with what the commands in its console blocks print now, and
// counts these blocks.
func asPrinted(page string, sh func(command string) string) (got string, blocks int) {
	got = regexp.MustCompile("(?ms)^```console\n(.*?)^```").ReplaceAllStringFunc(page, func(block string) string {
		blocks++
		var b strings.Builder
		b.WriteString("```console\n")
		for line := range strings.Lines(block) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				b.WriteString(line)
				for out := range strings.Lines(sh(command)) {
					b.WriteString(strings.TrimRight(out, " \n") + "\n")
				}
			}
		}
		return b.String() + "```"
	})
	return got, blocks
}
