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

// TestPolicyPage adds the HCL of docs/policy.md to a stack, block by block, runs the
// commands between, and holds what the page shows against what they print.
func TestPolicyPage(t *testing.T) {
	const name = "../../docs/policy.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sh := func(command string) string {
		t.Helper()
		c := exec.Command("sh", "-c", command)
		c.Dir = dir
		c.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2001-02-03T04:05:06Z",
			"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2001-02-03T04:05:06Z",
		}
		out, _ := c.CombinedOutput() // a finding may fail the command
		return string(out)
	}
	added, shown := 0, 0
	block := regexp.MustCompile("(?ms)^(```|~~~)(hcl|console)\n(.*?)^(```|~~~)")
	got := block.ReplaceAllStringFunc(string(page), func(text string) string {
		m := block.FindStringSubmatch(text)
		if m[2] == "hcl" {
			added++
			file := filepath.Join(dir, "nself.hcl")
			before, _ := os.ReadFile(file) // none before the first
			if err := os.WriteFile(file, append(before, "\n"+m[3]...), 0o644); err != nil {
				t.Fatal(err)
			}
			if added == 1 {
				if out := sh("git init -q && git add -A && git commit -q -m before"); out != "" {
					t.Fatal(out)
				}
			}
			return text
		}
		shown++
		var b strings.Builder
		b.WriteString(m[1] + "console\n")
		for line := range strings.Lines(m[3]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				b.WriteString(line)
				for out := range strings.Lines(sh(command)) {
					b.WriteString(strings.TrimRight(out, " \n") + "\n")
				}
			}
		}
		return b.String() + m[1]
	})
	if *update {
		if err := os.WriteFile(filepath.FromSlash(name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(page), got); d != "" || added != 2 || shown < 6 {
		t.Errorf("%d and %d blocks (-page +printed):\n%s", added, shown, d)
	}
}
