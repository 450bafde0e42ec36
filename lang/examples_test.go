package lang_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nselfc/lang"
	"nselfc/lang/diag"
)

// TestExamples evaluates every example in every environment without a finding.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*/nself.hcl")
	if err != nil || len(dirs) < 4 {
		t.Fatalf("examples are missing: %v %v", dirs, err)
	}
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, e := range entries {
				if filepath.Ext(e.Name()) == ".hcl" && !strings.HasSuffix(e.Name(), lang.TestSuffix) {
					names = append(names, e.Name())
				}
			}
			for _, d := range compile(t, dir, names...) {
				if d.Severity != diag.Note {
					t.Errorf("%s %s %s: %s", d.Subject, d.Code, d.Summary, d.Detail)
				}
			}
		})
	}
}
