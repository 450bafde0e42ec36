package eval

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Sampling runs f over values that only have the form of what will be there: a map
// or list of a sample has whatever element is asked for, and an attribute that an
// object lacks is an error in the branch that is not taken too, as for other values
// that branch is taken. try() and can() still drop it.
func (ev *Evaluator) Sampling(f func()) {
	before := ev.sampling
	ev.sampling = true
	f()
	ev.sampling = before
}

// Lacking evaluates an expression over samples for the attributes alone that objects lack,
// and reports them. What else is wrong may be so for none of the values that the
// expression is meant for.
func (ev *Evaluator) Lacking(expr hclsyntax.Expression, sc *Scope) {
	w := walk{ev: ev, sc: sc, limit: maxExpression + ev.room}
	_, _ = w.value(expr)
	for _, d := range fromHCL(w.undropped(nil)) {
		ev.Report(d)
	}
}

// Grant adds to the work that may still be done, for expressions that are evaluated
// once the environment is, over names whose values weigh so much: that is what one
// value may weigh more than others. Means that were used up stay so.
func (ev *Evaluator) Grant(work, weight int) {
	if ev.budget >= 0 {
		ev.budget += work
	}
	ev.room = weight
}

// heaviest is what one value may weigh.
func (ev *Evaluator) heaviest() int { return maxValue + ev.room }

// handedIn tells whether an expression is the name of a value by itself, or leads into
// one. Such values are handed in, free of marks and secrets.
func (w *walk) handedIn(expr hclsyntax.Expression) bool {
	t, ok := expr.(*hclsyntax.ScopeTraversalExpr)
	if !ok || w.vars != nil && w.bound(t.Traversal.RootName()) {
		return false
	}
	root := w.sc.lookup(t.Traversal.RootName())
	return root != nil && root.whole != nil
}

func (w *walk) bound(name string) bool {
	for b := w.vars; b != nil; b = b.outer {
		if b.item == nil && b.name == name {
			return true
		}
	}
	return false
}

// Elements is Value for what is only run through. When every name in the expression
// is a value by itself, the result is not looked at as a whole, which would take more
// time than all that is done with it: no mark and no secret can be in it.
func (ev *Evaluator) Elements(expr hclsyntax.Expression, sc *Scope) (cty.Value, bool) {
	for _, t := range expr.Variables() {
		if root := sc.lookup(t.RootName()); root == nil || root.whole == nil {
			return ev.Value(expr, sc)
		}
	}
	w := walk{ev: ev, sc: sc, limit: maxExpression + ev.room}
	v, diags := w.value(expr)
	return w.outcome(v, diags, func() bool { return true })
}

// Quietly runs f, and forgets what it reports.
func (ev *Evaluator) Quietly(f func()) {
	before := len(ev.diags)
	f()
	ev.diags = ev.diags[:before]
}

// anyElement gives the one element of a map or list of a sample. An empty one might
// have any: nothing is known of it.
func anyElement(v cty.Value) cty.Value {
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		return e
	}
	return cty.DynamicVal
}

// undropped adds what was found lacking, and dropped.
func (w *walk) undropped(diags hcl.Diagnostics) hcl.Diagnostics {
	for _, d := range w.lacking {
		if !slices.ContainsFunc(diags, func(o *hcl.Diagnostic) bool { return o.Extra == d.Extra }) {
			diags = append(diags, d)
		}
	}
	return diags
}

// outcome reports what was found, and gives the value when it can be used.
func (w *walk) outcome(v cty.Value, diags hcl.Diagnostics, affordable func() bool) (cty.Value, bool) {
	if w.ev.sampling {
		diags = w.undropped(diags)
	}
	for _, d := range fromHCL(diags) {
		w.ev.Report(d)
	}
	if w.failed || diags.HasErrors() || !v.IsKnown() || !affordable() { // of samples, not all is known
		return cty.DynamicVal, false
	}
	return v, true
}
