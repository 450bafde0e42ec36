package yaml

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// checkBytes refuses what readers of YAML disagree about or a reviewer cannot see:
// bytes that are no UTF-8, control characters, the line ends of Unicode, a line that
// ends in a blank. Behind it, every line ends in a line feed.
func checkBytes(text string) error {
	line := 1
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < 0x7f {
			i++
			continue
		}
		switch {
		case c == '\n':
			if i > 0 && (text[i-1] == ' ' || text[i-1] == '\t') {
				return &Error{line, "the line ends in a blank"}
			}
			line++
			i++
			continue
		case c == '\t':
			i++
			continue
		case c < utf8.RuneSelf:
			return &Error{line, "a control character stands there"}
		}
		char, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case char == utf8.RuneError && size == 1:
			return &Error{line, "a byte is not UTF-8"}
		case char < 0xa0, char == 0x2028, char == 0x2029, char == 0xfeff, char == 0xfffe, char == 0xffff:
			return &Error{line, "a control character of Unicode stands there"}
		}
		i += size
	}
	if text != "" && text[len(text)-1] != '\n' {
		return &Error{line, "the last line has no end"}
	}
	return nil
}

// splitKey splits a line behind its key, quoted or not, and tells whether there is
// one.
func splitKey(line string) (key, rest string, ok bool) {
	end := 0
	if c := line[0]; c == '\'' || c == '"' {
		end = closing(line)
		if end < 0 || end+1 >= len(line) || line[end+1] != ':' {
			return "", "", false
		}
		end++
	} else if end = strings.Index(line, ": "); end < 0 {
		if end = len(line) - 1; line[end] != ':' {
			return "", "", false
		}
	}
	key, rest = line[:end], line[end+1:]
	if rest == "" {
		return key, "", true
	}
	if rest[0] != ' ' {
		return "", "", false
	}
	return key, rest[1:], true
}

// closing gives the place of the quote that ends the string a line begins with.
func closing(line string) int {
	quote := line[0]
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '\\' && quote == '"':
			i++
		case line[i] != quote:
		case quote == '\'' && i+1 < len(line) && line[i+1] == '\'':
			i++
		default:
			return i
		}
	}
	return -1
}

// key reads the key of the line, and gives what stands behind it.
func (r *reader) key(n *Node) (string, error) {
	raw, rest, ok := splitKey(r.text)
	if !ok {
		return "", r.fail("there is no key")
	}
	if len(raw) > maxKey {
		return "", r.fail("the key is longer than %d bytes", maxKey)
	}
	text, quoted, reason := scalar(raw)
	switch {
	case reason != "":
		return "", r.fail("%s", reason)
	case !quoted && (isInteger(text) || text == "true" || text == "false"):
		return "", r.fail("a key is no string")
	}
	n.Key = text
	return rest, nil
}

// scalar reads a scalar of one line. It gives the reason why it does not.
func scalar(s string) (text string, quoted bool, reason string) {
	if s == "" {
		return "", false, "a key or value is empty"
	}
	switch s[0] {
	case '\'':
		if closing(s) != len(s)-1 {
			return "", true, "a quoted text does not end with the line"
		}
		text = s[1 : len(s)-1]
		if strings.IndexByte(text, '\'') >= 0 {
			text = strings.ReplaceAll(text, "''", "'")
		}
	case '"':
		if closing(s) != len(s)-1 {
			return "", true, "a quoted text does not end with the line"
		}
		text, reason = unescape(s[1 : len(s)-1])
	default:
		return s, false, plainReason(s)
	}
	if reason == "" && strings.IndexByte(s, '\t') >= 0 {
		reason = "a tab stands there"
	}
	return text, true, reason
}

// unescape reads the inside of double quotes.
func unescape(s string) (text, reason string) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, ""
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++ // closing has seen to it that there is one
		digits := 0
		switch s[i] {
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		case 'r':
			b = append(b, '\r')
		case '"', '\\':
			b = append(b, s[i])
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		default:
			return "", "an escape in double quotes is none of the usual ones"
		}
		if digits == 0 {
			continue
		}
		if i+digits >= len(s) {
			return "", "an escape is not complete"
		}
		n, err := strconv.ParseUint(s[i+1:i+1+digits], 16, 32)
		if err != nil || n == 0 || !utf8.ValidRune(rune(n)) {
			return "", "an escape is no character"
		}
		b = utf8.AppendRune(b, rune(n))
		i += digits
	}
	return string(b), ""
}

// plainReason says why a text without quotes is not taken, or gives "": it must be a
// boolean, a whole number, or what every version of YAML takes for a string.
func plainReason(s string) string {
	if isInteger(s) || s == "true" || s == "false" {
		return ""
	}
	switch c := s[0]; {
	case isLetter(s), c == '/', c == '_':
	case strings.HasPrefix(s, "./"), strings.HasPrefix(s, "../"), c == '.' && isLetter(s[1:]):
	case c == '-' && isLetter(strings.TrimPrefix(s[1:], "-")):
	case '0' <= c && c <= '9' && isQuantity(s):
	default:
		return "a text without quotes begins like a number or like something else of YAML"
	}
	if len(s) <= 5 && isWord(strings.ToLower(s)) {
		return "a text without quotes is a word that some readers take for a boolean, a number or nothing"
	}
	if s[len(s)-1] == ' ' {
		return "a blank stands before a colon"
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\t':
			return "a tab stands there"
		case c == '#' && s[i-1] == ' ':
			return "a comment stands behind a value"
		case c == ':' && (i+1 == len(s) || s[i+1] == ' '):
			return "a value looks like a key"
		}
	}
	return ""
}

// isLetter tells whether s begins with a letter.
func isLetter(s string) bool {
	return s != "" && s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z'
}

// isWord tells the words that YAML 1.1 or 1.2 takes for something else than a string.
func isWord(s string) bool {
	switch s {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", ".nan", ".inf", "-inf":
		return true
	}
	return false
}

// isQuantity takes a size or a duration, such as 512m or 1m30s: digits and units, of
// which none makes a number of them in any version of YAML.
func isQuantity(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && strings.IndexByte("smhkgb", c) < 0 {
			return false
		}
	}
	last := s[len(s)-1]
	return last > '9' && !strings.Contains(s, "0b")
}

// isInteger tells a whole number in its one decimal form.
func isInteger(s string) bool {
	s = strings.TrimPrefix(s, "-")
	if s == "" || len(s) > 18 || len(s) > 1 && s[0] == '0' {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
