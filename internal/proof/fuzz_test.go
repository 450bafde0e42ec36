package proof_test

import (
	"testing"

	"nselfc/emit"
	"nselfc/internal/proof"
	"nselfc/lang/secret"
)

// FuzzCheck puts any text in the place of one file: the judge gives findings with a
// place, and never fails.
func FuzzCheck(f *testing.F) {
	stack := good(f, "prod")
	for i, file := range stack {
		f.Add(uint8(i), file.Text.String())
	}
	for i, s := range []string{"", "http {", "COMMENT ON ROLE;", "server { listen; }", "*filter\nCOMMIT\n", "user", "#= a", "a b c d e\n", "set -", "${"} {
		f.Add(uint8(i*3), s)
	}
	f.Fuzz(func(t *testing.T, at uint8, text string) {
		files := make([]emit.File, len(stack))
		copy(files, stack)
		file := &files[int(at)%len(files)]
		file.Text = secret.Literal(text)
		for _, found := range proof.Check(files) {
			if found.Code == "" || found.File == "" || found.Line < 0 || found.Detail == "" {
				t.Errorf("%+v", found)
			}
		}
	})
}
