// Package dotsecrets reads and writes the text of .secrets: dotenv, one KEY=value
// each. It knows nothing of files, of what a value is for or whether it is a good
// one, and it is the only package of the pure half that sees values: callers on
// the host hand them in, and no diagnostic repeats one.
package dotsecrets

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nselfc/lang/escape"
)

// header opens a file that nselfc creates. It is a comment and never read back.
const header = `# The secrets of this stack. Never commit, mail or paste this file.
# nselfc adds what is missing and never changes a value that is there. Lines of
# your own are kept. Read as dotenv, not as a shell script.
`

// Document is a dotenv text of which every byte that is not replaced stays as it
// was: comments, order, quoting and the lines that nselfc does not own.
type Document struct {
	segments []segment
	index    map[string]int     // of the keys in segments
	added    map[string]segment // since parsing
}

// segment is a run of raw text that holds one entry, or none.
type segment struct {
	raw   []byte
	key   string // "" for comments and blank lines
	value string
	line  int // of the key, from 1
}

// New makes a document with nothing but the header.
func New() *Document {
	d := empty()
	d.segments = []segment{{raw: []byte(header)}}
	return d
}

func empty() *Document {
	return &Document{index: map[string]int{}, added: map[string]segment{}}
}

// Get gives the value of a key.
func (d *Document) Get(key string) (string, bool) {
	if i, ok := d.index[key]; ok {
		return d.segments[i].value, true
	}
	s, ok := d.added[key]
	return s.value, ok
}

// Line gives the line, from 1, on which a key stands in the text that was
// parsed, and 0 for a key that was not in it.
func (d *Document) Line(key string) int {
	if i, ok := d.index[key]; ok {
		return d.segments[i].line
	}
	return 0
}

// KeyAt gives the key whose entry, of one line or several, has a line of the text
// that was parsed, and "" when that is a comment, blank or beyond the end.
func (d *Document) KeyAt(line int) string {
	end := 0
	for _, s := range d.segments {
		end += bytes.Count(s.raw, []byte("\n"))
		if line <= end || line == end+1 && !bytes.HasSuffix(s.raw, []byte("\n")) {
			return s.key
		}
	}
	return ""
}

// Keys lists the keys of the text that was parsed, in its order.
func (d *Document) Keys() []string {
	var out []string
	for _, s := range d.segments {
		if s.key != "" {
			out = append(out, s.key)
		}
	}
	return out
}

// Set gives a key a value. A key that stands in the text keeps its place; a new
// one goes to the end, below its comment, in the order of keys. A NUL byte in
// the value, which no environment can hold, is an error, and so is a key that
// is not a name.
func (d *Document) Set(key, value, comment string) error {
	if !validName(key) {
		return fmt.Errorf("%q is not a dotenv name", key)
	}
	quoted, err := escape.Dotenv(value)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	s := segment{raw: []byte(key + "=" + quoted + "\n"), key: key, value: value}
	if i, ok := d.index[key]; ok {
		s.line = d.segments[i].line
		d.segments[i] = s
		return nil
	}
	if comment != "" {
		s.raw = append([]byte("# "+oneLine(comment)+"\n"), s.raw...)
	}
	d.added[key] = s
	return nil
}

// Delete takes a key away, comments above it stay. A key that is not there is fine.
func (d *Document) Delete(key string) {
	delete(d.added, key)
	i, ok := d.index[key]
	if !ok {
		return
	}
	d.segments = slices.Delete(d.segments, i, i+1)
	delete(d.index, key)
	for k, at := range d.index {
		if at > i {
			d.index[k] = at - 1
		}
	}
}

// Bytes gives the whole text. Without a Set or Delete since Parse it is the text parsed.
func (d *Document) Bytes() []byte {
	var b bytes.Buffer
	write := func(s segment) {
		if b.Len() > 0 && !bytes.HasSuffix(b.Bytes(), []byte("\n")) {
			b.WriteByte('\n')
		}
		b.Write(s.raw)
	}
	for _, s := range d.segments {
		write(s)
	}
	for _, key := range slices.Sorted(maps.Keys(d.added)) {
		write(d.added[key])
	}
	return b.Bytes()
}

// oneLine keeps a comment from ending early.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}
