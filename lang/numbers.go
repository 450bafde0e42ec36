package lang

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// integer reads a whole number between lo and hi.
func (r *reader) integer(name string, lo, hi int) Int {
	v, at, ok := r.value(name)
	if !ok {
		return Int{}
	}
	n, err := eval.Convert(v, cty.Number)
	var i int
	if err == nil && !n.IsNull() {
		err = gocty.FromCtyValue(n, &i)
	}
	if err != nil && v.Type() == cty.Number {
		r.ev.Report(diag.Errorf("NS210", at, "Incorrect value type", "The argument %q takes a whole number between %d and %d.", name, lo, hi))
		return Int{}
	}
	if err != nil || n.IsNull() {
		r.wrongType(name, at, v)
		return Int{}
	}
	if i < lo || i > hi {
		r.ev.Report(diag.Errorf("NS212", at, "Number out of range", "The argument %q is between %d and %d.", name, lo, hi))
		return Int{}
	}
	return source.At(i, at)
}

// float reads a number between lo and hi.
func (r *reader) float(name string, lo, hi float64) Float {
	v, at, ok := r.value(name)
	if !ok {
		return Float{}
	}
	n, err := eval.Convert(v, cty.Number)
	if err != nil || n.IsNull() {
		r.wrongType(name, at, v)
		return Float{}
	}
	// The bounds are numbers of the machine, and one that is written 0.01 is a hair
	// less than that: compared is what it becomes.
	f, _ := n.AsBigFloat().Float64()
	if f < lo || f > hi {
		r.ev.Report(diag.Errorf("NS212", at, "Number out of range", "The argument %q is between %g and %g.", name, lo, hi))
		return Float{}
	}
	return source.At(f, at)
}
