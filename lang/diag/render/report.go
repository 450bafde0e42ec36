// Package render turns diagnostics into what people and programs read: text,
// JSON, SARIF and GitHub annotations. Every format is made from one Report, so
// that they cannot say different things. It knows no rule, opens no file and
// writes only to the writer that it is given.
package render

import (
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// FormatVersion is the version of the JSON form. The minor part grows when
// something is added, the major part when something changes or goes.
const FormatVersion = "1.1"

// Report is everything that is shown of a run. Its JSON form follows that of
// "tofu validate -json", which editors and CI already read, and adds code,
// related and fix.
type Report struct {
	FormatVersion string       `json:"format_version"`
	Valid         bool         `json:"valid"`
	ErrorCount    int          `json:"error_count"`
	WarningCount  int          `json:"warning_count"`
	AcceptedCount int          `json:"accepted_count"`
	Diagnostics   []Diagnostic `json:"diagnostics"`
}

// Diagnostic is one finding. No string in it holds a control character, but for
// the text of an edit, which must be what the file is to hold.
type Diagnostic struct {
	Severity string    `json:"severity"` // "error", "warning", "note"
	Code     string    `json:"code"`
	Summary  string    `json:"summary"`
	Detail   string    `json:"detail"`
	Range    *Range    `json:"range,omitempty"`
	Snippet  *Snippet  `json:"snippet,omitempty"`
	Related  []Related `json:"related,omitempty"`
	Fix      *Fix      `json:"fix,omitempty"`
	Address  string    `json:"address,omitempty"` // of what it is about: "service.api"
	// Accepted is there for a finding that a waiver accepts; it stops nothing then, and
	// its severity is "note".
	Accepted *Accepted `json:"accepted,omitempty"`

	page string // of a code of the stack's own
}

// Accepted is the waiver that accepts a finding.
type Accepted struct {
	Severity string `json:"severity"` // what the finding would be without the waiver
	Reason   string `json:"reason"`
	Owner    string `json:"owner"`
	Until    string `json:"until"` // the last day on which it holds, "2027-03-01"
	Ticket   string `json:"ticket,omitempty"`
	// Environments are those in which it is accepted, where these are not all.
	Environments []string `json:"environments,omitempty"`
	Range        Range    `json:"range"` // of the waiver
	Snippet      *Snippet `json:"snippet,omitempty"`
}

// String says who accepted a finding, until when and why.
func (a *Accepted) String() string {
	s := "accepted "
	if len(a.Environments) > 0 {
		s += "in " + strings.Join(a.Environments, ", ") + " "
	}
	s += "until " + a.Until + " by " + a.Owner
	if a.Ticket != "" {
		s += " (" + a.Ticket + ")"
	}
	return s + ": " + a.Reason
}

// Range is a half-open stretch of a file. Filename is empty for none.
type Range struct {
	Filename string `json:"filename"`
	Start    Pos    `json:"start"`
	End      Pos    `json:"end"`
}

// Pos is a place in a file: line and column count from 1, columns in code
// points; Byte counts from 0.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// Related is a second place that explains the first.
type Related struct {
	Message string   `json:"message"`
	Range   Range    `json:"range"`
	Snippet *Snippet `json:"snippet,omitempty"`
}

// Fix is a set of edits that belong together.
type Fix struct {
	Edits []Edit `json:"edits"`
	// Preview is the changed lines as they would read, or nil when the edits
	// span more lines than are worth showing.
	Preview *Snippet `json:"preview,omitempty"`
}

// Edit replaces the text of Range by Text.
type Edit struct {
	Range Range  `json:"range"`
	Text  string `json:"text"`
}

// builder holds what the parts of a report need.
type builder struct {
	files source.Files
	name  func(string) string
}

// New builds the report of a list, in the order of the list. files gives the
// texts for columns and snippets; a range in a file that is not among them
// keeps its line and has no snippet. name turns the name of a file into the one
// to show, such as the path from the user's folder; nil keeps it.
func New(list diag.List, files source.Files, name func(string) string) *Report {
	if name == nil {
		name = func(s string) string { return s }
	}
	b := builder{files: files, name: name}
	r := &Report{
		FormatVersion: FormatVersion,
		Valid:         !list.HasErrors(),
		ErrorCount:    list.Count(diag.Error),
		WarningCount:  list.Count(diag.Warning),
		Diagnostics:   make([]Diagnostic, 0, len(list)),
	}
	for _, d := range list {
		r.Diagnostics = append(r.Diagnostics, b.diagnostic(d))
		if d.Accepted != nil {
			r.AcceptedCount++
		}
	}
	return r
}

// WithoutLines takes every line of a file out of the report, and leaves the places.
func (r *Report) WithoutLines() *Report {
	for i := range r.Diagnostics {
		d := &r.Diagnostics[i]
		d.Snippet = nil
		for j := range d.Related {
			d.Related[j].Snippet = nil
		}
		if d.Accepted != nil {
			d.Accepted.Snippet = nil
		}
		if d.Fix != nil {
			d.Fix.Preview = nil
		}
	}
	return r
}

func (b builder) diagnostic(d *diag.Diagnostic) Diagnostic {
	out := Diagnostic{
		Severity: d.Severity.String(),
		Code:     d.Code,
		Summary:  Clean(d.Summary, false),
		Detail:   shorten(Clean(d.Detail, true)),
		page:     Clean(d.Page, true),
	}
	if !d.Subject.IsZero() {
		r := b.rng(d.Subject)
		out.Range = &r
		out.Snippet = b.snippet(d.Subject)
	}
	for _, rel := range d.Related {
		out.Related = append(out.Related, Related{
			Message: shorten(Clean(rel.Message, false)), Range: b.rng(rel.Range), Snippet: b.snippet(rel.Range),
		})
	}
	out.Address = Clean(d.Address, false)
	if a := d.Accepted; a != nil {
		out.Accepted = &Accepted{
			Severity: a.Severity.String(), Reason: shorten(Clean(a.Reason, false)), Owner: shorten(Clean(a.Owner, false)),
			Until: Clean(a.Until, false), Ticket: shorten(Clean(a.Ticket, false)), Range: b.rng(a.At), Snippet: b.snippet(a.At),
		}
		for _, name := range a.In {
			out.Accepted.Environments = append(out.Accepted.Environments, Clean(name, false))
		}
	}
	if len(d.Fix) > 0 {
		fix := &Fix{Preview: b.preview(d.Fix)}
		for _, e := range d.Fix {
			fix.Edits = append(fix.Edits, Edit{Range: b.rng(e.Range), Text: e.Text})
		}
		out.Fix = fix
	}
	return out
}

func (b builder) rng(r source.Range) Range {
	if r.IsZero() {
		return Range{}
	}
	if r.End.Byte < r.Start.Byte {
		r.End = r.Start
	}
	f := b.files[r.File]
	pos := func(p source.Pos) Pos {
		out := Pos{Line: max(1, int(p.Line)), Column: 1, Byte: int(p.Byte)}
		if f != nil {
			out.Column = f.Column(p)
		}
		return out
	}
	out := Range{Filename: Clean(b.name(r.File), false), Start: pos(r.Start), End: pos(r.End)}
	if out.End.Line < out.Start.Line {
		out.End = out.Start
	}
	return out
}
