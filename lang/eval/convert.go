package eval

import (
	"errors"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Convert is convert.Convert, but takes no more than linear time for what people
// write, and refuses what would take longer: texts of thousands of digits as
// numbers, and one list of thousands of types.
func Convert(v cty.Value, ty cty.Type) (cty.Value, error) {
	if hasNumber(ty) && slowNumber(v) {
		return cty.DynamicVal, errors.New("a number has no more than 300 digits, before the point or behind it")
	}
	v = collected(v, ty)
	if unifies(v, ty) && unifyWork(v.Type()) > maxExpression {
		return cty.DynamicVal, errors.New("its elements are of too many different types")
	}
	return convert.Convert(v, ty)
}

// unifies tells whether a conversion has to find a type that elements of
// different types have in common.
func unifies(v cty.Value, ty cty.Type) bool {
	from := v.Type()
	return (from.IsTupleType() || from.IsObjectType()) && !ty.IsPrimitiveType() && ty != cty.DynamicPseudoType
}

// collected makes the lists, sets and maps that a type asks for of tuples and
// objects, as convert.Convert does, which compares the type of every element
// with that of every other. Here each different type is looked at once. What it
// cannot do it leaves to convert.Convert, as it is.
func collected(v cty.Value, ty cty.Type) cty.Value {
	if v.IsNull() || !v.IsKnown() {
		return v
	}
	from := v.Type()
	differs := func() bool {
		return ty.ElementType() != cty.DynamicPseudoType && !from.ElementType().Equals(ty.ElementType())
	}
	switch {
	case from.IsTupleType() && (ty.IsListType() || ty.IsSetType()),
		(from.IsListType() || from.IsSetType()) && ty.IsListType() && differs(),
		from.IsObjectType() && ty.IsMapType(),
		from.IsMapType() && ty.IsMapType() && differs():
		if out, ok := collection(v, ty); ok {
			return out
		}
	case from.IsObjectType() && ty.IsObjectType():
		plain, marks := v.Unmark()
		attrs := plain.AsValueMap()
		for name, want := range ty.AttributeTypes() {
			if a, ok := attrs[name]; ok {
				attrs[name] = collected(a, want)
			}
		}
		return cty.ObjectVal(attrs).WithMarks(marks)
	}
	return v
}

// collection gives false when the elements cannot be of one type.
func collection(v cty.Value, ty cty.Type) (cty.Value, bool) {
	plain, marks := v.Unmark()
	if plain.LengthInt() == 0 {
		return v, false
	}
	elems := make([]cty.Value, 0, plain.LengthInt())
	var keys []string
	for it := plain.ElementIterator(); it.Next(); {
		k, e := it.Element()
		elems = append(elems, collected(e, ty.ElementType()))
		if ty.IsMapType() {
			keys = append(keys, k.AsString())
		}
	}
	want, ok := elementType(elems, ty.ElementType())
	if !ok {
		return v, false
	}
	made := want.WithoutOptionalAttributesDeep()
	for i, e := range elems {
		if e.Type().Equals(made) {
			continue
		}
		e, err := convert.Convert(e, want)
		if err != nil || !e.Type().Equals(made) {
			return v, false
		}
		elems[i] = e
	}
	switch {
	case ty.IsListType():
		return cty.ListVal(elems).WithMarks(marks), true
	case ty.IsSetType():
		return cty.SetVal(elems).WithMarks(marks), true
	}
	attrs := make(map[string]cty.Value, len(keys))
	for i, k := range keys {
		attrs[k] = elems[i]
	}
	return cty.MapVal(attrs).WithMarks(marks), true
}

// elementType gives the type that all elements are converted to: the one that is
// asked for, or what they have in common.
func elementType(elems []cty.Value, want cty.Type) (cty.Type, bool) {
	if want != cty.DynamicPseudoType {
		return want, !want.HasDynamicTypes()
	}
	var each []cty.Value // one of each type
	for _, e := range elems {
		if !slices.ContainsFunc(each, func(x cty.Value) bool { return x.Type().Equals(e.Type()) }) {
			each = append(each, e)
		}
		if len(each) > maxTypes {
			return want, false
		}
	}
	if len(each) == 1 {
		ty := each[0].Type()
		return ty, !ty.HasDynamicTypes()
	}
	both := cty.TupleVal(each)
	if unifyWork(both.Type()) > maxExpression {
		return want, false
	}
	list, err := convert.Convert(both, cty.List(cty.DynamicPseudoType))
	if err != nil {
		return want, false
	}
	ty := list.Type().ElementType()
	return ty, !ty.HasDynamicTypes()
}

// maxTypes bounds the different types that are held against each other.
const maxTypes = 64
