package build_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecordThatGitIgnores: NS455 tells of a record of secrets that no commit will have,
// and says nothing where the generated .gitignore brings it back.
func TestRecordThatGitIgnores(t *testing.T) {
	t.Parallel()
	for ignore, ignored := range map[string]bool{
		"":              false,
		".secrets*\n":   false,
		"*secrets*\n":   false, // out/dev/.gitignore says otherwise, and is nearer
		"out/dev/*\n":   false,
		"out/\n":        true, // git looks for no .gitignore below
		"/out/dev\n":    true,
		"out/**\n":      true,
		"out/\n!out/\n": false,
	} {
		t.Run(ignore, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, filepath.Join(dir, "nself.hcl"), smallStack)
			ran(t, 0, dir, "build")
			if _, err := os.Stat(filepath.Join(dir, "out/dev/nself.secrets.json")); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, ".gitignore"), ignore)
			r := ran(t, 0, dir, "check")
			if got := strings.Contains(r.stderr, "NS455"); got != ignored {
				t.Errorf("%q: told: %v\n%s", ignore, got, r.stderr)
			}
		})
	}
}
