package ir

import (
	"nselfc/lang/date"
	"nselfc/lang/source"
)

// Rule is a rule of the stack's own, as far as waivers have to know it.
type Rule struct {
	Code     string
	Title    string
	Severity string // "high"
	Waivable bool
}

// Waiver accepts the findings of one rule about one thing until a day.
type Waiver struct {
	Origin source.Origin
	Code   String
	On     String // address; "" for the whole stack
	Reason String
	Owner  String
	Until  source.Value[date.Date] // the last day on which it holds
	Ticket String
	// Severity is the rule's, "high"; "" for a rule that nobody knows.
	Severity string
	// Title is that of a rule of the stack's own; "" for one of the catalogue, whose title
	// its code tells.
	Title string
	// Shared waivers are for all environments of the stack, and may find what they
	// accept in another one.
	Shared bool
	// Known tells whether the environment has what the waiver is on.
	Known bool
}
