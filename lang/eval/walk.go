package eval

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// A walk evaluates one expression step by step: the operands of an operation
// first, by its own means, then the operation alone, by HCL's, with the operands
// as literals. So the semantics are HCL's, and yet each operation is seen with
// the very values that it is about to look at: one that would look inside a
// secret is refused, however the secret came there, and work is paid for before
// it is done.
//
// There are two ways to fail. What an operation finds wrong comes back as
// diagnostics, which try() and the branch that a condition does not take may
// drop. What nothing may hide (an unknown name, a secret looked into, work
// without bound) is reported at once and makes the whole expression fail; the
// rest is evaluated all the same, for what else is wrong in it. Either way the
// value is cty.DynamicVal, which is unknown, and which makes every operation on
// it, and every collection with it, cty.DynamicVal too.
type walk struct {
	ev     *Evaluator
	sc     *Scope
	vars   *binding
	limit  int   // what the expression may still produce
	finds  bool  // somebody asks where effects come from
	found  []Use // where references brought effects in
	failed bool  // something was reported: the result is void
	spent  bool  // the means are used up: nothing more is evaluated
	// lacking are attributes that objects turned out not to have, also where a
	// branch that is not taken dropped the finding.
	lacking hcl.Diagnostics
}

// binding is a variable of a loop, or the element that a splat stands at.
type binding struct {
	name  string
	item  *hclsyntax.AnonSymbolExpr
	value cty.Value
	outer *binding
}

// operand is a part of an expression that has been evaluated, as HCL takes it.
type operand struct {
	*hclsyntax.LiteralValueExpr
	diags hcl.Diagnostics
	known bool // handed in: there is nothing to look for in it
}

func (o operand) Value(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) { return o.Val, o.diags }

// whole evaluates the expression that the walk was made for.
func (w *walk) whole(expr hclsyntax.Expression) (cty.Value, bool) {
	v, diags := w.value(expr)
	return w.outcome(v, diags, func() bool { return w.affordable(v, expr) })
}

// affordable refuses a value that is too large to work with.
func (w *walk) affordable(v cty.Value, expr hclsyntax.Expression) bool {
	return w.check(w.ev.look(v), expr)
}

// check pays for the look that has been taken at a value, and refuses what no
// value may be: too large, or with a token where it would be compared.
func (w *walk) check(s survey, expr hclsyntax.Expression) bool {
	switch {
	case s.weight > w.ev.heaviest():
		w.ev.drain(s.work)
		return w.refuse("NS209", expr, "Expression too large",
			"This value is larger than 4 MiB, at 64 bytes for an element. Nothing that a stack needs is that large; look for a text that is joined to itself.")
	case s.wild:
		return w.refuse("NS209", expr, "Expression too large",
			"This number has more than 300 digits, before the point or behind it. Nothing that a stack counts is that large, or that small.")
	case s.key != "":
		return w.refuse("NS220", expr, "Secret value inspected",
			"%s is a secret: its value is not known when the stack is compiled, so it cannot be a key, nor an element of a set, which are told apart by their values. Use it as a value in a list or a map.", AddressIn(s.key))
	}
	return w.spend(s.work, expr.Range)
}

// refuse reports what nothing may hide. It gives false.
func (w *walk) refuse(code string, at interface{ Range() hcl.Range }, summary, detail string, args ...any) bool {
	w.failed = true
	w.ev.Report(diag.Errorf(code, source.FromHCL(at.Range()), summary, detail, args...))
	return false
}

// blind refuses a value that holds a secret to an operation that looks at it.
func (w *walk) blind(v cty.Value, expr hclsyntax.Expression, what string) bool {
	if v.Type() != cty.String && v.Type().IsPrimitiveType() {
		return true
	}
	s := w.ev.look(v)
	if s.secret != "" {
		return w.refuse("NS220", expr, "Secret value inspected",
			"%s is a secret: its value is not known when the stack is compiled, so %s cannot look at it. Use it whole, or decide by something that is written in the stack, such as a variable.", AddressIn(s.secret), what)
	}
	return w.check(s, expr)
}

