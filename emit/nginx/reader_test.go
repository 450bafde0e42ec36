package nginx

import (
	"errors"
	"fmt"
	"strings"
)

// This is a reader of nginx's configuration language, written from its manual
// and not from the writer: it is what the writer is judged by.

// token is a word, or one of ; { }.
type token struct {
	text string // unescaped
	mark bool   // ; { or }
	line int
}

// directive is a simple directive, or a block when it has a body.
type directive struct {
	name  string
	args  []string
	block bool
	body  []*directive
	line  int
}

var errUnfinished = errors.New("unexpected end of file")

func tokenize(src string) ([]token, error) {
	var out []token
	line := 1
	for i := 0; i < len(src); {
		switch c := src[i]; c {
		case '\n':
			line++
			i++
		case ' ', '\t', '\r':
			i++
		case '#':
			for i < len(src) && src[i] != '\n' {
				i++
			}
		case ';', '{', '}':
			out = append(out, token{text: string(c), mark: true, line: line})
			i++
		case '"', '\'':
			start := line
			word, n, err := quoted(src[i:])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", start, err)
			}
			line += strings.Count(src[i:i+n], "\n")
			i += n
			if i < len(src) && !strings.ContainsRune(" \t\r\n;{)", rune(src[i])) {
				return nil, fmt.Errorf("line %d: unexpected %q after a quoted word", line, src[i])
			}
			out = append(out, token{text: word, line: start})
		default:
			word, n := bareWord(src[i:])
			out = append(out, token{text: word, line: line})
			i += n
		}
	}
	return out, nil
}

// quoted reads a word in quotes and gives its value and length.
func quoted(src string) (word string, n int, err error) {
	var b strings.Builder
	for i := 1; i < len(src); i++ {
		switch src[i] {
		case src[0]:
			return b.String(), i + 1, nil
		case '\\':
			if i++; i == len(src) {
				return "", 0, errUnfinished
			}
			b.WriteString(unescape(src[i]))
		default:
			b.WriteByte(src[i])
		}
	}
	return "", 0, errUnfinished
}

// bareWord reads a word without quotes; "${" does not end it.
func bareWord(src string) (word string, n int) {
	var b strings.Builder
	i := 0
	for i < len(src) {
		c := src[i]
		if c == '\\' && i+1 < len(src) {
			b.WriteString(unescape(src[i+1]))
			i += 2
			continue
		}
		if c == '$' && i+1 < len(src) && src[i+1] == '{' {
			b.WriteString("${")
			i += 2
			continue
		}
		if strings.ContainsRune(" \t\r\n;{", rune(c)) {
			break
		}
		b.WriteByte(c)
		i++
	}
	return b.String(), i
}

func unescape(c byte) string {
	switch c {
	case '"', '\'', '\\':
		return string(c)
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case 'n':
		return "\n"
	}
	return "\\" + string(rune(c))
}

// parse reads a whole file.
func parse(src string) ([]*directive, error) {
	tokens, err := tokenize(src)
	if err != nil {
		return nil, err
	}
	p := parser{tokens: tokens}
	out, err := p.block()
	if err != nil {
		return nil, err
	}
	if p.pos < len(p.tokens) {
		return nil, fmt.Errorf("line %d: unexpected }", p.tokens[p.pos].line)
	}
	return out, nil
}

type parser struct {
	tokens []token
	pos    int
}

// block reads directives up to the end or an unmatched }.
func (p *parser) block() ([]*directive, error) {
	var out []*directive
	var d *directive
	for ; p.pos < len(p.tokens); p.pos++ {
		switch t := p.tokens[p.pos]; {
		case !t.mark && d == nil:
			d = &directive{name: t.text, line: t.line}
		case !t.mark:
			d.args = append(d.args, t.text)
		case t.text == "}" && d == nil:
			return out, nil
		case d == nil || t.text == "}":
			return nil, fmt.Errorf("line %d: unexpected %s", t.line, t.text)
		case t.text == ";":
			out, d = append(out, d), nil
		default:
			p.pos++
			body, err := p.block()
			if err != nil {
				return nil, err
			}
			if p.pos == len(p.tokens) {
				return nil, errUnfinished
			}
			d.block, d.body = true, body
			out, d = append(out, d), nil
		}
	}
	if d != nil {
		return nil, errUnfinished
	}
	return out, nil
}

// resolve replaces include by what it includes, from nginx.conf on. A file that
// is missing or included with a pattern is an error.
func resolve(files map[string]string, path string) ([]*directive, error) {
	src, ok := files[path]
	if !ok {
		return nil, fmt.Errorf("there is no file %q", path)
	}
	ds, err := parse(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return expand(files, ds)
}

func expand(files map[string]string, ds []*directive) ([]*directive, error) {
	var out []*directive
	for _, d := range ds {
		if d.name == "include" {
			body, err := resolve(files, "nginx/"+d.args[0])
			if err != nil {
				return nil, err
			}
			out = append(out, body...)
			continue
		}
		body, err := expand(files, d.body)
		if err != nil {
			return nil, err
		}
		d.body = body
		out = append(out, d)
	}
	return out, nil
}

// all gives the directives of a name, at any depth.
func all(ds []*directive, name string) []*directive {
	var out []*directive
	for _, d := range ds {
		if d.name == name {
			out = append(out, d)
		}
		out = append(out, all(d.body, name)...)
	}
	return out
}

// direct gives the directives of a name in a block itself.
func direct(ds []*directive, name string) []*directive {
	var out []*directive
	for _, d := range ds {
		if d.name == name {
			out = append(out, d)
		}
	}
	return out
}
