package lang_test

import (
	"testing"
	"testing/fstest"

	"nselfc/lang"
)

// The parser's own places are where quotes and brackets were left open, so the
// expectation cannot stand in a comment on the line: it would be inside a quote.
func TestSyntaxErrorsAreSaidOnce(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		lines      []int32
	}{
		{"unclosed quote", "stack \"t\" {}\nservice \"a\" {\n  image = \"x:1\n}\n", []int32{3}},
		{"unclosed brace", "stack \"t\" {\n", []int32{1}},
		{"two in two blocks", "a \"t\" {\n  x = = 1\n}\nb \"t\" {\n  y = ]\n}\n", []int32{2}},
		{"no equals sign", "stack \"t\" {\n  domain \"x\"\n}\n", []int32{2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, diags := lang.Open(fstest.MapFS{"nself.hcl": {Data: []byte(tc.text)}}, []string{"nself.hcl"})
			var got []int32
			for _, d := range diags {
				if d.Code != "NS110" {
					t.Errorf("%s %s", d.Code, d.Detail)
				}
				got = append(got, d.Subject.Start.Line)
			}
			if len(got) != len(tc.lines) || got[0] != tc.lines[0] {
				t.Errorf("errors on lines %v, want %v: %s", got, tc.lines, diags[0].Detail)
			}
		})
	}
}
