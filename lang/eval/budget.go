package eval

import (
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Limits that keep every evaluation within a fraction of a second, whatever is
// written: a text doubled forty times over, loops within loops, a chain of a
// million references. Work is counted in bytes produced, with a price for each
// thing that takes longer than to copy its bytes, and is paid before it is done.
// The prices are measured (TestPricesAreFair): what one unit pays for takes
// some nanoseconds, whatever it is spent on.
const (
	maxValue      = 4 << 20  // weight of one value
	maxExpression = 32 << 20 // work of one expression
	maxReferences = 1000     // references that stand on each other
	stepPrice     = 128      // of evaluating one operation
	elementPrice  = 64       // of a number, a bool, an element; of a nest, once more for each level
	numberPrice   = 128      // of the digits of a whole number
	markPrice     = 128      // of one effect of a value, each time that the value is passed on
	setPrice      = 2048     // of an element of a set: looking through a set sorts it
	innerPrice    = 16       // of a byte inside an element of a set
	signPrice     = 8        // of a byte that is no ASCII: texts are normalised
	// maxDigits bounds a text that becomes a number, and maxExponent, which is
	// binary, a number that becomes a text: both take quadratic time. A float64
	// fits into either.
	maxDigits   = 400
	maxExponent = 1100
)

// Work of all expressions of one environment: of the only one, and what comes
// for each byte of source, as a large stack may take its time.
const (
	stackWork = 64 << 20
	byteWork  = 16
)

// Allowance gives the work that one of so many environments of a stack may take,
// whose files have so many bytes. Four more halve it: all of them are compiled in
// one run.
func Allowance(environments, bytes int) int {
	return stackWork*4/(3+max(1, environments)) + byteWork*bytes
}

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
		w.ev.drain(w.limit)
		w.ev.Report(diag.Errorf("NS209", source.FromHCL(at()), "Expression too large",
			"Evaluating this would produce more than 32 MiB of text, or loop that often. Nothing that a stack needs is that large; look for a loop inside a loop, or for a text that is joined to itself."))
		return false
	}
	return w.ev.Charge(n, source.FromHCL(at()))
}

// drain takes the work of what is refused, which has taken its time all the same.
// When it uses the means up, nothing more is said of that.
func (ev *Evaluator) drain(n int) {
	if ev.budget -= n; ev.budget <= 0 {
		ev.budget = -1
	}
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
			"When this was reached, the stack as a whole had taken as many steps, or had produced as much text, as a stack of its size may. Nothing that one host can run needs that much; look for a for_each over thousands of keys, or for a large text in many places."))
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
	weight int // how large the value is
	work   int // what passing it on takes
	limit  int
	secret string // the text of the first token, or ""
	key    string // of the first token in a key or in a set, which orders by it
	wild   bool   // a number too large to be written out
}

// look is the function of that name, for values as heavy as the evaluator takes them.
func (ev *Evaluator) look(v cty.Value) survey {
	s := survey{limit: ev.heaviest()}
	s.add(v, 1)
	return s
}

func look(v cty.Value) survey {
	s := survey{limit: maxValue}
	s.add(v, 1)
	return s
}

func (s *survey) add(v cty.Value, depth int) {
	if s.weight > s.limit {
		return
	}
	if v.IsMarked() {
		s.work += markPrice * markCount(v)
		v, _ = v.Unmark()
	}
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() {
		s.pay(1)
		return
	}
	ty := v.Type()
	switch {
	case ty == cty.String:
		s.text(v.AsString(), &s.secret)
	case ty == cty.Number:
		s.pay(elementPrice)
		s.number(v.AsBigFloat())
	case v.CanIterateElements():
		s.pay(elementPrice)
		before := s.secret
		price := 0
		if ty.IsSetType() {
			price = setPrice
		}
		for it := v.ElementIterator(); it.Next() && s.weight <= s.limit; {
			k, e := it.Element()
			s.weight += elementPrice
			s.work += elementPrice*depth + price
			size := s.weight
			s.add(e, depth+1)
			if price > 0 && !ty.ElementType().IsPrimitiveType() {
				s.work += (s.weight - size) * innerPrice // ordered by all that is in it
			}
			if !ty.IsSetType() && k.Type() == cty.String {
				s.text(k.AsString(), &s.key)
			}
		}
		if ty.IsSetType() && before == "" && s.secret != "" && s.key == "" {
			s.key = s.secret
		}
	default:
		s.pay(elementPrice)
	}
}

func (s *survey) pay(n int) {
	s.weight += n
	s.work += n
}

func (s *survey) text(t string, found *string) {
	s.weight += 1 + len(t)
	s.work += 1 + textWork(t)
	if *found == "" && strings.IndexByte(t, 0) >= 0 {
		*found = t
	}
}

// number pays for writing a number out: digits before the point are cheap, those
// of a fraction are not.
func (s *survey) number(f *big.Float) {
	s.wild = s.wild || wild(f)
	s.work += numberPrice
	if f.Sign() == 0 || f.IsInf() || f.IsInt() {
		return
	}
	s.work += int(f.MinPrec()) - min(0, f.MantExp(nil))*16
}

func textWork(t string) int {
	n := len(t)
	for i := range len(t) {
		if t[i] >= 0x80 {
			n += signPrice
		}
	}
	return n
}

func markCount(v cty.Value) int {
	if !v.IsMarked() {
		return 0
	}
	_, marks := v.Unmark()
	return len(marks)
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
