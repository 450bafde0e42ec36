// Package yaml reads the part of YAML that the emitters write: block mappings and
// lists, scalars of one line, literal blocks. It shares no code with them, and takes
// nothing that two readers of YAML could read in two ways: what it does not know, it
// refuses. It is quick enough to read every line of every build.
//
// It knows nothing of Docker Compose.
package yaml

import (
	"fmt"
	"iter"
)

// Kind says what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Scalar Kind = iota
	Mapping
	Sequence
)

// Node is one value of a document. All methods may be called on nil, which has no
// text and holds nothing: a key that is missing reads like one that is empty.
type Node struct {
	Key  string // its name, in a mapping
	Text string // of a scalar, without quotes and escapes
	Line int    // of its key or dash, or of its first line; from 1
	Kind Kind
	// Quoted scalars are strings. A plain one is a string too, unless Number or
	// Bool says otherwise: the reader takes no other plain scalars.
	Quoted bool

	first, next *Node
}

// Error is the place where a text leaves the subset.
type Error struct {
	Line   int // from 1
	Reason string
}

// Error gives the line and the reason.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Get gives the value of a key of a mapping, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Mapping {
		return nil
	}
	for c := n.first; c != nil; c = c.next {
		if c.Key == key {
			return c
		}
	}
	return nil
}

// At follows keys through mappings.
func (n *Node) At(keys ...string) *Node {
	for _, key := range keys {
		n = n.Get(key)
	}
	return n
}

// All gives the values of a mapping or a list in their order.
func (n *Node) All() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		if n == nil {
			return
		}
		for c := n.first; c != nil && yield(c); {
			c = c.next
		}
	}
}

// Value gives the text of a scalar, and "" for anything else.
func (n *Node) Value() string {
	if n == nil {
		return ""
	}
	return n.Text
}

// Bool tells whether the node is true or false, and not a string that says so.
func (n *Node) Bool() bool {
	return n != nil && n.Kind == Scalar && !n.Quoted && (n.Text == "true" || n.Text == "false")
}

// Number tells whether the node is a whole number, and not a string of digits.
func (n *Node) Number() bool {
	return n != nil && n.Kind == Scalar && !n.Quoted && isInteger(n.Text)
}

// True tells whether the node is the boolean true.
func (n *Node) True() bool { return n.Bool() && n.Text == "true" }

// String tells whether the node is a string.
func (n *Node) String() bool {
	return n != nil && n.Kind == Scalar && !n.Bool() && !n.Number()
}
