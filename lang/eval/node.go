// Package eval evaluates expressions over a graph of named things. It knows
// what a scope, a node and a reference are, finds cycles, tracks what each value
// was made from, and keeps secret tokens whole. It knows no block of the
// language: the names and what they compute are handed in.
package eval

import (
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Node is one named thing that an expression can refer to.
type Node struct {
	Address string       // as diagnostics print it: "local.api_host"
	Noun    string       // "local value", "service"
	Range   source.Range // its declaration

	// Compute gives the node's value, and whether it could be had without an
	// error. It is called at most once. Nil for a node with members.
	Compute func(*Evaluator) (cty.Value, bool)
	// Expand lists the members of a node that has parts of its own: the outputs
	// of a module, the instances of a for_each. It is called at most once.
	Expand func(*Evaluator) (*Members, bool)
	// Place is called with every finding that computing the node makes, so that
	// it can be told to whoever caused it. May be nil.
	Place func(*diag.Diagnostic)

	state   state
	value   cty.Value // may carry marks of type *Effect
	members *Members
	ok      bool
	used    bool
}

type state uint8

const (
	fresh state = iota
	active
	done
)

// Members are the parts of a node, in a fixed order.
type Members struct {
	Noun  string // what a member is called: "output", "instance"
	order []string
	nodes map[string]*Node
}

// NewMembers makes an empty set.
func NewMembers(noun string) *Members {
	return &Members{Noun: noun, nodes: map[string]*Node{}}
}

// Add puts a member at the end of the order. A name that is there stays.
func (m *Members) Add(name string, n *Node) {
	if _, dup := m.nodes[name]; dup {
		return
	}
	m.order = append(m.order, name)
	m.nodes[name] = n
}

// Get finds a member.
func (m *Members) Get(name string) (*Node, bool) {
	n, ok := m.nodes[name]
	return n, ok
}

// Names lists the members in order.
func (m *Members) Names() []string { return m.order }

// Used tells whether any expression has referred to the node.
func (n *Node) Used() bool { return n.used }

// Constant makes a node whose value is known from the start.
func Constant(address, noun string, at source.Range, v cty.Value) *Node {
	return &Node{Address: address, Noun: noun, Range: at, state: done, value: v, ok: true}
}

// Failed makes a node that stands for a declaration with an error: a reference
// to it fails without a word, as the error has been reported.
func Failed(address, noun string, at source.Range) *Node {
	return &Node{Address: address, Noun: noun, Range: at, state: done}
}
