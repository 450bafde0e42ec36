package graph_test

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible writes a text as pictures must show it: what cannot be seen, turns the
// direction, breaks the line or piles up is written out.
func visible(s string) string {
	var out strings.Builder
	marks := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if unicode.In(r, unicode.Mn, unicode.Mc, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, s[0])
		case marks > 2 || r != ' ' && !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S):
			fmt.Fprintf(&out, `\u{%x}`, r)
		default:
			out.WriteRune(r)
		}
		s = s[size:]
	}
	return out.String()
}
