package eval

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
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

// Grant adds to the work that may still be done, for expressions that are evaluated
// once the environment is. Means that were used up stay so.
func (ev *Evaluator) Grant(work int) {
	if ev.budget >= 0 {
		ev.budget += work
	}
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
