// Package eval evaluates expressions over a graph of named things. It knows
// what a scope, a node and a reference are, finds cycles, tracks what each value
// was made from, and keeps secret tokens whole. It knows no block of the
// language: the names and what they compute are handed in.
package eval

import (
	"github.com/zclconf/go-cty/cty"

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

	state   state
	value   cty.Value
	members *Members
	ok      bool
	used    bool
	effects effects
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

// Effect is what referring to a node entails for whoever refers to it, through
// any number of other nodes. Exactly one of its two forms is used.
type Effect struct {
	// Address of a thing that the reference depends on.
	Address string
	// File that comes along with the value, and its text, which may hold tokens.
	File string
	Text cty.Value
	// Range is where the file is declared; for an address, where the expression
	// stands that refers to it.
	Range source.Range
}

// effects is a set of effects in order of first appearance.
type effects struct {
	list []Effect
	seen map[string]struct{}
}

func (e *effects) add(x Effect) {
	key := x.Address
	if key == "" {
		key = "\x00" + x.File
	}
	if e.seen == nil {
		// Most sets hold one or two effects: no map until there are more.
		for _, y := range e.list {
			if y.Address == x.Address && y.File == x.File {
				return
			}
		}
		e.list = append(e.list, x)
		if len(e.list) < 8 {
			return
		}
		e.seen = make(map[string]struct{}, 16)
		for _, y := range e.list {
			k := y.Address
			if k == "" {
				k = "\x00" + y.File
			}
			e.seen[k] = struct{}{}
		}
		return
	}
	if _, dup := e.seen[key]; dup {
		return
	}
	e.seen[key] = struct{}{}
	e.list = append(e.list, x)
}
