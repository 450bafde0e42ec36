package render

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a string safe to print: text from a stack must never move the
// cursor, change colours, hide a line or turn its direction around. Every
// control character, character that alters direction, and byte that is not
// UTF-8 is replaced by one visible character, so that columns stay right.
// newlines keeps line feeds and tabs. A credential that somebody wrote into a stack
// is covered, character by character.
func Clean(s string, newlines bool) string {
	s = cover(s)
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

// credentials are what nobody may be shown although it stands in a stack: what
// follows the prefix of a private key of age, and the password of a web address.
var credentials = regexp.MustCompile(`(?i)age-secret-key-([0-9a-z-]+)|https?://[^\s/"'@$:]*:([^\s/"'@$]+)@`)

// cover puts a mark in the place of each character of a credential, so that
// columns stay right.
func cover(s string) string {
	if !strings.Contains(s, "://") && !strings.Contains(s, "-KEY-") && !strings.Contains(s, "-key-") {
		return s
	}
	var b strings.Builder
	from := 0
	for _, m := range credentials.FindAllStringSubmatchIndex(s, -1) {
		begin, end := max(m[2], m[4]), max(m[3], m[5])
		b.WriteString(s[from:begin])
		b.WriteString(strings.Repeat("*", utf8.RuneCountInString(s[begin:end])))
		from = end
	}
	return b.String() + s[from:]
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
