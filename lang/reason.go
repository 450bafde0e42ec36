package lang

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a reason: what is shorter, or repeats fewer words and letters, tells a
// reviewer nothing.
const (
	minReason        = 20 // characters, of which blanks in a row are one
	minReasonWords   = 3  // different ones
	minReasonLetters = 8  // different ones
)

// emptyReason says what is wrong with a reason that gives none, or "".
func emptyReason(s string) string {
	words := strings.Fields(s)
	switch letters := lettersIn(s); {
	case utf8.RuneCountInString(strings.Join(words, " ")) < minReason:
		return "A reason has 20 characters at least."
	case stopgap(words):
		return "This stands in the place of a reason that is still to be written."
	case len(letters) < minReasonLetters, latin(letters) && differentWords(words) < minReasonWords:
		return "This fills the space of a reason and gives none."
	}
	return ""
}

// stopgap tells whether one of the words marks a text that is yet to be written.
func stopgap(words []string) bool {
	for _, w := range words {
		switch bare(w) {
		case "todo", "tbd", "tba", "fixme", "xxx", "lorem", "placeholder":
			return true
		}
	}
	return false
}

// placeholder tells whether a name is nobody's.
func placeholder(s string) bool {
	switch bare(s) {
	case "", "me", "us", "nobody", "none", "n/a", "na", "unknown", "owner", "someone", "somebody", "anyone", "null", "nil":
		return true
	}
	return len(lettersIn(s)) < 2 || stopgap(strings.Fields(s))
}

// bare is a word without the marks around it, in small letters.
func bare(word string) string {
	return strings.ToLower(strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
}

func lettersIn(s string) map[rune]bool {
	out := map[rune]bool{}
	for _, r := range s {
		if unicode.IsLetter(r) {
			out[unicode.ToLower(r)] = true
		}
	}
	return out
}

// latin tells whether words have blanks between them, as not all scripts have.
func latin(letters map[rune]bool) bool {
	for r := range letters {
		if !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) {
			return false
		}
	}
	return true
}

func differentWords(words []string) int {
	seen := map[string]bool{}
	for _, w := range words {
		if w := bare(w); w != "" {
			seen[w] = true
		}
	}
	return len(seen)
}
