package policy

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/date"
	"nselfc/lang/diag"
	"nselfc/lang/eval"
)

// soonDays is how long before its end a waiver is reported: two weeks are a sprint.
const soonDays = 14

// Covers tells whether what is found at an address falls under a waiver on another:
// the same, a part of it, or, with "", anything.
func Covers(on, address string) bool {
	rest, ok := strings.CutPrefix(address, on)
	return ok && (on == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

// SeverityOf gives the severity of a rule of the catalogue, or of the stack's own, by
// its code, or "" for a code of no rule.
func SeverityOf(s *ir.Stack, code string) string {
	if r := ruleOf(known(s), code); r != nil {
		return r.Severity.String()
	}
	return ""
}

// TitleOf gives the title of a rule of the catalogue, or of the stack's own, by its
// code, or "" for a code of no rule.
func TitleOf(s *ir.Stack, code string) string {
	if r := ruleOf(known(s), code); r != nil {
		return r.Title
	}
	return ""
}

// Judges tells whether a code is of what Check reports: not of what could not be
// lowered, so that the stack would be incomplete.
func Judges(s *ir.Stack, code string) bool {
	r := ruleOf(known(s), code)
	return Looks(s, code) || r != nil && r.Theme == Meta
}

// Looks tells whether a code is of a rule that looks at the stack itself, and not at its
// waivers.
func Looks(s *ir.Stack, code string) bool {
	r := ruleOf(known(s), code)
	return r != nil && (r.Check != nil || r.Theme == Own)
}

// known lists the catalogue and the stack's own rules.
func known(s *ir.Stack) []Rule {
	out := Rules()
	for _, r := range s.OwnRules {
		out = append(out, OwnRule(r))
	}
	return out
}

func ruleOf(rules []Rule, code string) *Rule {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Code == code })
	if i < 0 {
		return nil
	}
	return &rules[i]
}

// waivers are those of one stack, on one day.
type waivers struct {
	stack *ir.Stack
	rules []Rule
	today date.Date
	// inForce are those that accept something, by code, the narrowest first.
	inForce map[string][]*ir.Waiver
	found   map[*ir.Waiver][]string // addresses of what each would accept, in or out of force
}

func newWaivers(s *ir.Stack, rules []Rule, today date.Date) *waivers {
	w := &waivers{stack: s, rules: rules, today: today, inForce: map[string][]*ir.Waiver{}, found: map[*ir.Waiver][]string{}}
	for _, one := range s.Waivers {
		if w.fault(one) == nil && !Ended(one, today) {
			w.inForce[one.Code.V] = append(w.inForce[one.Code.V], one)
		}
	}
	for _, list := range w.inForce {
		slices.SortStableFunc(list, func(a, b *ir.Waiver) int { return len(b.On.V) - len(a.On.V) })
	}
	return w
}

// Ended tells whether a waiver's last day is over.
func Ended(w *ir.Waiver, today date.Date) bool { return today != 0 && w.Until.V < today }

// EndsSoon tells whether its last day is near.
func EndsSoon(w *ir.Waiver, today date.Date) bool {
	return today != 0 && w.Until.V >= today && w.Until.V-today <= soonDays
}

// accepting gives the waiver that accepts a finding of a rule, or nil, and notes the
// finding for every waiver that is meant for it.
func (w *waivers) accepting(r Rule, f *Finding) *ir.Waiver {
	if len(w.stack.Waivers) == 0 {
		return nil
	}
	address := f.address()
	for _, one := range w.stack.Waivers {
		if one.Code.V == r.Code && Covers(one.On.V, address) {
			w.found[one] = append(w.found[one], address)
		}
	}
	for _, one := range w.inForce[r.Code] {
		if Covers(one.On.V, address) {
			return one
		}
	}
	return nil
}

// accept makes a finding one that a waiver accepts.
func accept(d *diag.Diagnostic, by *ir.Waiver) {
	if by == nil {
		return
	}
	d.Accepted = &diag.Acceptance{
		Severity: d.Severity, Reason: by.Reason.V, Owner: by.Owner.V, Until: by.Until.V.String(), Ticket: by.Ticket.V, At: by.Origin.Range,
	}
	d.Severity = diag.Note
}

// faults reports the waivers that may not be, those that have ended, and those that
// are about to. It is called when every finding is known.
func (w *waivers) faults() diag.List {
	var out diag.List
	for _, one := range w.stack.Waivers {
		if d := w.fault(one); d != nil {
			out = append(out, d)
			continue
		}
		if d := w.tooLong(one); d != nil {
			out = append(out, d)
		}
		switch {
		case Ended(one, w.today):
			out = append(out, w.expired(one))
		case EndsSoon(one, w.today) && len(w.found[one]) > 0: // one of no use is reported as that
			out = append(out, diag.Warningf("NS2102", one.Until.Range, "Waiver ends soon",
				"%s accepts %s %s until %s; after that, it counts again, and a build stops. Mend what is waived, or agree on a later day with %s.",
				one.Owner.V, one.Code.V, scope(one), one.Until.V, one.Owner.V))
		}
	}
	return out
}

