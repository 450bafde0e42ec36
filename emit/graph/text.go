package graph

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes every character of a text one that can be seen: control and format
// characters, among them those that turn the direction of a text, line breaks,
// stray bytes, and marks piled upon marks are written as escapes.
func clean(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] >= ' ' && s[i] <= '~'
	}
	if plain {
		return s
	}
	var b strings.Builder
	marks := 0
	for i, r := range s {
		marks++
		if !unicode.Is(unicode.M, r) {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && s[i:min(len(s), i+3)] != "\uFFFD":
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !unicode.IsPrint(r) || marks > 2:
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Text in pictures is monospaced, so that its width is known without a font. No
// common one is wider than 0.62 em; what stands outside Latin, Greek and Cyrillic
// may come from another font and is as wide as two, and a bit more.
const (
	nameSize = 13 // pixels
	noteSize = 12
	cellEm   = 0.62
)

// cells counts the columns of a cleaned text.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x530 {
			n++
		}
	}
	return n
}

// width is the most that a line of text takes, in pixels.
func width(cells, size int) int { return int(float64(cells*size)*cellEm) + 1 }

// wrap breaks a cleaned text into lines of at most limit columns, behind a mark
// or a space where there is one; what would be more lines than the most is cut,
// and ends in an ellipsis.
func wrap(s string, limit, most int) []string {
	var out []string
	for cells(s) > limit {
		end, space, mark, n := 0, 0, 0, 0
		for i, r := range s {
			n += cells(string(r))
			if n > limit {
				break
			}
			end = i + utf8.RuneLen(r)
			switch {
			case r == ' ':
				space = end
			case strings.ContainsRune("-./_?&=", r):
				mark = end
			}
		}
		at := end
		if space > end/3 {
			at = space
		} else if mark > end/3 {
			at = mark
		}
		out = append(out, strings.TrimRight(s[:at], " "))
		s = s[at:]
	}
	out = append(out, s)
	if len(out) > most {
		out = out[:most]
		last := []rune(out[most-1])
		for len(last) > 0 && cells(string(last))+2 > limit {
			last = last[:len(last)-1]
		}
		out[most-1] = string(last) + "…"
	}
	return out
}
