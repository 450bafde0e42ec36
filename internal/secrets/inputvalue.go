package secrets

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// maxInput bounds a value that somebody brings: the longest in use are keys of
// service accounts, a few kibibytes of JSON.
const maxInput = 64 << 10

// missing says which command brings a value that nselfc cannot make.
func (b *book) missing(s *ir.Secret) *diag.Diagnostic {
	command := "nselfc secrets set " + escape.ShellWord(s.Key)
	if b.opts.Environment != "" {
		command += " --env " + escape.ShellWord(b.opts.Environment)
	}
	return about(s, diag.Errorf(codeMissing, s.Origin.Range, "Secret without a value",
		"%s has the kind input: somebody else issues its value, so nselfc cannot make one, and %s has none. Nothing was written, as what needs it could not start.\n\n"+
			"Set the value, which is asked for on the terminal or read from a pipe, and build again:\n\n    %s\n\nTo write only the files that are committed, build with --no-secrets.", s.Address, b.file, command))
}

// inputProblem says why a value is not what the declaration of an input asks for,
// or "". It says nothing of what is in the value.
func inputProblem(s *ir.Secret, value string) string {
	n := utf8.RuneCountInString(value)
	switch {
	case !utf8.ValidString(value):
		return "it is not in UTF-8"
	case value == "":
		return "it is empty"
	case len(value) > maxInput:
		return fmt.Sprintf("it has more than %d KiB", maxInput>>10)
	case strings.TrimSpace(value) != value:
		return "it begins or ends with a blank or an empty line, as what is copied carelessly does"
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }):
		return "it has a control character"
	case n < inputLength(s):
		return fmt.Sprintf("it has %d characters, and %d are the least", n, inputLength(s))
	}
	if s.Pattern.V != "" && !wholeMatch(s.Pattern.V, value) {
		return "it does not match the pattern"
	}
	return ""
}

// inputLength is the least number of characters of an input.
func inputLength(s *ir.Secret) int {
	if s.MinLength.V == 0 {
		return defaultInputLength
	}
	return s.MinLength.V
}

// wholeMatch tells whether a pattern matches all of a value. Leftmost-longest
// matching finds such a match when there is one; writing anchors around a pattern
// would let one with a bracket too many out of them.
func wholeMatch(pattern, value string) bool {
	p, err := regexp.Compile(pattern)
	if err != nil {
		return false // the compiler has said so
	}
	p.Longest()
	at := p.FindStringIndex(value)
	return at != nil && at[0] == 0 && at[1] == len(value)
}