// operand evaluates a part of an expression.
func (w *walk) operand(expr hclsyntax.Expression) operand {
	v, diags := w.value(expr)
	o := literal(v, expr, diags)
	o.known = w.handedIn(expr)
	return o
}

func literal(v cty.Value, expr hclsyntax.Expression, diags hcl.Diagnostics) operand {
	return operand{LiteralValueExpr: &hclsyntax.LiteralValueExpr{Val: v, SrcRange: expr.Range()}, diags: diags}
}

// value evaluates an expression. What it gives is known throughout, or it is
// cty.DynamicVal, without marks.
func (w *walk) value(expr hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	if !w.spend(stepPrice, expr.Range) {
		return cty.DynamicVal, nil
	}
	v, diags := w.step(expr)
	if diags.HasErrors() || !v.IsKnown() || v.IsMarked() && !w.spend(markPrice*markCount(v), expr.Range) {
		return cty.DynamicVal, diags
	}
	return v, diags
}

func (w *walk) step(expr hclsyntax.Expression) (cty.Value, hcl.Diagnostics) {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		v, ok := w.ev.literal(e.Val, e.SrcRange)
		w.failed = w.failed || !ok
		return v, nil
	case *hclsyntax.ScopeTraversalExpr, *hclsyntax.RelativeTraversalExpr, *hclsyntax.IndexExpr:
		return w.reference(expr)
	case *hclsyntax.ParenthesesExpr:
		return w.value(e.Expression)
	case *hclsyntax.TemplateExpr:
		return w.template(e)
	case *hclsyntax.TemplateWrapExpr:
		return w.value(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		return w.join(e)
	case *hclsyntax.TupleConsExpr:
		return w.tuple(e)
	case *hclsyntax.ObjectConsExpr:
		return w.object(e)
	case *hclsyntax.ObjectConsKeyExpr:
		if e.ForceNonLiteral || hcl.ExprAsKeyword(e.Wrapped) == "" && !isTraversal(e.Wrapped) {
			return w.value(e.Wrapped)
		}
		return e.Value(nil) // a bare name, which is a text here
	case *hclsyntax.ConditionalExpr:
		return w.conditional(e)
	case *hclsyntax.BinaryOpExpr:
		return w.binary(e)
	case *hclsyntax.UnaryOpExpr:
		o := w.operand(e.Val)
		if !w.blind(o.Val, e.Val, "an operator") || slowNumber(o.Val) && !w.check(survey{wild: true}, o) {
			return cty.DynamicVal, nil
		}
		return (&hclsyntax.UnaryOpExpr{Op: e.Op, Val: o, SrcRange: e.SrcRange, SymbolRange: e.SymbolRange}).Value(nil)
	case *hclsyntax.FunctionCallExpr:
		return w.call(e)
	case *hclsyntax.ForExpr:
		return w.loop(e)
	case *hclsyntax.SplatExpr:
		return w.splat(e)
	case *hclsyntax.AnonSymbolExpr:
		for b := w.vars; b != nil; b = b.outer {
			if b.item == e {
				return b.value, nil
			}
		}
	}
	w.refuse("NS207", expr, "Invalid expression", "An expression of this form has no meaning here. This is a bug in nselfc: please report it with the line that caused it.")
	return cty.DynamicVal, nil
}

func isTraversal(e hclsyntax.Expression) bool {
	_, ok := e.(*hclsyntax.ScopeTraversalExpr)
	return ok
}

