package eval

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// Limits that keep every evaluation within a fraction of a second, whatever is
// written: a text doubled forty times over, or loops within loops.
const (
	maxResult = 4 << 20  // bytes of one value
	maxWork   = 16 << 20 // bytes that one expression may produce, estimated
)

// inspector walks an expression before it is evaluated. It refuses what would
// look inside a secret, unknown functions, and work without bound.
type inspector struct {
	ev    *Evaluator
	sc    *Scope
	loops map[string][]cty.Value // loop variable → elements that it runs over
	ok    bool
}

// inspect tells whether the expression may be evaluated. size is the weight of
// all values that it refers to.
func (ev *Evaluator) inspect(expr hclsyntax.Expression, sc *Scope, size int) bool {
	in := &inspector{ev: ev, sc: sc, ok: true}
	work := in.walk(expr)
	if in.ok && work+size > maxWork {
		in.report("NS209", expr.Range(), "Expression too large",
			"Evaluating this would produce more than 16 MiB of text, or loop that often. Nothing that a stack needs is that large; look for a loop inside a loop, or for a text that is joined to itself.")
	}
	return in.ok
}

func (in *inspector) report(code string, at hcl.Range, summary, detail string, args ...any) {
	in.ok = false
	in.ev.Report(diag.Errorf(code, source.FromHCL(at), summary, detail, args...))
}

// walk gives an estimate, in bytes, of what the expression produces.
func (in *inspector) walk(expr hclsyntax.Expression) int {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		if _, ok := in.ev.literal(e.Val, e.SrcRange); !ok {
			in.ok = false
		}
		return weight(e.Val)
	case *hclsyntax.ScopeTraversalExpr:
		n := 0
		for _, v := range in.values(e) {
			n = max(n, weight(v))
		}
		return n
	case *hclsyntax.TemplateExpr:
		return in.sum(e.Parts...)
	case *hclsyntax.TemplateWrapExpr:
		return in.walk(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return in.walk(e.Tuple)
	case *hclsyntax.ParenthesesExpr:
		return in.walk(e.Expression)
	case *hclsyntax.TupleConsExpr:
		return in.sum(e.Exprs...)
	case *hclsyntax.ObjectConsExpr:
		n := 0
		for _, item := range e.Items {
			in.key(item.KeyExpr)
			n = in.add(n, in.walk(item.KeyExpr), in.walk(item.ValueExpr))
		}
		return n
	case *hclsyntax.ObjectConsKeyExpr:
		if e.ForceNonLiteral || hcl.ExprAsKeyword(e.Wrapped) == "" {
			return in.walk(e.Wrapped)
		}
		return 8
	case *hclsyntax.ConditionalExpr:
		in.visible(e.Condition, "a condition")
		return in.add(in.walk(e.Condition), max(in.walk(e.TrueResult), in.walk(e.FalseResult)))
	case *hclsyntax.BinaryOpExpr:
		if in.visible(e.LHS, "a comparison") {
			in.visible(e.RHS, "a comparison")
		}
		return in.sum(e.LHS, e.RHS)
	case *hclsyntax.UnaryOpExpr:
		return in.walk(e.Val)
	case *hclsyntax.IndexExpr:
		in.visible(e.Key, "an index")
		return in.sum(e.Collection, e.Key)
	case *hclsyntax.RelativeTraversalExpr:
		return in.walk(e.Source)
	case *hclsyntax.SplatExpr:
		return in.add(in.walk(e.Source), in.walk(e.Each))
	case *hclsyntax.AnonSymbolExpr:
		return 8
	case *hclsyntax.FunctionCallExpr:
		return in.call(e)
	case *hclsyntax.ForExpr:
		return in.loop(e)
	}
	return 0
}

func (in *inspector) sum(exprs ...hclsyntax.Expression) int {
	n := 0
	for _, e := range exprs {
		n = in.add(n, in.walk(e))
	}
	return n
}

// add adds without overflow: far above the limit, one number is as good as another.
func (in *inspector) add(ns ...int) int {
	sum := 0
	for _, n := range ns {
		sum = min(sum+n, 1<<40)
	}
	return sum
}

