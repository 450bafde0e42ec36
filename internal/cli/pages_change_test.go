package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/internal/build"
	"nselfc/lang/diag"
)

// withoutChange are the pages whose stacks only a laptop compiles.
var withoutChange = []string{"NS712"}

// TestPagesOfChanges compiles what stands below "Before" and "After" of a risk's
// page: the change raises the risk, and the way back does not.
func TestPagesOfChanges(t *testing.T) {
	n := 0
	for _, code := range diag.Codes() {
		page, _ := diag.Page(code)
		before, after := examples(page, "Before"), examples(page, "After")
		if !diag.CodeIn(code, "NS700", "NS800") {
			continue
		}
		if len(before) != 1 || len(after) != 1 {
			t.Errorf("%s shows no change", code)
			continue
		}
		if slices.Contains(withoutChange, code) {
			continue
		}
		n++
		t.Run(code, func(t *testing.T) {
			was, is := modelOf(t, completed(code, "Before", before[0])), modelOf(t, completed(code, "After", after[0]))
			if found := risks(t, was, is); !slices.Contains(found, code) {
				t.Errorf("the change raises %v", found)
			}
			if found := risks(t, is, was); slices.Contains(found, code) && code != "NS703" && code != "NS722" && code != "NS724" {
				t.Errorf("the way back raises %v", found)
			}
		})
	}
	if n < 20 {
		t.Errorf("only %d pages show a change", n)
	}
}

func modelOf(t *testing.T, stack string) *build.Environment {
	t.Helper()
	dir := around(t)
	if err := os.WriteFile(filepath.Join(dir, "nself.hcl"), []byte(stack), 0o644); err != nil {
		t.Fatal(err)
	}
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	if diags.HasErrors() {
		t.Fatalf("%s\n%s", told(diags), stack)
	}
	return c.Environments[0]
}

func risks(t *testing.T, was, is *build.Environment) []string {
	t.Helper()
	old, err := model.Read([]byte(was.Model.Document()))
	if err != nil {
		t.Fatal(err)
	}
	r, err := review.Compare(old, is.Model, is.Stack)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, k := range r.Risks {
		if k.Origin.Range.IsZero() {
			t.Errorf("%s has no place: %s", k.Code, k.Detail)
		}
		out = append(out, k.Code)
	}
	return out
}
