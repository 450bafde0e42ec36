package lang_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nselfc/lang"
)

// FuzzEvaluate holds that no text makes the language panic, hang, or report a
// finding without a place, and that what it prints holds no secret token.
func FuzzEvaluate(f *testing.F) {
	for _, pattern := range []string{"testdata/errors/*.hcl", "../examples/*/*.hcl"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(b))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		src, diags := lang.Open(fstest.MapFS{"nself.hcl": {Data: []byte(text)}}, []string{"nself.hcl"})
		for _, env := range src.Environments() {
			_, more := src.Evaluate(env)
			diags = append(diags, more...)
		}
		for _, d := range diags {
			if d.Subject.IsZero() || d.Code == "" || d.Summary == "" {
				t.Errorf("a finding without place or code: %+v", d)
			}
			if strings.ContainsRune(d.Detail, 0) {
				t.Errorf("a token in a detail: %q", d.Detail)
			}
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("took %v", d)
		}
	})
}
