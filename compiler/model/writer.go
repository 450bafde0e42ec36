package model

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// writer writes one resource in canonical JSON: members in the order of the code,
// names of the user's sorted by whoever hands them over. What is not set is left
// out, so that nothing and no member are one.
type writer struct {
	buf   []byte
	empty bool // no member was written in the open object
	// sorted says that the order of texts in a list does not count. That of a kind's
	// arguments shows in what the kind makes of them, if it does.
	sorted bool
	path   []string
	trace  map[string]source.Origin // nil where nobody asks
}

// sensitive is the one member of an object that stands for a text with secrets:
// its value names them.
const sensitive = "sensitive"

// member gives the name under which a name of the user's is written. Whoever calls
// a variable "sensitive" would make a secret of it: that name gets a dollar sign,
// and so does one that has some already.
func member(name string) string {
	if strings.TrimLeft(name, "$") == sensitive {
		return "$" + name
	}
	return name
}

// note remembers where an attribute comes from, or the lack of it.
func (w *writer) note(name string, o source.Origin) {
	if w.trace != nil && !o.Range.IsZero() {
		w.trace[Key(append(w.path, name))] = o
	}
}

// begin writes the name of a member.
func (w *writer) begin(name string, o source.Origin) {
	name = member(name)
	w.note(name, o)
	if !w.empty {
		w.buf = append(w.buf, ',')
	}
	w.empty = false
	w.buf = append(appendString(w.buf, name), ':')
}

// object opens the resource itself.
func (w *writer) object(o source.Origin) {
	w.buf, w.empty = append(w.buf, '{'), true
	if w.trace != nil {
		w.trace[Key(w.path)] = o
	}
}

func (w *writer) end() { w.buf, w.empty = append(w.buf, '}'), false }

// group opens an object in a member.
func (w *writer) group(name string, o source.Origin) {
	w.begin(name, o)
	w.path = append(w.path, member(name))
	w.buf, w.empty = append(w.buf, '{'), true
}

func (w *writer) endGroup() {
	w.path = w.path[:len(w.path)-1]
	w.end()
}

func (w *writer) str(name, v string, o source.Origin) {
	if v == "" {
		w.note(name, o)
		return
	}
	w.begin(name, o)
	w.buf = appendString(w.buf, v)
}

func (w *writer) text(name string, v ir.String) { w.str(name, v.V, v.Origin) }

func (w *writer) int(name string, v int64, o source.Origin) {
	if v == 0 {
		w.note(name, o)
		return
	}
	w.begin(name, o)
	w.buf = strconv.AppendInt(w.buf, v, 10)
}

func (w *writer) number(name string, v ir.Int) { w.int(name, int64(v.V), v.Origin) }

func (w *writer) bytes(name string, v ir.Bytes) { w.int(name, v.V, v.Origin) }

func (w *writer) bool(name string, v bool, o source.Origin) {
	if !v {
		w.note(name, o)
		return
	}
	w.begin(name, o)
	w.buf = append(w.buf, "true"...)
}

func (w *writer) yes(name string, v ir.Bool) { w.bool(name, v.V, v.Origin) }

// list writes texts whose order counts.
func (w *writer) list(name string, values []ir.String, o source.Origin) {
	if len(values) == 0 {
		w.note(name, o)
		return
	}
	if !values[0].Range.IsZero() {
		o = values[0].Origin
	}
	w.begin(name, o)
	w.buf = append(w.buf, '[')
	for i, v := range values {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = appendString(w.buf, v.V)
	}
	w.buf = append(w.buf, ']')
}

// set writes texts whose order does not count: each is a member.
func (w *writer) set(name string, values []ir.String, o source.Origin) {
	if len(values) == 0 {
		return
	}
	if !values[0].Range.IsZero() {
		o = values[0].Origin
	}
	sorted := slices.Clone(values)
	slices.SortFunc(sorted, func(a, b ir.String) int { return compare(a.V, b.V) })
	sorted = slices.CompactFunc(sorted, func(a, b ir.String) bool { return a.V == b.V })
	w.group(name, o)
	for _, v := range sorted {
		w.bool(v.V, true, v.Origin)
	}
	w.endGroup()
}

// value writes a value of the language; none for null.
func (w *writer) value(name string, v cty.Value, o source.Origin) {
	if v.IsNull() {
		w.note(name, o)
		return
	}
	w.begin(name, o)
	w.cty(v)
}

func (w *writer) cty(v cty.Value) {
	ty := v.Type()
	switch {
	case !v.IsKnown() || v.IsNull():
		w.buf = append(w.buf, "null"...)
	case ty == cty.String:
		w.tokens(v.AsString())
	case ty == cty.Number:
		w.buf = v.AsBigFloat().Append(w.buf, 'f', -1)
	case ty == cty.Bool:
		w.buf = strconv.AppendBool(w.buf, v.True())
	case ty.IsObjectType() || ty.IsMapType():
		w.buf = append(w.buf, '{')
		first := true
		for it := v.ElementIterator(); it.Next(); { // in the order of the keys
			k, e := it.Element()
			if e.IsNull() {
				continue
			}
			if !first {
				w.buf = append(w.buf, ',')
			}
			first = false
			w.buf = append(appendString(w.buf, member(k.AsString())), ':')
			w.cty(e)
		}
		w.buf = append(w.buf, '}')
	case v.CanIterateElements():
		if w.sorted && (ty.IsListType() || ty.IsSetType()) && ty.ElementType() == cty.String && v.IsWhollyKnown() {
			v = inOrder(v)
		}
		w.buf = append(w.buf, '[')
		i := 0
		for it := v.ElementIterator(); it.Next(); i++ {
			if i > 0 {
				w.buf = append(w.buf, ',')
			}
			_, e := it.Element()
			w.cty(e)
		}
		w.buf = append(w.buf, ']')
	default:
		w.buf = append(w.buf, "null"...)
	}
}

// inOrder sorts a list of texts.
func inOrder(v cty.Value) cty.Value {
	values := v.AsValueSlice()
	if len(values) == 0 || slices.ContainsFunc(values, cty.Value.IsNull) {
		return v
	}
	slices.SortFunc(values, func(a, b cty.Value) int { return strings.Compare(a.AsString(), b.AsString()) })
	return cty.ListVal(values)
}

// tokens writes a string that may hold secret tokens.
func (w *writer) tokens(s string) {
	t, err := secret.Parse(s)
	if err != nil { // the language has refused such a string
		t = nil
	}
	if plain, ok := t.Plain(); ok {
		w.buf = appendString(w.buf, plain)
		return
	}
	w.secret(t)
}

// secret writes a text that holds secrets.
func (w *writer) secret(t secret.Text) { w.standIn(t.String()) }

// standIn writes what stands for a text with secrets; names is the text with their
// names in the place of their values.
func (w *writer) standIn(names string) {
	w.buf = append(appendString(append(w.buf, '{'), sensitive), ':')
	w.buf = append(appendString(w.buf, names), '}')
}

// appendString writes a JSON string (RFC 8259, section 7).
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	if plain(s) {
		return append(append(b, s...), '"')
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < 0x20 || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == 0x2028 || r == 0x2029 { // ends of lines for some readers
				b = append(b, '\\', 'u', '2', '0', '2', digits[r&15])
			} else {
				b = utf8.AppendRune(b, r)
			}
			i += n
			continue
		}
		i++
	}
	return append(b, '"')
}

// plain tells whether a string stands for itself between quotes.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	return true
}
