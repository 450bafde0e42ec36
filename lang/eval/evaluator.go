package eval

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// Evaluator evaluates the expressions of one environment. It is not safe for
// use by several goroutines.
type Evaluator struct {
	diags  diag.List
	stack  []frame
	funcs  map[string]*definition
	ctx    *hcl.EvalContext // holds the functions; names are resolved here, not by HCL
	budget int              // what may still be produced, see budget.go
	hints  int              // names that may still be compared with a misspelt one
	deep   bool             // a chain of references was too long, which is said once
	// sampling tells that the values are samples, see Sampling.
	sampling bool
	room     int // what a value may weigh more than maxValue, see Grant
	texts    map[string]secret.Text
}

// frame is what is being evaluated: a node, or a block on whose behalf effects
// are collected.
type frame struct {
	node  *Node
	uses  *uses
	place func(*diag.Diagnostic)
}

// New makes an evaluator with the functions of the language. work is what all
// its expressions may take together, see Allowance.
func New(work int) *Evaluator {
	ev := &Evaluator{funcs: map[string]*definition{}, budget: work, hints: maxHints, texts: map[string]secret.Text{}}
	byName := map[string]function.Function{}
	defs := definitions()
	for i, d := range defs {
		ev.funcs[d.name] = &defs[i]
		byName[d.name] = d.fn
	}
	ev.ctx = &hcl.EvalContext{Functions: byName}
	return ev
}

// Diagnostics gives what has been found so far.
func (ev *Evaluator) Diagnostics() diag.List { return ev.diags }

// Report adds a finding.
func (ev *Evaluator) Report(d *diag.Diagnostic) {
	if n := len(ev.stack); n > 0 && ev.stack[n-1].place != nil {
		ev.stack[n-1].place(d)
	}
	d.Detail = Clip(d.Detail)
	ev.diags = append(ev.diags, d)
}

// maxDetail is more than any sentence of ours has, and less than a name can have
// that somebody wrote.
const maxDetail = 1500

// Clip shortens a detail that quotes something of unreasonable length.
func Clip(detail string) string {
	if len(detail) <= maxDetail {
		return detail
	}
	return strings.ToValidUTF8(detail[:maxDetail], "") + "…"
}

// Within runs f; place is called with every finding that f itself makes. It may
// be nil.
func (ev *Evaluator) Within(place func(*diag.Diagnostic), f func()) {
	ev.stack = append(ev.stack, frame{place: place})
	f()
	ev.stack = ev.stack[:len(ev.stack)-1]
}

// Collect is Within, and gives the effects of every value that f asked for.
func (ev *Evaluator) Collect(place func(*diag.Diagnostic), f func()) []Use {
	u := &uses{}
	ev.stack = append(ev.stack, frame{place: place, uses: u})
	f()
	ev.stack = ev.stack[:len(ev.stack)-1]
	return u.list
}

// Value evaluates an expression for use in a block: whoever collects gets the
// effects of the value, and the value is free of marks. When it gives false the
// reason has been reported, here or where the value came from, and the caller
// stays silent.
func (ev *Evaluator) Value(expr hclsyntax.Expression, sc *Scope) (cty.Value, bool) {
	if v, ok, done := ev.constant(expr); done {
		return v, ok
	}
	w := walk{ev: ev, sc: sc, limit: maxExpression + ev.room}
	if n := len(ev.stack); n > 0 && ev.stack[n-1].uses != nil {
		_, alone := expr.(*hclsyntax.ScopeTraversalExpr) // its place is the expression's
		w.finds = !alone
	}
	v, ok := w.whole(expr)
	if !ok {
		return cty.DynamicVal, false
	}
	v, marks := plain(v)
	if len(marks) > 0 {
		ev.use(marks, w.found, source.FromHCL(expr.Range()))
	}
	return v, true
}

// Eval is Value for what stays an intermediate result, such as a local value:
// the effects stay on the value.
func (ev *Evaluator) Eval(expr hclsyntax.Expression, sc *Scope) (cty.Value, bool) {
	if v, ok, done := ev.constant(expr); done {
		return v, ok
	}
	w := walk{ev: ev, sc: sc, limit: maxExpression + ev.room}
	return w.whole(expr)
}

// use hands effects to whoever collects, each with the place of the reference
// that brought it, or with the whole expression's.
func (ev *Evaluator) use(marks cty.ValueMarks, found []Use, at source.Range) {
	n := len(ev.stack)
	if n == 0 || ev.stack[n-1].uses == nil {
		return
	}
	for _, e := range effectsOf(marks) {
		where := at
		for _, f := range found {
			if f.Effect == e {
				where = f.At
				break
			}
		}
		ev.stack[n-1].uses.add(e, where)
	}
}

// constant evaluates what needs no walk: literals, and texts without
// interpolation.
func (ev *Evaluator) constant(expr hclsyntax.Expression) (v cty.Value, ok, done bool) {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		v, ok = ev.literal(e.Val, e.SrcRange)
		return v, ok, true
	case *hclsyntax.TemplateExpr:
		if len(e.Parts) == 0 {
			return cty.StringVal(""), true, true
		}
		if len(e.Parts) == 1 {
			if lit, isLit := e.Parts[0].(*hclsyntax.LiteralValueExpr); isLit {
				v, ok = ev.literal(lit.Val, e.SrcRange)
				return v, ok, true
			}
		}
	}
	return cty.NilVal, false, false
}

// literal refuses the one character that could forge a secret token.
func (ev *Evaluator) literal(v cty.Value, at hcl.Range) (cty.Value, bool) {
	if v.Type() == cty.String && !v.IsNull() && strings.IndexByte(v.AsString(), 0) >= 0 {
		ev.Report(diag.Errorf("NS206", source.FromHCL(at), "NUL character in a string",
			"A string may not hold the NUL character (\\u0000): no file format that is written from it can, and files would be cut at that place. Remove it."))
		return cty.DynamicVal, false
	}
	return v, true
}

// String is Value for the commonest case of all, a quoted string without
// interpolation, without the detour over a cty value. It gives ok = false when
// the expression is anything else.
func String(expr hclsyntax.Expression) (s string, ok bool) {
	t, isTemplate := expr.(*hclsyntax.TemplateExpr)
	if !isTemplate {
		return "", false
	}
	switch len(t.Parts) {
	case 0:
		return "", true
	case 1:
		if lit, isLit := t.Parts[0].(*hclsyntax.LiteralValueExpr); isLit && lit.Val.Type() == cty.String {
			s = lit.Val.AsString()
			return s, strings.IndexByte(s, 0) < 0
		}
	}
	return "", false
}

// Text splits a string into literals and secrets. The same few strings come by
// again and again (the URL of a database in every service that uses it), so
// each is parsed once. Callers must not change the result.
func (ev *Evaluator) Text(s string) (secret.Text, error) {
	if strings.IndexByte(s, 0) < 0 {
		return secret.Literal(s), nil
	}
	if t, ok := ev.texts[s]; ok {
		return t, nil
	}
	t, err := secret.Parse(s)
	if err == nil {
		ev.texts[s] = t
	}
	return t, err
}
