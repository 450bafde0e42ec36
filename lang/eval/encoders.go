package eval

import (
	"errors"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"nselfc/lang/escape"
	"nselfc/lang/secret"
)

// encoders are the functions that write a text for another language. Of a text
// with a secret they give a token that stands for the result: the host computes
// it when it renders the file.
func encoders() []definition {
	var defs []definition
	for _, f := range escape.Funcs() {
		defs = append(defs, definition{name: f.Name, fn: encoder(f), sees: nothing, doc: f.Doc, example: f.Name + `("…")`})
	}
	return append(defs, definition{
		name: "jsonencode", fn: jsonFunc(), sees: nothing, cost: writeCost,
		doc:     "The value as JSON text; secrets in it are escaped when the file is rendered.",
		example: `jsonencode({ a = [1] }) // {"a":[1]}`,
	})
}

func encoder(f escape.Func) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			t, err := secret.Parse(args[0].AsString())
			if err != nil {
				return cty.DynamicVal, function.NewArgError(0, err)
			}
			if f.OfLogin() && !oneSecret(t) {
				return cty.DynamicVal, function.NewArgErrorf(0, "it must be a secret itself, as in %s(secret.app), and not a text with one in it", f.Name)
			}
			if plain, ok := t.Plain(); ok && !f.Salted() {
				out, err := f.Apply(plain)
				if err == nil && !stable(out) {
					err = errComposes
				}
				if err != nil {
					return cty.DynamicVal, function.NewArgError(0, err)
				}
				return cty.StringVal(out), nil
			}
			return cty.StringVal((&secret.Expr{Func: f.Name, Args: []secret.Text{t}}).Token()), nil
		},
	})
}

// oneSecret tells whether a text is a declared secret and nothing else.
func oneSecret(t secret.Text) bool {
	return len(t) == 1 && t[0].Secret != nil && t[0].Secret.Address != "" && t[0].Secret.Field == ""
}

// jsonFunc writes compact JSON with sorted keys. A secret inside a string
// becomes a token of its escaped form, so that the text is right for any value.
func jsonFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			var b strings.Builder
			if err := writeJSON(&b, args[0]); err != nil {
				return cty.DynamicVal, function.NewArgError(0, err)
			}
			if !stable(b.String()) {
				return cty.DynamicVal, function.NewArgError(0, errComposes)
			}
			return cty.StringVal(b.String()), nil
		},
	})
}

// stable tells whether a text stays as it is when it becomes a value. Values are
// in Unicode's composed form (NFC), and a combining mark behind an escape would
// join its last letter: \r and U+0301 are \ŕ.
func stable(s string) bool { return cty.StringVal(s).AsString() == s }

var errComposes = errors.New("it holds a combining mark right behind a line end or another character that is escaped, and would join the escape")

func writeJSON(b *strings.Builder, v cty.Value) error {
	switch ty := v.Type(); {
	case v.IsNull():
		b.WriteString("null")
	case !v.IsKnown():
		return errors.New("the value is not known")
	case ty == cty.String:
		return writeJSONString(b, v.AsString())
	case ty == cty.Number:
		b.WriteString(v.AsBigFloat().Text('f', -1))
	case ty == cty.Bool:
		if v.True() {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	case ty.IsObjectType() || ty.IsMapType():
		b.WriteByte('{')
		first := true
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			if !first {
				b.WriteByte(',')
			}
			first = false
			if err := writeJSONString(b, k.AsString()); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := writeJSON(b, e); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	case v.CanIterateElements():
		b.WriteByte('[')
		first := true
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			if !first {
				b.WriteByte(',')
			}
			first = false
			if err := writeJSON(b, e); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		return errors.New(Describe(v) + " has no JSON form")
	}
	return nil
}

func writeJSONString(b *strings.Builder, s string) error {
	t, err := secret.Parse(s)
	if err != nil {
		return err
	}
	b.WriteByte('"')
	for _, p := range t {
		if p.Secret != nil {
			b.WriteString((&secret.Expr{Func: "json_inner", Args: []secret.Text{secret.Of(p.Secret)}}).Token())
			continue
		}
		inner, err := escape.JSONInner(p.Literal)
		if err != nil {
			return err
		}
		b.WriteString(inner)
	}
	b.WriteByte('"')
	return nil
}
