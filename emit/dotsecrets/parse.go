package dotsecrets

import (
	"bytes"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// The codes of this package.
const (
	codeSyntax    = "NS401"
	codeDuplicate = "NS402"
)

const summarySyntax = "Unreadable line in .secrets"

// backquote is how Set writes one in double quotes, in which a shell would run what
// stands between two.
const backquote = `\0140`

// quoteIt is the advice for a value that has to be quoted, whatever is in it.
const quoteIt = "Put single quotes around the whole value:\n\n    NAME='value'\n\n" +
	"When the value itself has a single quote, put double quotes around it, and a backslash before each \", $ and \\ in it:\n\n    NAME=\"it's \\$5\""

const (
	windowsEnd     = "has a Windows line end (CRLF) inside a quoted value"
	windowsInstead = "Save the file with Unix line ends, or write the ends that belong to the value as \\r\\n in double quotes."
)

// Parse reads a dotenv text. It is stricter than the readers that share the
// format (compose-go, sh, systemd): a line that two of them would read as
// different values is an error, never a guess. What could be read comes back
// beside the errors. No diagnostic holds any part of a value; file names the
// text in them.
//
// It takes bare values without blanks and signs, values in single quotes, and
// values in double quotes with the escapes \\ \" \$ \n \r \t \0140; values in quotes
// may run over several lines. `export` before a name, comments and CRLF are
// fine.
func Parse(file string, text []byte) (*Document, diag.List) {
	p := &parser{file: file, in: text, line: 1, doc: empty()}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		p.pos = len(text)
		p.segment("", "", 0)
		return p.doc, diag.List{diag.Errorf(codeSyntax, p.rangeAt(1, 0), summarySyntax,
			"%s is in UTF-16, as PowerShell and some editors of Windows write it. Neither Compose nor a shell reads that.\n\nSave it as UTF-8.", file)}
	}
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		p.pos = len("\ufeff")
	}
	for p.pos < len(p.in) {
		p.statement()
	}
	if p.start < len(p.in) {
		p.segment("", "", 0)
	}
	return p.doc, p.diags
}

type parser struct {
	file  string
	in    []byte
	pos   int // next byte
	start int // first byte of the segment that is being read
	line  int
	doc   *Document
	diags diag.List
}

// statement reads one entry, or one blank or comment line, line end included.
func (p *parser) statement() {
	p.blanks()
	if p.at('#') || p.atLineEnd() {
		p.skipLine()
		p.segment("", "", 0)
		return
	}
	line, offset := p.line, p.pos
	fail := func(problem, instead string) {
		p.diags = append(p.diags, diag.Errorf(codeSyntax, p.rangeAt(line, offset), summarySyntax,
			"Line %d of %s %s. Programs that read this format disagree about such a line, so nselfc does not guess.\n\n%s", line, p.file, problem, instead))
		p.skipLine()
		p.segment("", "", 0)
	}
	if bytes.HasPrefix(p.in[p.pos:], []byte("export ")) {
		p.pos += len("export ")
		p.blanks()
	}
	nameStart := p.pos
	for p.pos < len(p.in) && strings.IndexByte("= \t\r\n'\"#:", p.in[p.pos]) < 0 {
		p.pos++
	}
	key := string(p.in[nameStart:p.pos])
	if !p.at('=') || !validName(key) {
		fail("is not NAME=value", "Write each secret on a line of its own, without blanks around the equals sign:\n\n    NAME='value'")
		return
	}
	p.pos++
	quoted := p.at('\'') || p.at('"')
	value, problem, instead := p.value()
	if problem != "" {
		fail(problem, instead)
		if quoted { // where the value ends is anybody's guess: what follows would be consequences
			p.pos = len(p.in)
		}
		return
	}
	p.blanks()
	// A comment needs a blank before it (a space, for compose-go), and a value before that.
	comment := p.at('#') && (quoted || value != "") && p.in[p.pos-1] == ' '
	if !comment && !p.atLineEnd() {
		fail("has text behind its value", quoteIt+"\n\nA comment stands on a line of its own.")
		return
	}
	p.skipLine()
	if first := p.doc.Line(key); first > 0 {
		p.diags = append(p.diags, diag.Errorf(codeDuplicate, p.rangeAt(line, offset), "Key set twice in .secrets",
			"%s is set on line %d and again on line %d of %s. Which of the two counts differs between programs.\n\nDelete the line that is not in use.",
			key, first, line, p.file).With(p.rangeAt(first, 0), "It is set here first."))
		p.segment("", "", 0)
		return
	}
	p.segment(key, value, line)
}

