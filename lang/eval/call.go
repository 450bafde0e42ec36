package eval

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// call evaluates a function call: its arguments, what they may cost, and then
// the function alone.
func (w *walk) call(e *hclsyntax.FunctionCallExpr) (cty.Value, hcl.Diagnostics) {
	def, known := w.ev.funcs[e.Name]
	if !known {
		w.failed = true
		names := w.ev.functionNames()
		w.ev.Report(diag.Errorf("NS205", source.FromHCL(e.NameRange), "Unknown function",
			"There is no function named %q.%s All functions are listed by\n    nselfc docs", e.Name, DidYouMean(e.Name, names)))
		_, diags := w.arguments(e)
		return cty.DynamicVal, diags
	}
	if e.Name == "try" || e.Name == "can" {
		return w.attempt(e)
	}
	args, diags := w.arguments(e)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	vals := make([]cty.Value, len(args))
	marks := 0
	for i, a := range args {
		o := a.(operand)
		vals[i], _ = o.Val.Unmark()
		if !o.Val.IsKnown() || !w.admit(def, i, o) {
			return cty.DynamicVal, nil
		}
		if vals[i].IsNull() && vals[i].Type() == cty.DynamicPseudoType && !def.param(i).AllowDynamicType {
			// cty would give an unknown result without a word. With a type, the
			// function takes the null or says that it does not.
			args[i] = literal(cty.NullVal(cty.String).WithSameMarks(o.Val), o, nil)
		}
		ty := def.param(i).Type
		if def.makes != cty.NilType {
			ty = def.makes
		}
		if ty.IsCollectionType() {
			v := collected(o.Val, ty)
			if unifies(v, ty) && !w.spend(unifyWork(v.Type()), e.Range) {
				return cty.DynamicVal, nil
			}
			args[i] = literal(v, o, nil)
		}
		marks += markCount(o.Val)
	}
	// A function takes the marks off and puts them on again, several times; some
	// look for what the types of all arguments have in common.
	if !w.spend(4*markPrice*marks+capped(len(args), len(args))*8, e.Range) {
		return cty.DynamicVal, nil
	}
	if def.cost != nil && !w.spend(def.cost(vals), e.Range) {
		return cty.DynamicVal, nil
	}
	step := *e
	step.Args, step.ExpandFinal = args, false
	v, diags := step.Value(w.ev.ctx)
	if diags.HasErrors() || !v.IsKnown() {
		return cty.DynamicVal, diags
	}
	s := w.ev.look(v)
	if (s.secret != "" || s.key != "") && def.sees == nil {
		// No argument held a token, so this one was made of characters.
		w.refuse("NS206", e, "NUL character in a string",
			"The result of %s() holds the NUL character, which no text may: no file format that is written from it can hold it. Remove it from the arguments.", e.Name)
		return cty.DynamicVal, nil
	}
	if !w.check(s, e) {
		return cty.DynamicVal, nil
	}
	return v, diags
}

// arguments evaluates the arguments of a call; a last one with an ellipsis
// stands for its elements.
func (w *walk) arguments(e *hclsyntax.FunctionCallExpr) ([]hclsyntax.Expression, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	args := make([]hclsyntax.Expression, 0, len(e.Args))
	for i, a := range e.Args {
		o := w.operand(a)
		diags = append(diags, o.diags...)
		o.diags = nil
		if !e.ExpandFinal || i < len(e.Args)-1 {
			args = append(args, o)
			continue
		}
		list, marks := o.Val.Unmark()
		ty := list.Type()
		if !list.IsKnown() {
			return append(args, o), diags
		}
		if list.IsNull() || !ty.IsTupleType() && !ty.IsListType() && !ty.IsSetType() {
			return nil, append(diags, wrong(a, "Invalid function argument", "What stands before the ellipsis must be a list or a set, and not null: its elements become the arguments."))
		}
		for it := list.ElementIterator(); it.Next(); {
			_, v := it.Element()
			args = append(args, literal(v.WithMarks(marks), a, nil))
		}
	}
	return args, diags
}

// admit tells whether a function may have an argument: a secret only where the
// function does not look at it, and no text that is slow to become a number.
func (w *walk) admit(def *definition, i int, o operand) bool {
	v, _ := o.Val.Unmark()
	if def.takesNumber(i) && slowNumber(v) {
		return w.check(survey{wild: true}, o)
	}
	if v.Type() != cty.String && v.Type().IsPrimitiveType() {
		return true
	}
	if o.known {
		return true
	}
	s := w.ev.look(v)
	if s.secret != "" && (def.sees == nil || def.sees(i, v)) {
		return w.refuse("NS220", o, "Secret value inspected",
			"%s is a secret: its value is not known when the stack is compiled, so %s() cannot look at it. Use it whole, or through a function that the host can compute: url_encode, base64encode, json, yaml, sql_literal, shell_quote, scram_verifier, redis_acl_hash, bcrypt.", AddressIn(s.secret), def.name)
	}
	return w.check(s, o)
}

// attempt evaluates try() and can(). All arguments are evaluated, so that a name
// which nothing has is reported, but only the chosen one brings effects in.
func (w *walk) attempt(e *hclsyntax.FunctionCallExpr) (cty.Value, hcl.Diagnostics) {
	if len(e.Args) == 0 || e.Name == "can" && len(e.Args) > 1 || e.ExpandFinal {
		d := wrong(e, "Invalid function argument", e.Name+"() takes the expression to try, and try() what to give instead: try(var.options.port, 8080).")
		return cty.DynamicVal, hcl.Diagnostics{d}
	}
	chosen, found := cty.DynamicVal, false
	var first hcl.Diagnostics
	lacking := w.lacking
	defer func() { w.lacking = lacking }() // whoever tries knows that it may not be there
	for _, a := range e.Args {
		v, diags := w.value(a)
		switch {
		case !diags.HasErrors() && !found:
			chosen, found = v, true
		case diags.HasErrors() && first == nil:
			first = diags
		}
	}
	if e.Name == "can" {
		return cty.BoolVal(found), nil
	}
	if !found {
		return cty.DynamicVal, first
	}
	return chosen, nil
}
