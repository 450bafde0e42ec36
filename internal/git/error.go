package git

import (
	"strconv"
	"strings"
	"unicode"
)

// Kind says who can mend an error.
type Kind int

// The kinds of errors.
const (
	Other         Kind = iota // git failed, or the repository is damaged
	NoGit                     // there is no git program
	NotRepository             // the folder lies in no work tree
	Unknown                   // the revision is not there, or names several things
	Denied                    // git or the system refuses to read the repository
)

// Error is why a revision cannot be read.
type Error struct {
	Kind   Kind
	Reason string // what is wrong, in sentences
	Git    string // what git said of it, cleaned for a terminal; "" for nothing
	Advice string // what to do, with commands on lines indented by four spaces; "" for nothing

	err error
}

func (e *Error) Error() string {
	if e.Git == "" {
		return e.Reason
	}
	return e.Reason + " git: " + strings.ReplaceAll(e.Git, "\n", " ")
}

func (e *Error) Unwrap() error { return e.err }

// Detail gives all of it, as paragraphs.
func (e *Error) Detail() string {
	out := e.Reason
	if e.Git != "" {
		out += "\n\ngit says:\n\n    " + strings.ReplaceAll(e.Git, "\n", "\n    ")
	}
	if e.Advice != "" {
		out += "\n\n" + e.Advice
	}
	return out
}

// words cleans what git wrote to its standard error: it may quote names from a
// repository, and a terminal would obey them.
func words(stderr string) string {
	const most = 2000
	if len(stderr) > most {
		stderr = stderr[:most] + "…"
	}
	var lines []string
	for l := range strings.Lines(strings.ToValidUTF8(stderr, "\uFFFD")) {
		l = strings.TrimRight(strings.ReplaceAll(l, "\t", "    "), " \r\n")
		l = strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return '\uFFFD'
		}, l)
		if l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

// quoted prints a name from outside, cut to what a reader can use.
func quoted(name string) string {
	const most = 200
	if len(name) > most {
		return strconv.Quote(strings.ToValidUTF8(name[:most], "")) + "…"
	}
	return strconv.Quote(name)
}
