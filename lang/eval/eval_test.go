package eval_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/eval"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// names are the values that expressions of these tests can refer to, as
// local.NAME and secret.NAME.
type names struct {
	locals  map[string]string // expressions
	secrets map[string]cty.Value
}

func token(address, field string) cty.Value {
	return cty.StringVal((&secret.Expr{Address: address, Field: field}).Token())
}

// evaluate evaluates an expression with the given names.
func evaluate(t testing.TB, text string, n names) (cty.Value, diag.List) {
	t.Helper()
	ev := eval.New(eval.Allowance(1, 0))
	sc := eval.NewScope(nil)
	for name, v := range n.secrets {
		sc.Root("secret", "secret").Declare(name, eval.Constant("secret."+name, "secret", source.Range{File: "s"}, v))
	}
	locals := sc.Root("local", "local value")
	for name, expr := range n.locals {
		e := parse(t, expr)
		locals.Declare(name, &eval.Node{
			Address: "local." + name, Noun: "local value", Range: source.Range{File: name},
			Compute: func(ev *eval.Evaluator) (cty.Value, bool) { return ev.Eval(e, sc) },
		})
	}
	v, ok := ev.Value(parse(t, text), sc)
	if ok == ev.Diagnostics().HasErrors() {
		t.Errorf("%s: ok is %v with the findings %v", text, ok, ev.Diagnostics())
	}
	if ok && !v.IsWhollyKnown() {
		t.Errorf("%s: an unknown value without a word: %#v", text, v)
	}
	for _, d := range ev.Diagnostics() {
		if d.Subject.IsZero() || d.Detail == "" || strings.ContainsRune(d.Detail, 0) {
			t.Errorf("%s: a finding without a place, without a detail or with a token: %+v", text, d)
		}
	}
	return v, ev.Diagnostics()
}

func parse(t testing.TB, text string) hclsyntax.Expression {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(text), "x.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %s", text, diags)
	}
	return e
}

// rendered puts values in the places of tokens, as the host does.
func rendered(t testing.TB, v cty.Value, values map[string]string) cty.Value {
	t.Helper()
	out, err := cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if v.Type() != cty.String || v.IsNull() {
			return v, nil
		}
		text, err := secret.Parse(v.AsString())
		if err != nil {
			return v, err
		}
		return cty.StringVal(renderText(t, text, values)), nil
	})
	if err != nil {
		t.Errorf("a broken token in %#v: %v", v, err)
	}
	return out
}

func renderText(t testing.TB, text secret.Text, values map[string]string) string {
	var b strings.Builder
	for _, p := range text {
		switch {
		case p.Secret == nil:
			b.WriteString(p.Literal)
		case p.Secret.Func == "":
			key := p.Secret.Address
			if p.Secret.Field != "" {
				key += "#" + p.Secret.Field
			}
			v, ok := values[key]
			if !ok {
				t.Errorf("a token for %q, which is no secret", key)
			}
			b.WriteString(v)
		default:
			f, ok := escape.Lookup(p.Secret.Func)
			if !ok || f.Salted() || len(p.Secret.Args) != 1 {
				t.Errorf("a token with the unknown function %q", p.Secret.Func)
				continue
			}
			out, err := f.Apply(renderText(t, p.Secret.Args[0], values))
			if err != nil {
				t.Errorf("%s: %v", p.Secret, err)
			}
			b.WriteString(out)
		}
	}
	return b.String()
}
