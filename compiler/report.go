package compiler

import (
	"cmp"

	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// errorf reports an error about something in d. The subject is at, or, when d
// comes from a kind or a module, the block in the user's own text that used it;
// at is related then.
func (l *lowering) errorf(d lang.Declared, at source.Range, code, summary, detail string, args ...any) *diag.Diagnostic {
	return l.report(d, at, diag.Errorf(code, at, summary, detail, args...))
}

// warningf is errorf for a warning.
func (l *lowering) warningf(d lang.Declared, at source.Range, code, summary, detail string, args ...any) {
	l.report(d, at, diag.Warningf(code, at, summary, detail, args...))
}

// bug reports what an earlier phase must not have let through.
func (l *lowering) bug(d lang.Declared, at source.Range, detail string, args ...any) {
	l.errorf(d, at, "NS900", "Bug in nselfc", detail+" This is a bug in nselfc: please report it, with the stack that shows it.", args...)
}

func (l *lowering) report(d lang.Declared, at source.Range, found *diag.Diagnostic) *diag.Diagnostic {
	if at.IsZero() {
		at = d.Range
	}
	found.Subject, found.Address = at, d.Address
	if site := d.Site(); len(d.Calls) > 0 && site != at {
		found.Subject = site
		found.With(at, "in %s", d.Address)
	}
	l.diags = append(l.diags, found)
	return found
}

// within gives the value, or the default when it is not set or out of range,
// which is reported. The bounds are inclusive.
func within[T cmp.Ordered](l *lowering, d lang.Declared, v source.Value[T], lo, hi T, def source.Value[T], what string) source.Value[T] {
	if !v.IsSet() {
		return def
	}
	if v.V < lo || v.V > hi {
		l.outOfRange(d, v.Range, "%s is %v. It must be between %v and %v: Docker refuses anything else, or the host does not have it.", what, v.V, lo, hi)
		return def
	}
	return v
}

func (l *lowering) outOfRange(d lang.Declared, at source.Range, detail string, args ...any) {
	l.errorf(d, at, "NS308", "Value out of range", detail, args...)
}