func (in *inspector) call(e *hclsyntax.FunctionCallExpr) int {
	if _, known := in.ev.funcs[e.Name]; !known {
		in.report("NS205", e.NameRange, "Unknown function",
			"There is no function named %q.%s All functions are listed by\n    nselfc docs", e.Name, DidYouMean(e.Name, in.ev.names))
	}
	if !in.ev.carries[e.Name] {
		for _, a := range e.Args {
			if !in.visible(a, e.Name+"()") {
				break
			}
		}
	}
	n := 0
	costs := make([]int, len(e.Args)) // walked once each: calls nest
	for i, a := range e.Args {
		costs[i] = in.walk(a)
		n = in.add(n, costs[i])
	}
	switch {
	case e.Name == "replace" && len(costs) == 3:
		// Every byte of the text may be replaced by the whole of the last argument.
		n = in.add(n, min(costs[0], 1<<20)*min(costs[2], 1<<20))
	case e.Name == "join" && len(costs) > 1:
		n = in.add(n, min(costs[0], 1<<20)*min(costs[1], 1<<20)/8)
	case e.Name == "indent" && len(costs) == 2:
		n = in.add(n, min(costs[1], 1<<20)*8)
	}
	return n
}

func (in *inspector) loop(e *hclsyntax.ForExpr) int {
	cost := in.walk(e.CollExpr)
	elems := in.elements(e.CollExpr)
	count := len(elems)
	outer := in.loops
	in.loops = make(map[string][]cty.Value, len(outer)+2)
	for k, v := range outer {
		in.loops[k] = v
	}
	if e.KeyVar != "" {
		in.loops[e.KeyVar] = []cty.Value{cty.StringVal("key")}
	}
	in.loops[e.ValVar] = elems
	if e.KeyExpr != nil {
		in.visible(e.KeyExpr, "a key")
		cost = in.add(cost, count*in.walk(e.KeyExpr))
	}
	if e.CondExpr != nil {
		in.visible(e.CondExpr, "a condition")
		cost = in.add(cost, count*in.walk(e.CondExpr))
	}
	cost = in.add(cost, count*(8+in.walk(e.ValExpr)))
	in.loops = outer
	return cost
}

func (in *inspector) key(expr hclsyntax.Expression) {
	if k, ok := expr.(*hclsyntax.ObjectConsKeyExpr); ok && !k.ForceNonLiteral && hcl.ExprAsKeyword(k.Wrapped) != "" {
		return
	}
	in.visible(expr, "a key")
}

// visible refuses an operand that is a secret itself: the compiler does not
// know its value, so whatever the operation answered would be wrong.
func (in *inspector) visible(expr hclsyntax.Expression, what string) bool {
	for _, v := range in.values(expr) {
		if addr := tokenIn(v); addr != "" {
			in.report("NS220", expr.Range(), "Secret value inspected",
				"%s is a secret: its value is not known when the stack is compiled, so %s cannot look at it. Use it whole, or decide by something that is written in the stack, such as a variable.", addr, what)
			return false
		}
	}
	return true
}

// elements lists what a loop over the expression runs over.
func (in *inspector) elements(expr hclsyntax.Expression) []cty.Value {
	var out []cty.Value
	for _, v := range in.values(expr) {
		if v == cty.NilVal || v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
			continue
		}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			out = append(out, e)
		}
	}
	return out
}

// values gives what a part of the expression can be, where that is cheap to
// tell: constants, references, paths on loop variables, and collections of
// them. For anything else it evaluates the part when no loop surrounds it.
func (in *inspector) values(expr hclsyntax.Expression) []cty.Value {
	switch e := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		elems, isLoop := in.loops[e.Traversal.RootName()]
		if !isLoop {
			return in.quiet(func(ev *Evaluator) (cty.Value, bool) { return ev.traversal(e.Traversal, in.sc) })
		}
		var out []cty.Value
		for _, v := range elems {
			if w, diags := e.Traversal[1:].TraverseRel(v); !diags.HasErrors() {
				out = append(out, w)
			}
		}
		return out
	case *hclsyntax.ParenthesesExpr:
		return in.values(e.Expression)
	case *hclsyntax.ObjectConsKeyExpr:
		return in.values(e.Wrapped)
	case *hclsyntax.TemplateExpr:
		var out []cty.Value
		for _, p := range e.Parts {
			out = append(out, in.values(p)...)
		}
		return out
	case *hclsyntax.TemplateWrapExpr:
		return in.values(e.Wrapped)
	case *hclsyntax.TupleConsExpr:
		var elems []cty.Value
		for _, x := range e.Exprs {
			elems = append(elems, in.values(x)...)
		}
		if len(elems) == 0 {
			return nil
		}
		return []cty.Value{cty.TupleVal(elems)}
	case *hclsyntax.ObjectConsExpr:
		return in.object(e)
	case *hclsyntax.ConditionalExpr:
		return append(in.values(e.TrueResult), in.values(e.FalseResult)...)
	case *hclsyntax.FunctionCallExpr:
		// What a function gives is made of what it takes, near enough.
		var out []cty.Value
		for _, a := range e.Args {
			out = append(out, in.values(a)...)
		}
		if e.Name == "range" {
			return []cty.Value{numbers(1024)}
		}
		if e.Name == "length" || e.Name == "keys" || e.Name == "contains" || e.Name == "can" {
			return nil
		}
		return out
	case *hclsyntax.ForExpr:
		outer := in.loops
		in.loops = map[string][]cty.Value{}
		for k, v := range outer {
			in.loops[k] = v
		}
		elems := in.elements(e.CollExpr)
		in.loops[e.ValVar] = elems
		inner := in.values(e.ValExpr)
		in.loops = outer
		if len(inner) == 0 {
			return []cty.Value{numbers(min(len(elems), maxWork/64))}
		}
		return []cty.Value{cty.TupleVal(inner)}
	case *hclsyntax.IndexExpr:
		return in.elements(e.Collection)
	case *hclsyntax.SplatExpr:
		return in.values(e.Source)
	case *hclsyntax.RelativeTraversalExpr:
		var out []cty.Value
		for _, v := range in.values(e.Source) {
			if w, diags := e.Traversal.TraverseRel(v); !diags.HasErrors() {
				out = append(out, w)
			}
		}
		return out
	case *hclsyntax.LiteralValueExpr:
		return []cty.Value{e.Val}
	}
	return nil
}

