package secrets

import (
	"path"
	"strings"
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
		r.parts = splitPattern(strings.TrimPrefix(line, "/"))
		out = append(out, r)
	}
	return out
}

// splitPattern splits at slashes that do not stand in brackets.
func splitPattern(pattern string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			if i++; i < len(pattern) && pattern[i] == '/' {
				parts, start = append(parts, pattern[start:i-1]), i+1
			}
		case '[':
			if used, _ := matchSet(pattern[i:], 0); used > 0 {
				i += used - 1
			}
		case '/':
			parts, start = append(parts, pattern[start:i]), i+1
		}
	}
	return append(parts, pattern[start:])
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

// globMatch compares one part of a path with a pattern of wildmatch's, byte by byte
// as that does: "*", "?", sets in brackets, and a backslash that takes the meaning
// from the next sign. Only the last star can need another try.
func globMatch(pattern, name string) bool {
	p, n := 0, 0
	backP, backN := -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			backP, backN = p, n
			continue
		}
		if used, ok := matchOne(pattern[p:], name[n]); ok {
			p, n = p+used, n+1
			continue
		}
		if backP < 0 {
			return false
		}
		backN++
		p, n = backP, backN
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne compares one byte with the beginning of a pattern, and gives how much of
// the pattern that was.
func matchOne(pattern string, c byte) (used int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		return matchSet(pattern, c)
	case '\\':
		return 2, len(pattern) > 1 && pattern[1] == c
	}
	return 1, pattern[0] == c
}

// matchSet compares a byte with "[a-z]", "[!a]", "[[:digit:]]" …
func matchSet(pattern string, c byte) (used int, ok bool) {
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
				found = found || inClass(name, c)
				i += len("[:") + len(name) + len(":]")
				continue
			}
		}
		low, size := setByte(pattern[i:])
		i += size
		high := low
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			high, size = setByte(pattern[i+1:])
			i += 1 + size
		}
		found = found || low <= c && c <= high
	}
	return 0, false // a bracket that nothing closes matches nothing
}

func setByte(s string) (byte, int) {
	if s[0] == '\\' && len(s) > 1 {
		return s[1], 2
	}
	return s[0], 1
}

// inClass knows the classes of POSIX in the C locale, as wildmatch does.
func inClass(name string, r byte) bool {
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
