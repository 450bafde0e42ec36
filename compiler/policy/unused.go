package policy

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/date"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Unused reports the waivers that accept nothing in any of the environments, each of
// which is a stack. found is what Check reported of them, on the same day. A shared
// waiver is judged only when all environments are there: it may be for another one.
func Unused(stacks []*ir.Stack, found diag.List, today date.Date, all bool) diag.List {
	at := map[source.Range]bool{} // of the waivers that accept something
	for _, d := range found {
		if d.Accepted != nil {
			at[d.Accepted.At] = true
		}
	}
	var out diag.List
	for _, s := range stacks {
		w := newWaivers(s, known(s), today)
		for _, one := range s.Waivers {
			place := one.Origin.Range
			if at[place] || one.Shared && !all || w.fault(one) != nil || Ended(one, today) {
				continue
			}
			at[place] = true // once, in whichever environment
			out = append(out, unused(one, stacks, found))
		}
	}
	return out
}

// unused says what is there instead of what a waiver is for.
func unused(one *ir.Waiver, stacks []*ir.Stack, found diag.List) *diag.Diagnostic {
	mine := slices.DeleteFunc(slices.Clone(stacks), func(s *ir.Stack) bool {
		return !slices.ContainsFunc(s.Waivers, func(w *ir.Waiver) bool { return w.Origin.Range == one.Origin.Range })
	})
	if !slices.ContainsFunc(mine, func(s *ir.Stack) bool { return waiverAt(s, one).Known }) {
		return diag.Errorf("NS2107", one.On.Range, "Waiver on nothing",
			"There is no %s in the stack as it is compiled, so there is nothing to accept. Name what the finding is about, or remove the block.%s", one.On.V, instead(one, found))
	}
	r := ruleOf(known(mine[0]), one.Code.V)
	why := fmt.Sprintf("%s (%s) is not found %s. ", r.Code, r.Title, scope(one))
	if off := posturesOff(r, mine); off != "" {
		why = fmt.Sprintf("%s (%s) is not judged in %s. ", r.Code, r.Title, off)
	}
	return diag.Errorf("NS2103", one.Origin.Range, "Waiver that accepts nothing",
		"%sA waiver that is left over would accept the next fault without anybody looking. Remove the block.%s", why, instead(one, found))
}

func waiverAt(s *ir.Stack, one *ir.Waiver) *ir.Waiver {
	i := slices.IndexFunc(s.Waivers, func(w *ir.Waiver) bool { return w.Origin.Range == one.Origin.Range })
	return s.Waivers[i]
}

// posturesOff names the posture in which a rule is off, when the stacks have no other.
func posturesOff(r *Rule, stacks []*ir.Stack) string {
	for _, s := range stacks {
		if r.Level(s.Posture) != Off {
			return ""
		}
	}
	return stacks[0].Posture.String()
}

// instead says where the rule finds something, and what else is found on what the
// waiver is on: one of the two was probably meant.
func instead(one *ir.Waiver, found diag.List) string {
	var elsewhere, others []string
	for _, d := range found {
		switch {
		case d.Accepted != nil || d.Address == "":
		case d.Code == one.Code.V:
			elsewhere = append(elsewhere, d.Address)
		case one.On.V != "" && Covers(one.On.V, d.Address):
			others = append(others, d.Code)
		}
	}
	var b strings.Builder
	if list := few(elsewhere); list != "" {
		b.WriteString(" The rule is broken by " + list + ", which no waiver covers.")
	}
	if list := few(others); list != "" {
		fmt.Fprintf(&b, " Found on %s instead: %s.", one.On.V, list)
	}
	return b.String()
}

// few lists names, each once, and no more than anybody reads.
func few(names []string) string {
	const most = 5
	slices.Sort(names)
	names = slices.Compact(names)
	if n := len(names); n > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return strings.Join(names, ", ")
}
