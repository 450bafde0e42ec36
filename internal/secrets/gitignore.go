package secrets

import (
	"path"
	"strings"
	"unicode/utf8"
)

// ignoreRule is one line of a .gitignore (gitignore(5)).
type ignoreRule struct {
	parts    []string // of the pattern; "**" stands for any number of directories
	negated  bool     // "!": what an earlier line ignores is taken again
	dirOnly  bool     // "/" at the end
	anchored bool     // a slash elsewhere: counted from the file's own directory
}

// maxIgnore bounds a .gitignore that is read: a larger one is taken for empty,
// and more is searched than need be.
const maxIgnore = 1 << 20

// parseIgnore reads the text of a .gitignore.
func parseIgnore(text string) []ignoreRule {
	var out []ignoreRule
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		line = trimBlanks(line)
		var r ignoreRule
		if strings.HasPrefix(line, "#") {
			continue
		}
		line, r.negated = strings.CutPrefix(line, "!")
		line, r.dirOnly = strings.CutSuffix(line, "/")
		if line == "" {
			continue
		}
		r.anchored = strings.Contains(line, "/")
		r.parts = strings.Split(strings.TrimPrefix(line, "/"), "/")
		out = append(out, r)
	}
	return out
}

// trimBlanks takes the blanks at the end away, but for one behind a backslash.
func trimBlanks(s string) string {
	cut := strings.TrimRight(s, " ")
	if slashes := len(cut) - len(strings.TrimRight(cut, `\`)); slashes%2 == 1 && len(cut) < len(s) {
		cut += " "
	}
	return cut
}

// matches tells whether a rule speaks of a path below its .gitignore's directory.
func (r ignoreRule) matches(name string, dir bool) bool {
	if r.dirOnly && !dir {
		return false
	}
	if !r.anchored {
		return globMatch(r.parts[0], path.Base(name))
	}
	return matchParts(r.parts, strings.Split(name, "/"))
}

// matchParts compares directory by directory. Only the last "**" that was met can
// need another try, so the work is at most the product of the lengths.
func matchParts(pattern, name []string) bool {
	p, n := 0, 0
	backP, backN := -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			if p == len(pattern)-1 {
				return true // everything inside
			}
			backP, backN = p, n
			p++
		case p < len(pattern) && globMatch(pattern[p], name[n]):
			p, n = p+1, n+1
		case backP >= 0:
			backN++
			p, n = backP+1, backN
		default:
			return false
		}
	}
	return p == len(pattern)
}

// globMatch compares one part of a path with a pattern of wildmatch's: "*", "?",
// sets in brackets, and a backslash that takes the meaning from the next sign.
// Only the last star can need another try.
func globMatch(pattern, name string) bool {
	p, n := 0, 0
	backP, backN := -1, 0
	for n < len(name) {
		r, size := utf8.DecodeRuneInString(name[n:])
		if p < len(pattern) && pattern[p] == '*' {
			p++
			backP, backN = p, n
			continue
		}
		if used, ok := matchOne(pattern[p:], r); ok {
			p, n = p+used, n+size
			continue
		}
		if backP < 0 {
			return false
		}
		_, size = utf8.DecodeRuneInString(name[backN:])
		backN += size
		p, n = backP, backN
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne compares one character with the beginning of a pattern, and gives how
// much of the pattern that was.
func matchOne(pattern string, r rune) (used int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		return matchSet(pattern, r)
	case '\\':
		if len(pattern) > 1 {
			c, size := utf8.DecodeRuneInString(pattern[1:])
			return 1 + size, c == r
		}
		return 0, false // a backslash at the end matches nothing
	}
	c, size := utf8.DecodeRuneInString(pattern)
	return size, c == r
}

// matchSet compares a character with "[a-z]", "[!a]", "[[:digit:]]" …
func matchSet(pattern string, r rune) (used int, ok bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	found := false
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, found != negated
		}
		if rest, isClass := strings.CutPrefix(pattern[i:], "[:"); isClass {
			if name, _, closed := strings.Cut(rest, ":]"); closed {
				found = found || inClass(name, r)
				i += len("[:") + len(name) + len(":]")
				continue
			}
		}
		low, size := setRune(pattern[i:])
		i += size
		high := low
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			high, size = setRune(pattern[i+1:])
			i += 1 + size
		}
		found = found || low <= r && r <= high
	}
	return 0, false // a bracket that nothing closes matches nothing
}

func setRune(s string) (rune, int) {
	if s[0] == '\\' && len(s) > 1 {
		c, size := utf8.DecodeRuneInString(s[1:])
		return c, 1 + size
	}
	return utf8.DecodeRuneInString(s)
}

// inClass knows the classes of POSIX in the C locale, as wildmatch does.
func inClass(name string, r rune) bool {
	if r > 0x7f {
		return false
	}
	lower, upper, digit := r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9'
	switch name {
	case "alnum":
		return lower || upper || digit
	case "alpha":
		return lower || upper
	case "blank":
		return r == ' ' || r == '\t'
	case "cntrl":
		return r < 0x20 || r == 0x7f
	case "digit":
		return digit
	case "graph":
		return r > 0x20 && r < 0x7f
	case "lower":
		return lower
	case "print":
		return r >= 0x20 && r < 0x7f
	case "punct":
		return r > 0x20 && r < 0x7f && !lower && !upper && !digit
	case "space":
		return r == ' ' || r >= '\t' && r <= '\r'
	case "upper":
		return upper
	case "xdigit":
		return digit || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
	}
	return false
}