// fault says why a waiver accepts nothing on any day.
func (w *waivers) fault(one *ir.Waiver) *diag.Diagnostic {
	code, at := one.Code.V, one.Code.Range
	r := ruleOf(w.rules, code)
	switch {
	case r == nil && diag.Title(code) != "":
		return diag.Errorf("NS2105", at, "Rule that cannot be waived",
			"%s (%s) is no rule of the policy: the compiler, or the host, cannot go on with what it reports, whoever accepts it. Mend it; nselfc explain %s says how.", code, diag.Title(code), code)
	case r == nil:
		d := diag.Errorf("NS2104", at, "Waiver of an unknown rule", "There is no rule %q, so the waiver accepts nothing.%s nselfc explain lists all codes.", code, eval.DidYouMean(strings.ToUpper(code), w.codes()))
		if meant := eval.Suggest(strings.ToUpper(code), w.codes()); meant != "" {
			d.Fix = []diag.Edit{{Range: at, Text: `"` + meant + `"`}}
		}
		return d
	case !r.Waivable:
		return diag.Errorf("NS2105", at, "Rule that cannot be waived", "%s (%s) has %s severity and cannot be waived: %s", code, r.Title, r.Severity, whyNot(r))
	case one.On.V == "" && r.Severity >= High:
		return w.wildcard(one, r)
	}
	return nil
}

// tooLong refuses an end that is too far ahead. The waiver accepts what it is for all
// the same: there is one thing to mend, and not two.
func (w *waivers) tooLong(one *ir.Waiver) *diag.Diagnostic {
	most := w.stack.MaxWaiverDays.V
	if w.today == 0 || int(one.Until.V-w.today) <= most {
		return nil
	}
	return diag.Errorf("NS2106", one.Until.Range, "Waiver that lasts too long",
		"The waiver would end in %d days; %d are the most (max_waiver_days), so that somebody looks at it again while its reason is known. The latest day is:\n\n    until = \"%s\"",
		int(one.Until.V-w.today), most, min(w.today+date.Date(most), date.Last))
}

// codes lists what can be waived.
func (w *waivers) codes() []string {
	var out []string
	for _, r := range w.rules {
		if r.Waivable {
			out = append(out, r.Code)
		}
	}
	return out
}

func whyNot(r *Rule) string {
	switch {
	case r.Held == ByConstruction:
		return "the compiler writes nothing that breaks it, so there is nothing to accept. Remove the block."
	case r.Theme == Own:
		return "the rule says so (waivable = false). Mend what it reports, or agree with whoever answers for the rule that it may be waived."
	case r.Theme == Meta:
		return "it is about waivers themselves. Mend the waiver that it reports."
	case r.Held == OnHost:
		return "it speaks of the host, which nselfc doctor looks at, and not of the stack. Mend it there, and remove the block."
	}
	return "what it lets in is no weakness of one service, but a loss for the host or the data. Mend it; nselfc explain " + r.Code + " says how."
}

// wildcard refuses a waiver for the whole stack, and shows what to name.
func (w *waivers) wildcard(one *ir.Waiver, r *Rule) *diag.Diagnostic {
	var found []string
	if level := r.Level(w.stack.Posture); r.Check != nil && level != Off {
		r.Check(w.stack, func(f Finding) { found = append(found, f.address()) })
	}
	slices.Sort(found)
	found = slices.Compact(found)
	name := "the service that needs it"
	if len(found) > 0 {
		name = "what needs it"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s) has %s severity. Without \"on\", the waiver would accept it for every service that the stack has, and for all that come. Name %s:\n", r.Code, r.Title, r.Severity, name)
	if len(found) == 0 {
		found = []string{"service.NAME"}
	}
	for _, address := range found[:min(len(found), 3)] {
		b.WriteString("\n    on = " + address)
	}
	if n := len(found); n > 1 {
		b.WriteString("\n\nin a waive block for each.")
		if n > 3 {
			fmt.Fprintf(&b, " The rule finds %d more.", n-3)
		}
	}
	return diag.Errorf("NS2108", one.Origin.Range, "Waiver of the whole stack", "%s", b.String())
}

// expired says that a waiver is over, whose it was, and what comes back.
func (w *waivers) expired(one *ir.Waiver) *diag.Diagnostic {
	ago := fmt.Sprintf("%d days ago", int(w.today-one.Until.V))
	if w.today-one.Until.V == 1 {
		ago = "yesterday"
	}
	d := diag.Errorf("NS2101", one.Until.Range, "Waiver has ended", "%s accepted %s %s until %s; that was %s. ", one.Owner.V, one.Code.V, scope(one), one.Until.V, ago)
	if len(w.found[one]) == 0 {
		d.Detail += "Nothing of it is found here any more: remove the block."
		return d
	}
	d.Detail += fmt.Sprintf("What it accepted counts again. Mend it and remove the block. Where a deployment cannot wait for that, ask %s, and give the waiver a new end in a commit of its own, which is in the history then:\n\n    until = \"%s\"",
		one.Owner.V, min(w.today+date.Date(min(soonDays, w.stack.MaxWaiverDays.V)), date.Last))
	return d
}

// scope says what a waiver is on.
func scope(one *ir.Waiver) string {
	if one.On.V == "" {
		return "for the whole stack"
	}
	return "on " + one.On.V
}
