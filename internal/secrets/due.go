package secrets

import (
	"time"

	"nselfc/compiler/ir"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// Due gives the last day on which the value of a secret is not too old, by max_age or
// rotate_after, whichever comes first; ok is false for one that does not age.
func Due(s *ir.Secret, e *register.Entry) (day time.Time, ok bool) {
	days := s.MaxAge.V
	if s.Rotation != nil && s.Rotation.After.V > 0 && (days == 0 || s.Rotation.After.V < days) {
		days = s.Rotation.After.V
	}
	return aged(e, days)
}

// Overdue tells whether that day is over. Days are those of UTC, as in the register.
func Overdue(s *ir.Secret, e *register.Entry, now time.Time) bool {
	day, ok := Due(s, e)
	return ok && over(day, now)
}

// aged gives the day on which a value is so many days old; ok is false for 0 days.
func aged(e *register.Entry, days int) (day time.Time, ok bool) {
	if days == 0 || e == nil {
		return time.Time{}, false
	}
	since, err := time.Parse(register.Day, e.Since())
	return since.AddDate(0, 0, days), err == nil
}

func over(day, now time.Time) bool { return !now.UTC().Before(day.AddDate(0, 0, 1)) }

// overdue warns of values that somebody else issues, and that are older than their
// declaration allows. When a rotation is due, nobody is told at every build.
func (b *book) overdue() diag.List {
	var diags diag.List
	for _, s := range b.stack.Secrets {
		day, ok := aged(b.register.Entries[s.Address], s.MaxAge.V)
		if !ok || !over(day, b.opts.Now) {
			continue
		}
		env := ""
		if b.opts.Environment != "" {
			env = " --env " + escape.ShellWord(b.opts.Environment)
		}
		diags = append(diags, about(s, diag.Warningf(codeOverdue, s.Origin.Range, "Secret is due for replacement",
			"The value of %s is in use since %s, and %d days are the most that its declaration allows: that was on %s.\n\n"+
				"Get a new one from whoever issues it, and set it:\n\n    nselfc secrets set %s%s",
			s.Address, b.register.Entries[s.Address].Since(), s.MaxAge.V, day.Format(register.Day), escape.ShellWord(s.Key), env)))
	}
	return diags
}