// value reads what stands behind the equals sign. A problem says what about the
// form of the line is wrong, in words that fit behind "Line 3 of .secrets".
func (p *parser) value() (value, problem, instead string) {
	switch {
	case p.at('\''):
		return p.single()
	case p.at('"'):
		return p.double()
	}
	start := p.pos
	for p.pos < len(p.in) && !p.blankAt() && !p.atLineEnd() {
		if c := p.in[p.pos]; c < ' ' || c > '~' || strings.IndexByte("'\"`$\\#;&|<>()", c) >= 0 {
			return "", "has a sign in a bare value that is special to some readers", quoteIt
		}
		p.pos++
	}
	return string(p.in[start:p.pos]), "", ""
}

func (p *parser) single() (value, problem, instead string) {
	p.pos++
	var b strings.Builder
	escaped := false
	for ; p.pos < len(p.in); p.pos++ {
		c := p.in[p.pos]
		switch {
		case c == '\'' && escaped:
			return "", "has a backslash before a single quote", "Use double quotes, in which a backslash is written twice:\n\n    NAME=\"it's a \\\\\""
		case c == '\'':
			p.pos++
			return b.String(), "", ""
		case c == 0:
			return "", "holds a NUL byte", "Remove it: no environment can hold one."
		case c == '\r' && p.next('\n'):
			return "", windowsEnd, windowsInstead
		case c == '\n':
			p.line++
		}
		escaped = c == '\\' && !escaped
		b.WriteByte(c)
	}
	return "", "opens a single quote that is never closed", "Close it at the end of the value."
}

func (p *parser) double() (value, problem, instead string) {
	p.pos++
	var b strings.Builder
	for ; p.pos < len(p.in); p.pos++ {
		c := p.in[p.pos]
		switch {
		case c == '"':
			p.pos++
			return b.String(), "", ""
		case c == '\\' && bytes.HasPrefix(p.in[p.pos:], []byte(backquote)):
			p.pos += len(backquote) - 1
			b.WriteByte('`')
			continue
		case c == '\\':
			i := -1
			if p.pos+1 < len(p.in) {
				p.pos++
				i = strings.IndexByte(`\"$nrt`, p.in[p.pos])
			}
			if i < 0 {
				return "", "has an unknown escape in double quotes", `Write a backslash as \\; the escapes are \\ \" \$ \n \r \t.`
			}
			b.WriteByte("\\\"$\n\r\t"[i])
			continue
		case c == '$':
			return "", "has a dollar sign in double quotes, which some readers expand", "Write it as \\$, or use single quotes:\n\n    NAME='value'"
		case c == 0:
			return "", "holds a NUL byte", "Remove it: no environment can hold one."
		case c == '\r' && p.next('\n'):
			return "", windowsEnd, windowsInstead
		case c == '\n':
			p.line++
		}
		b.WriteByte(c)
	}
	return "", "opens a double quote that is never closed", "Close it at the end of the value."
}

// segment closes the raw text read so far.
func (p *parser) segment(key, value string, line int) {
	if key != "" {
		p.doc.index[key] = len(p.doc.segments)
	}
	p.doc.segments = append(p.doc.segments, segment{raw: p.in[p.start:p.pos], key: key, value: value, line: line})
	p.start = p.pos
}

func (p *parser) blanks() {
	for p.pos < len(p.in) && p.blankAt() {
		p.pos++
	}
}

func (p *parser) skipLine() {
	for p.pos < len(p.in) && p.in[p.pos] != '\n' {
		p.pos++
	}
	if p.pos < len(p.in) {
		p.pos++
		p.line++
	}
}

func (p *parser) at(c byte) bool   { return p.pos < len(p.in) && p.in[p.pos] == c }
func (p *parser) next(c byte) bool { return p.pos+1 < len(p.in) && p.in[p.pos+1] == c }
func (p *parser) blankAt() bool    { return p.in[p.pos] == ' ' || p.in[p.pos] == '\t' }

// atLineEnd takes CRLF for a line end, and a lone CR for text.
func (p *parser) atLineEnd() bool {
	return p.pos >= len(p.in) || p.in[p.pos] == '\n' || p.in[p.pos] == '\r' && p.next('\n')
}

func (p *parser) rangeAt(line, offset int) source.Range {
	at := source.Pos{Line: int32(line), Byte: int32(offset)}
	return source.Range{File: p.file, Start: at, End: at}
}
