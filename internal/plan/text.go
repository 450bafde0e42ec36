package plan

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/emit/textdiff"
	"nselfc/lang/diag/render"
	"nselfc/lang/source"
)

// The colours: SGR parameters of ECMA-48.
const (
	bold    = "1"
	faint   = "2"
	red     = "31"
	boldRed = "1;31"
	green   = "32"
	yellow  = "33"
	blue    = "34"
)

// colours of the severities, by severity.
var colours = []string{faint, yellow, boldRed, boldRed, boldRed}

// Text writes the plan for people: risks, changes and effects, files, and a summary
// as the last line.
func (p *Plan) Text(w io.Writer, color bool) error {
	t := printer{w: bufio.NewWriter(w), color: color, plan: p}
	for _, e := range p.Environments {
		t.environment(e)
	}
	t.printf("%s\n", t.paint(bold, p.Summary()))
	return t.w.Flush()
}

type printer struct {
	w     *bufio.Writer
	color bool
	plan  *Plan
}

// printf writes; a bufio.Writer keeps its first error for Flush to return.
func (t *printer) printf(format string, args ...any) { _, _ = fmt.Fprintf(t.w, format, args...) }

func (t *printer) paint(colour, s string) string {
	if !t.color || s == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

func (t *printer) environment(e *Environment) {
	if e.Status == Unchanged && len(t.plan.Environments) > 1 {
		return // the summary counts it
	}
	if e.Status == Unchanged {
		return
	}
	t.printf("%s\n\n", t.paint(bold, t.plan.heading(e)))
	if e.Status == Unknown {
		t.printf("  What this changes in the stack cannot be told: %s.\n  Build and commit once, or compare with a revision of git: --base HEAD.\n\n", clean(e.Why))
	}
	t.risks("Risks", e.Review.Risks)
	t.risks("Safer", e.Review.Safer)
	t.changes(e)
	t.effects(e)
	t.files(e)
}

// heading says what is compared.
func (p *Plan) heading(e *Environment) string {
	name := "stack " + p.Stack
	if e.Name != "" {
		name += ", environment " + e.Name
	}
	switch e.Status {
	case New:
		return name + ": not in " + p.title + " yet"
	case Gone:
		return name + ": no longer declared, was in " + p.title
	case Changed, Unchanged, Unknown:
	}
	return name + ": against " + p.title
}

func (t *printer) risks(title string, list []review.Risk) {
	if len(list) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, title))
	for i := range list {
		k := &list[i]
		if k.Safer {
			t.printf("  %s  %s\n", t.paint(green, "safer"), clean(k.Detail))
		} else {
			t.printf("  %s  %s %s\n      %s\n", t.paint(colours[k.Severity], fmt.Sprintf("%-11s", k.Severity)), k.Code, t.paint(bold, k.Summary), clean(k.Detail))
		}
		if at := t.plan.place(k.Origin); at != "" {
			t.printf("      %s\n", t.paint(blue, at))
		}
	}
	t.printf("\n")
}

// place gives the line of the stack behind something, and who wrote it.
func (p *Plan) place(o source.Origin) string {
	if o.Range.IsZero() {
		return ""
	}
	s := fmt.Sprintf("%s:%d", clean(p.name(o.Range.File)), max(1, o.Range.Start.Line))
	if o.By != "" {
		s += " (" + clean(o.By) + ")"
	}
	return s
}

func (t *printer) changes(e *Environment) {
	if len(e.Review.Changes) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, "Changes"))
	for i := range e.Review.Changes {
		c := &e.Review.Changes[i]
		sign, colour := signOf(c.Action)
		t.printf("  %s %s", t.paint(colour, sign), clean(c.Address))
		switch c.Action {
		case model.Create:
			t.printf("%s", after(headline(c.After)))
		case model.Delete:
			t.printf("%s", after(headline(c.Before)))
		case model.Update:
			if c.Renamed() {
				t.printf("  was %s", clean(c.Previous))
			}
		}
		t.printf("\n")
		for _, a := range told(c.Attributes) {
			t.printf("      %s  %s%s\n", clean(strings.Join(a.Path, ".")), describe(a), t.paint(faint, after(t.plan.place(e.Review.Place(c.Address, a.Path)))))
		}
	}
	t.printf("\n")
}

// after sets a text behind another, or nothing.
func after(s string) string {
	if s == "" {
		return ""
	}
	return "  " + s
}

func signOf(a model.Action) (sign, colour string) {
	switch a {
	case model.Create:
		return "+", green
	case model.Delete:
		return "-", red
	case model.Update:
	}
	return "~", yellow
}

func (t *printer) effects(e *Environment) {
	lines := e.effectLines()
	if len(lines) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, "Effects"))
	for _, l := range lines {
		t.printf("  %-9s %s\n", l.what, clean(l.text))
	}
	t.printf("\n")
}

func (t *printer) files(e *Environment) {
	if len(e.Files) == 0 {
		return
	}
	t.printf("%s\n", t.paint(bold, "Files"))
	for i := range e.Files {
		f := &e.Files[i]
		sign, colour := signOf(f.Action)
		t.printf("  %s %s%s\n", t.paint(colour, sign), clean(f.Path), after(f.note()))
		if f.shown(e) && f.Action != model.Delete {
			t.hunks(f)
		}
	}
	t.printf("\n")
}

// around is how many unchanged lines stand around a change.
const around = 3

func (t *printer) hunks(f *File) {
	for _, h := range textdiff.Hunks(f.Old, f.New, around) {
		t.printf("    %s\n", t.paint(blue, h.Header()))
		for _, l := range h.Lines {
			colour := ""
			switch l.Op {
			case '+':
				colour = green
			case '-':
				colour = red
			}
			s := string(l.Op) + render.Clean(strings.TrimSuffix(l.Text, "\n"), true)
			if colour != "" {
				s = t.paint(colour, s)
			}
			t.printf("    %s\n", s)
		}
	}
}

func clean(s string) string { return render.Clean(s, false) }
