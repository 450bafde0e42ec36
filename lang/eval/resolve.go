package eval

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// resolve finds the node that a reference begins with, and how many of its steps
// name it. An error is reported once, where the name stands.
func (ev *Evaluator) resolve(t hcl.Traversal, sc *Scope) (n *Node, steps int, ok bool) {
	rootName := t.RootName()
	root := sc.lookup(rootName)
	if root == nil {
		ev.Report(diag.Errorf("NS201", source.FromHCL(t[0].SourceRange()), "Unknown name",
			"Nothing here is called %q.%s%s%s", rootName, DidYouMean(rootName, sc.rootNames()), hints[rootName], sc.offer()))
		return nil, 0, false
	}
	if root.whole != nil {
		return root.whole, 1, ev.force(root.whole)
	}
	at := source.FromHCL(t.SourceRange())
	if len(t) < 2 {
		ev.Report(diag.Errorf("NS202", at, "Incomplete reference",
			"%q alone is no value: it needs the name of a %s behind it, as in\n    %s.%s", rootName, root.Noun, rootName, root.example()))
		return nil, 0, false
	}
	name, ok := stepName(t[1])
	if !ok {
		ev.Report(diag.Errorf("NS202", source.FromHCL(t[1].SourceRange()), "Incomplete reference",
			"The name of a %s must follow %q, as in\n    %s.%s", root.Noun, rootName, rootName, root.example()))
		return nil, 0, false
	}
	n, ok = root.nodes[name]
	if !ok {
		ev.Report(diag.Errorf("NS201", source.FromHCL(t[1].SourceRange()), "Unknown name",
			"There is no %s named %q here.%s%s", root.Noun, name, ev.DidYouMean(name, len(root.nodes), root.names), root.listed()))
		return nil, 0, false
	}
	return n, 2, ev.force(n)
}

// gather gives the value of a node, its members as an object.
func (ev *Evaluator) gather(n *Node) (cty.Value, bool) {
	if !ev.force(n) {
		return cty.DynamicVal, false
	}
	if n.members == nil {
		return n.value, true
	}
	attrs := make(map[string]cty.Value, len(n.members.order))
	for _, name := range n.members.order {
		v, ok := ev.gather(n.members.nodes[name])
		if !ok {
			return cty.DynamicVal, false
		}
		attrs[name] = v
	}
	return cty.ObjectVal(attrs), true
}

// Force computes a node for its own sake: every declaration is evaluated, used
// or not, so that its errors are found. The value of a node with members is
// cty.NilVal.
func (ev *Evaluator) Force(n *Node) (cty.Value, bool) {
	used := n.used
	ok := ev.force(n)
	n.used = used
	switch {
	case !ok:
		return cty.DynamicVal, false
	case n.members != nil:
		return cty.NilVal, true
	}
	v, _ := plain(n.value)
	return v, true
}

// Members forces a node with parts and lists them.
func (ev *Evaluator) Members(n *Node) (*Members, bool) {
	_, ok := ev.Force(n)
	return n.members, ok
}

func (ev *Evaluator) force(n *Node) bool {
	n.used = true
	switch n.state {
	case active:
		ev.cycle(n)
		return false
	case fresh:
		if len(ev.stack) >= maxReferences {
			n.state = done
			if ev.deep {
				return false
			}
			ev.deep = true
			ev.Report(diag.Errorf("NS209", n.Range, "Expression too large",
				"%s stands at the end of %d values that each refer to the next. Nothing that a stack needs is that deep.", n.Address, maxReferences))
			return false
		}
		n.state = active
		ev.stack = append(ev.stack, frame{node: n, place: n.Place})
		if n.Expand != nil {
			n.members, n.ok = n.Expand(ev)
		} else {
			n.value, n.ok = n.Compute(ev)
		}
		ev.stack = ev.stack[:len(ev.stack)-1]
		n.state = done
		n.Compute, n.Expand, n.Place = nil, nil, nil
	case done:
	}
	return n.ok
}

// cycle reports a dependency of a node on itself, whole: every node on the way
// round, with its place.
func (ev *Evaluator) cycle(n *Node) {
	start := len(ev.stack) - 1
	for start > 0 && ev.stack[start].node != n {
		start--
	}
	d := diag.Errorf("NS204", n.Range, "Dependency cycle", "")
	var b strings.Builder
	b.WriteString("These values depend on each other, so none of them can be computed:")
	for _, f := range ev.stack[start:] {
		if f.node == nil {
			continue
		}
		b.WriteString("\n    " + f.node.Address + " (" + f.node.Range.String() + ")")
		if f.node != n {
			d.With(f.node.Range, "%s is on the cycle", f.node.Address)
		}
	}
	b.WriteString("\n    " + n.Address + ", again\nBreak the circle: write one of them without the others.")
	d.Detail = b.String()
	ev.Report(d)
}

// example gives the name of a node, for a message that shows how to write one.
func (r *Root) example() string {
	if len(r.order) == 0 {
		return "NAME"
	}
	if len(r.nodes) > maxListed {
		return r.order[0].Address[strings.LastIndexByte(r.order[0].Address, '.')+1:]
	}
	return r.names()[0]
}

// maxListed is how many names a message lists; more would not help.
const maxListed = 8

func (r *Root) listed() string {
	if len(r.nodes) > maxListed {
		return ""
	}
	return listed(r.names())
}

// listed names what there is, when that is short enough to help.
func listed(names []string) string {
	if len(names) == 0 {
		return " None is declared."
	}
	if len(names) > maxListed {
		return ""
	}
	return " Declared: " + strings.Join(names, ", ") + "."
}
