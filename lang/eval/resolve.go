package eval

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// resolved is a reference that was followed as far as there are nodes.
type resolved struct {
	path  []string // names from the root to the node
	value cty.Value
	rest  hcl.Traversal // what is left to apply to the value
}

// traversal evaluates a reference such as local.api_host.
func (ev *Evaluator) traversal(t hcl.Traversal, sc *Scope) (cty.Value, bool) {
	r, ok := ev.resolve(t, sc)
	if !ok {
		return cty.DynamicVal, false
	}
	return ev.step(r.value, r.rest, t[:len(t)-len(r.rest)])
}

// step applies attribute and index steps to a value, with messages that name
// what is there.
func (ev *Evaluator) step(v cty.Value, rest hcl.Traversal, done hcl.Traversal) (cty.Value, bool) {
	for i, s := range rest {
		at := source.FromHCL(s.SourceRange())
		if name, ok := stepName(s); ok && !v.IsNull() && v.IsKnown() && (v.Type().IsObjectType() || v.Type().IsMapType()) {
			if v.Type().IsObjectType() && v.Type().HasAttribute(name) {
				v = v.GetAttr(name)
				continue
			}
			if v.Type().IsMapType() && v.HasIndex(cty.StringVal(name)).True() {
				v = v.Index(cty.StringVal(name))
				continue
			}
			ev.Report(diag.Errorf("NS203", at, "Unsupported attribute",
				"%s has no attribute named %q.%s", traversalText(done), name, DidYouMean(name, keys(v))))
			return cty.DynamicVal, false
		}
		next, diags := s.TraversalStep(v)
		if diags.HasErrors() {
			for _, d := range fromHCL(diags) {
				d.Subject = at
				ev.Report(d)
			}
			return cty.DynamicVal, false
		}
		v = next
		done = append(done[:len(done):len(done)], rest[i])
	}
	return v, true
}

// resolve follows a reference through scopes and nodes and computes the node
// that it ends at. An error is reported once, where the name stands.
func (ev *Evaluator) resolve(t hcl.Traversal, sc *Scope) (resolved, bool) {
	rootName := t.RootName()
	at := source.FromHCL(t.SourceRange())
	root := sc.lookup(rootName)
	if root == nil {
		ev.Report(diag.Errorf("NS201", source.FromHCL(t[0].SourceRange()), "Unknown name",
			"Nothing here is called %q.%s A reference starts with one of: %s. A text that is no reference stands in quotes.",
			rootName, DidYouMean(rootName, sc.rootNames()), strings.Join(sc.rootNames(), ", ")))
		return resolved{}, false
	}
	if len(t) < 2 {
		ev.Report(diag.Errorf("NS202", at, "Incomplete reference",
			"%q alone is no value: it needs the name of a %s behind it, as in\n    %s.%s", rootName, root.Noun, rootName, example(root.names())))
		return resolved{}, false
	}
	name, ok := stepName(t[1])
	if !ok {
		ev.Report(diag.Errorf("NS202", source.FromHCL(t[1].SourceRange()), "Incomplete reference",
			"The name of a %s must follow %q, as in\n    %s.%s", root.Noun, rootName, rootName, example(root.names())))
		return resolved{}, false
	}
	n, ok := root.nodes[name]
	if !ok {
		ev.Report(diag.Errorf("NS201", source.FromHCL(t[1].SourceRange()), "Unknown name",
			"There is no %s named %q here.%s%s", root.Noun, name, DidYouMean(name, root.names()), listed(root.Noun, root.names())))
		return resolved{}, false
	}
	return ev.descend(n, t[2:], []string{rootName, name}, at)
}

// descend goes from a node to the member that the steps name.
func (ev *Evaluator) descend(n *Node, rest hcl.Traversal, path []string, at source.Range) (resolved, bool) {
	for {
		if !ev.force(n, at) {
			return resolved{}, false
		}
		if n.members == nil || len(rest) == 0 {
			v, ok := ev.whole(n, at)
			return resolved{path: path, value: v, rest: rest}, ok
		}
		name, ok := stepName(rest[0])
		if !ok {
			v, ok := ev.whole(n, at)
			return resolved{path: path, value: v, rest: rest}, ok
		}
		next, ok := n.members.Get(name)
		if !ok {
			ev.Report(diag.Errorf("NS203", source.FromHCL(rest[0].SourceRange()), "Unsupported attribute",
				"%s has no %s named %q.%s%s", n.Address, n.members.Noun, name,
				DidYouMean(name, n.members.order), listed(n.members.Noun, n.members.order)).
				With(n.Range, "%s is declared here", n.Address))
			return resolved{}, false
		}
		n, rest = next, rest[1:]
		path = append(path, name)
	}
}

// whole gives the value of a node, gathering members into an object.
func (ev *Evaluator) whole(n *Node, at source.Range) (cty.Value, bool) {
	if n.members == nil {
		return n.value, n.ok
	}
	attrs := make(map[string]cty.Value, len(n.members.order))
	for _, name := range n.members.order {
		m := n.members.nodes[name]
		if !ev.force(m, at) {
			return cty.DynamicVal, false
		}
		v, ok := ev.whole(m, at)
		if !ok {
			return cty.DynamicVal, false
		}
		attrs[name] = v
	}
	return cty.ObjectVal(attrs), true
}

// Force computes a node for its own sake: every declaration is evaluated, used
// or not, so that its errors are found.
func (ev *Evaluator) Force(n *Node) (cty.Value, bool) {
	used := n.used
	ok := ev.force(n, n.Range)
	n.used = used
	if !ok {
		return cty.DynamicVal, false
	}
	if n.members != nil {
		return cty.NilVal, true
	}
	return n.value, n.ok
}

// Members forces a node with parts and lists them.
func (ev *Evaluator) Members(n *Node) (*Members, bool) {
	used := n.used
	ok := ev.force(n, n.Range)
	n.used = used
	return n.members, ok
}

func (ev *Evaluator) force(n *Node, at source.Range) bool {
	n.used = true
	switch n.state {
	case active:
		ev.cycle(n)
		return false
	case fresh:
		n.state = active
		fr := &frame{node: n}
		ev.stack = append(ev.stack, fr)
		if n.Expand != nil {
			n.members, n.ok = n.Expand(ev)
		} else {
			n.value, n.ok = n.Compute(ev)
		}
		ev.stack = ev.stack[:len(ev.stack)-1]
		n.effects = fr.effects
		n.state = done
		n.Compute, n.Expand = nil, nil
	case done:
	}
	if len(ev.stack) > 0 {
		top := ev.stack[len(ev.stack)-1]
		for _, e := range n.effects.list {
			if top.node == nil && e.Address != "" {
				e.Range = at
			}
			top.effects.add(e)
		}
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

func stepName(s hcl.Traverser) (string, bool) {
	switch s := s.(type) {
	case hcl.TraverseAttr:
		return s.Name, true
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String && s.Key.IsKnown() && !s.Key.IsNull() {
			return s.Key.AsString(), true
		}
	}
	return "", false
}

func keys(v cty.Value) []string {
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		k, _ := it.Element()
		out = append(out, k.AsString())
	}
	return out
}

func example(names []string) string {
	if len(names) > 0 {
		return names[0]
	}
	return "NAME"
}

// listed names what there is, when that is short enough to help.
func listed(noun string, names []string) string {
	if len(names) == 0 {
		return " None is declared."
	}
	if len(names) > 8 {
		return ""
	}
	return " Declared: " + strings.Join(names, ", ") + "."
}
