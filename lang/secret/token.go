package secret

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A token is how a secret travels through the expression language: the secret's
// expression between two NUL bytes, which no source text can contain. Joining
// strings joins tokens; Parse splits the result into parts again. A function
// that would look at, cut or change the characters of a token breaks it, and
// lang/eval refuses such calls before they happen.

// Mark delimits a token. Source text cannot hold it: the reader refuses NUL,
// and lang/eval refuses the escape sequence that would make one.
const Mark = "\x00"

// Token gives the text form of an expression, delimiters included. All of it is
// ASCII: values of the expression language are in Unicode's composed form (NFC),
// and no neighbour of the token can compose with a part of it.
func (e *Expr) Token() string { return Mark + ascii(e.String()) + Mark }

// ascii writes characters beyond ASCII as escapes. They stand in quoted strings
// only.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80:
			b.WriteByte(byte(r))
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// String prints the expression as it would be written in the language.
func (e *Expr) String() string {
	var b strings.Builder
	e.write(&b)
	return b.String()
}

func (e *Expr) write(b *strings.Builder) {
	if e.Func == "" {
		b.WriteString(e.Address)
		if e.Field != "" {
			b.WriteString("#" + e.Field)
		}
		return
	}
	b.WriteString(e.Func + "(")
	for i, a := range e.Args {
		if i > 0 {
			b.WriteString(",")
		}
		for j, p := range a {
			if j > 0 {
				b.WriteString("+")
			}
			if p.Secret == nil {
				b.WriteString(strconv.Quote(p.Literal))
				continue
			}
			p.Secret.write(b)
		}
	}
	b.WriteString(")")
}

var (
	errCut     = errors.New("a secret token is cut")
	errDamaged = errors.New("a secret token is damaged")
)

// Parse splits a string that the expression language produced into parts. An
// error means a token was damaged, which is a fault of the caller.
func Parse(s string) (Text, error) {
	if !strings.Contains(s, Mark) {
		return Literal(s), nil
	}
	pieces := strings.Split(s, Mark)
	if len(pieces)%2 == 0 {
		return nil, errCut
	}
	var out Text
	for i, piece := range pieces {
		if i%2 == 0 {
			out = append(out, Literal(piece)...)
			continue
		}
		p := parser{in: piece}
		e, err := p.expr(0)
		if err != nil || p.pos != len(p.in) {
			return nil, errDamaged
		}
		out = append(out, Part{Secret: e})
	}
	return out, nil
}

// maxNesting bounds functions of functions: reading them recurses.
const maxNesting = 1000

// parser reads the grammar that write follows:
//
//	expr = name [ "#" field ] | name "(" text { "," text } ")"
//	text = [ part { "+" part } ]
//	part = quoted | expr
type parser struct {
	in  string
	pos int
}

func (p *parser) peek(c byte) bool { return p.pos < len(p.in) && p.in[p.pos] == c }

// until reads up to the next of the delimiters, or to the end. A quoted instance
// key inside a name (`role["a,b"]`) is passed over whole.
func (p *parser) until(delimiters string) (string, error) {
	var b strings.Builder
	for p.pos < len(p.in) && strings.IndexByte(delimiters, p.in[p.pos]) < 0 {
		if c := p.in[p.pos]; c != '"' {
			if c >= 0x80 {
				return "", errDamaged // Token writes ASCII
			}
			b.WriteByte(c)
			p.pos++
			continue
		}
		key, err := p.quoted()
		if err != nil {
			return "", err
		}
		b.WriteString(strconv.Quote(key))
	}
	if b.Len() == 0 {
		return "", errDamaged
	}
	return b.String(), nil
}

func (p *parser) quoted() (string, error) {
	q, err := strconv.QuotedPrefix(p.in[p.pos:])
	if err != nil || q[0] != '"' {
		return "", errDamaged
	}
	p.pos += len(q)
	return strconv.Unquote(q)
}

func (p *parser) expr(depth int) (*Expr, error) {
	if depth > maxNesting {
		return nil, errDamaged
	}
	name, err := p.until("#(),+")
	if err != nil {
		return nil, err
	}
	switch {
	case p.peek('#'):
		p.pos++
		field, err := p.until("#(),+")
		return &Expr{Address: name, Field: field}, err
	case p.peek('('):
		args, err := p.args(depth + 1)
		return &Expr{Func: name, Args: args}, err
	}
	return &Expr{Address: name}, nil
}

// args reads the arguments of a function, parentheses included.
func (p *parser) args(depth int) ([]Text, error) {
	var out []Text
	for !p.peek(')') || len(out) == 0 {
		if len(out) > 0 && !p.peek(',') {
			return nil, errDamaged
		}
		p.pos++ // the opening parenthesis, or the comma
		t, err := p.text(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	p.pos++
	return out, nil
}

func (p *parser) text(depth int) (Text, error) {
	if p.peek(',') || p.peek(')') {
		return nil, nil
	}
	var out Text
	for {
		part, err := p.part(depth)
		if err != nil {
			return nil, err
		}
		if n := len(out); part.Secret == nil && (part.Literal == "" || n > 0 && out[n-1].Secret == nil) {
			return nil, errDamaged // no token of ours has these
		}
		out = append(out, part)
		if !p.peek('+') {
			return out, nil
		}
		p.pos++
	}
}

func (p *parser) part(depth int) (Part, error) {
	if p.peek('"') {
		lit, err := p.quoted()
		return Part{Literal: lit}, err
	}
	e, err := p.expr(depth)
	return Part{Secret: e}, err
}
