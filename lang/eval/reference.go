package eval

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// place is where a reference has come to: a node whose member is still to be
// chosen, or a value.
type place struct {
	node  *Node
	value cty.Value
}

// reference evaluates a reference such as local.api_host, redis.cache["eu"].url
// or redis.cache[each.key].url. Only the members that it names are computed, and
// only they bring effects in.
func (w *walk) reference(expr hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	p, diags := w.place(expr)
	if p.node != nil {
		v, ok := w.ev.gather(p.node)
		w.failed = w.failed || !ok
		p.value = v
	}
	if w.finds && p.value.IsMarked() {
		_, marks := p.value.Unmark()
		for _, e := range effectsOf(marks) {
			w.found = append(w.found, Use{e, source.FromHCL(expr.Range())})
		}
	}
	return p.value, diags
}

func (w *walk) place(expr hclsyntax.Expression) (place, hcl.Diagnostics) {
	switch e := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		for b := w.vars; b != nil; b = b.outer {
			if b.item == nil && b.name == e.Traversal.RootName() {
				return w.follow(place{value: b.value}, e.Traversal, 1)
			}
		}
		n, steps, ok := w.ev.resolve(e.Traversal, w.sc)
		if !ok {
			w.failed = true
			return place{value: cty.DynamicVal}, nil
		}
		return w.follow(at(n), e.Traversal, steps)
	case *hclsyntax.ParenthesesExpr:
		return w.place(e.Expression)
	case *hclsyntax.RelativeTraversalExpr:
		p, diags := w.place(e.Source)
		if diags.HasErrors() {
			return place{value: cty.DynamicVal}, diags
		}
		return w.follow(p, e.Traversal, 0)
	case *hclsyntax.IndexExpr:
		return w.index(e)
	}
	v, diags := w.value(expr)
	return place{value: v}, diags
}

func at(n *Node) place {
	if n.members == nil {
		return place{value: n.value}
	}
	return place{node: n}
}

// follow takes the steps of a traversal from the given one on.
func (w *walk) follow(p place, t hcl.Traversal, from int) (place, hcl.Diagnostics) {
	var marks []cty.ValueMarks
	for i := from; i < len(t); i++ {
		if p.node != nil {
			if name, ok := stepName(t[i]); ok {
				var diags hcl.Diagnostics
				if p, diags = w.member(p.node, name, t[i].SourceRange()); diags.HasErrors() {
					return p, diags
				}
				continue
			}
			v, ok := w.ev.gather(p.node)
			w.failed = w.failed || !ok
			p = place{value: v}
		}
		v, m := p.value.Unmark()
		if len(m) > 0 {
			marks = append(marks, m)
		}
		v, diags := w.take(v, t[i], t[:i])
		if diags.HasErrors() {
			return place{value: cty.DynamicVal}, diags
		}
		p.value = v
	}
	if len(marks) > 0 {
		p.value = p.value.WithMarks(marks...)
	}
	return p, nil
}

// member goes from a node to one of its parts. An instance that a for_each did
// not make may be asked for by try(); a name that nothing has may not.
func (w *walk) member(n *Node, name string, at hcl.Range) (place, hcl.Diagnostics) {
	m, ok := n.members.Get(name)
	if ok {
		if !w.ev.force(m) {
			w.failed = true
			return place{value: cty.DynamicVal}, nil
		}
		if m.members != nil {
			return place{node: m}, nil
		}
		return place{value: m.value}, nil
	}
	d := diag.Errorf("NS203", source.FromHCL(at), "Unsupported attribute",
		"%s has no %s named %q.%s%s", n.Address, n.members.Noun, Redact(name),
		w.ev.DidYouMean(name, len(n.members.order), n.members.Names), listed(n.members.order)).
		With(n.Range, "%s is declared here", n.Address)
	if n.members.Noun == "instance" {
		if len(n.members.order) > 0 {
			d.Detail += fmt.Sprintf(" It is repeated by for_each, so one of its instances has to be chosen, as in\n    %s[%q]", n.Address, n.members.order[0])
		}
		return place{value: cty.DynamicVal}, carry(d)
	}
	w.failed = true
	w.ev.Report(d)
	return place{value: cty.DynamicVal}, nil
}

