package pgtext

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Statement is one command of SQL, or one of psql's own, which begins with a
// backslash and ends with its line.
type Statement struct {
	Line  int
	Words []Word
}

// Kind says what a word is.
type Kind uint8

// The kinds of words.
const (
	Plain   Kind = iota // a keyword, a name or a number, in upper case
	Quoted              // a name in quotation marks, without them
	Literal             // a string, without its marks
	Secret              // a token that stands for a secret
	Sign                // a sign, such as ( or ,
)

// Word is one word of a statement.
type Word struct {
	Kind Kind
	Text string
}

// String joins the words: keywords in upper case, names and strings in their marks.
func (s Statement) String() string {
	var b strings.Builder
	for i, w := range s.Words {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch w.Kind {
		case Quoted:
			b.WriteString(`"` + w.Text + `"`)
		case Literal:
			b.WriteString("'" + w.Text + "'")
		default:
			b.WriteString(w.Text)
		}
	}
	return b.String()
}

// Begins tells whether a statement begins with these keywords.
func (s Statement) Begins(words ...string) bool {
	if len(s.Words) < len(words) {
		return false
	}
	for i, w := range words {
		if s.Words[i] != (Word{Plain, w}) {
			return false
		}
	}
	return true
}

// Has tells whether a keyword stands anywhere in a statement.
func (s Statement) Has(word string) bool {
	return slices.Contains(s.Words, Word{Plain, word})
}

// verbs are what statements begin with that make databases, roles and rights.
var verbs = []Word{
	{Plain, "SET"},
	{Plain, "CREATE"},
	{Plain, "ALTER"},
	{Plain, "GRANT"},
	{Plain, "REVOKE"},
	{Plain, "SELECT"},
	{Plain, "COMMENT"},
	{Plain, "BEGIN"},
	{Plain, "COMMIT"},
}

// SQL reads a script as psql does.
func SQL(text string) ([]Statement, error) {
	l := lexer{src: text, line: 1}
	var out []Statement
	var s Statement
	for {
		w, err := l.next(len(s.Words) == 0)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", l.line, err)
		}
		switch {
		case w == nil:
			if len(s.Words) > 0 {
				return nil, fmt.Errorf("line %d: a statement without its end", s.Line)
			}
			return out, nil
		case len(s.Words) == 0:
			s.Line = l.line
		}
		meta := w.Kind == Sign && w.Text[0] == '\\'
		if w.Kind != Sign || w.Text != ";" {
			s.Words = append(s.Words, *w)
		}
		if meta || w.Kind == Sign && w.Text == ";" {
			if len(s.Words) > 0 {
				if !slices.Contains(verbs, s.Words[0]) && !strings.HasPrefix(s.Words[0].Text, `\`) {
					return nil, fmt.Errorf("line %d: a statement that begins with %q", s.Line, s.Words[0].Text)
				}
				out = append(out, s)
			}
			s = Statement{}
		}
	}
}

type lexer struct {
	src     string
	i, line int
}

var errOpen = errors.New("a quotation mark that is not closed")

// next gives the next word, or nil at the end. A command of psql is one word, its
// line from the backslash on: with nothing before it, it stands alone, else it ends
// the statement before it, as \gexec does.
func (l *lexer) next(first bool) (*Word, error) {
	if err := l.blank(); err != nil || l.i == len(l.src) {
		return nil, err
	}
	rest := l.src[l.i:]
	switch c := rest[0]; {
	case c == '\\':
		line, _, _ := strings.Cut(rest, "\n")
		l.i += len(line)
		if !first && line != `\gexec` {
			return nil, fmt.Errorf("%s within a statement", line)
		}
		return &Word{Sign, line}, nil
	case c == '\'' || c == '"':
		if l.i > 0 && l.src[l.i-1] == '&' {
			return nil, errors.New("a string or a name with escapes of Unicode")
		}
		text, err := l.quoted(c)
		if c == '"' {
			return &Word{Quoted, text}, err
		}
		return &Word{Literal, text}, err
	case strings.HasPrefix(rest, "${"):
		return l.secret(rest)
	case c == '$':
		return l.dollar(rest)
	case wordByte(c):
		n := 1
		for n < len(rest) && wordByte(rest[n]) {
			n++
		}
		if n < len(rest) && (rest[n] == '\'' || rest[n] == '"' || rest[n] == '$') {
			return nil, errors.New("a string or a name without a blank before it, which may have another meaning")
		}
		if l.i += n; strings.IndexFunc(rest[:n], func(r rune) bool { return r >= 0x80 }) >= 0 {
			return nil, errors.New("a name beyond ASCII without quotation marks")
		}
		return &Word{Plain, strings.ToUpper(rest[:n])}, nil
	}
	l.i++
	return &Word{Sign, rest[:1]}, nil
}

func wordByte(c byte) bool {
	return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c >= 0x80
}

// blank goes past blanks and comments.
func (l *lexer) blank() error {
	for l.i < len(l.src) {
		switch c := l.src[l.i]; {
		case c == '\n':
			l.line++
			l.i++
		case c == ' ' || c == '\t' || c == '\r':
			l.i++
		case strings.HasPrefix(l.src[l.i:], "--"):
			end := strings.IndexByte(l.src[l.i:], '\n')
			if end < 0 {
				end = len(l.src) - l.i
			}
			l.i += end
		case strings.HasPrefix(l.src[l.i:], "/*"):
			return errors.New("a comment of several lines, in which a statement hides")
		case c < ' ' || c == 0x7f:
			return fmt.Errorf("control character %#02x", c)
		default:
			return nil
		}
	}
	return nil
}

// quoted reads a string or a name; the mark twice stands for itself.
func (l *lexer) quoted(mark byte) (string, error) {
	var b strings.Builder
	for i := l.i + 1; i < len(l.src); i++ {
		switch c := l.src[i]; {
		case c == mark && i+1 < len(l.src) && l.src[i+1] == mark:
			b.WriteByte(c)
			i++
		case c == mark:
			l.i = i + 1
			return b.String(), nil
		default:
			if c == '\n' {
				l.line++
			}
			b.WriteByte(c)
		}
	}
	return "", errOpen
}

// secret reads a token; names in it stand in quotation marks.
func (l *lexer) secret(rest string) (*Word, error) {
	inside := false
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && inside:
			i++
		case rest[i] == '"':
			inside = !inside
		case rest[i] == '\n':
			return nil, errOpen
		case rest[i] == '}' && !inside:
			l.i += i + 1
			return &Word{Secret, rest[:i+1]}, nil
		}
	}
	return nil, errOpen
}

// dollar reads a string between two tags such as $fn$.
func (l *lexer) dollar(rest string) (*Word, error) {
	n := 1
	for n < len(rest) && wordByte(rest[n]) {
		n++
	}
	if n == len(rest) || rest[n] != '$' || '0' <= rest[1] && rest[1] <= '9' {
		return nil, errors.New("a $ that begins no string")
	}
	tag := rest[:n+1]
	end := strings.Index(rest[n+1:], tag)
	if end < 0 {
		return nil, errOpen
	}
	body := rest[n+1 : n+1+end]
	l.line += strings.Count(body, "\n")
	l.i += 2*len(tag) + len(body)
	return &Word{Literal, body}, nil
}

// Words reads a text as SQL does, whatever its statements are; a ; is a word like any
// other sign.
func Words(text string) ([]Word, error) {
	l := lexer{src: text, line: 1}
	var out []Word
	for {
		w, err := l.next(len(out) == 0)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", l.line, err)
		}
		if w == nil {
			return out, nil
		}
		out = append(out, *w)
	}
}
