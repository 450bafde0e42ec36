package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// strings reads a list of plain texts; each keeps the range of its own element
// where the list is written out.
func (r *reader) strings(name string) []String {
	a, ok := r.body.Attributes[name]
	if !ok {
		return nil
	}
	if tuple, isTuple := a.Expr.(*hclsyntax.TupleConsExpr); isTuple {
		out := make([]String, 0, len(tuple.Exprs))
		for _, e := range tuple.Exprs {
			s, ok := r.element(name, e)
			if !ok {
				return nil
			}
			out = append(out, s)
		}
		return out
	}
	v, at, ok := r.value(name)
	if !ok {
		return nil
	}
	return r.stringList(name, v, at)
}

func (r *reader) element(name string, e hclsyntax.Expression) (String, bool) {
	at := source.FromHCL(e.Range())
	s, fast := eval.String(e)
	if fast && !r.ev.Charge(len(s), at) {
		return String{}, false
	}
	if !fast {
		v, ok := r.ev.Value(e, r.sc)
		if !ok {
			return String{}, false
		}
		if v.IsNull() || !v.Type().IsPrimitiveType() {
			r.wrongType(name, at, v)
			return String{}, false
		}
		if s, ok = r.toString(name, v, at); !ok {
			return String{}, false
		}
	}
	if !r.plain(name, s, at) {
		return String{}, false
	}
	return source.At(s, at), true
}

func (r *reader) stringList(name string, v cty.Value, at source.Range) []String {
	l, err := eval.Convert(v, cty.List(cty.String))
	if err != nil || l.IsNull() {
		r.wrongType(name, at, v)
		return nil
	}
	out := make([]String, 0, l.LengthInt())
	for it := l.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsNull() {
			r.wrongType(name, at, e)
			return nil
		}
		if !r.plain(name, e.AsString(), at) {
			return nil
		}
		out = append(out, source.At(e.AsString(), at))
	}
	return out
}

// command reads a list of words, or one text that the shell runs.
func (r *reader) command(name string) (words []String, shell bool) {
	a, ok := r.body.Attributes[name]
	if !ok {
		return nil, false
	}
	if _, isTuple := a.Expr.(*hclsyntax.TupleConsExpr); !isTuple {
		v, at, ok := r.value(name)
		if !ok {
			return nil, false
		}
		if v.Type() == cty.String {
			if !r.plain(name, v.AsString(), at) {
				return nil, false
			}
			return []String{source.At(v.AsString(), at)}, true
		}
		return r.nonEmpty(name, r.stringList(name, v, at), at, keepsImage), false
	}
	words = r.strings(name)
	return r.nonEmpty(name, words, source.FromHCL(a.Expr.Range()), keepsImage), false
}

const keepsImage = "Leave the argument out to keep what the image says."

// networks reads the list of those who are let in. Without one, everybody is; an
// empty list, which a variable may turn out to be, says nobody, and must not open.
func (r *reader) networks(name string) []String {
	words := r.strings(name)
	if a, ok := r.body.Attributes[name]; ok {
		r.nonEmpty(name, words, source.FromHCL(a.Expr.Range()),
			"It would have to mean nobody, and without the argument everybody is let in. Name a network, such as \"203.0.113.0/24\", "+
				"or say that you mean all of them:\n\n    "+name+" = [\"0.0.0.0/0\", \"::/0\"]")
	}
	return words
}

// nonEmpty refuses a list without elements, unless it is empty because they
// were wrong. The advice says what to write.
func (r *reader) nonEmpty(name string, words []String, at source.Range, advice string) []String {
	if words != nil && len(words) == 0 {
		r.ev.Report(diag.Errorf("NS211", at, "Unsupported value",
			"The argument %q is an empty list. %s", name, advice))
	}
	return words
}

// texts reads a map of texts, sorted by name; each value keeps its own range
// where the map is written out.
func (r *reader) texts(name string) []EnvVar {
	a, ok := r.body.Attributes[name]
	if !ok {
		return nil
	}
	obj, isObj := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !isObj {
		v, at, ok := r.value(name)
		if !ok {
			return nil
		}
		return r.textMap(name, v, at)
	}
	out := make([]EnvVar, 0, len(obj.Items))
	sorted := true
	for _, item := range obj.Items {
		key, ok := r.key(name, item.KeyExpr)
		if !ok {
			continue
		}
		t, _ := r.textExpr(name, key, item.ValueExpr)
		if !t.IsSet() {
			continue // null leaves the entry out; all else has been reported
		}
		sorted = sorted && (len(out) == 0 || out[len(out)-1].Name < key)
		out = append(out, EnvVar{Name: key, Value: t})
	}
	if sorted {
		return out
	}
	slices.SortStableFunc(out, byName)
	return r.unique(name, out)
}

// keys gives the names of an object's attributes, where it is written out.
func (r *reader) keys(name string) []String {
	a, ok := r.body.Attributes[name]
	if !ok {
		return nil
	}
	obj, ok := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	var out []String
	for _, item := range obj.Items {
		k, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr)
		if !ok || k.ForceNonLiteral {
			continue
		}
		word := keyword(k.Wrapped)
		if word == "" {
			word, _ = eval.String(k.Wrapped)
		}
		if word != "" {
			out = append(out, source.At(word, source.FromHCL(k.Range())))
		}
	}
	return out
}

func byName(a, b EnvVar) int { return strings.Compare(a.Name, b.Name) }

func (r *reader) key(name string, e hclsyntax.Expression) (string, bool) {
	if k, isKey := e.(*hclsyntax.ObjectConsKeyExpr); isKey && !k.ForceNonLiteral {
		if kw := keyword(k.Wrapped); kw != "" {
			return kw, true
		}
	}
	v, ok := r.ev.Value(e, r.sc)
	if !ok {
		return "", false
	}
	at := source.FromHCL(e.Range())
	if v.IsNull() || !v.Type().IsPrimitiveType() {
		r.wrongType(name, at, v)
		return "", false
	}
	s, ok := r.toString(name, v, at)
	return s, ok && r.plain(name, s, at)
}

// unique refuses a name that stands twice in one map: HCL itself would let the
// last one win silently.
func (r *reader) unique(name string, vars []EnvVar) []EnvVar {
	out := vars[:0]
	for i, v := range vars {
		if i > 0 && out[len(out)-1].Name == v.Name {
			first := out[len(out)-1].Value.Range
			r.ev.Report(diag.Errorf("NS107", v.Value.Range, "Duplicate name in a map",
				"The name %q stands twice in %q, so one of the values would be lost. Remove one.", v.Name, name).
				With(first, "the first one is here"))
			continue
		}
		out = append(out, v)
	}
	return out
}

func (r *reader) textMap(name string, v cty.Value, at source.Range) []EnvVar {
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		r.wrongType(name, at, v)
		return nil
	}
	var out []EnvVar
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if e.IsNull() {
			continue
		}
		key := k.AsString()
		s, ok := r.toString(name, e, at)
		if !ok {
			return nil
		}
		if !r.plain(name, key, at) {
			return nil
		}
		if t := r.toText(name, key, s, at); t.IsSet() {
			out = append(out, EnvVar{Name: key, Value: t})
		}
	}
	slices.SortFunc(out, byName)
	return out
}
