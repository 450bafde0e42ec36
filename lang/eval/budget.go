package eval

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Limits that keep every evaluation within a fraction of a second, whatever is
// written: a text doubled forty times over, loops within loops, a chain of a
// million references. Work is counted in bytes produced, with a fixed price for
// each step, and is paid before it is done.
const (
	maxValue      = 4 << 20  // weight of one value
	maxExpression = 16 << 20 // work of one expression
	maxStack      = 64 << 20 // work of all expressions of one environment
	maxReferences = 1000     // references that stand on each other
	stepPrice     = 64       // of evaluating one operation, in bytes
	elementPrice  = 64       // of a number, a bool, an element
	// maxDigits bounds a text that becomes a number, and maxExponent, which is
	// binary, a number that becomes a text: both take quadratic time. A float64
	// fits into either.
	maxDigits   = 400
	maxExponent = 1100
)

// spend pays for work. It gives false when the means are used up, which is
// reported once for an expression, and once for the environment.
func (w *walk) spend(n int, at func() hcl.Range) bool {
	if w.spent {
		return false
	}
	if n <= w.limit && n <= w.ev.budget {
		w.limit -= n
		w.ev.budget -= n
		return true
	}
	w.failed, w.spent = true, true
	if n > w.limit {
		w.ev.Report(diag.Errorf("NS209", source.FromHCL(at()), "Expression too large",
			"Evaluating this would produce more than 16 MiB of text, or loop that often. Nothing that a stack needs is that large; look for a loop inside a loop, or for a text that is joined to itself."))
		return false
	}
	return w.ev.Charge(n, source.FromHCL(at()))
}

// Charge pays for what a block takes besides expressions: texts that are written
// out, and itself, so that both count each time that the block is repeated. It
// gives false when the means are used up.
func (ev *Evaluator) Charge(n int, at source.Range) bool {
	if n <= ev.budget {
		ev.budget -= n
		return true
	}
	if ev.budget >= 0 {
		ev.budget = -1 // said once; everything after it is silent
		ev.Report(diag.Errorf("NS209", at, "Expression too large",
			"When this was reached, the stack as a whole had produced 64 MiB of text, or had taken as many steps. Nothing that one host can run is that large; look for a for_each over thousands of keys, or for a large text in many places."))
	}
	return false
}

// Check refuses a value that no expression may give: too large, or with a secret
// where it would be compared.
func (ev *Evaluator) Check(v cty.Value, at source.Range) bool {
	w := walk{ev: ev, limit: maxExpression}
	return w.affordable(v, &hclsyntax.LiteralValueExpr{SrcRange: hcl.Range{
		Filename: at.File,
		Start:    hcl.Pos{Line: int(at.Start.Line), Byte: int(at.Start.Byte)},
		End:      hcl.Pos{Line: int(at.End.Line), Byte: int(at.End.Byte)},
	}})
}

// Convert is convert.Convert, but does not make numbers of texts of thousands of
// digits.
func Convert(v cty.Value, ty cty.Type) (cty.Value, error) {
	if hasNumber(ty) && slowNumber(v) {
		return cty.DynamicVal, fmt.Errorf("a number has no more than 300 digits, before the point or behind it")
	}
	return convert.Convert(v, ty)
}

func hasNumber(ty cty.Type) bool {
	switch {
	case ty.IsCollectionType():
		return hasNumber(ty.ElementType())
	case ty.IsTupleType():
		return slices.ContainsFunc(ty.TupleElementTypes(), hasNumber)
	case ty.IsObjectType():
		for _, a := range ty.AttributeTypes() {
			if hasNumber(a) {
				return true
			}
		}
	}
	return ty == cty.Number
}

// survey is what one look through a value finds. It stops at the limit.
type survey struct {
	weight int
	limit  int
	secret string // the text of the first token, or ""
	key    string // of the first token in a key or in a set, which orders by it
	wild   bool   // a number too large to be written out
}

func look(v cty.Value) survey {
	s := survey{limit: maxValue}
	s.add(v)
	return s
}

func (s *survey) add(v cty.Value) {
	if s.weight > s.limit {
		return
	}
	v, _ = v.Unmark()
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() {
		s.weight++
		return
	}
	ty := v.Type()
	switch {
	case ty == cty.String:
		s.text(v.AsString(), &s.secret)
	case ty == cty.Number:
		s.weight += elementPrice
		s.wild = s.wild || wild(v.AsBigFloat())
	case v.CanIterateElements():
		s.weight += elementPrice
		before := s.secret
		for it := v.ElementIterator(); it.Next() && s.weight <= s.limit; {
			k, e := it.Element()
			s.weight += elementPrice
			s.add(e)
			if !ty.IsSetType() && k.Type() == cty.String {
				s.text(k.AsString(), &s.key)
			}
		}
		if ty.IsSetType() && before == "" && s.secret != "" && s.key == "" {
			s.key = s.secret
		}
	default:
		s.weight += elementPrice
	}
}

func (s *survey) text(t string, found *string) {
	s.weight += 1 + len(t)
	if *found == "" && strings.IndexByte(t, 0) >= 0 {
		*found = t
	}
}

// wild tells numbers that would take megabytes to write out.
func wild(f *big.Float) bool {
	if f.IsInf() || f.Sign() == 0 {
		return f.IsInf()
	}
	e := f.MantExp(nil)
	return e > maxExponent || e < -maxExponent
}

// slowNumber tells a text, or a collection with a text, that would be slow to
// convert to a number, or to write out again as one.
func slowNumber(v cty.Value) bool {
	v, _ = v.Unmark()
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() {
		return false
	}
	if v.Type() == cty.String {
		s := v.AsString()
		if strings.Trim(s, "0123456789+-.eE") != "" {
			return false
		}
		if len(s) > maxDigits {
			return true
		}
		n, err := cty.ParseNumberVal(s)
		return err == nil && wild(n.AsBigFloat())
	}
	if v.CanIterateElements() {
		for it := v.ElementIterator(); it.Next(); {
			if _, e := it.Element(); slowNumber(e) {
				return true
			}
		}
	}
	return false
}
