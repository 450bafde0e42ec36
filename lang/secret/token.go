package secret

import (
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

// Token gives the text form of an expression, delimiters included.
func (e *Expr) Token() string {
	var b strings.Builder
	b.WriteString(Mark)
	e.write(&b)
	b.WriteString(Mark)
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

// Parse splits a string that the expression language produced into parts. An
// error means a token was damaged, which is a fault of the caller.
func Parse(s string) (Text, error) {
	if !strings.Contains(s, Mark) {
		return Literal(s), nil
	}
	pieces := strings.Split(s, Mark)
	if len(pieces)%2 == 0 {
		return nil, fmt.Errorf("a secret token is cut")
	}
	var out Text
	for i, piece := range pieces {
		if i%2 == 0 {
			out = append(out, Literal(piece)...)
			continue
		}
		p := parser{in: piece}
		e, err := p.expr()
		if err != nil || p.pos != len(p.in) {
			return nil, fmt.Errorf("a secret token is damaged")
		}
		out = append(out, Part{Secret: e})
	}
	return out, nil
}

type parser struct {
	in  string
	pos int
}

// expr reads name, name#field or name(args). A name runs up to a delimiter; a
// quoted instance key inside it (`role["a,b"]`) is passed over whole.
func (p *parser) expr() (*Expr, error) {
	start := p.pos
	for p.pos < len(p.in) && !strings.ContainsRune("#(),+", rune(p.in[p.pos])) {
		if p.in[p.pos] != '"' {
			p.pos++
			continue
		}
		q, err := strconv.QuotedPrefix(p.in[p.pos:])
		if err != nil {
			return nil, err
		}
		p.pos += len(q)
	}
	name := p.in[start:p.pos]
	if name == "" {
		return nil, fmt.Errorf("empty name")
	}
	switch {
	case p.peek('#'):
		p.pos++
		start = p.pos
		for p.pos < len(p.in) && !strings.ContainsRune("(),+", rune(p.in[p.pos])) {
			p.pos++
		}
		return &Expr{Address: name, Field: p.in[start:p.pos]}, nil
	case p.peek('('):
		p.pos++
		args, err := p.args()
		return &Expr{Func: name, Args: args}, err
	}
	return &Expr{Address: name}, nil
}

func (p *parser) peek(c byte) bool { return p.pos < len(p.in) && p.in[p.pos] == c }

func (p *parser) args() ([]Text, error) {
	var out []Text
	for {
		var t Text
		for !p.peek(',') && !p.peek(')') {
			if p.pos >= len(p.in) {
				return nil, fmt.Errorf("unclosed call")
			}
			if p.peek('+') {
				p.pos++
				continue
			}
			if p.peek('"') {
				q, err := strconv.QuotedPrefix(p.in[p.pos:])
				if err != nil {
					return nil, err
				}
				lit, err := strconv.Unquote(q)
				if err != nil {
					return nil, err
				}
				t = append(t, Part{Literal: lit})
				p.pos += len(q)
				continue
			}
			e, err := p.expr()
			if err != nil {
				return nil, err
			}
			t = append(t, Part{Secret: e})
		}
		out = append(out, t)
		p.pos++
		if p.in[p.pos-1] == ')' {
			return out, nil
		}
	}
}
