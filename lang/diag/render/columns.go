package render

import (
	"unicode"

	"golang.org/x/text/width"
)

// columns counts the cells of a terminal that characters take: two for those of
// East Asia and most pictures (Unicode Standard Annex 11), none for those that
// combine with the one before. Terminals differ on pictures made of several.
func columns(runes []rune) int {
	n := 0
	for _, r := range runes {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			if !unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
				n++
			}
		}
	}
	return n
}
