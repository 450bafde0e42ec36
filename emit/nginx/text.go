package nginx

import (
	"strings"

	"nselfc/emit"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// text writes one file line by line and remembers what caused the lines.
type text struct {
	path  string // below nginx/
	buf   strings.Builder
	lines int
	depth int
	trace bool
	marks []emit.Mark
}

// from says what causes the lines that follow.
func (t *text) from(address string, o source.Origin) {
	if !t.trace {
		return
	}
	m := emit.Mark{Line: t.lines + 1, Address: address, Origin: o}
	n := len(t.marks)
	switch {
	case n > 0 && t.marks[n-1].Address == address && t.marks[n-1].Origin == o:
	case n > 0 && t.marks[n-1].Line == m.Line: // nothing was written for it
		t.marks[n-1] = m
	default:
		t.marks = append(t.marks, m)
	}
}

// line writes one line, indented; without parts, an empty one.
func (t *text) line(parts ...string) {
	if len(parts) > 0 {
		t.indent()
	}
	for _, p := range parts {
		t.buf.WriteString(p)
	}
	t.buf.WriteByte('\n')
	t.lines++
}

func (t *text) indent() {
	for range t.depth {
		t.buf.WriteString("    ")
	}
}

// open writes the head of a block, and close its end.
func (t *text) open(parts ...string) {
	t.indent()
	for _, p := range parts {
		t.buf.WriteString(p)
	}
	t.buf.WriteString(" {\n")
	t.lines++
	t.depth++
}

func (t *text) close() {
	t.depth--
	t.line("}")
}

// file gives what was written. Nothing that nginx reads is secret: a
// certificate's key is a path to it.
func (t *text) file() emit.File {
	return emit.File{Path: "nginx/" + t.path, Mode: 0o644, Text: secret.Literal(t.buf.String()), Marks: t.marks}
}
