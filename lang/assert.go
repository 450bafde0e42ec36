package lang

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// asserts are the assert blocks of a rule or a test, with the scope that they are
// written in.
type asserts struct {
	x       *instance
	forEach hclsyntax.Expression // nil for what is judged once
	list    []assertion
}

type assertion struct {
	condition, message *hclsyntax.Attribute
	reader             reader // for what it says of wrong arguments
}

// Breach is an assert that does not hold.
type Breach struct {
	Key     string // of the element of for_each, "" without one
	Message string
	// Condition is where the assert says what should have been true.
	Condition source.Range
	// Reads are what the condition looked at, in the order of the text.
	Reads []Read
}

// Read is one reference of a condition.
type Read struct {
	Text  string    // "each.value.image"
	Value cty.Value // free of marks; may hold secret tokens
	// Address of the object that it leads to or into, "" for none, and the names of
	// the attributes from there on.
	Address string
	Path    []string
}

// asserts reads the assert blocks of a block.
func (x *instance) asserts(r *reader) asserts {
	out := asserts{x: x}
	for _, b := range r.blocks("assert") {
		ar := x.read(b, r.nested("assert"), x.sc)
		c, m := b.Body.Attributes["condition"], b.Body.Attributes["message"]
		if c == nil || m == nil {
			r.strange = true // reported; what is missing was meant to be there
			continue
		}
		out.list = append(out.list, assertion{condition: c, message: m, reader: ar})
	}
	return out
}

// Work that judging may take, of a rule on its own and for each object of the model,
// and what an object may weigh. A rule that looks at all objects for each of them
// soon has no means left: a thousand services would make a million looks.
const (
	ruleWork     = 256 << 10
	objectWork   = 32 << 10
	objectWeight = 8 << 10
)

// judge evaluates the asserts over a model. It stops at the first element that they
// cannot be evaluated for: what is wrong there is wrong for others, too.
func (a *asserts) judge(model map[string]cty.Value, report func(Breach)) diag.List {
	objects := 0
	for _, v := range model {
		if v.Type().IsMapType() && !v.IsNull() {
			objects += v.LengthInt()
		}
	}
	ev := a.x.ev
	ev.Grant(ruleWork+objects*objectWork, objects*objectWeight)
	before := len(ev.Diagnostics())
	ev.Within(a.x.place, func() {
		a.each(model, func(key string, sc *eval.Scope) bool {
			note := func(d *diag.Diagnostic) {
				if key != "" {
					d.Detail += " This is so for the element " + strconv.Quote(key) + " of for_each."
				}
				a.x.place(d)
			}
			ok := true
			ev.Within(note, func() {
				for _, one := range a.list {
					ok = a.judgeOne(one, key, sc, report) && ok
				}
			})
			return ok
		})
	})
	return slices.Clone(ev.Diagnostics()[before:])
}

func (a *asserts) judgeOne(one assertion, key string, sc *eval.Scope, report func(Breach)) bool {
	holds, ok := a.holds(one, sc)
	if !ok || holds {
		return ok
	}
	message, ok := a.message(one, sc)
	if !ok {
		return false
	}
	report(Breach{
		Key: key, Message: message, Condition: source.FromHCL(one.condition.Expr.Range()), Reads: a.reads(one.condition.Expr, sc),
	})
	return true
}

// holds evaluates a condition. The second result tells whether it could be.
func (a *asserts) holds(one assertion, sc *eval.Scope) (holds, ok bool) {
	v, ok := a.x.ev.Value(one.condition.Expr, sc)
	if !ok {
		return false, false
	}
	at := source.FromHCL(one.condition.Expr.Range())
	c, err := eval.Convert(v, cty.Bool)
	if err != nil || c.IsNull() {
		a.x.ev.Report(diag.Errorf("NS210", at, "Incorrect value type",
			"A condition is true or false, and this is %s. Compare it with something, as in: each.value.replicas >= 2.", eval.Describe(v)))
		return false, false
	}
	return c.True(), true
}

func (a *asserts) message(one assertion, sc *eval.Scope) (string, bool) {
	r := one.reader
	r.sc = sc
	s := r.str("message")
	if s.IsSet() && len(one.message.Expr.Variables()) == 0 && strings.TrimSpace(s.V) == "" {
		a.x.ev.Report(diag.Errorf("NS211", s.Range, "Unsupported value",
			"The argument \"message\" is all that whoever breaks it is told, and says nothing. Say what is wrong, why it matters, and what to write instead."))
		return "", false
	}
	return s.V, s.IsSet()
}

