package model

import "nselfc/compiler/ir"

// policy describes what the stack says of waivers as a whole, where it says anything.
func policy(w *writer, s *ir.Stack) {
	resource(w, TypePolicy, s.MaxWaiverDays.Origin)
	w.number("max_waiver_days", s.MaxWaiverDays)
	w.end()
}

// waiver describes a waiver as it is written: whether it has ended depends on the
// day, and no byte of the output does.
func waiver(w *writer, x *ir.Waiver) {
	resource(w, TypeWaiver, x.Origin)
	w.text("code", x.Code)
	w.str("severity", x.Severity, x.Code.Origin)
	w.str("title", x.Title, x.Code.Origin)
	w.text("on", x.On)
	w.text("reason", x.Reason)
	w.text("owner", x.Owner)
	w.str("until", x.Until.V.String(), x.Until.Origin)
	w.text("ticket", x.Ticket)
	w.end()
}
