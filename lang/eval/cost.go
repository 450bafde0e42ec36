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
	return capped(strings.Count(textOf(args, 0), "%"), 1000)
}

func indentCost(args []cty.Value) int {
	return capped(strings.Count(textOf(args, 1), "\n"), 100)
}

// distinct compares each element with each.
func distinctCost(args []cty.Value) int {
	n := lengthOf(args, 0)
	return capped(n, n)
}

func productCost(args []cty.Value) int {
	n := len(args) * elementPrice
	for i := range args {
		n = capped(n, lengthOf(args, i))
	}
	return n
}

// A byte of JSON may be a value of its own, of several machine words.
func decodeCost(args []cty.Value) int { return capped(len(textOf(args, 0)), elementPrice) }

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
