// Package strength says what makes a value that a person chose, or took from an
// example, one of the first that an attacker tries. It measures no entropy, and is
// not to be asked of values that a random source made: estimators of strength give
// their best mark to "development-secret-key-minimum-32-characters-long".
//
// It knows no declaration and no file, and says nothing of what is in a value.
package strength

import (
	"strings"
	"unicode/utf8"
)

// Names are those that stand around a secret, and that everybody who sees the stack
// can guess with: of the stack, its services, users and domains.
type Names []string

// maxLooked is how many bytes of a value the searches for words look at. A value
// whose first half KiB is worthless is not saved by what follows, and none that a
// person chose is longer.
const maxLooked = 512

// minRest is how many characters of a value must be neither of a common word nor
// of a run: fewer are 2^50 tries or less, which a stolen hash does not survive.
const minRest = 8

// shortestName is the least length of a name that counts as a word inside a value:
// "db" is in many.
const shortestName = 4

// Problem completes the sentence "The value …", or is "" for a value that is fine.
// least is the shortest value that would be taken; a value whose issuer makes it of
// six digits need have no more than these.
func Problem(value string, least int, names Names) string {
	lower := strings.ToLower(value)
	if where := wellKnown(lower); where != "" {
		return "is a default that everybody can read: " + where
	}
	switch {
	case placeholder(value):
		return "is a placeholder, where a value was to be put"
	case named(lower, names):
		return "is made of the name of the stack, or of a service, user or domain in it"
	case periodic(value):
		return "repeats itself"
	case sequential(value):
		return "counts up or down"
	}
	if problem := decoded(value, names); problem != "" {
		return problem
	}
	return words(value, least, names)
}

// named tells a value that is nothing but names and what joins them.
func named(lower string, names Names) bool {
	if len(lower) > maxLooked {
		return false
	}
	for _, n := range names {
		n = strings.ToLower(n)
		if n != "" && strings.Contains(lower, n) && strings.Trim(strings.ReplaceAll(lower, n, ""), "-_.:@/0123456789!") == "" {
			return true
		}
	}
	return false
}

// words finds values of which common words and runs leave too little.
func words(value string, least int, names Names) string {
	lower := strings.ToLower(value)
	looked := lower[:min(len(lower), maxLooked)]
	hit := make([]bool, len(looked))
	if markWords(hit, looked, placeholders()); count(hit)*10 > len(looked)*4 {
		return "is mostly made of words such as change, secret, password and test"
	}
	// What a cracker's rules do not give away must still be worth guessing.
	markWords(hit, looked, common())
	for _, n := range names {
		if len(n) >= shortestName {
			markWords(hit, looked, []string{strings.ToLower(n)})
		}
	}
	markRuns(hit, looked)
	if rest(looked, hit) < min(minRest, least) {
		return "is made of common words, names, years and runs such as 1234 and qwerty, with little else in it"
	}
	return ""
}

// rest counts the characters that were not marked.
func rest(looked string, hit []bool) int {
	n := 0
	for i := range len(looked) {
		if !hit[i] && utf8.RuneStart(looked[i]) {
			n++
		}
	}
	return n
}

// markWords marks the characters of the words in a text, also as "p@ssw0rd".
func markWords(hit []bool, lower string, words []string) {
	plain := strings.NewReplacer("@", "a", "4", "a", "0", "o", "3", "e", "1", "i", "!", "i", "5", "s", "$", "s").Replace(lower) // byte for byte
	for _, word := range words {
		for _, text := range [2]string{lower, plain} {
			for from := 0; word != ""; {
				i := strings.Index(text[from:], word)
				if i < 0 {
					break
				}
				from += i
				mark(hit[from : from+len(word)])
				from++
			}
		}
	}
}

// markRuns marks "aaa", "345" and "cba", and years.
func markRuns(hit []bool, lower string) {
	for i := 0; i+3 <= len(lower); i++ {
		if d := int(lower[i+1]) - int(lower[i]); d >= -1 && d <= 1 && int(lower[i+2])-int(lower[i+1]) == d {
			mark(hit[i : i+3])
		}
		if year := lower[i:min(i+4, len(lower))]; len(year) == 4 && (year[:2] == "19" || year[:2] == "20") && strings.Trim(year, "0123456789") == "" {
			mark(hit[i : i+4])
		}
	}
}

func mark(hit []bool) {
	for i := range hit {
		hit[i] = true
	}
}

func count(hit []bool) int {
	n := 0
	for _, h := range hit {
		if h {
			n++
		}
	}
	return n
}
