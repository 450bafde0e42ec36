package lang

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/shape"
	"nselfc/lang/source"
)

// Rule is a rule of the stack's own. It has been tried on samples of the model: what
// it can be given is what any stack can give.
type Rule struct {
	Declared          // its Range is the header of the block, its Address "rule.ORG-001"
	ID         String // "ORG-001"; unique in the stack
	Title      String // unset for none
	Severity   String // "critical", "high", "medium", "low" or "info"
	Waivable   Bool   // whether a waiver may accept its findings; true where it is unset
	Doc        String
	References []String
	Examples   []Example

	asserts asserts
}

// Example is a small stack that keeps a rule, or breaks it.
type Example struct {
	Name   String
	Passes bool
	Text   String // of a stack's file
}

var ruleID = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*$`)

// The most that a rule's code has of characters, and a stack of rules.
const (
	maxRuleID = 40
	maxRules  = 500
)

// rules reads the rules of a folder, and tries each on every sample of the model.
func (x *instance) rules(st *Stack) {
	nested, ok := x.spec.Nested("rule")
	if !ok {
		return
	}
	for _, b := range x.dir.blocksOf("rule") {
		at := source.FromHCL(b.DefRange())
		if len(st.Rules) == maxRules {
			x.ev.Within(x.place, func() {
				x.ev.Report(diag.Errorf("NS2203", at, "Too many rules",
					"The stack has more than %d rules of its own. Each is judged on every object: join those that say the same of several things, as asserts of one rule.", maxRules))
			})
			return
		}
		x.ev.Within(x.place, func() {
			if r := x.rule(b, nested.Block, st.Rules); r != nil {
				st.Rules = append(st.Rules, r)
			}
		})
	}
}

// rule reads a rule; nil for one that cannot be judged.
func (x *instance) rule(b *hclsyntax.Block, spec *schema.Block, others []*Rule) *Rule {
	id := label(b)
	if !ruleID.MatchString(id.V) || len(id.V) > maxRuleID || strings.HasPrefix(id.V, "NS") {
		x.ev.Report(diag.Errorf("NS2201", id.Range, "Invalid code of a rule",
			"A rule's code is up to %d upper-case letters and digits, in parts with a hyphen between them, and begins with a letter, as in ORG-001. Codes that begin with NS are those of the built-in rules.", maxRuleID))
		return nil
	}
	for _, o := range others {
		if o.ID.V == id.V {
			x.ev.Report(duplicate(source.FromHCL(b.DefRange()), "rule", id.V, o.Range))
			return nil
		}
	}
	r := x.read(b, spec, x.sc)
	out := &Rule{
		Declared: Declared{Address: x.prefix + "rule." + id.V, Range: source.FromHCL(b.DefRange()), Calls: x.calls},
		ID:       id, Title: r.str("title"), Severity: r.str("severity"), Waivable: r.boolean("waivable"), Doc: r.str("doc"), References: r.strings("ref"),
	}
	for _, eb := range r.blocks("example") {
		if e, ok := x.example(eb, r.nested("example")); ok {
			out.Examples = append(out.Examples, e)
		}
	}
	out.asserts = x.asserts(&r)
	if a, ok := b.Body.Attributes["for_each"]; ok {
		out.asserts.forEach = a.Expr
	}
	if len(out.asserts.list) == 0 && !r.strange {
		x.ev.Report(diag.Errorf("NS2202", out.Range, "Rule without an assert",
			"A rule says what must be true in its assert blocks. This one has none, so nothing could ever break it. Write\n    assert {\n      condition = …\n      message   = \"…\"\n    }"))
	}
	if !out.asserts.try() || !out.Severity.IsSet() {
		return nil
	}
	return out
}

func (x *instance) example(b *hclsyntax.Block, spec *schema.Block) (Example, bool) {
	r := x.read(b, spec, x.sc)
	passes, fails := r.str("passes"), r.str("fails")
	keeps, breaks := b.Body.Attributes["passes"] != nil, b.Body.Attributes["fails"] != nil
	switch {
	case r.strange:
		return Example{}, false
	case keeps == breaks:
		x.ev.Report(diag.Errorf("NS2204", r.at, "Example with nothing to show",
			"An example is one stack: in the argument passes one that keeps the rule, or in the argument fails one that breaks it. For both, write two examples."))
		return Example{}, false
	case keeps:
		return Example{Name: label(b), Passes: true, Text: passes}, passes.IsSet()
	}
	return Example{Name: label(b), Text: fails}, fails.IsSet()
}

// Judge holds the rule against a model, which has the names and types of
// shape.Model, and calls report for everything that breaks it. The list holds what
// kept the rule from being judged. It is not safe for use by several goroutines: all
// rules of a stack share an evaluator.
func (r *Rule) Judge(model map[string]cty.Value, report func(Breach)) diag.List {
	return r.asserts.judge(model, report)
}

// sampleNote says which stack a rule failed for that is not this one.
var sampleNote = map[shape.Fill]string{
	shape.Bare:  " This is so wherever an object leaves out what it can, maybe not in this stack: numbers and objects that are not set are null.",
	shape.Empty: " This is so in a stack that has no such object, maybe not in this one.",
}

// try judges the samples of the model, for what the expressions get wrong whatever
// the stack. It tells whether they got nothing wrong.
func (a *asserts) try() bool {
	before := len(a.x.ev.Diagnostics())
	for _, fill := range shape.Fills() {
		note := func(d *diag.Diagnostic) { d.Detail += sampleNote[fill] }
		a.x.ev.Sampling(func() { a.x.ev.Within(note, func() { a.each(shape.Sample(fill), a.tryElement) }) })
		if len(a.x.ev.Diagnostics()) > before {
			return false
		}
	}
	a.x.ev.Sampling(func() { a.tryLeft(shape.Sample(shape.Full)) })
	return len(a.x.ev.Diagnostics()) == before
}

// tryLeft looks for misspelt attributes with the elements that a filter of for_each
// leaves out of a sample: those that it keeps of a stack have the same attributes.
func (a *asserts) tryLeft(model map[string]cty.Value) {
	filtered, ok := a.forEach.(*hclsyntax.ForExpr)
	if !ok || filtered.CondExpr == nil {
		return
	}
	all := *filtered
	all.CondExpr = nil
	base := a.base(model)
	var v cty.Value
	a.x.ev.Quietly(func() { v, ok = a.x.ev.Elements(&all, base) }) // the filter may guard against what is wrong
	if !ok || notRepeated(v, &all) != "" {
		return
	}
	a.over(v, base, source.FromHCL(all.Range()), func(_ string, sc *eval.Scope) bool {
		for _, one := range a.list {
			a.x.ev.Lacking(one.condition.Expr, sc)
			a.x.ev.Lacking(one.message.Expr, sc)
		}
		return true
	})
}

// tryElement evaluates all that could ever be evaluated for an element.
func (a *asserts) tryElement(_ string, sc *eval.Scope) bool {
	ok := true
	for _, one := range a.list {
		_, condition := a.holds(one, sc)
		_, message := a.message(one, sc)
		ok = ok && condition && message
	}
	return ok
}

// RuleIDs lists the codes of the stack's rules, sorted.
func (s *Stack) RuleIDs() []string {
	out := make([]string, len(s.Rules))
	for i, r := range s.Rules {
		out[i] = r.ID.V
	}
	slices.Sort(out)
	return out
}
