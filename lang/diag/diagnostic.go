// Package diag is the one form in which every part of the compiler says what
// is wrong. It knows no rule and no block; lang/diag/render knows how to print.
package diag

import (
	"cmp"
	"fmt"
	"slices"

	"nselfc/lang/source"
)

// Severity orders diagnostics; only an Error stops a phase.
type Severity uint8

// The severities, most severe first.
const (
	Error Severity = iota
	Warning
	Note
)

// String gives the lower-case word that every output format uses.
func (s Severity) String() string { return [...]string{"error", "warning", "note"}[s] }

// Diagnostic is one finding.
//
// Summary is terse, fixed text without user names, so that findings can be
// grouped and recognised. Detail says in full sentences what is wrong, why it
// matters and what to write instead; a line indented by four spaces is code
// and is never wrapped. Neither ever holds a secret: the compiler has none.
type Diagnostic struct {
	Code     string // "NS201", which has a page under nselfc explain, or a rule's of the stack's own
	Severity Severity
	Summary  string
	Detail   string
	Subject  source.Range
	Related  []Related
	Fix      []Edit
	// Address names what the finding is about, such as "service.api", where that has
	// a name of its own: it is the same when lines have moved.
	Address string
	// Accepted is set for a finding that a waiver accepts. Its severity is Note.
	Accepted *Acceptance
	// Page explains a code of the stack's own, in Markdown; it is "" for a code of
	// nselfc, which has a page of that name.
	Page string
}

// Acceptance is somebody's word that a finding may stand until a day.
type Acceptance struct {
	Severity Severity // of the finding, if nobody had accepted it
	Reason   string
	Owner    string
	Until    string       // the last day, "2027-03-01"
	Ticket   string       // "" for none
	In       []string     // the environments in which it is accepted, where these are not all
	At       source.Range // the waiver's block
}

// place is where the waiver stands; zero for a finding that nobody accepts.
func (a *Acceptance) place() source.Range {
	if a == nil {
		return source.Range{}
	}
	return a.At
}

// Related points at a second place that explains the first.
type Related struct {
	Range   source.Range
	Message string
}

// Edit replaces the text of Range by Text; all edits of one Fix belong together.
type Edit struct {
	Range source.Range
	Text  string
}

// Errorf makes an error. The detail is a format only when there are arguments.
func Errorf(code string, at source.Range, summary, detail string, args ...any) *Diagnostic {
	return build(Error, code, at, summary, detail, args)
}

// Warningf makes a warning.
func Warningf(code string, at source.Range, summary, detail string, args ...any) *Diagnostic {
	return build(Warning, code, at, summary, detail, args)
}

func build(s Severity, code string, at source.Range, summary, detail string, args []any) *Diagnostic {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Diagnostic{Code: code, Severity: s, Summary: summary, Detail: detail, Subject: at}
}

// With adds a related place and returns d.
func (d *Diagnostic) With(at source.Range, message string, args ...any) *Diagnostic {
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	d.Related = append(d.Related, Related{Range: at, Message: message})
	return d
}

// List is what a phase returns beside its best-effort value.
type List []*Diagnostic

// HasErrors tells whether the next phase must not run.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d *Diagnostic) bool { return d.Severity == Error })
}

// Count gives the number of diagnostics of one severity.
func (l List) Count(s Severity) int {
	n := 0
	for _, d := range l {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// Sort puts the list in source order and drops exact repetitions, so that the
// same input prints the same text however the phases ran.
func (l List) Sort() List {
	slices.SortStableFunc(l, func(a, b *Diagnostic) int {
		switch {
		case a.Subject.Before(b.Subject):
			return -1
		case b.Subject.Before(a.Subject):
			return 1
		}
		return cmp.Or(
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Summary, b.Summary), cmp.Compare(a.Detail, b.Detail), cmp.Compare(a.Address, b.Address),
		)
	})
	return slices.CompactFunc(l, func(a, b *Diagnostic) bool {
		return a.Subject == b.Subject && a.Code == b.Code && a.Severity == b.Severity && a.Detail == b.Detail && a.Address == b.Address && a.Accepted.place() == b.Accepted.place()
	})
}
