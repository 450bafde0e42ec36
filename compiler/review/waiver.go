package review

import (
	"cmp"
	"fmt"

	"nselfc/compiler/model"
	"nselfc/lang/diag"
)

// waiver looks at what somebody accepts: a new waiver, or a longer one, lets a
// weakness stand that a build would stop at or warn of. It is as grave as the rule.
func (r *reviewer) waiver(c *model.Change) {
	switch c.Action {
	case model.Create:
		r.add(c, finding{code: "NS740", severity: gravity(c.After), detail: accepts(c.After)})
	case model.Delete:
		r.add(c, finding{code: "NS740", safer: true, detail: fmt.Sprintf("%s is not waived %s any more.", what(c.Before), on(c.Before))})
	case model.Update:
		before, after := text(c.Before, "until"), text(c.After, "until")
		path := []string{"until"}
		r.either(c, "NS741", gravity(c.After), path, before < after, after < before, // of one form, they sort by their days
			fmt.Sprintf("The waiver of %s %s ended on %s, and ends on %s: %s.", what(c.After), on(c.After), before, after, said(c.After)),
			fmt.Sprintf("The waiver of %s %s ended on %s, and ends on %s.", what(c.After), on(c.After), before, after))
	}
}

// policy looks at how long waivers may last.
func (r *reviewer) policy(c *model.Change) {
	const byDefault = 180
	days := func(attributes map[string]any) float64 {
		if n := number(attributes, "max_waiver_days"); n > 0 {
			return n
		}
		return byDefault
	}
	before, after := days(c.Before), days(c.After)
	detail := fmt.Sprintf("Waivers could end %g days ahead, and can end %g days ahead.", before, after)
	r.either(c, "NS742", Low, []string{"max_waiver_days"}, before < after, after < before, detail, detail)
}

// gravity gives the severity of the rule that is waived.
func gravity(waiver map[string]any) Severity {
	switch s, err := ParseSeverity(text(waiver, "severity")); {
	case text(waiver, "severity") == "info":
		return Low
	case err == nil:
		return s
	}
	return Medium // of a rule that this version does not know
}

// accepts says what a waiver does.
func accepts(w map[string]any) string {
	return fmt.Sprintf("%s is accepted %s until %s, by %s: %s.", what(w), on(w), text(w, "until"), text(w, "owner"), said(w))
}

// what names the rule, and says what it is about.
func what(w map[string]any) string {
	code := text(w, "code")
	if title := cmp.Or(text(w, "title"), diag.Title(code)); title != "" {
		return code + " (" + title + ")"
	}
	return code
}

func on(w map[string]any) string {
	if address := text(w, "on"); address != "" {
		return "on " + address
	}
	return "for the whole stack"
}

// said quotes the reason, with the ticket.
func said(w map[string]any) string {
	s := fmt.Sprintf("%q", text(w, "reason"))
	if ticket := text(w, "ticket"); ticket != "" {
		s += " (" + ticket + ")"
	}
	return s
}