// object gives what an object constructor makes. Where an attribute can be
// several values, one that is secret stands for all.
func (in *inspector) object(e *hclsyntax.ObjectConsExpr) []cty.Value {
	attrs := map[string]cty.Value{}
	for i, item := range e.Items {
		name := "item" + strconv.Itoa(i) // a computed key: only what it holds matters
		if k, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok {
			if kw := hcl.ExprAsKeyword(k.Wrapped); kw != "" && !k.ForceNonLiteral {
				name = kw
			}
		}
		attrs[name] = cty.NullVal(cty.String)
		for _, v := range in.values(item.ValueExpr) {
			if attrs[name].IsNull() || tokenIn(v) != "" {
				attrs[name] = v
			}
		}
	}
	return []cty.Value{cty.ObjectVal(attrs)}
}

// quiet evaluates without reporting: what is wrong there is reported by the
// evaluation itself.
func (in *inspector) quiet(f func(*Evaluator) (cty.Value, bool)) []cty.Value {
	n := len(in.ev.diags)
	v, ok := f(in.ev)
	in.ev.diags = in.ev.diags[:n]
	if !ok {
		return nil
	}
	return []cty.Value{v}
}

func numbers(n int) cty.Value {
	elems := make([]cty.Value, max(n, 1))
	for i := range elems {
		elems[i] = cty.Zero
	}
	return cty.TupleVal(elems)
}

// sound refuses a value that is too large, or that carries a token where none
// may stand: in a key.
func (ev *Evaluator) sound(v cty.Value, at hcl.Range) bool {
	if weight(v) > maxResult {
		ev.Report(diag.Errorf("NS209", source.FromHCL(at), "Expression too large",
			"This value is larger than 4 MiB. Nothing that a stack needs is that large; look for a text that is joined to itself."))
		return false
	}
	if addr := tokenInKey(v); addr != "" {
		ev.Report(diag.Errorf("NS220", source.FromHCL(at), "Secret value inspected",
			"%s is a secret: its value is not known when the stack is compiled, so it cannot be a key. Use it as a value.", addr))
		return false
	}
	return true
}

// weight estimates the bytes of a value.
func weight(v cty.Value) int {
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() {
		return 1
	}
	ty := v.Type()
	switch {
	case ty == cty.String:
		return 1 + len(v.AsString())
	case ty.IsPrimitiveType():
		return 8
	case v.CanIterateElements():
		n := 8
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			n += weight(e)
			if k.Type() == cty.String {
				n += weight(k)
			}
		}
		return n
	}
	return 8
}

// tokenIn gives the address of the first secret in a value, or "".
func tokenIn(v cty.Value) string {
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() {
		return ""
	}
	if v.Type() == cty.String {
		s := v.AsString()
		if !strings.Contains(s, secret.Mark) {
			return ""
		}
		t, err := secret.Parse(s)
		if err != nil || len(t.Addresses()) == 0 {
			return "a secret"
		}
		return t.Addresses()[0]
	}
	if !v.CanIterateElements() {
		return ""
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); e != cty.NilVal {
			if addr := tokenIn(e); addr != "" {
				return addr
			}
		}
	}
	return ""
}

func tokenInKey(v cty.Value) string {
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return ""
	}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if k.Type() == cty.String {
			if addr := tokenIn(k); addr != "" && !v.Type().IsSetType() {
				return addr
			}
		}
		if addr := tokenInKey(e); addr != "" {
			return addr
		}
	}
	return ""
}
