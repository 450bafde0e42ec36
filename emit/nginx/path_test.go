package nginx

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nselfc/compiler/ir"
)

// TestPattern holds a route's expression, run by another engine, to what a route
// means: its path itself, and whole segments below it.
func TestPattern(t *testing.T) {
	segment := rapid.StringMatching(`[a-zA-Z0-9.;*+?()\[\]{}|^$"'\-_ é%]{1,4}`).Filter(func(s string) bool { return s != "." && s != ".." })
	path := rapid.Map(rapid.SliceOfN(segment, 1, 3), func(s []string) string { return "/" + strings.Join(s, "/") })
	rapid.Check(t, func(t *rapid.T) {
		rt := &route{Route: &ir.Route{}, match: path.Draw(t, "route")}
		request := path.Draw(t, "request")
		if rapid.Bool().Draw(t, "below") {
			request = rt.match + rapid.SampledFrom([]string{"", "/", "x", "\n", ";x", ".x", request}).Draw(t, "rest")
		}
		matches := func() bool {
			sign, expression := rt.pattern()
			if sign == "~*" {
				expression = "(?i)" + expression
			}
			return regexp.MustCompile(expression).MatchString(request)
		}
		within := request == rt.match || strings.HasPrefix(request, rt.match+"/")
		if matches() != within {
			t.Fatalf("%q for %q: %v", rt.match, request, !within)
		}
		rt.AllowFrom = []ir.String{str("10.0.0.0/8")}
		folded := strings.ToLower(request)
		base := strings.ToLower(rt.match)
		if rest, ok := strings.CutPrefix(folded, base); ok && (rest == "" || strings.ContainsRune("/;.", rune(rest[0]))) && !matches() {
			t.Fatalf("restricted %q lets %q pass", rt.match, request)
		}
		if !within && !strings.HasPrefix(folded, base) && !strings.Contains(request, ";") && matches() {
			t.Fatalf("restricted %q takes %q", rt.match, request)
		}
	})
}

// TestDecodePath reads paths back from how clients write them.
func TestDecodePath(t *testing.T) {
	for _, tc := range []struct{ path, match, prefix string }{
		{"/", "/", "/"},
		{"/api", "/api", "/api"},
		{"/api/", "/api", "/api"},
		{"/%61pi", "/api", "/api"},
		{"/a%20b", "/a b", "/a%20b"},
		{"/café", "/café", "/caf%C3%A9"},
		{"/caf%c3%a9", "/café", "/caf%C3%A9"},
		{"/a;b=$c", "/a;b=$c", "/a;b=$c"},
		{"/%25", "/%", "/%25"},
		{"/a%3fb", "/a?b", "/a%3Fb"},
	} {
		match, problem := decodePath(tc.path)
		if match != tc.match || problem != "" || encodePath(match) != tc.prefix {
			t.Errorf("%q is %q (%s), written %q", tc.path, match, problem, encodePath(match))
		}
		if again, _ := decodePath(encodePath(match)); again != match {
			t.Errorf("%q becomes %q when it is written and read", match, again)
		}
	}
}
