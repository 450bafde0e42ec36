package cli

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"nselfc/compiler/ir"
)

// errNotWritten says that the recipients do not stand in the stack as a list of
// texts that could be edited: they come out of a variable, say.
var errNotWritten = errors.New("the list is not written out where the store is declared")

// withRecipient gives the text of a file with one key more in the list of
// recipients, at its end, in the layout that the list has.
func withRecipient(text []byte, list []ir.String, key string) ([]byte, error) {
	last, err := lastElement(text, list)
	if err != nil {
		return nil, err
	}
	quoted := `"` + key + `"`
	from, to := lineAround(text, last.begin)
	indent := text[from:last.begin]
	if len(bytes.TrimSpace(indent)) > 0 { // on the line of the bracket or of another
		return splice(text, last.end, ", "+quoted), nil
	}
	if bytes.HasPrefix(bytes.TrimLeft(text[last.end:to], " \t"), []byte(",")) {
		return splice(text, to, "\n"+string(indent)+quoted+","), nil
	}
	if rest := bytes.TrimSpace(text[last.end:to]); len(rest) > 0 && rest[0] != '#' && !bytes.HasPrefix(rest, []byte("//")) {
		return splice(text, last.end, ",\n"+string(indent)+quoted), nil // the bracket is on that line
	}
	return splice(splice(text, to, "\n"+string(indent)+quoted+","), last.end, ","), nil
}

// withoutRecipient gives the text of a file without one key of the list.
func withoutRecipient(text []byte, list []ir.String, key string) ([]byte, error) {
	if _, err := lastElement(text, list); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(v ir.String) bool { return v.V == key })
	at := element{int(list[i].Range.Start.Byte), int(list[i].Range.End.Byte)}
	from, to := lineAround(text, at.begin)
	rest, comma := strings.CutPrefix(strings.TrimSpace(string(text[at.end:to])), ",")
	rest = strings.TrimSpace(rest)
	alone := rest == "" || strings.HasPrefix(rest, "#") || strings.HasPrefix(rest, "//")
	after := bytes.TrimLeft(text[at.end:], " \t\n")
	further := !comma && bytes.HasPrefix(after, []byte(",")) // on a line of its own
	if len(bytes.TrimSpace(text[from:at.begin])) == 0 && alone && !further && to < len(text) {
		return cutOut(text, from, to+1), nil // a comma before it may stay
	}
	if bytes.HasPrefix(after, []byte(",")) {
		return cutOut(text, at.begin, len(text)-len(bytes.TrimLeft(after[1:], " \t"))), nil
	}
	before := bytes.TrimSuffix(bytes.TrimRight(text[:at.begin], " \t\n"), []byte(","))
	return cutOut(text, len(before), at.end), nil
}

type element struct{ begin, end int }

// lastElement gives where the last element of a list stands, once every element is
// seen to stand where it is said to.
func lastElement(text []byte, list []ir.String) (element, error) {
	var last element
	for _, v := range list {
		e := element{int(v.Range.Start.Byte), int(v.Range.End.Byte)}
		if e.begin < last.end || e.end > len(text) || string(text[e.begin:e.end]) != `"`+v.V+`"` {
			return last, errNotWritten
		}
		last = e
	}
	if len(list) == 0 {
		return last, errNotWritten
	}
	return last, nil
}

// lineAround gives the bounds of the line of a byte, without its end.
func lineAround(text []byte, at int) (from, to int) {
	from = bytes.LastIndexByte(text[:at], '\n') + 1
	if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
		return from, at + n
	}
	return from, len(text)
}

func splice(text []byte, at int, insert string) []byte {
	return slices.Concat(text[:at], []byte(insert), text[at:])
}

func cutOut(text []byte, from, to int) []byte { return slices.Concat(text[:from], text[to:]) }
