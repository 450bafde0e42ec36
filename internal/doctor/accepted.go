package doctor

import (
	"fmt"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/compiler/policy"
	"nselfc/lang/date"
)

// Accepted is what the stack says that it accepts of what the rules find in it: whoever
// looks at the host sees that beside what is found there.
type Accepted struct {
	*ir.Waiver
	Ended bool // on the day of the report
}

// acceptedBy lists the waivers of the environment, in the order of the stack's.
func acceptedBy(s *ir.Stack, now time.Time) []Accepted {
	year, month, day := now.UTC().Date()
	today := date.Of(year, int(month), day)
	out := make([]Accepted, 0, len(s.Waivers))
	for _, w := range s.Waivers {
		if w.Known || w.On.V == "" { // one of another environment is not this host's
			out = append(out, Accepted{w, policy.Ended(w, today)})
		}
	}
	return out
}

// accepted writes who accepts what, until when and why.
func (r *Report) accepted(b *page) {
	for i, a := range r.Accepted {
		if i == 0 {
			b.WriteString("Accepted in the stack:\n")
		}
		on, until, ticket := "for the whole stack", "until", ""
		if a.On.V != "" {
			on = "on " + a.On.V
		}
		if a.Ended {
			until = "ended after"
		}
		if a.Ticket.V != "" {
			ticket = " (" + a.Ticket.V + ")"
		}
		text := fmt.Sprintf("%s, %s %s, by %s%s: %s", on, until, a.Until.V, a.Owner.V, ticket, a.Reason.V)
		b.prose("  "+a.Code.V+"  ", strings.Repeat(" ", len(a.Code.V)+4), clean(text))
	}
	if len(r.Accepted) > 0 {
		b.WriteString("\n")
	}
}
