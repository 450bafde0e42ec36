package eval

import (
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Evaluator evaluates the expressions of one environment. It is not safe for
// use by several goroutines.
type Evaluator struct {
	diags diag.List
	stack []*frame
	funcs map[string]function.Function
	names []string // of the functions, sorted
	// carries tells which functions pass tokens on without looking inside.
	carries map[string]bool
}

// frame collects what the expressions of one node, or of one block, refer to.
type frame struct {
	node    *Node // nil for a block
	effects effects
}

// New makes an evaluator with the functions of the language.
func New() *Evaluator {
	ev := &Evaluator{funcs: map[string]function.Function{}, carries: map[string]bool{}}
	for _, d := range definitions() {
		ev.carries[d.name] = d.carries
		ev.funcs[d.name] = d.fn
		if !d.carries {
			ev.funcs[d.name] = blind(d.name, d.fn)
		}
		ev.names = append(ev.names, d.name)
	}
	sort.Strings(ev.names)
	return ev
}

// Diagnostics gives what has been found so far.
func (ev *Evaluator) Diagnostics() diag.List { return ev.diags }

// Report adds a finding.
func (ev *Evaluator) Report(d *diag.Diagnostic) { ev.diags = append(ev.diags, d) }

// Collect runs f and gives the effects of every reference that f made.
func (ev *Evaluator) Collect(f func()) []Effect {
	fr := &frame{}
	ev.stack = append(ev.stack, fr)
	f()
	ev.stack = ev.stack[:len(ev.stack)-1]
	return fr.effects.list
}

// Add records an effect on behalf of what is being evaluated.
func (ev *Evaluator) Add(x Effect) {
	if n := len(ev.stack); n > 0 {
		ev.stack[n-1].effects.add(x)
	}
}

// Value evaluates an expression. When it gives false the reason has been
// reported, here or where the value came from, and the caller stays silent.
func (ev *Evaluator) Value(expr hclsyntax.Expression, sc *Scope) (cty.Value, bool) {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return ev.literal(e.Val, e.SrcRange)
	case *hclsyntax.TemplateExpr:
		if len(e.Parts) == 0 {
			return cty.StringVal(""), true
		}
		if len(e.Parts) == 1 {
			if lit, ok := e.Parts[0].(*hclsyntax.LiteralValueExpr); ok {
				return ev.literal(lit.Val, e.SrcRange)
			}
		}
	case *hclsyntax.ScopeTraversalExpr:
		return ev.traversal(e.Traversal, sc)
	}
	return ev.general(expr, sc)
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

// literal refuses the one character that could forge a secret token.
func (ev *Evaluator) literal(v cty.Value, at hcl.Range) (cty.Value, bool) {
	if v.Type() == cty.String && !v.IsNull() && strings.IndexByte(v.AsString(), 0) >= 0 {
		ev.Report(diag.Errorf("NS206", source.FromHCL(at), "NUL character in a string",
			"A string may not hold the NUL character (\\u0000): no file format that is written from it can, and files would be cut at that place. Remove it."))
		return cty.DynamicVal, false
	}
	return v, true
}

// general evaluates an expression that needs a context, built from only the
// names that it uses.
func (ev *Evaluator) general(expr hclsyntax.Expression, sc *Scope) (cty.Value, bool) {
	tree := &branch{}
	ok := true
	size := 0
	for _, t := range expr.Variables() {
		r, resolved := ev.resolve(t, sc)
		if !resolved {
			ok = false
			continue
		}
		size += weight(r.value)
		tree.put(r.path, r.value)
	}
	if !ok {
		return cty.DynamicVal, false
	}
	if !ev.inspect(expr, sc, size) {
		return cty.DynamicVal, false
	}
	ctx := &hcl.EvalContext{Functions: ev.funcs, Variables: tree.variables()}
	v, diags := expr.Value(ctx)
	if diags.HasErrors() {
		ev.diags = append(ev.diags, fromHCL(diags)...)
		return cty.DynamicVal, false
	}
	if !ev.sound(v, expr.Range()) {
		return cty.DynamicVal, false
	}
	return v, true
}

// branch is a tree of names with values at its ends: the context's variables
// before they become objects.
type branch struct {
	value cty.Value
	set   bool
	kids  map[string]*branch
}

// put hangs a value at a path. A value that stands above another one holds it
// already, so the lower one goes.
func (b *branch) put(path []string, v cty.Value) {
	for _, name := range path {
		if b.set {
			return
		}
		if b.kids == nil {
			b.kids = map[string]*branch{}
		}
		next, ok := b.kids[name]
		if !ok {
			next = &branch{}
			b.kids[name] = next
		}
		b = next
	}
	b.value, b.set, b.kids = v, true, nil
}

func (b *branch) variables() map[string]cty.Value {
	out := make(map[string]cty.Value, len(b.kids))
	for name, k := range b.kids {
		out[name] = k.object()
	}
	return out
}

func (b *branch) object() cty.Value {
	if b.set {
		return b.value
	}
	return cty.ObjectVal(b.variables())
}
