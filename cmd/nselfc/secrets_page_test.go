package main

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSecretsPage runs the commands of docs/secrets.md, one after the other, on the
// stack that it shows, and holds what it says against what they print.
func TestSecretsPage(t *testing.T) {
	for _, tool := range []string{"git", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	const name = "../../docs/secrets.md"
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	examples := regexp.MustCompile("(?ms)^```hcl\n(.*?)^```").FindAllStringSubmatch(string(page), -1)
	for i, m := range examples[1:] { // the stores
		file := filepath.Join(t.TempDir(), "nself.hcl")
		if err := os.WriteFile(file, []byte("stack \"shop\" {}\n\nsecret \"key\" {}\n\n"+m[1]), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("nselfc", "validate", file).CombinedOutput(); err != nil {
			t.Errorf("example %d: %v\n%s", i+2, err, out)
		}
	}
	for file, text := range map[string]string{
		"nself.hcl":  examples[0][1],
		".gitignore": "/stripe\n/another\n/bin/\n",
		"stripe":     "sk_" + "live_" + rand.Text(),
		"another":    "sk_" + "live_" + rand.Text(),
		"bin/docker": "#!/bin/sh\necho 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2\nexit 1\n",
	} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "bin", "docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	sh := func(command string) string {
		c := exec.Command("sh", "-c", command)
		c.Dir = dir
		c.Env = []string{
			"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		}
		out, _ := c.CombinedOutput() // some are refused
		return timeless(string(out))
	}
	got, blocks := asPrinted(string(page), sh)
	for _, file := range []string{"stripe", "another"} {
		value, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || strings.Contains(got, string(value)) {
			at := strings.Index(got, string(value))
			t.Fatalf("the value of %s was printed (%v), behind:\n%s", file, err, got[max(0, at-300):max(0, at)])
		}
	}
	if *update {
		if err := os.WriteFile(filepath.FromSlash(name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(page), got); d != "" || blocks < 8 || len(examples) < 7 {
		t.Errorf("%d blocks (-page +printed):\n%s", blocks, d)
	}
}

// timeless moves the dates of a text to a day that does not pass, today to
// 2027-03-01, and gives commits one name.
func timeless(s string) string {
	today, _ := time.Parse(time.DateOnly, time.Now().UTC().Format(time.DateOnly))
	s = regexp.MustCompile(`\b20\d\d-\d\d-\d\d\b`).ReplaceAllStringFunc(s, func(found string) string {
		day, err := time.Parse(time.DateOnly, found)
		if err != nil {
			return found
		}
		return time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC).Add(day.Sub(today)).Format(time.DateOnly)
	})
	return regexp.MustCompile(`(?m)  [0-9a-f]{12}$`).ReplaceAllString(s, "  2c057f6a6dcd")
}
