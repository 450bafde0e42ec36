package lang

import (
	"strings"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

// input is a value that someone set for a variable.
type input struct {
	at   source.Range
	expr hclsyntax.Expression // nil where the value is not written out
	eval func() (cty.Value, bool)
}

// declareVariable declares a variable. Its value comes from the environment or
// from whoever uses the folder, and else from its default.
func (x *instance) declareVariable(b *hclsyntax.Block, spec *schema.Block) {
	name := b.Labels[0]
	at := source.FromHCL(b.DefRange())
	if !identifier.MatchString(name) {
		x.ev.Report(invalidName(b, "variable", false))
		x.declareFailed(b, "variable")
		return
	}
	n := &eval.Node{Address: x.prefix + "var." + name, Noun: "variable", Range: source.FromHCL(b.LabelRanges[0]), Place: x.place}
	n.Compute = func(*eval.Evaluator) (cty.Value, bool) { return x.variable(b, spec, name, at) }
	if first, ok := x.sc.Root("var", "variable").Declare(name, n); !ok {
		x.ev.Report(duplicate(at, "variable", name, first))
		return
	}
	x.values = append(x.values, n)
}

func (x *instance) variable(b *hclsyntax.Block, spec *schema.Block, name string, at source.Range) (cty.Value, bool) {
	empty := eval.NewScope(nil)
	r := x.read(b, spec, empty)
	r.str("doc")
	ty := cty.DynamicPseudoType
	var defaults *typeexpr.Defaults
	if a, ok := b.Body.Attributes["type"]; ok {
		t, d, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
		if diags.HasErrors() {
			x.ev.Report(diag.Errorf("NS216", source.FromHCL(a.Expr.Range()), "Invalid type",
				"This is no type: %s Types are string, number, bool, any, list(…), set(…), map(…), tuple([…]) and object({ … }), in which an attribute may be optional(type, default).", diags[0].Detail))
			return cty.DynamicVal, false
		}
		ty, defaults = t, d
	}
	given, set := x.given[name]
	var v cty.Value
	var where source.Range
	var expr hclsyntax.Expression
	switch {
	case set:
		var ok bool
		if v, ok = given.eval(); !ok {
			return cty.DynamicVal, false
		}
		where, expr = given.at, given.expr
	default:
		a, ok := b.Body.Attributes["default"]
		if !ok && x.meant[name] {
			return cty.DynamicVal, false // the misspelt name has been reported
		}
		if !ok {
			d := diag.Errorf("NS217", x.siteOr(at), "Missing value for a variable",
				"The variable %q has no default, and nothing sets it. %s", name, x.howToSet(name))
			if x.siteOr(at) != at {
				d.With(at, "the variable is declared here")
			}
			x.ev.Report(d)
			return cty.DynamicVal, false
		}
		if v, ok = x.ev.Eval(a.Expr, empty); !ok {
			return cty.DynamicVal, false
		}
		where, expr = source.FromHCL(a.Expr.Range()), a.Expr
		if v.IsNull() {
			return cty.NullVal(ty.WithoutOptionalAttributesDeep()), true
		}
	}
	attrs := stray{ev: x.ev, variable: name, declared: at}
	if attrs.check(v, ty, expr, where, name); attrs.found {
		return cty.DynamicVal, false
	}
	if defaults != nil {
		v = defaults.Apply(v)
	}
	out, err := eval.Convert(v, ty)
	if err != nil {
		x.ev.Report(diag.Errorf("NS210", where, "Incorrect value type",
			"The value of the variable %q does not fit its type: %s.", name, eval.Redact(err.Error())).
			With(at, "the variable is declared here"))
		return cty.DynamicVal, false
	}
	return out, x.ev.Check(out, where) && x.validate(&r, b, name, out, where)
}

// arguments tells what a kind or module was given, defaults included. The
// variables have been computed: what failed, or is null, is left out.
func (x *instance) arguments(u *unit) *Kind {
	k := &Kind{Declared: u.declared(), Type: u.decl.kind}
	for _, n := range x.values {
		name, isVariable := strings.CutPrefix(n.Address, x.prefix+"var.")
		if !isVariable {
			continue // a local
		}
		v, ok := x.ev.Force(n)
		if !ok || v.IsNull() {
			continue
		}
		v, _ = v.UnmarkDeep()
		at := source.Default(v, k.Range, "default "+u.decl.kind+"."+name)
		var inside []source.Place
		if in, given := x.given[name]; given {
			at, inside = source.At(v, in.at), places(nil, in.expr, nil)
		}
		k.Args = append(k.Args, Argument{Name: name, Value: at, Inside: inside})
	}
	return k
}

// validate evaluates the validation blocks of a variable. They see variables
// only: this one as it is, and the others of the folder.
func (x *instance) validate(r *reader, b *hclsyntax.Block, name string, v cty.Value, where source.Range) bool {
	ok := true
	for _, vb := range r.blocks("validation") {
		sc := eval.NewScope(nil)
		vars := sc.Root("var", "variable")
		vars.Declare(name, eval.Constant("var."+name, "variable", source.FromHCL(b.DefRange()), v))
		x.sc.Root("var", "variable").Each(func(other string, n *eval.Node) { vars.Declare(other, n) })
		vr := x.read(vb, r.nested("validation"), sc)
		message := vr.str("message")
		cond, at, have := vr.value("condition")
		if !have || !message.IsSet() {
			ok = false // reported
			continue
		}
		c, err := eval.Convert(cond, cty.Bool)
		if err != nil || c.IsNull() {
			vr.wrongType("condition", at, cond)
			ok = false
			continue
		}
		if c.False() {
			x.ev.Report(diag.Errorf("NS218", where, "Invalid value for a variable", "%s", message.V).
				With(at, "the variable %q must meet this condition", name))
			ok = false
		}
	}
	return ok
}

func (x *instance) howToSet(name string) string {
	if len(x.calls) > 0 {
		return "Write it as an argument of this block:\n    " + name + " = …"
	}
	return "Set it in the environment, or give it a default:\n    variables = { " + name + " = … }"
}

// siteOr gives the place that uses this folder, or at for the root stack.
func (x *instance) siteOr(at source.Range) source.Range {
	if n := len(x.calls); n > 0 {
		return x.calls[n-1].Range
	}
	return at
}

func (x *instance) declareLocals(b *hclsyntax.Block) {
	for _, nested := range b.Body.Blocks {
		x.ev.Report(diag.Errorf("NS104", source.FromHCL(nested.TypeRange), "Unsupported block", "A locals block holds arguments only."))
	}
	for _, a := range attributesInOrder(b.Body) {
		at := source.FromHCL(a.NameRange)
		n := &eval.Node{Address: x.prefix + "local." + a.Name, Noun: "local value", Range: at, Place: x.place}
		n.Compute = func(ev *eval.Evaluator) (cty.Value, bool) { return ev.Eval(a.Expr, x.sc) }
		if first, ok := x.sc.Root("local", "local value").Declare(a.Name, n); !ok {
			x.ev.Report(duplicate(at, "local value", a.Name, first))
			continue
		}
		x.values = append(x.values, n)
	}
}

// output is one output of a module or kind.
type output struct {
	name string
	node *eval.Node
}

func (x *instance) declareOutput(b *hclsyntax.Block, spec *schema.Block) {
	name := b.Labels[0]
	at := source.FromHCL(b.DefRange())
	if !identifier.MatchString(name) {
		x.ev.Report(invalidName(b, "output", false))
		return
	}
	for _, o := range x.outputs {
		if o.name == name {
			x.ev.Report(duplicate(at, "output", name, o.node.Range))
			return
		}
	}
	n := &eval.Node{Address: x.prefix + name, Noun: "output", Range: at, Place: x.place}
	n.Compute = func(ev *eval.Evaluator) (cty.Value, bool) {
		r := x.read(b, spec, x.sc)
		r.str("doc")
		var files []*eval.Effect
		for _, f := range r.texts("files") {
			if !fileName.MatchString(f.Name) {
				ev.Report(diag.Errorf("NS108", f.Value.Range, "Invalid name",
					"%q is no file name: letters, digits, dots, underscores and hyphens, beginning with a letter or digit.", f.Name))
				continue
			}
			files = append(files, &eval.Effect{File: f.Name, Text: tokens(f.Value.V), Range: f.Value.Range})
		}
		a, ok := b.Body.Attributes["value"]
		if !ok {
			return cty.DynamicVal, false
		}
		v, ok := ev.Eval(a.Expr, x.sc)
		if ok {
			for _, f := range files {
				v = f.On(v)
			}
		}
		return v, ok
	}
	x.outputs = append(x.outputs, &output{name, n})
}