// each calls f with a scope for every element of for_each, or once, until it gives
// false.
func (a *asserts) each(model map[string]cty.Value, f func(key string, sc *eval.Scope) bool) {
	base := a.base(model)
	if a.forEach == nil {
		f("", base)
		return
	}
	v, ok := a.x.ev.Elements(a.forEach, base)
	if !ok {
		return
	}
	at := source.FromHCL(a.forEach.Range())
	if why := notRepeated(v, a.forEach); why != "" {
		a.x.ev.Report(diag.Errorf("NS215", at, "Invalid for_each value", "%s", why))
		return
	}
	a.over(v, base, at, f)
}

// base gives a scope with the names of a model.
func (a *asserts) base(model map[string]cty.Value) *eval.Scope {
	base := eval.NewScope(a.x.sc)
	for name, v := range model {
		base.Name(name, eval.Constant(name, "name", source.Range{}, v))
	}
	return base
}

// over calls f with a scope for every element of a value, until it gives false.
func (a *asserts) over(v cty.Value, base *eval.Scope, at source.Range, f func(key string, sc *eval.Scope) bool) {
	isSet := v.Type().IsSetType()
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if isSet {
			k = e
		}
		name, err := eval.Convert(k, cty.String)
		if err != nil || !a.x.ev.Charge(elementCharge, at) {
			return
		}
		sc := eval.NewScope(base)
		element{k, e}.declare(sc, at)
		if !f(name.AsString(), sc) {
			return
		}
	}
}

// elementCharge is the work of making one element's scope.
const elementCharge = 512

// notRepeated says why a rule cannot run over a value, or "".
func notRepeated(v cty.Value, expr hclsyntax.Expression) string {
	ty := v.Type()
	instead := "for_each takes a map, an object, a list, or a set of texts, as in\n    for_each = services"
	switch {
	case v.IsNull() || ty.IsObjectType() && ty.HasAttribute("address"):
		if t, ok := expr.(*hclsyntax.ScopeTraversalExpr); ok {
			return "This is one object, which may not be there. To judge it when it is, write\n    for_each = " + textOf(t.Traversal) + "[*]"
		}
		return instead
	case ty.IsSetType() && ty.ElementType() != cty.String:
		return instead
	case !v.CanIterateElements():
		return instead
	}
	return ""
}

// textOf writes a reference as in the source.
func textOf(t hcl.Traversal) string {
	var b strings.Builder
	for _, s := range t {
		switch s := s.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			if k, err := eval.Convert(s.Key, cty.String); err == nil {
				if s.Key.Type() == cty.Number {
					b.WriteString("[" + k.AsString() + "]")
				} else {
					b.WriteString("[" + strconv.Quote(k.AsString()) + "]")
				}
			}
		}
	}
	return b.String()
}

// reads finds what a condition looked at. A variable of a loop is no reference.
func (a *asserts) reads(expr hclsyntax.Expression, sc *eval.Scope) []Read {
	var out []Read
	seen := map[string]bool{}
	variables := expr.Variables()
	if a.forEach != nil { // the element is what is judged, whatever the condition reads
		variables = append(variables, hcl.Traversal{hcl.TraverseRoot{Name: "each"}, hcl.TraverseAttr{Name: "value"}})
	}
	for _, t := range variables {
		r := Read{Text: textOf(t)}
		if seen[r.Text] {
			continue
		}
		seen[r.Text] = true
		a.x.ev.Quietly(func() { a.follow(&r, t, sc) })
		if r.Value != cty.NilVal {
			out = append(out, r)
		}
	}
	return out
}

// follow evaluates a reference step by step, to find the last object that has an
// address.
func (a *asserts) follow(r *Read, t hcl.Traversal, sc *eval.Scope) {
	for n := 1; n <= len(t); n++ {
		v, ok := a.x.ev.Value(&hclsyntax.ScopeTraversalExpr{Traversal: t[:n], SrcRange: t[:n].SourceRange()}, sc)
		if n == len(t) && ok {
			r.Value = v
		}
		if !ok || v.IsNull() {
			continue // the first name of two
		}
		if r.Address != "" && n > 1 {
			if name, ok := t[n-1].(hcl.TraverseAttr); ok {
				r.Path = append(r.Path, name.Name)
			}
		}
		if ty := v.Type(); ty.IsObjectType() && ty.HasAttribute("address") {
			if at := v.GetAttr("address"); at.Type() == cty.String && !at.IsNull() {
				r.Address, r.Path = at.AsString(), nil
			}
		}
	}
}