// index evaluates collection[key] where the key is computed.
func (w *walk) index(e *hclsyntax.IndexExpr) (place, hcl.Diagnostics) {
	p, diags := w.place(e.Collection)
	key, more := w.value(e.Key)
	diags = append(diags, more...)
	if diags.HasErrors() || !w.blind(key, e.Key, "an index") {
		return place{value: cty.DynamicVal}, diags
	}
	k, marks := key.Unmark()
	if p.node != nil && k.Type() == cty.String && k.IsKnown() && !k.IsNull() {
		q, diags := w.member(p.node, k.AsString(), e.Key.Range())
		if q.node == nil {
			q.value = q.value.WithMarks(marks)
		}
		return q, diags
	}
	if p.node != nil {
		v, ok := w.ev.gather(p.node)
		w.failed = w.failed || !ok
		p = place{value: v}
	}
	if slowNumber(k) {
		w.check(survey{wild: true}, e.Key)
		return place{value: cty.DynamicVal}, nil
	}
	coll, own := p.value.Unmark()
	var before hcl.Traversal
	if t, ok := e.Collection.(*hclsyntax.ScopeTraversalExpr); ok {
		before = t.Traversal
	}
	coll, diags = w.take(coll, hcl.TraverseIndex{Key: k, SrcRange: e.Key.Range()}, before)
	return place{value: coll.WithMarks(own, marks)}, diags
}

// take applies one attribute or index step to a value without marks of its own,
// with a message that says what is there. before are the steps that led to it,
// for the message.
func (w *walk) take(v cty.Value, s hcl.Traverser, before hcl.Traversal) (cty.Value, hcl.Diagnostics) {
	name, named := stepName(s)
	ty := v.Type()
	switch {
	case !v.IsKnown():
		return cty.DynamicVal, nil
	case v.IsNull():
		return lacks(s, before, "is null here, so it has nothing inside it. Test for it first, as in: x == null ? 0 : x.size.")
	case ty.IsPrimitiveType():
		return lacks(s, before, "is "+Describe(v)+", which has no attributes and no elements.")
	case ty.IsSetType():
		return lacks(s, before, "is a set, whose elements have no order and no names. Make a list of it with tolist(), or run through it with a for expression.")
	case named && (ty.IsObjectType() && ty.HasAttribute(name) || ty.IsMapType() && v.HasIndex(cty.StringVal(name)).True()):
		if ty.IsObjectType() {
			return v.GetAttr(name), nil
		}
		return v.Index(cty.StringVal(name)), nil
	case w.ev.sampling && (ty.IsMapType() || ty.IsListType()):
		return anyElement(v), nil
	case named && (ty.IsObjectType() || ty.IsMapType()):
		count := v.LengthInt()
		if !w.spend(count*elementPrice, s.SourceRange) {
			return cty.DynamicVal, nil
		}
		names := func() []string { return keys(v) }
		hint := w.ev.DidYouMean(name, count, names)
		if count <= maxListed {
			hint += has(names())
		}
		out, diags := lacks(s, before, fmt.Sprintf("has no attribute named %q.%s", Redact(name), hint))
		if w.ev.sampling {
			w.lacking = append(w.lacking, diags...)
		}
		return out, diags
	}
	_, attr := s.(hcl.TraverseAttr)
	out, diags := s.TraversalStep(v)
	if diags.HasErrors() && (ty.IsTupleType() || ty.IsListType()) {
		switch n := v.LengthInt(); {
		case n == 0:
			return lacks(s, before, "is an empty list.")
		case n == 1:
			return lacks(s, before, "is a list whose only element is [0].")
		case attr:
			return lacks(s, before, fmt.Sprintf("is a list: its elements are chosen by number, [0] to [%d], or all at once with [*].", n-1))
		default:
			return lacks(s, before, fmt.Sprintf("is a list whose elements are [0] to [%d].", n-1))
		}
	}
	if _, number := s.(hcl.TraverseIndex); number && diags.HasErrors() && (ty.IsObjectType() || ty.IsMapType()) {
		why := "is " + Describe(v) + ": what is in it is chosen by name."
		if count := v.LengthInt(); count > 0 && count <= maxListed {
			why += has(keys(v))
		}
		return lacks(s, before, why)
	}
	return out, diags
}

// lacks says that a value has not got what a step asks for.
func lacks(s hcl.Traverser, before hcl.Traversal, why string) (cty.Value, hcl.Diagnostics) {
	what := "This value"
	if len(before) > 0 {
		what = traversalText(before)
	}
	return cty.DynamicVal, carry(diag.Errorf("NS203", source.FromHCL(s.SourceRange()), "Unsupported attribute", "%s %s", what, why))
}

func has(names []string) string {
	if len(names) == 0 {
		return " It has none at all."
	}
	return " It has: " + strings.Join(names, ", ") + "."
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

// traversalText writes a reference as in the source.
func traversalText(t hcl.Traversal) string {
	var b strings.Builder
	for _, s := range t {
		switch s := s.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			switch {
			case s.Key.Type() == cty.String:
				fmt.Fprintf(&b, "[%q]", s.Key.AsString())
			case s.Key.Type() == cty.Number:
				fmt.Fprintf(&b, "[%s]", s.Key.AsBigFloat().Text('f', -1))
			}
		}
	}
	return b.String()
}
