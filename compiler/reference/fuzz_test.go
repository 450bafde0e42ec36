package reference

import (
	"strings"
	"testing"

	_ "crypto/sha256"
	distribution "github.com/distribution/reference"
)

// FuzzParse compares with the distribution project's own reader, which Docker
// uses. It takes digests of other kinds, and refuses names that look like an
// image's identifier; nothing else may differ.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"nginx", "ghcr.io/acme/api:1.4.2@" + digest, "localhost:5000/a/b_c", "UPPER case!!", "a___b", "Reg/a", "[::1]:5000/a", "a:b:c", "a@b", "a.b/c",
		"a--b", "a-/b", "a:5000/b", "h:/b", "[x]/a", "[::1/a", "a/localhost/b", "é", "a:", "::", "a/b:c/d",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s)
		want, wantErr := distribution.ParseNormalizedNamed(s)
		if strings.Contains(s, "@") && !strings.Contains(s, "@sha256:") || len(s) > 200 || isIdentifier(s) {
			return
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, but the distribution project says %v", s, err, wantErr)
		}
		if err != nil {
			return
		}
		tag := ""
		if tagged, ok := want.(distribution.Tagged); ok {
			tag = tagged.Tag()
		}
		if got.Tag != tag || got.Name != distribution.FamiliarName(want) && got.Name != want.Name() && !strings.HasSuffix(want.Name(), "/"+got.Name) {
			t.Fatalf("%q: %+v, want %s and %q", s, got, want.Name(), tag)
		}
	})
}

func isIdentifier(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
