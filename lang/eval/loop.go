package eval

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// loop evaluates a for expression. HCL's own would evaluate the body in one go,
// so this follows it (hclsyntax.ForExpr) and evaluates each part as a step.
func (w *walk) loop(e *hclsyntax.ForExpr) (cty.Value, hcl.Diagnostics) {
	coll, diags := w.value(e.CollExpr)
	if coll.IsNull() {
		return cty.DynamicVal, append(diags, wrong(e.CollExpr, "Iteration over null value", "A null value cannot be used as the collection in a 'for' expression."))
	}
	coll, marks := coll.Unmark()
	if coll.Type() == cty.DynamicPseudoType {
		w.unseen(e)
		return cty.DynamicVal, diags
	}
	if !coll.CanIterateElements() {
		return cty.DynamicVal, append(diags, wrong(e.CollExpr, "Iteration over non-iterable value",
			"A 'for' expression runs over a list, a set, a map or an object, not over "+Describe(coll)+"."))
	}
	if coll.LengthInt() == 0 {
		w.unseen(e)
	}
	if coll.Type().IsSetType() && !w.spend(capped(coll.LengthInt(), setPrice), e.Range) {
		return cty.DynamicVal, diags
	}
	r := &result{walk: w, expr: e, marks: []cty.ValueMarks{marks}, diags: diags, attrs: map[string]cty.Value{}}
	outer := w.vars
	ok := true
	for it := coll.ElementIterator(); ok && it.Next(); {
		k, v := it.Element()
		w.bind(outer, e, k, v)
		ok = r.element() // what is wrong is wrong for every element
	}
	w.vars = outer
	if !ok {
		return cty.DynamicVal, r.diags
	}
	return r.value(), r.diags
}

// bind sets the variables of one turn of the loop.
func (w *walk) bind(outer *binding, e *hclsyntax.ForExpr, k, v cty.Value) {
	w.vars = outer
	if e.KeyVar != "" {
		w.vars = &binding{name: e.KeyVar, value: k, outer: w.vars}
	}
	w.vars = &binding{name: e.ValVar, value: v, outer: w.vars}
}

// unseen evaluates the body of a loop that has no turn, with unknown variables,
// so that the names in it are held against what there is.
func (w *walk) unseen(e *hclsyntax.ForExpr) {
	outer := w.vars
	w.bind(outer, e, cty.DynamicVal, cty.DynamicVal)
	for _, x := range []hclsyntax.Expression{e.CondExpr, e.KeyExpr, e.ValExpr} {
		if x != nil {
			_, _ = w.value(x) // what is wrong there is reported; there is no value
		}
	}
	w.vars = outer
}

// result is what a for expression has made so far.
type result struct {
	*walk
	expr  *hclsyntax.ForExpr
	elems []cty.Value
	attrs map[string]cty.Value
	group map[string][]cty.Value
	marks []cty.ValueMarks
	diags hcl.Diagnostics
}

// element evaluates one turn of the loop. It gives false when that cannot be done.
func (r *result) element() bool {
	e := r.expr
	if e.CondExpr != nil {
		c, ok := r.part(e.CondExpr, cty.Bool, "a condition", "Invalid 'for' condition", "The value of the 'if' clause must not be null.", "The 'if' clause value is invalid: ")
		if ok && c.False() && r.ev.sampling {
			r.left()
		}
		if !ok || c.False() {
			return ok
		}
	}
	name := ""
	if e.KeyExpr != nil {
		k, ok := r.part(e.KeyExpr, cty.String, "a key", "Invalid object key", "Key expression in 'for' expression must not produce a null value.", "The key expression produced an invalid result: ")
		if !ok {
			return false
		}
		name = k.AsString()
	}
	v, diags := r.walk.value(e.ValExpr)
	r.diags = append(r.diags, diags...)
	if !v.IsKnown() || !r.spend(len(name), e.Range) {
		return false
	}
	switch {
	case e.KeyExpr == nil:
		r.elems = append(r.elems, v)
	case e.Group:
		if r.group == nil {
			r.group = map[string][]cty.Value{}
		}
		r.group[name] = append(r.group[name], v)
	default:
		if _, dup := r.attrs[name]; dup {
			r.diags = append(r.diags, wrong(e.KeyExpr, "Duplicate object key",
				"Two different items produced the key \""+Redact(name)+"\" in this 'for' expression. If duplicates are expected, use the ellipsis (...) after the value expression to enable grouping by key."))
			return false
		}
		r.attrs[name] = v
	}
	return true
}

