package lang

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// written is one attribute of an object that is written out.
type written struct {
	name  source.Range
	value hclsyntax.Expression
}

// attributesOf gives the attributes of an object that is written out, by name,
// and nothing for any other expression.
func attributesOf(e hclsyntax.Expression) map[string]written {
	obj, ok := e.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	out := make(map[string]written, len(obj.Items))
	for _, item := range obj.Items {
		k, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr)
		if !ok {
			continue
		}
		name := keyword(k.Wrapped)
		if name == "" || k.ForceNonLiteral {
			name, _ = eval.String(k.Wrapped)
		}
		out[name] = written{source.FromHCL(item.KeyExpr.Range()), item.ValueExpr}
	}
	return out
}

// places gives where the attributes of an object stand that is written out, and
// those of the objects in it.
func places(out []source.Place, e hclsyntax.Expression, path []string) []source.Place {
	inside := attributesOf(e)
	for _, name := range slices.Sorted(maps.Keys(inside)) {
		below := append(slices.Clone(path), name)
		out = append(out, source.Place{Path: below, Range: source.FromHCL(inside[name].value.Range())})
		out = places(out, inside[name].value, below)
	}
	return out
}

// stray finds attributes that the type of a variable does not have. A conversion
// would drop them without a word, and with them what a misspelt one was to say:
// that a role may only read.
type stray struct {
	ev       *eval.Evaluator
	variable string
	declared source.Range
	found    bool
}

// check goes through a value, which is that of the expression e, if that is known.
// path says where in the variable it stands.
func (s *stray) check(v cty.Value, ty cty.Type, e hclsyntax.Expression, at source.Range, path string) {
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() || !v.CanIterateElements() || ty == cty.DynamicPseudoType {
		return
	}
	from := v.Type()
	if ty.IsObjectType() && !from.IsObjectType() && !from.IsMapType() {
		return // of another kind, which the conversion says
	}
	inside := attributesOf(e)
	items, _ := e.(*hclsyntax.TupleConsExpr)
	i := -1
	for it := v.ElementIterator(); it.Next(); {
		i++
		k, elem := it.Element()
		where, expr, step := at, hclsyntax.Expression(nil), fmt.Sprintf("[%d]", i)
		if named := from.IsObjectType() || from.IsMapType(); named {
			step = "." + k.AsString()
			if w, ok := inside[k.AsString()]; ok {
				where, expr = source.FromHCL(w.value.Range()), w.value
			}
		} else if items != nil && i < len(items.Exprs) {
			expr = items.Exprs[i]
			where = source.FromHCL(expr.Range())
		}
		switch {
		case ty.IsObjectType():
			name := k.AsString()
			if ty.HasAttribute(name) {
				s.check(elem, ty.AttributeType(name), expr, where, path+step)
				continue
			}
			if w, ok := inside[name]; ok {
				where = w.name
			}
			s.report(name, ty, where, path, inside[name].value != nil)
		case ty.IsCollectionType():
			s.check(elem, ty.ElementType(), expr, where, path+step)
		case ty.IsTupleType() && i < ty.Length():
			s.check(elem, ty.TupleElementType(i), expr, where, path+step)
		}
	}
}

func (s *stray) report(name string, ty cty.Type, at source.Range, path string, exact bool) {
	s.found = true
	names := slices.Sorted(maps.Keys(ty.AttributeTypes()))
	meant := ""
	hint := s.ev.DidYouMean(name, len(names), func() []string { meant = eval.Suggest(name, names); return names })
	d := diag.Errorf("NS203", at, "Unsupported attribute",
		"%s has no attribute named %q, by the type of the variable, so its value would be lost.%s It takes: %s.",
		path, eval.Redact(name), hint, strings.Join(names, ", "))
	if meant != "" && exact {
		d.Fix = []diag.Edit{{Range: at, Text: meant}}
	}
	s.ev.Report(d.With(s.declared, "the variable %q is declared here", s.variable))
}
