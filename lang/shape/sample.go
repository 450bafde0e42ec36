package shape

import "github.com/zclconf/go-cty/cty"

// Fill says how much there is in a sample of the model.
type Fill uint8

// The fills. A rule that every one of them can be given to holds for any stack.
const (
	Full  Fill = iota // one element in every collection, and no null
	Bare              // one object of each sort, with nothing in it that may be left out
	Empty             // no object at all
)

// Fills lists all fills, the one that finds most first.
func Fills() []Fill { return []Fill{Full, Bare, Empty} }

// Sample gives a model that is known throughout: the names that an expression sees
// and their values. A misspelt attribute is an error in it, even where the stack has
// no object that the expression would come to.
func Sample(fill Fill) map[string]cty.Value {
	out := map[string]cty.Value{}
	for _, a := range Model() {
		// The stack itself is always there, and what stands in it.
		out[a.Name] = a.sample(fill, a.Kind == ObjectMap || a.Kind == Object)
	}
	return out
}

// sample gives the value of an attribute. top tells that it is a sort of objects.
func (a Attribute) sample(fill Fill, top bool) cty.Value {
	object := func() cty.Value {
		attrs := make(map[string]cty.Value, len(a.Of))
		for _, inner := range a.Of {
			attrs[inner.Name] = inner.sample(fill, false)
		}
		return cty.ObjectVal(attrs)
	}
	none := fill == Empty || fill == Bare && !top
	switch {
	case a.Optional && none && a.Kind == String:
		return cty.StringVal("")
	case a.Optional && none:
		return a.Null()
	case a.Kind == Object:
		return object()
	}
	switch a.Kind {
	case Number:
		return cty.NumberIntVal(1)
	case Bool:
		return cty.True
	case String:
		return cty.StringVal(a.text())
	case Strings:
		if none {
			return cty.ListValEmpty(cty.String)
		}
		return cty.ListVal([]cty.Value{cty.StringVal(a.text())})
	case StringMap, StringsMap, ObjectMap:
		ty := a.Type().ElementType()
		if none {
			return cty.MapValEmpty(ty)
		}
		one := cty.StringVal("sample")
		if a.Kind == StringsMap {
			one = cty.ListVal([]cty.Value{one})
		} else if a.Kind == ObjectMap {
			one = object()
		}
		return cty.MapVal(map[string]cty.Value{a.text(): one})
	case Objects:
		if none {
			return cty.ListValEmpty(a.Type().ElementType())
		}
		return cty.ListVal([]cty.Value{object()})
	case Object: // above
	}
	return a.Null()
}

func (a Attribute) text() string {
	switch {
	case a.Sample != "":
		return a.Sample
	case len(a.Enum) > 0:
		return a.Enum[0]
	}
	return "sample"
}