// left evaluates what a turn would make that the condition leaves out, for what it asks
// of objects: another element than the sample's may be kept.
func (r *result) left() {
	for _, x := range []hclsyntax.Expression{r.expr.KeyExpr, r.expr.ValExpr} {
		if x != nil {
			_, _ = r.walk.value(x) // what is lacking is noted; the rest may be what the condition guards against
		}
	}
}

// part evaluates the condition or the key of one turn. It gives false when
// there is none to go on with.
func (r *result) part(x hclsyntax.Expression, ty cty.Type, what, summary, null, invalid string) (cty.Value, bool) {
	v, diags := r.walk.value(x)
	r.diags = append(r.diags, diags...)
	if !v.IsKnown() || !r.blind(v, x, what) {
		return cty.NilVal, false
	}
	v, marks := v.Unmark()
	if len(marks) > 0 {
		r.marks = append(r.marks, marks)
	}
	if v.IsNull() {
		r.diags = append(r.diags, wrong(x, summary, null))
		return cty.NilVal, false
	}
	out, err := convert.Convert(v, ty)
	if err != nil {
		r.diags = append(r.diags, wrong(x, summary, invalid+err.Error()+"."))
		return cty.NilVal, false
	}
	return out, true
}

func (r *result) value() cty.Value {
	switch {
	case r.expr.KeyExpr == nil:
		return cty.TupleVal(r.elems).WithMarks(r.marks...)
	case r.expr.Group:
		for name, vs := range r.group {
			r.attrs[name] = cty.TupleVal(vs)
		}
	}
	return cty.ObjectVal(r.attrs).WithMarks(r.marks...)
}

// splat evaluates list[*].attribute, following hclsyntax.SplatExpr: a single
// value is a list of one, and null a list of none.
func (w *walk) splat(e *hclsyntax.SplatExpr) (cty.Value, hcl.Diagnostics) {
	src, diags := w.value(e.Source)
	ty := src.Type()
	isList := ty.IsListType() || ty.IsSetType()
	switch {
	case !src.IsKnown():
		return cty.DynamicVal, diags
	case src.IsNull() && (isList || ty.IsTupleType()):
		return cty.DynamicVal, append(diags, wrong(e.Source, "Splat of null value", "Splat expressions (with the * symbol) cannot be applied to null sequences."))
	case src.IsNull():
		src = cty.EmptyTupleVal.WithSameMarks(src)
	case !isList && !ty.IsTupleType():
		src = cty.TupleVal([]cty.Value{src})
	}
	src, marks := src.Unmark()
	if src.Type().IsSetType() && !w.spend(capped(src.LengthInt(), setPrice), e.Range) {
		return cty.DynamicVal, diags
	}
	elems := make([]cty.Value, 0, src.LengthInt())
	outer := w.vars
	each := func(item cty.Value) (cty.Value, hcl.Diagnostics) {
		w.vars = &binding{item: e.Item, value: item, outer: outer}
		v, more := w.value(e.Each)
		w.vars = outer
		return v, more
	}
	if src.LengthInt() == 0 {
		_, _ = each(cty.DynamicVal) // for the names in it alone
	}
	for it := src.ElementIterator(); it.Next(); {
		_, item := it.Element()
		v, more := each(item)
		diags = append(diags, more...)
		if !v.IsKnown() {
			return cty.DynamicVal, diags
		}
		elems = append(elems, v)
	}
	if isList && len(elems) > 0 && cty.CanListVal(elems) {
		return cty.ListVal(elems).WithMarks(marks), diags
	}
	return cty.TupleVal(elems).WithMarks(marks), diags
}

func wrong(x hclsyntax.Expression, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: x.Range().Ptr()}
}
