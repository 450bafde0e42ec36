package catalog_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEntrypointIsSoundShell has shellcheck read the script, and a script with a
// known mistake beside it.
func TestEntrypointIsSoundShell(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		need(t, "shellcheck")
	}
	check := func(text string) (string, error) {
		file := filepath.Join(t.TempDir(), "script.sh")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("shellcheck", "--shell=sh", "--severity=style", file).CombinedOutput()
		return string(out), err
	}
	scripts := []string{
		newHost(t).config(kindOf(t, twoDatabases), "entrypoint", strings.NewReplacer()),
		newHost(t).config(kindOf(t, cache), "entrypoint", strings.NewReplacer()),
	}
	for _, script := range scripts {
		if out, err := check(script); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if out, err := check("#!/bin/sh\ncat $1\n"); err == nil || !strings.Contains(out, "SC2086") {
		t.Errorf("shellcheck lets a known mistake pass: %s", out)
	}
	for _, shell := range []string{"dash", "bash"} {
		if path, err := exec.LookPath(shell); err == nil {
			for _, script := range scripts {
				cmd := exec.Command(path, "-n")
				cmd.Stdin = strings.NewReader(script)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %s", shell, out)
				}
			}
		}
	}
}