// template joins its parts. Tokens are joined as they are.
func (w *walk) template(e *hclsyntax.TemplateExpr) (cty.Value, hcl.Diagnostics) {
	var b strings.Builder
	var diags hcl.Diagnostics
	var marks []cty.ValueMarks
	void := false
	for _, part := range e.Parts {
		v, more := w.value(part)
		switch plain, _ := v.Unmark(); {
		case !plain.IsKnown() || len(more) > 0:
		case plain.IsNull():
			more = append(more, wrong(part, "Invalid template interpolation value", "This value is null here, which is no text. Say what stands for it, as in: coalesce(var.suffix, \"none\")."))
			v = cty.DynamicVal
		case !plain.Type().IsPrimitiveType():
			more = append(more, wrong(part, "Invalid template interpolation value", "This is "+Describe(plain)+", which is no text. Write it out, as in: join(\", \", var.names), or jsonencode(var.names)."))
			v = cty.DynamicVal
		}
		if v.Type() != cty.String || v.IsNull() || len(more) > 0 {
			// HCL converts it, or passes on why it cannot.
			one := &hclsyntax.TemplateExpr{Parts: []hclsyntax.Expression{literal(v, part, more)}, SrcRange: e.SrcRange}
			v, more = one.Value(nil)
			diags = append(diags, more...)
		}
		v, m := v.Unmark()
		if void = void || !v.IsKnown(); void {
			continue
		}
		if len(m) > 0 {
			marks = append(marks, m)
		}
		s := v.AsString()
		if b.Len()+len(s) > maxValue {
			void = !w.check(survey{weight: b.Len() + len(s)}, e)
			continue
		}
		if !w.spend(textWork(s), e.Range) {
			return cty.DynamicVal, diags
		}
		b.WriteString(s)
	}
	if void {
		return cty.DynamicVal, diags
	}
	return cty.StringVal(b.String()).WithMarks(marks...), diags
}

// join makes the text of a loop in a template.
func (w *walk) join(e *hclsyntax.TemplateJoinExpr) (cty.Value, hcl.Diagnostics) {
	o := w.operand(e.Tuple)
	if o.diags.HasErrors() || !o.Val.Type().IsTupleType() || !w.affordable(o.Val, e.Tuple) {
		return cty.DynamicVal, o.diags
	}
	return (&hclsyntax.TemplateJoinExpr{Tuple: o}).Value(nil)
}

// whole gives a collection, or cty.DynamicVal when it has an element that could
// not be had.
func whole(coll cty.Value, elems []cty.Value) cty.Value {
	for _, e := range elems {
		if !e.IsKnown() {
			return cty.DynamicVal
		}
	}
	return coll
}

func (w *walk) tuple(e *hclsyntax.TupleConsExpr) (cty.Value, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	elems := make([]cty.Value, 0, len(e.Exprs))
	for _, x := range e.Exprs {
		v, more := w.value(x)
		diags = append(diags, more...)
		elems = append(elems, v)
	}
	return whole(cty.TupleVal(elems), elems), diags
}

func (w *walk) object(e *hclsyntax.ObjectConsExpr) (cty.Value, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	attrs := make(map[string]cty.Value, len(e.Items))
	var marks []cty.ValueMarks
	void := false
	for _, item := range e.Items {
		v, more := w.value(item.ValueExpr)
		diags = append(diags, more...)
		void = void || !v.IsKnown()
		key, more := w.value(item.KeyExpr)
		if !w.blind(key, item.KeyExpr, "a key") {
			void = true
			continue
		}
		if key.Type() != cty.String || key.IsNull() || len(more) > 0 {
			// HCL says why it cannot be a key, or converts it.
			one := &hclsyntax.ObjectConsExpr{Items: []hclsyntax.ObjectConsItem{{
				KeyExpr: literal(key, item.KeyExpr, more), ValueExpr: literal(cty.True, item.ValueExpr, nil),
			}}, SrcRange: e.SrcRange}
			var obj cty.Value
			obj, more = one.Value(nil)
			diags = append(diags, more...)
			obj, m := obj.Unmark()
			if more.HasErrors() || !obj.Type().IsObjectType() {
				void = true
				continue
			}
			for name := range obj.Type().AttributeTypes() {
				key = cty.StringVal(name).WithMarks(m)
			}
		}
		key, m := key.Unmark()
		marks = append(marks, m)
		name := key.AsString()
		if _, dup := attrs[name]; dup {
			void = !w.refuse("NS107", item.KeyExpr, "Duplicate name in a map", "The name %q stands twice in this map, so one of the values would be lost. Remove one.", name)
		}
		attrs[name] = v
	}
	if void {
		return cty.DynamicVal, diags
	}
	return cty.ObjectVal(attrs).WithMarks(marks...), diags
}

