package eval

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// What a call produces where its arguments do not bound it. An argument of a
// type that the function refuses costs nothing: the call fails.

func replaceCost(args []cty.Value) int {
	old, with := textOf(args, 1), textOf(args, 2)
	return capped(strings.Count(textOf(args, 0), old), len(with)+1)
}

func splitCost(args []cty.Value) int {
	return capped(strings.Count(textOf(args, 1), textOf(args, 0))+1, stepPrice)
}

func joinCost(args []cty.Value) int {
	return capped(lengthOf(args, 1), len(textOf(args, 0))+1)
}

// A verb may ask for a width of 999 and a precision of 999.
func formatCost(args []cty.Value) int {
	return capped(strings.Count(textOf(args, 0), "%"), 4000)
}

// runesCost is for what looks for the characters that a reader sees, which may
// be of many code points.
func runesCost(args []cty.Value) int { return capped(len(textOf(args, 0)), 16) }

// writeCost is for what writes a value out, element by element.
func writeCost(args []cty.Value) int { return capped(look(args[0]).work, 3) }

func indentCost(args []cty.Value) int {
	return capped(strings.Count(textOf(args, 1), "\n"), 100)
}

func productCost(args []cty.Value) int {
	n := len(args) * elementPrice
	types, set := 0, false
	for i := range args {
		n = capped(n, lengthOf(args, i))
		types += unifyWork(args[i].Type())
		set = set || args[i].Type().IsSetType()
	}
	if set { // then the result is one
		n = capped(n, setPrice/elementPrice)
	}
	return n + types
}

func setCost(args []cty.Value) int {
	n := capped(lengthOf(args, 0), setPrice)
	if !args[0].IsNull() && args[0].CanIterateElements() && args[0].LengthInt() > 0 {
		for it := args[0].ElementIterator(); it.Next(); {
			if _, e := it.Element(); !e.Type().IsPrimitiveType() {
				n += look(e).weight * innerPrice
			}
		}
	}
	return n
}

func containsCost(args []cty.Value) int { return capped(lengthOf(args, 0), 2*elementPrice) }

// moduloPrice is of one remainder, of numbers with 300 digits.
const moduloPrice = 2048

// unifyWork is the work of finding one type for elements of different types,
// which compares each with each, down to the innermost.
func unifyWork(types ...cty.Type) int {
	n := 0
	for _, ty := range types {
		n += typeSize(ty)
	}
	return capped(n, n) * 5
}

// typeSize counts the types that a type is made of.
func typeSize(ty cty.Type) int {
	n := 1
	switch {
	case ty.IsCollectionType():
		n += typeSize(ty.ElementType())
	case ty.IsTupleType():
		for _, e := range ty.TupleElementTypes() {
			n += typeSize(e)
		}
	case ty.IsObjectType():
		for _, a := range ty.AttributeTypes() {
			n += typeSize(a)
		}
	}
	return n
}

// A byte of JSON may be a value of its own, whose type is found out first.
func decodeCost(args []cty.Value) int { return capped(len(textOf(args, 0)), 4*elementPrice) }

// capped multiplies without overflow: far above every limit, one number is as
// good as another.
func capped(a, b int) int {
	const far = 1 << 30
	return min(a, far) * min(b, far)
}

func textOf(args []cty.Value, i int) string {
	if i >= len(args) || args[i].Type() != cty.String || args[i].IsNull() || !args[i].IsKnown() {
		return ""
	}
	return args[i].AsString()
}

func lengthOf(args []cty.Value, i int) int {
	if i >= len(args) || args[i].IsNull() || !args[i].IsKnown() || !args[i].CanIterateElements() {
		return 0
	}
	return args[i].LengthInt()
}
