package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a string safe to print: text from a stack must never move the
// cursor, change colours, hide a line or turn its direction around. Every
// control character, character that alters direction, and byte that is not
// UTF-8 is replaced by one visible character, so that columns stay right.
// newlines keeps line feeds and tabs.
func Clean(s string, newlines bool) string {
	if !needsCleaning(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if newlines && (r == '\n' || r == '\t') {
			return r
		}
		return visible(r)
	}, s)
}

func needsCleaning(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7F {
			return true
		}
	}
	return false
}

// visible gives the character to print for r: itself, the Unicode picture of a
// C0 control, or the replacement character.
func visible(r rune) rune {
	switch {
	case r < 0x20:
		return '\u2400' + r
	case r == 0x7F:
		return '\u2421'
	case unicode.Is(unicode.Cf, r) && r != '\u200D', // direction marks, byte order mark, soft hyphen; the joiner of emoji is harmless
		unicode.IsControl(r), r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return utf8.RuneError
	}
	return r
}

// maxProse bounds a message, in code points: one that quotes a megabyte of the
// user's text would bury all others.
const maxProse = 4000

func shorten(s string) string {
	if len(s) <= maxProse {
		return s
	}
	n := 0
	for i := range s {
		if n++; n > maxProse {
			return s[:i] + "…"
		}
	}
	return s
}
