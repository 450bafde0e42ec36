package eval

import (
	"sort"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/source"
)

// Scope is what the names in an expression mean. Names have a root ("var",
// "local", "service") and, below it, the nodes of that root.
type Scope struct {
	roots  map[string]*Root
	parent *Scope
}

// Root is one first name and what stands below it.
type Root struct {
	Noun  string // what a name below it is called: "variable"
	nodes map[string]*Node
	order []*Node
	whole *Node // of a name that is a value by itself; nil for all others
}

// NewScope makes a scope inside parent, which may be nil. A root of the inner
// scope hides the outer one of the same name.
func NewScope(parent *Scope) *Scope {
	return &Scope{roots: map[string]*Root{}, parent: parent}
}

// Root gives the root of that name in this scope, made if need be.
func (s *Scope) Root(name, noun string) *Root {
	r, ok := s.roots[name]
	if !ok {
		r = &Root{Noun: noun, nodes: map[string]*Node{}}
		s.roots[name] = r
	}
	return r
}

// Name declares a name that is a value by itself, without a second one below it.
func (s *Scope) Name(name string, n *Node) { s.roots[name] = &Root{Noun: n.Noun, whole: n} }

// Declare adds a node. When the name is taken it changes nothing and returns
// the range of the first declaration.
func (r *Root) Declare(name string, n *Node) (first source.Range, ok bool) {
	if old, dup := r.nodes[name]; dup {
		return old.Range, false
	}
	r.nodes[name] = n
	r.order = append(r.order, n)
	return source.Range{}, true
}

// Get finds a node below the root.
func (r *Root) Get(name string) (*Node, bool) {
	n, ok := r.nodes[name]
	return n, ok
}

// Each calls f for every node by name, in order of name.
func (r *Root) Each(f func(name string, n *Node)) {
	for _, name := range r.names() {
		f(name, r.nodes[name])
	}
}

// Nodes lists the nodes in order of declaration.
func (r *Root) Nodes() []*Node { return r.order }

func (r *Root) names() []string {
	out := make([]string, 0, len(r.nodes))
	for n := range r.nodes {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

func (s *Scope) lookup(name string) *Root {
	for ; s != nil; s = s.parent {
		if r, ok := s.roots[name]; ok {
			return r
		}
	}
	return nil
}

// failed tells that all that is declared below the root stands for declarations
// with errors: the root may be a misspelt word itself.
func (r *Root) failed() bool {
	for _, n := range r.order {
		if n.state != done || n.ok {
			return false
		}
	}
	return len(r.order) > 0
}

// offer says which names there are.
func (s *Scope) offer() string {
	names := s.rootNames()
	if len(names) == 0 {
		return " Only constants can stand here: what is not a text in quotes, a number, true, false or null, or made of these, cannot be known yet."
	}
	return " A reference starts with one of: " + strings.Join(names, ", ") + ". A text that is no reference stands in quotes."
}

func (s *Scope) rootNames() []string {
	seen := map[string]bool{}
	var out []string
	for ; s != nil; s = s.parent {
		for n, r := range s.roots {
			if !seen[n] && !r.failed() {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	sort.Strings(out)
	return out
}

// hints say where a name has a meaning that has none here.
var hints = map[string]string{
	"each": " each.key and each.value stand in a block that has for_each.",
	"self": " self.name stands in the files of a module or kind.",
	"vars": " vars stands in a template whose config has vars.",
}

// Describe names the type of a value, as a detail does: "a list".
func Describe(v cty.Value) string {
	ty := v.Type()
	switch {
	case v.IsNull():
		return "null"
	case ty.IsTupleType(), ty.IsListType():
		return "a list"
	case ty.IsObjectType():
		return "an object"
	case ty.IsMapType():
		return "a map"
	case ty.IsSetType():
		return "a set"
	}
	return "a " + ty.FriendlyName()
}
