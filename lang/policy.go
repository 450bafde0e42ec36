package lang

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"nselfc/lang/date"
	"nselfc/lang/diag"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

// Waiver accepts the findings of one rule about one thing until a day.
type Waiver struct {
	Range source.Range // of the block's header
	Code  String
	On    String // address; unset for the whole stack
	// Reason, Owner, Until and Ticket are for whoever reviews it.
	Reason String
	Owner  String
	Until  source.Value[date.Date] // the last day on which it holds
	Ticket String
	// Shared waivers stand at the top of the stack, for all its environments.
	Shared bool
}

// maxWaiverDays is the longest that max_waiver_days can say: whoever accepts
// something looks at it again within the year.
const maxWaiverDays = 366

// policy reads a policy block.
func (x *instance) policy(st *Stack, b *hclsyntax.Block, spec *schema.Block, shared bool) {
	r := x.read(b, spec, x.sc)
	if days := r.integer("max_waiver_days", 1, maxWaiverDays); days.IsSet() && !st.MaxWaiverDays.IsSet() {
		st.MaxWaiverDays = days // an environment's own goes before that of all, and is read first
	}
	seen := map[[2]string]*Waiver{}
	for _, w := range st.Waivers {
		seen[[2]string{w.Code.V, w.On.V}] = w
	}
	for _, wb := range r.blocks("waive") {
		w := x.waiver(wb, r.nested("waive"), shared)
		st.Waivers = append(st.Waivers, w)
		if _, on := wb.Body.Attributes["on"]; on != w.On.IsSet() {
			continue // what it is on is not known, which has been reported
		}
		key := [2]string{w.Code.V, w.On.V}
		if other := seen[key]; other != nil {
			x.ev.Report(diag.Errorf("NS2109", w.Range, "Same waiver twice",
				"%s is waived %s already. Of two ends and two owners, nobody could say which holds. Remove one of the blocks.", w.Code.V, onWhat(w.On)).
				With(other.Range, "the other waiver"))
			continue
		}
		seen[key] = w
	}
}

func onWhat(on String) string {
	if !on.IsSet() {
		return "for the whole stack"
	}
	return "on " + on.V
}

// waiver reads one waive block.
func (x *instance) waiver(b *hclsyntax.Block, spec *schema.Block, shared bool) *Waiver {
	r := x.read(b, spec, x.sc)
	w := &Waiver{
		Range: r.at, Code: label(b), On: x.target(&r), Reason: r.str("reason"), Owner: r.str("owner"), Ticket: r.str("ticket"), Shared: shared,
	}
	if why := emptyReason(w.Reason.V); w.Reason.IsSet() && why != "" {
		r.ev.Report(diag.Errorf("NS2110", w.Reason.Range, "Reason that says nothing",
			"%s Whoever reviews the waiver, or finds it in half a year, has only this to judge it by. Say what needs the exception, and what would end it:\n\n"+
				"    reason = \"The vendor's image unpacks its plugins to /opt when it starts.\"", why))
	}
	if w.Owner.IsSet() && placeholder(w.Owner.V) {
		r.ev.Report(diag.Errorf("NS2111", w.Owner.Range, "Owner whom nobody can ask",
			"%q names nobody who could be asked about the waiver when it ends. Write an address, a name or a team, as in\n    owner = \"ops@example.com\"", w.Owner.V))
	}
	if until := r.str("until"); until.IsSet() {
		day, ok := date.Parse(until.V)
		if !ok {
			r.ev.Report(diag.Errorf("NS211", until.Range, "Unsupported value",
				"The argument \"until\" is a day, the last on which the waiver holds: year, month and day as in\n    until = \"2027-03-01\""))
			return w
		}
		w.Until = source.At(day, until.Range)
	}
	return w
}

// target reads what a waiver is on. It is an address and no value: what it names has
// no part in the expression, and nothing depends on it.
func (x *instance) target(r *reader) String {
	a, ok := r.body.Attributes["on"]
	if !ok {
		return String{}
	}
	at := source.FromHCL(a.Expr.Range())
	if v, ok := a.Expr.(*hclsyntax.TemplateExpr); ok && v.IsStringLiteral() {
		r.ev.Report(diag.Errorf("NS210", at, "Incorrect value type", "The argument \"on\" takes a reference, without quotes, as in\n    on = service.legacy"))
		return String{}
	}
	t, diags := hcl.AbsTraversalForExpr(a.Expr)
	if diags.HasErrors() {
		r.ev.Report(diag.Errorf("NS210", at, "Incorrect value type",
			"The argument \"on\" takes a reference to what the finding is about, as in\n    on = service.web[\"eu\"]\nNothing in it can be computed: whoever reviews the waiver reads there what it covers."))
		return String{}
	}
	address, ok := addressOf(t)
	if !ok || !x.declares(t) {
		r.ev.Report(diag.Errorf("NS201", at, "Unknown name",
			"The stack has nothing called %s, so there is nothing to accept.%s", address, x.ev.DidYouMean(address, len(x.decls), x.targets)))
		return String{}
	}
	return source.At(address, at)
}

// addressOf writes a reference as addresses are written everywhere.
func addressOf(t hcl.Traversal) (string, bool) {
	var b strings.Builder
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		case hcl.TraverseIndex:
			switch {
			case s.Key.Type() == cty.String:
				b.WriteString("[" + strconv.Quote(s.Key.AsString()) + "]")
			case s.Key.Type() == cty.Number:
				b.WriteString("[" + s.Key.AsBigFloat().Text('f', -1) + "]")
			}
		default:
			return b.String(), false
		}
	}
	return b.String(), true
}

// single lists the addresses of what a stack has one of.
func single() []string { return []string{"stack", "ingress", "firewall", "secrets"} }

// declares tells whether the stack's files declare what a reference begins with; a
// declaration that is wrong itself has been reported.
func (x *instance) declares(t hcl.Traversal) bool {
	if len(t) == 1 {
		return slices.Contains(single(), t.RootName())
	}
	if made(t) {
		return true
	}
	step, ok := t[1].(hcl.TraverseAttr)
	if !ok {
		return false
	}
	if nouns[t.RootName()] == "" && !slices.Contains(x.kindNames(), t.RootName()) {
		return false
	}
	_, ok = x.sc.Root(t.RootName(), t.RootName()).Get(step.Name)
	return ok
}

// made tells a reference to a network or a volume by the name that the compiler gives
// it, which is how findings of the stack's own rules call them. Whether there is one,
// only the compiler knows.
func made(t hcl.Traversal) bool {
	step, ok := t[1].(hcl.TraverseIndex)
	return ok && len(t) == 2 && step.Key.Type() == cty.String && (t.RootName() == "network" || t.RootName() == "volume")
}

// targets lists what can be waived on, for a name that is not among it.
func (x *instance) targets() []string {
	out := single()
	for _, d := range x.decls {
		out = append(out, d.address)
	}
	return out
}
