// Package policy judges a lowered stack: what can be written, and should not be
// deployed. Each rule is a value with a code, a severity for each posture and a
// check over the intermediate representation.
//
// It changes nothing and knows neither the language's syntax nor any output.
// What cannot be lowered at all is not its business: the compiler reports that.
package policy

import (
	"fmt"

	"nselfc/compiler/ir"
	"nselfc/lang/date"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Finding is one place that breaks a rule.
type Finding struct {
	// Service that the finding is about, nil for the stack's own.
	Service *ir.Service
	// At is the value that breaks the rule. When the service comes from a kind
	// or a module, the subject is the block that used it, and At is related.
	At     source.Range
	Detail string // what is wrong, why it matters, what to write instead
	// Address is what the finding is about when that is no service: "ingress",
	// "firewall", a route's or a secret's; "" is the stack itself.
	Address string
	// Assert is where a rule of the stack's own says what should have been true.
	Assert source.Range
	// Same is set where several findings of the rule have one remedy: those with one
	// text are told once, and the others as further places.
	Same string
}

// address gives what a waiver has to be on to accept the finding.
func (f *Finding) address() string {
	switch {
	case f.Service != nil:
		return f.Service.Address
	case f.Address != "":
		return f.Address
	}
	return "stack"
}

// Check judges a stack by every rule of the catalogue and by its own, and its waivers
// by the date of the day; of no day, as if none had ended. What a waiver accepts is a note that names it. The list
// is not sorted.
//
// Whether a waiver is of any use cannot be told here: see Unused.
func Check(s *ir.Stack, today date.Date, own ...Rule) diag.List {
	return check(s, append(Rules(), own...), today)
}

// remedy is what findings of a rule have in common that are told together.
type remedy struct {
	same string
	by   *ir.Waiver
}

func check(s *ir.Stack, rules []Rule, today date.Date) diag.List {
	w := newWaivers(s, rules, today)
	var out diag.List
	for _, r := range rules {
		level := r.Level(s.Posture)
		if level == Off || r.Check == nil {
			continue
		}
		told := map[remedy]*diag.Diagnostic{}
		r.Check(s, func(f Finding) {
			by := w.accepting(r, &f)
			key := remedy{f.Same, by}
			if first := told[key]; first != nil && f.Same != "" {
				first.With(f.Service.Site, "and in %s", f.Service.Address)
				return
			}
			d := diagnostic(r, level, f)
			accept(d, by)
			told[key] = d
			out = append(out, d)
		})
	}
	return append(out, w.faults()...)
}

func diagnostic(r Rule, level Level, f Finding) *diag.Diagnostic {
	severity := diag.Error
	switch level {
	case Note:
		severity = diag.Note
	case Warning:
		severity = diag.Warning
	case Off, Error:
	}
	d := &diag.Diagnostic{Code: r.Code, Severity: severity, Summary: r.Title, Detail: f.Detail, Subject: f.At, Address: f.address(), Page: r.Page}
	if s := f.Service; s != nil {
		if d.Subject.IsZero() {
			d.Subject = s.Origin.Range
		}
		if s.Site != s.Origin.Range && !s.Site.IsZero() && s.Site != d.Subject {
			d.With(d.Subject, "in %s", s.Address)
			d.Subject = s.Site
		}
	}
	if !f.Assert.IsZero() {
		d.With(f.Assert, "%s asserts this of %s", r.Code, f.address())
	}
	return d
}

// about makes a finding of a service.
func about(s *ir.Service, at source.Range, detail string, args ...any) Finding {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return Finding{Service: s, At: at, Detail: detail}
}

// eachService makes a check of one that looks at services one by one.
func eachService(check func(s *ir.Service, report func(Finding))) func(*ir.Stack, func(Finding)) {
	return func(stack *ir.Stack, report func(Finding)) {
		for _, s := range stack.Services {
			check(s, report)
		}
	}
}
