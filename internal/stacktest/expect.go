package stacktest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/eval"
)

// codes lists those that there are: the built-in ones, and those of the stack's rules.
func (r *run) codes(c *compiled) []string {
	out := diag.Codes()
	if c.Language != nil {
		out = append(out, c.Language.RuleIDs()...)
	}
	return out
}

// expected compares the findings of a stack with those that a test expects; known are
// the codes that there are.
func expected(t *lang.Test, found diag.List, known []string) diag.List {
	var out diag.List
	codes := map[string]bool{} // of all findings
	accepted := map[string]bool{}
	errors := map[string]bool{} // of errors
	for _, d := range found {
		codes[d.Code] = true
		accepted[d.Code] = accepted[d.Code] || d.Accepted != nil
		if d.Severity != diag.Error {
			continue
		}
		errors[d.Code] = true
		if !lists(t.ExpectErrors, d.Code) && !lists(t.ExpectFindings, d.Code) {
			unexpected := *d
			unexpected.Related = slices.Clone(d.Related)
			out = append(out, unexpected.With(t.Range, "the test %q does not expect this", t.Name.V))
		}
	}
	for _, want := range t.ExpectErrors {
		if !errors[want.V] {
			out = append(out, diag.Errorf("NS2302", want.Range, "Expected error did not come",
				"The stack should have the error %s, and has not. %s", want.V, unknown(want.V, known)+insteadOf(want.V, codes, accepted, errors)))
		}
	}
	for _, want := range t.ExpectFindings {
		if !codes[want.V] {
			out = append(out, diag.Errorf("NS2303", want.Range, "Expected finding did not come",
				"Something in the stack should be reported as %s, and nothing is. %s", want.V, unknown(want.V, known)+came(codes)))
		}
	}
	return out
}

// unknown says of a code that there is none of that name, and which was meant.
func unknown(code string, known []string) string {
	if slices.Contains(known, code) {
		return ""
	}
	return "There is no such code." + eval.DidYouMean(strings.ToUpper(code), known) + " "
}

// insteadOf says why an error did not come.
func insteadOf(code string, codes, accepted, errors map[string]bool) string {
	switch {
	case accepted[code]:
		return "It is found, and a waiver accepts it. To hold that, write\n    expect_finding = [\"" + code + "\"]"
	case codes[code]:
		return "It is found, as a warning or a note. To hold that, write\n    expect_finding = [\"" + code + "\"]"
	}
	return came(errors)
}

func lists(codes []lang.String, code string) bool {
	return slices.ContainsFunc(codes, func(s lang.String) bool { return s.V == code })
}

// came says which codes were reported instead.
func came(codes map[string]bool) string {
	if len(codes) == 0 {
		return "None was reported."
	}
	var names []string
	for c := range codes {
		names = append(names, c)
	}
	slices.SortFunc(names, diag.CompareCodes)
	return "Reported were: " + strings.Join(names, ", ") + "."
}

// breach reports an assert that does not hold, with the values that it looked at.
func breach(b lang.Breach) *diag.Diagnostic {
	d := diag.Errorf("NS2301", b.Condition, "Assert failed", "")
	d.Detail = b.Message
	var values strings.Builder
	for _, r := range b.Reads {
		fmt.Fprintf(&values, "\n    %s is %s", r.Text, shown(r.Value))
	}
	if values.Len() > 0 {
		d.Detail += "\n" + values.String()
	}
	return d
}

// maxShown is the length to which a value is shown.
const maxShown = 160

// shown writes a value for a person. One that holds a secret is not shown, not even
// by its name: what stands around it may tell too much.
func shown(v cty.Value) string {
	ty := v.Type()
	switch {
	case v.IsNull():
		return "null"
	case !v.IsWhollyKnown():
		return "not known"
	case ty == cty.String:
		s := v.AsString()
		if strings.IndexByte(s, 0) >= 0 {
			return "(sensitive)"
		}
		return clip(fmt.Sprintf("%q", s))
	case ty.IsPrimitiveType():
		if s, err := eval.Convert(v, cty.String); err == nil {
			return clip(s.AsString())
		}
	case ty.IsObjectType():
		return fmt.Sprintf("an object of %d attributes", v.LengthInt())
	case v.CanIterateElements():
		return collection(v)
	}
	return eval.Describe(v)
}

// collection lists the elements of a list or set of single values, and the keys of a
// map.
func collection(v cty.Value) string {
	var parts []string
	ty := v.Type()
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		if ty.IsMapType() {
			e = k
		}
		if len(parts) == 20 {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, shown(e))
	}
	what := eval.Describe(v) + " of " + fmt.Sprint(v.LengthInt())
	if len(parts) == 0 {
		return what
	}
	return what + ": " + clip(strings.Join(parts, ", "))
}

func clip(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…"
}
