// Package shape is the form of the model that a stack's own rules and tests see:
// one table of every attribute, its type and what it means. The model of a real
// stack, its reference, its JSON Schema, and the samples that a rule is tried on
// when it is loaded, are made from the table, so none of them can drift.
//
// It is not nself.model.json, which exists to be compared: that leaves out what is
// not set, and gives every list the form in which a change of it reads best. An
// expression needs the opposite: every attribute is always there, and of one type. A
// text that nobody set is "", a list or map is empty, and a number or an object is
// null: no value of theirs could stand for nothing. Where both have an attribute, it
// has the same name, and objects have the same address, so that a finding finds its
// place by either.
//
// The package knows no stack and no rule.
package shape

import "github.com/zclconf/go-cty/cty"

// FormatVersion is the version of the model. Within one major version attributes
// are added, and none goes, or changes its type or meaning.
const FormatVersion = "1.0"

// Kind is what an attribute holds.
type Kind uint8

// The kinds.
const (
	String Kind = iota
	Number
	Bool
	Strings    // a list of texts
	StringMap  // texts by name
	StringsMap // lists of texts by name
	Object
	Objects   // a list of objects
	ObjectMap // objects by name
)

// Attribute is one name of the model, or one attribute of an object in it.
type Attribute struct {
	Name string
	Kind Kind
	// Optional tells that there may be nothing to say: a text is then "", and a number
	// or an object null.
	Optional bool
	Doc      string
	Of       []Attribute // the attributes of Object, Objects and ObjectMap
	Enum     []string    // the only texts that there are
	// Sample is the text, or the key of a map, in the sample of the model. Samples
	// refer to each other as real objects do.
	Sample string
}

// Type gives the type of the attribute's values.
func (a Attribute) Type() cty.Type {
	switch a.Kind {
	case Number:
		return cty.Number
	case Bool:
		return cty.Bool
	case Strings:
		return cty.List(cty.String)
	case StringMap:
		return cty.Map(cty.String)
	case StringsMap:
		return cty.Map(cty.List(cty.String))
	case Object:
		return ObjectType(a.Of)
	case Objects:
		return cty.List(ObjectType(a.Of))
	case ObjectMap:
		return cty.Map(ObjectType(a.Of))
	case String:
	}
	return cty.String
}

// Null gives the value of an attribute where there is nothing to say.
func (a Attribute) Null() cty.Value { return cty.NullVal(a.Type()) }

// ObjectType gives the type of an object with these attributes.
func ObjectType(attrs []Attribute) cty.Type {
	types := make(map[string]cty.Type, len(attrs))
	for _, a := range attrs {
		types[a.Name] = a.Type()
	}
	return cty.Object(types)
}

// Find finds an attribute by the names that lead to it.
func Find(attrs []Attribute, path ...string) (Attribute, bool) {
	for _, a := range attrs {
		switch {
		case a.Name != path[0]:
		case len(path) == 1:
			return a, true
		default:
			return Find(a.Of, path[1:]...)
		}
	}
	return Attribute{}, false
}
