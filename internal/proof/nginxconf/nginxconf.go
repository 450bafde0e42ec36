// Package nginxconf reads nginx's configuration language: words, quotes, comments,
// blocks. It is written from nginx's manual and the behaviour of nginx itself, and
// shares nothing with the emitter that it judges. It does not know any directive.
package nginxconf

import (
	"errors"
	"fmt"
	"strings"
)

// Node is a directive: a simple one, or a block with a body.
type Node struct {
	File   string // as it was given to Parse
	Line   int    // of its first word, from 1
	Name   string
	Args   []string // without quotes and escapes
	Block  bool
	Body   []*Node
	Parent *Node // the block around it in its file; nil at the top
}

// Arg gives the argument i, from 0, or "" when there are fewer.
func (n *Node) Arg(i int) string {
	if i < len(n.Args) {
		return n.Args[i]
	}
	return ""
}

// maxDepth bounds blocks within blocks: nginx's own modules have no use for more.
const maxDepth = 16

var (
	errUnfinished = errors.New("the file ends within a directive")
	errDeep       = errors.New("blocks within blocks without end")
)

// Parse reads a file. It takes one pass and refuses what nginx refuses: a quotation
// mark that is not closed, a block that is not, a sign where a word belongs; and,
// beyond that, control characters, which no file of ours has.
func Parse(file, src string) ([]*Node, error) {
	p := parser{file: file, src: src, line: 1}
	body, err := p.block(nil, 0)
	if err == nil && p.i < len(p.src) {
		err = errors.New("a } without its {")
	}
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", p.line, err)
	}
	return body, nil
}

type parser struct {
	file, src string
	i, line   int
}

// block reads directives up to the end, or up to a }, on which it stops.
func (p *parser) block(parent *Node, depth int) ([]*Node, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	var out []*Node
	var n *Node
	for {
		if err := p.blank(); err != nil {
			return nil, err
		}
		if p.i == len(p.src) {
			if n != nil || parent != nil {
				return nil, errUnfinished
			}
			return out, nil
		}
		switch c := p.src[p.i]; {
		case c == '}' && n == nil:
			return out, nil
		case (c == ';' || c == '{' || c == '}') && (n == nil || c == '}'):
			return nil, fmt.Errorf("unexpected %c", c)
		case c == ';':
			p.i++
			out, n = append(out, n), nil
		case c == '{':
			p.i++
			body, err := p.block(n, depth+1)
			if err != nil {
				return nil, err
			}
			if p.i == len(p.src) {
				return nil, errUnfinished
			}
			p.i++ // the }
			n.Block, n.Body = true, body
			out, n = append(out, n), nil
		default:
			line := p.line
			word, err := p.word()
			if err != nil {
				return nil, err
			}
			if n == nil {
				n = &Node{File: p.file, Line: line, Name: word, Parent: parent}
				continue
			}
			n.Args = append(n.Args, word)
		}
	}
}

// blank goes past blanks and comments.
func (p *parser) blank() error {
	for p.i < len(p.src) {
		switch c := p.src[p.i]; {
		case c == '\n':
			p.line++
		case c == ' ' || c == '\t' || c == '\r':
		case c == '#':
			end := strings.IndexByte(p.src[p.i:], '\n')
			if end < 0 {
				end = len(p.src) - p.i
			}
			p.i += end
			continue
		case control(c):
			return fmt.Errorf("control character %#02x", c)
		default:
			return nil
		}
		p.i++
	}
	return nil
}

// word reads a word, in quotes or without.
func (p *parser) word() (string, error) {
	switch quote := p.src[p.i]; quote {
	case '"', '\'':
		return p.quoted(quote)
	}
	return p.bare()
}

func (p *parser) quoted(quote byte) (string, error) {
	start := p.i + 1
	escaped := false
	for i := start; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == '\\':
			escaped = true
			if i++; i < len(p.src) && control(p.src[i]) {
				return "", fmt.Errorf("control character %#02x", p.src[i])
			}
			if i < len(p.src) && p.src[i] == '\n' {
				p.line++
			}
		case c == '\n':
			p.line++
		case control(c):
			return "", fmt.Errorf("control character %#02x", c)
		case c == quote:
			p.i = i + 1
			if p.i < len(p.src) && strings.IndexByte(" \t\r\n;{)", p.src[p.i]) < 0 {
				return "", fmt.Errorf("unexpected %q behind a quotation mark", p.src[p.i])
			}
			return unescape(p.src[start:i], escaped), nil
		}
	}
	return "", errors.New("a quotation mark that is not closed")
}

// bare reads a word without quotes: up to a blank, a ; or a {, where that does not
// follow a $. A quotation mark within a word is a character like any other.
func (p *parser) bare() (string, error) {
	start := p.i
	escaped, dollar := false, false
	for ; p.i < len(p.src); p.i++ {
		after := dollar
		dollar = p.src[p.i] == '$'
		switch c := p.src[p.i]; {
		case c == '\\':
			escaped = true
			if p.i++; p.i == len(p.src) {
				return "", errUnfinished
			}
			if control(p.src[p.i]) {
				return "", fmt.Errorf("control character %#02x", p.src[p.i])
			}
			if p.src[p.i] == '\n' {
				p.line++
			}
		case c == '{' && after:
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' || c == '{':
			return unescape(p.src[start:p.i], escaped), nil
		case control(c):
			return "", fmt.Errorf("control character %#02x", c)
		}
	}
	return "", errUnfinished
}

// control tells a character that no text has.
func control(c byte) bool { return c < ' ' && c != '\t' && c != '\r' && c != '\n' || c == 0x7f }

// unescape takes the backslashes away that nginx takes away; of others, which mean
// something to a regular expression, it keeps both characters.
func unescape(s string, escaped bool) string {
	if !escaped {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case '"', '\'', '\\':
			b.WriteByte(s[i])
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'n':
			b.WriteByte('\n')
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
