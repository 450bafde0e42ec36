package yaml

import (
	"fmt"
	"strings"
)

const (
	maxDepth = 16   // of indentation, in steps of two spaces
	maxKey   = 1024 // bytes; YAML 1.2.2, section 7.4.2
)

// Read reads a document, which must be a mapping. The error is an *Error, and tells
// of the first fault only: what follows one is guesswork.
func Read(text string) (*Node, error) {
	if err := checkBytes(text); err != nil {
		return nil, err
	}
	r := &reader{rest: text}
	r.advance()
	for r.more && r.indent == 0 && strings.HasPrefix(r.text, "#") {
		r.advance() // the head of the file
	}
	root := &Node{Line: r.line, Kind: Mapping}
	if !r.more {
		return nil, &Error{1, "the document is empty"}
	}
	if err := r.mapping(root, 0); err != nil {
		return nil, err
	}
	return root, nil
}

// reader stands on a line that is not empty.
type reader struct {
	rest   string // behind the line
	text   string // the line, from its first character or from behind its dash
	indent int    // of text
	line   int    // its number
	more   bool   // there is a line
	slab   []Node
}

// advance goes to the next line that is not empty.
func (r *reader) advance() {
	for r.rest != "" {
		end := strings.IndexByte(r.rest, '\n') // there is one: checkBytes
		line := r.rest[:end]
		r.rest = r.rest[end+1:]
		r.line++
		if line == "" {
			continue
		}
		r.indent = 0
		for line[r.indent] == ' ' { // no line ends in one
			r.indent++
		}
		r.text, r.more = line[r.indent:], true
		return
	}
	r.text, r.indent, r.more = "", 0, false
}

func (r *reader) fail(format string, args ...any) error {
	return &Error{r.line, fmt.Sprintf(format, args...)}
}

func (r *reader) node() *Node {
	if len(r.slab) == 0 {
		r.slab = make([]Node, 256)
	}
	n := &r.slab[0]
	r.slab = r.slab[1:]
	n.Line = r.line
	return n
}

// isItem tells whether a line begins with the dash of a list.
func isItem(line string) bool {
	return strings.HasPrefix(line, "- ") || line == "-"
}

// mapping reads the keys that stand at an indentation.
func (r *reader) mapping(parent *Node, indent int) error {
	if indent > 2*maxDepth {
		return r.fail("it is nested too deeply")
	}
	link := &parent.first
	var names names
	for r.more && r.indent == indent && !isItem(r.text) {
		n := r.node()
		rest, err := r.key(n)
		if err != nil {
			return err
		}
		if !names.add(parent, n.Key) {
			return r.fail("the key %q stands there twice", n.Key)
		}
		*link, link = n, &n.next
		if err := r.value(n, rest, indent); err != nil {
			return err
		}
	}
	return r.ended(indent)
}

// list reads the items that stand at an indentation.
func (r *reader) list(parent *Node, indent int) error {
	if indent > 2*maxDepth {
		return r.fail("it is nested too deeply")
	}
	link := &parent.first
	for r.more && r.indent == indent && isItem(r.text) {
		n := r.node()
		*link, link = n, &n.next
		rest := strings.TrimPrefix(r.text, "- ")
		if rest == "-" || isItem(rest) || rest[0] == ' ' {
			return r.fail("a list holds a list, or an item that is empty")
		}
		var err error
		if _, _, isKey := splitKey(rest); isKey {
			n.Kind, r.text, r.indent = Mapping, rest, indent+2
			err = r.mapping(n, indent+2)
		} else {
			err = r.value(n, rest, indent)
		}
		if err != nil {
			return err
		}
	}
	return r.ended(indent)
}

// ended wants the line behind a mapping or a list to belong to an outer one.
func (r *reader) ended(indent int) error {
	if r.more && r.indent >= indent {
		return r.fail("the line belongs to nothing: its indentation is wrong, or it is the second of a text")
	}
	return nil
}

// value reads what follows a key or a dash that stands at an indentation: the rest
// of the line, or the lines below. It goes on to the line behind.
func (r *reader) value(n *Node, rest string, indent int) error {
	switch rest {
	case "":
		return r.below(n, indent+2)
	case "{}":
		n.Kind = Mapping
	case "|", "|-":
		return r.block(n, rest == "|", indent+2)
	default:
		text, quoted, reason := scalar(rest)
		if reason != "" {
			return r.fail("%s", reason)
		}
		n.Text, n.Quoted = text, quoted
	}
	r.advance()
	return nil
}

// below reads the mapping or list that stands under a key.
func (r *reader) below(n *Node, indent int) error {
	r.advance()
	switch {
	case !r.more || r.indent != indent:
		return &Error{n.Line, "a key has no value, or one that is not indented by two spaces"}
	case isItem(r.text):
		n.Kind = Sequence
		return r.list(n, indent)
	}
	n.Kind = Mapping
	return r.mapping(n, indent)
}

// block reads a literal block, which goes on to the first line that is indented less.
func (r *reader) block(n *Node, final bool, indent int) error {
	var b strings.Builder
	for empty, first := 0, true; ; {
		end := strings.IndexByte(r.rest, '\n')
		if end < 0 {
			break
		}
		line := r.rest[:end]
		if line != "" && !strings.HasPrefix(line, spaces[:indent]) {
			break
		}
		if line != "" {
			for ; empty > 0; empty-- {
				b.WriteByte('\n')
			}
			b.WriteString(line[indent:])
			empty = 1
		} else if empty++; first {
			return r.fail("a block of text begins with an empty line")
		}
		if first && (line[indent] == ' ' || line[indent] == '\t') {
			return r.fail("a block of text begins with a blank")
		}
		first = false
		r.rest = r.rest[end+1:]
		r.line++
	}
	if b.Len() == 0 {
		return r.fail("a block of text has no line")
	}
	if final {
		b.WriteByte('\n')
	}
	n.Text, n.Quoted = b.String(), true
	r.advance()
	return nil
}

const spaces = "                                        "

// names holds the keys of a mapping against each other: few with each other, and only
// where their hashes meet, many through a set.
type names struct {
	count  int
	hashes uint64 // a bit for each of 64
	set    map[string]bool
}

// add takes a key of the mapping, and tells whether it is a new one.
func (s *names) add(parent *Node, key string) bool {
	s.count++
	if s.count <= 40 {
		bit := uint64(1) << (hash(key) % 64)
		fresh := s.hashes&bit == 0 || parent.Get(key) == nil
		s.hashes |= bit
		return fresh
	}
	if s.set == nil {
		s.set = make(map[string]bool, 2*s.count)
		for c := parent.first; c != nil; c = c.next {
			s.set[c.Key] = true
		}
	}
	if s.set[key] {
		return false
	}
	s.set[key] = true
	return true
}

// hash is FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}
