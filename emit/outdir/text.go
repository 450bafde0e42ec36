package outdir

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nselfc/emit"
)

// quote prints a string from outside so that it can neither forge a line nor
// steer a terminal, cut to what a reader can use.
func quote(s string) string {
	const most = 120
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return strconv.Quote(s[:cut]) + "…"
	}
	return strconv.Quote(s)
}

// visible replaces what a terminal would obey, and cuts a long line.
func visible(s string) string {
	const most = 160
	s = strings.TrimSuffix(s, "\n")
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\t", "    ")
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// hasHeader tells whether a text begins with the header of a generated file,
// behind the comment sign of any language that we write. A script's first line
// names its interpreter, so the first five lines count.
func hasHeader(b []byte) bool {
	for range 5 {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		for _, sign := range []string{"#", "//", ";", "--"} {
			text, ok := bytes.CutPrefix(line, []byte(sign))
			if ok && string(bytes.TrimPrefix(text, []byte{' '})) == emit.Header {
				return true
			}
		}
		b = rest
	}
	return false
}

// isConflictMarker recognises the lines that git leaves around the two sides of
// a conflict (git-merge(1), "How conflicts are presented").
func isConflictMarker(line []byte) bool {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	if len(line) < 7 || len(line) > 7 && line[7] != ' ' {
		return false
	}
	switch line[0] {
	case '<', '>', '=', '|':
		return bytes.Count(line[:7], line[:1]) == 7
	}
	return false
}

// conflictLine gives the line (from 1) of the first conflict in a text, or 0.
// One marker alone may be a heading; a beginning and an end are a conflict.
func conflictLine(b []byte) int {
	first := 0
	for n := 1; len(b) > 0; n++ {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		if isConflictMarker(line) {
			switch {
			case line[0] == '<' && first == 0:
				first = n
			case line[0] == '>' && first > 0:
				return first
			}
		}
		b = rest
	}
	return 0
}