// conditional evaluates both branches, as HCL does to find a common type, but
// only the one that is taken brings effects in.
func (w *walk) conditional(e *hclsyntax.ConditionalExpr) (cty.Value, hcl.Diagnostics) {
	c := w.operand(e.Condition)
	yes, no := w.operand(e.TrueResult), w.operand(e.FalseResult)
	if !w.blind(c.Val, e.Condition, "a condition") || !w.affordable(yes.Val, e.TrueResult) || !w.affordable(no.Val, e.FalseResult) {
		return cty.DynamicVal, nil
	}
	if taken, known := decided(c.Val); known && taken {
		no.Val, _ = plain(no.Val)
	} else if known {
		yes.Val, _ = plain(yes.Val)
	}
	if t, f := yes.Val.Type(), no.Val.Type(); !t.IsPrimitiveType() && !f.IsPrimitiveType() && !t.Equals(f) && !w.spend(unifyWork(t, f), e.Range) {
		return cty.DynamicVal, nil
	}
	return (&hclsyntax.ConditionalExpr{Condition: c, TrueResult: yes, FalseResult: no, SrcRange: e.SrcRange}).Value(nil)
}

// decided tells what a condition says, where it is one.
func decided(c cty.Value) (taken, known bool) {
	c, _ = c.Unmark()
	if !c.IsKnown() || c.IsNull() {
		return false, false
	}
	switch c.Type() {
	case cty.Bool:
		return c.True(), true
	case cty.String:
		return c.AsString() == "true", true
	}
	return false, false
}

func (w *walk) binary(e *hclsyntax.BinaryOpExpr) (cty.Value, hcl.Diagnostics) {
	l, r := w.operand(e.LHS), w.operand(e.RHS)
	// Whether something is null is known, secret or not.
	equality := e.Op == hclsyntax.OpEqual || e.Op == hclsyntax.OpNotEqual
	if !equality || !l.Val.IsNull() && !r.Val.IsNull() {
		if !w.blind(l.Val, e.LHS, "an operator") || !w.blind(r.Val, e.RHS, "an operator") {
			return cty.DynamicVal, nil
		}
	}
	if equality && !l.Val.Type().IsPrimitiveType() && !r.Val.Type().IsPrimitiveType() {
		// Types and elements are compared, again on each level.
		if !w.spend(look(l.Val).work+look(r.Val).work, e.Range) {
			return cty.DynamicVal, nil
		}
	}
	for _, o := range []operand{l, r} {
		if !equality && slowNumber(o.Val) {
			w.check(survey{wild: true}, o)
			return cty.DynamicVal, nil
		}
	}
	if (e.Op == hclsyntax.OpDivide || e.Op == hclsyntax.OpModulo) && isZero(r.Val) {
		// HCL gives infinity for the one, and the dividend for the other.
		return cty.DynamicVal, append(append(l.diags, r.diags...), wrong(e.RHS, "Division by zero", "What stands behind / or % is zero here. Test for it first, as in: n == 0 ? 0 : total / n."))
	}
	if e.Op == hclsyntax.OpModulo && !w.spend(moduloPrice, e.Range) {
		return cty.DynamicVal, nil
	}
	step := hclsyntax.BinaryOpExpr{LHS: l, Op: e.Op, RHS: r, SrcRange: e.SrcRange}
	v, diags := step.Value(nil)
	if n, _ := v.Unmark(); n.Type() == cty.Number && n.IsKnown() && !n.IsNull() && wild(n.AsBigFloat()) {
		w.check(survey{wild: true}, e)
		return cty.DynamicVal, nil
	}
	return v, diags
}

func isZero(v cty.Value) bool {
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() {
		return false
	}
	n, err := convert.Convert(v, cty.Number)
	return err == nil && n.AsBigFloat().Sign() == 0
}
