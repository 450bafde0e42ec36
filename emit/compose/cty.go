package compose

import (
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/source"
)

// cty writes `name: value` for a value of the language. Objects and maps come
// sorted by key, as cty iterates them.
func (w *writer) cty(indent int, name string, v cty.Value, o source.Origin) {
	switch ty := v.Type(); {
	case ty == cty.String:
		w.userStr(indent, name, v.AsString(), o)
	case ty.IsPrimitiveType():
		w.begin(indent, o)
		w.appendKey(name, o)
		w.buf = append(append(w.buf, ' '), primitive(v)...)
		w.nodes++
		w.end()
	case ty.IsObjectType() || ty.IsMapType():
		w.userKey(indent, name, o)
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			w.cty(indent+2, k.AsString(), e, o)
		}
	default:
		w.userKey(indent, name, o)
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			w.item(indent+2, e.AsString(), o) // extraKeys lets through lists of strings only
		}
	}
}

// primitive prints a number or a boolean.
func primitive(v cty.Value) string {
	if v.Type() == cty.Bool {
		if v.True() {
			return "true"
		}
		return "false"
	}
	return v.AsBigFloat().Text('f', -1)
}
