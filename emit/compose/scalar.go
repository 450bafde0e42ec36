package compose

import (
	"unicode"
	"unicode/utf8"
)

// A scalar is written so that every YAML reader, 1.1 or 1.2, takes it for the
// same string. Plain style is kept for what cannot be anything else; single
// quotes carry the rest of the printable text; double quotes, with escapes,
// carry what a reviewer could not see.

// appendValue writes a string as a scalar value on one line. Compose replaces
// $NAME in values, never in keys (compose-go, interpolation), so each dollar
// sign is doubled: nothing in the user's shell or .env can change the meaning.
func appendValue(b []byte, s string) []byte {
	switch {
	case isPlain(s):
		return append(b, s...)
	case isVisible(s):
		return appendSingleQuoted(b, s, true)
	}
	return appendDoubleQuoted(b, s, true)
}

// appendKey writes a string as a mapping key, without doubling dollar signs.
func appendKey(b []byte, s string) []byte {
	switch {
	case isPlain(s):
		return append(b, s...)
	case isVisible(s):
		return appendSingleQuoted(b, s, false)
	}
	return appendDoubleQuoted(b, s, false)
}

// maxKey is the longest key, in bytes, that readers accept without the
// explicit `? ` form: YAML 1.2.2, section 7.4.2, limits an implicit key to
// 1024 characters, quotes and escapes included.
const maxKey = 1024

// plainBytes may stand anywhere in a plain scalar. The space and the colon are
// left out on purpose: isPlain looks at their neighbours.
var plainBytes = func() (t [256]bool) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for _, c := range "_-./@+=,%" {
		t[c] = true
	}
	return t
}()

// isPlain tells whether s needs no quotes: it starts like a word, a path or an
// option, holds only harmless characters, and is no word that YAML 1.1 or 1.2
// reads as a boolean, null, or number. Durations and sizes count as words.
func isPlain(s string) bool {
	if s == "" || !startsWord(s) && !isQuantity(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if plainBytes[c] {
			continue
		}
		// ": " and " #" end a plain scalar; '#' is not harmless, so a space
		// only has to be a single one inside the text.
		inside := i+1 < len(s) && s[i+1] != ' '
		if c != ' ' && c != ':' || !inside {
			return false
		}
	}
	return !isReserved(s)
}

// startsWord tells whether s begins with a letter, or with "/", "_", "./",
// "../", "-x", "--x" or ".x" and so can be neither a number nor punctuation.
func startsWord(s string) bool {
	switch c := s[0]; {
	case isLetter(c), c == '/', c == '_':
		return true
	case c == '.':
		rest := s[1:]
		if rest != "" && rest[0] == '.' {
			return len(rest) > 1 && rest[1] == '/'
		}
		return rest != "" && (rest[0] == '/' || isLetter(rest[0]))
	case c == '-':
		rest := s[1:]
		if rest != "" && rest[0] == '-' {
			rest = rest[1:]
		}
		return rest != "" && isLetter(rest[0])
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isQuantity accepts what people write without quotes in every compose file:
// 30s, 1m30s, 500ms, 512m. No YAML version reads digits followed by one of
// these letters as a number; "e", "x", "o" and "_" are not among them, nor is a
// binary literal ("0b1"), as a quantity cannot end in a digit.
func isQuantity(s string) bool {
	digits, unit := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			if unit > 0 {
				digits = 0
			}
			digits, unit = digits+1, 0
		case c == 's', c == 'm', c == 'h', c == 'k', c == 'g':
			if digits == 0 || unit > 1 {
				return false
			}
			unit++
		default:
			return false
		}
	}
	return unit > 0
}

// isReserved tells whether a plain s would be a boolean, null, infinity or
// not-a-number to some reader (YAML 1.1 type repository; YAML 1.2.2 core schema).
func isReserved(s string) bool {
	if len(s) > 5 {
		return false
	}
	var low [5]byte
	for i := 0; i < len(s); i++ {
		low[i] = s[i]
		if 'A' <= s[i] && s[i] <= 'Z' {
			low[i] |= 0x20
		}
	}
	switch string(low[:len(s)]) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", ".nan", ".inf", "-inf":
		return true
	}
	return false
}

// isVisible tells whether every character of s can be printed as it stands.
func isVisible(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7F {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !isShown(r, n) {
			return false
		}
		i += n
	}
	return true
}

// isShown excludes what a reviewer cannot see or is misled by: control,
// format and direction characters, separators, private and unassigned code
// points, and bytes that are no UTF-8.
func isShown(r rune, size int) bool {
	return unicode.IsPrint(r) && (r != utf8.RuneError || size > 1)
}

func appendSingleQuoted(b []byte, s string, double bool) []byte {
	b = append(b, '\'')
	for i := 0; i < len(s); i++ {
		c := s[i]
		b = append(b, c)
		if c == '\'' || c == '$' && double {
			b = append(b, c)
		}
	}
	return append(b, '\'')
}

func appendDoubleQuoted(b []byte, s string, double bool) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '$' && double:
			b = append(b, '$', '$')
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\t':
			b = append(b, '\\', 't')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\'' || unicode.IsPrint(r) && r != utf8.RuneError:
			b = utf8.AppendRune(b, r)
		case r > 0xFFFF:
			b = appendHex(append(b, '\\', 'U'), r, 8)
		default:
			b = appendHex(append(b, '\\', 'u'), r, 4)
		}
	}
	return append(b, '"')
}

func appendHex(b []byte, r rune, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[r>>shift&0xF])
	}
	return b
}

// isBlock tells whether s can be a literal block: several visible lines, no
// tabs or spaces where they would count as indentation or be invisible, and at
// most one final newline. Such a block needs no indentation indicator, and a
// script in it stays readable in a review.
func isBlock(s string) bool {
	lines, start := 0, 0
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '\n' {
			continue
		}
		line := s[start:i]
		switch {
		case line == "" && (lines == 0 || i == len(s)-1):
			return false // an empty first line, or two final newlines
		case line == "":
		case line[len(line)-1] == ' ' || line[len(line)-1] == '\t':
			return false
		case lines == 0 && (line[0] == ' ' || line[0] == '\t'):
			return false
		case !isVisibleLine(line):
			return false
		}
		if line != "" || i < len(s) {
			lines++
		}
		start = i + 1
	}
	return lines > 1
}

// isVisibleLine is isVisible with tabs allowed.
func isVisibleLine(line string) bool {
	start := 0
	for i := 0; i < len(line); i++ {
		if line[i] == '\t' {
			if !isVisible(line[start:i]) {
				return false
			}
			start = i + 1
		}
	}
	return isVisible(line[start:])
}

// appendBlock writes s as a literal block whose lines are indented by n spaces.
// The caller has asked isBlock.
func appendBlock(b []byte, s string, n int) []byte {
	b = append(b, '|')
	if s[len(s)-1] != '\n' {
		b = append(b, '-')
	} else {
		s = s[:len(s)-1]
	}
	newline := true
	b = append(b, '\n')
	for i := 0; i < len(s); i++ {
		c := s[i]
		if newline && c != '\n' {
			b = appendSpaces(b, n)
		}
		b = append(b, c)
		if c == '$' {
			b = append(b, c)
		}
		newline = c == '\n'
	}
	return b
}

const spaces = "                "

func appendSpaces(b []byte, n int) []byte {
	for n > len(spaces) {
		b, n = append(b, spaces...), n-len(spaces)
	}
	return append(b, spaces[:n]...)
}
