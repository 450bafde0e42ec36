package proof_test

import (
	"slices"
	"strings"
	"testing"

	"nselfc/emit"
	"nselfc/internal/proof"
)

// harm puts a new text in the place of an old one, where it stands first in a file; code
// lists the rules that must see it, between blanks.
type harm struct{ code, path, old, new string }

// TestHarmIsFound weakens the artefacts of testdata/good.hcl in one place at a time, the
// way an emitter's fault would: the rules that are meant tell, and no others.
func TestHarmIsFound(t *testing.T) {
	stack := good(t, "prod")
	for _, h := range slices.Concat(harms(), wordHarms(), edgeHarms(), storeHarms(), restHarms()) {
		files := append(slices.Clone(stack), withGit(h.path)...)
		i := slices.IndexFunc(files, func(f emit.File) bool { return f.Path == h.path })
		if i < 0 || !strings.Contains(files[i].Text.String(), h.old) {
			t.Errorf("%s does not hold %q", h.path, h.old)
			continue
		}
		f := files[i]
		files[i].Text = withTokens(strings.Replace(f.Text.String(), h.old, h.new, 1), f.Secret())
		var found []string
		for _, o := range proof.Check(digested(files)) {
			found = append(found, o.Code)
		}
		if slices.Sort(found); strings.Join(slices.Compact(found), " ") != h.code {
			t.Errorf("%s: %q for %q: found %v, want %s", h.path, h.new, h.old, found, h.code)
		}
	}
}
