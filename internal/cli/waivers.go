package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/compiler/policy"
	"nselfc/internal/build"
	"nselfc/lang/date"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// WaiversOptions are the arguments of waivers.
type WaiversOptions struct {
	build.Options
	Path   string
	Format string // "text", "json"
	On     Today
}

// WaiversFormats are the values of its --format.
var WaiversFormats = []string{"text", "json"}

// The states of a waiver.
const (
	waiverActive  = "active"
	waiverSoon    = "ends soon"
	waiverExpired = "expired"
	waiverUnused  = "unused"
)

// waiversFormat is the version of the JSON of waivers. Members are added without a new
// version; docs/policy.md names them all.
const waiversFormat = 1

type waiversReport struct {
	Format  int          `json:"format"`
	Stack   string       `json:"stack"`
	Today   string       `json:"today"`
	Waivers []waiverLine `json:"waivers"`
}

type waiverLine struct {
	Code         string   `json:"code"`
	Title        string   `json:"title"`
	Severity     string   `json:"severity"`
	On           string   `json:"on,omitempty"` // not there for the whole stack
	State        string   `json:"state"`
	Until        string   `json:"until"`
	Days         int      `json:"days"` // that are left; negative when it has ended
	Owner        string   `json:"owner"`
	Reason       string   `json:"reason"`
	Ticket       string   `json:"ticket,omitempty"`
	File         string   `json:"file"`
	Line         int      `json:"line"`
	Environments []string `json:"environments"` // none for the nameless one
}

// Waivers lists what somebody has accepted, the first to end first.
func Waivers(ctx context.Context, env Env, d Display, o WaiversOptions) int {
	judged, err := o.On.on(env, o.Options)
	if err != nil {
		return Fail(env, Usage, "%v", err)
	}
	if !slices.Contains(WaiversFormats, o.Format) {
		return Fail(env, Usage, "there is no format %q: it is text or json", o.Format)
	}
	// The stack is compiled by no day: one that has ended is listed like the others.
	c, diags := compile(ctx, env, o.Path, o.Options)
	faults := slices.DeleteFunc(slices.Clone(diags), func(d *diag.Diagnostic) bool {
		return d.Severity != diag.Error || d.Code == "NS2103" || d.Code == "NS2107" || // the state of the waiver says so
			ofRule(c.Judged(), d.Code)
	})
	if len(faults) > 0 || ctx.Err() != nil {
		return stopped(ctx, d.Show(env, faults, c.Files(), c.DisplayName))
	}
	report := waiversOf(c, diags, judged.Today)
	if o.Format == "text" {
		return Print(env, report.text())
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(report); err != nil {
		return Fail(env, Bug, "this is a bug in nselfc: %v", err)
	}
	return Print(env, b.String())
}

// ofRule tells whether a code is of a rule that a stack breaks, which keeps nobody from
// asking what is accepted in it; rules on waivers themselves do.
func ofRule(stacks []*ir.Stack, code string) bool {
	return slices.ContainsFunc(stacks, func(s *ir.Stack) bool { return policy.Looks(s, code) })
}

func waiversOf(c *build.Compiled, found diag.List, today date.Date) *waiversReport {
	r := &waiversReport{Format: waiversFormat, Today: today.String(), Waivers: []waiverLine{}}
	unused := map[source.Range]bool{}
	for _, d := range found {
		unused[d.Subject] = unused[d.Subject] || d.Code == "NS2103" || d.Code == "NS2107"
	}
	index := map[source.Range]int{}
	for _, s := range c.Judged() {
		r.Stack = s.Name.V
		for _, w := range s.Waivers {
			at := w.Origin.Range
			i, known := index[at]
			if !known {
				i = len(r.Waivers)
				index[at] = i
				line := lineOf(w, policy.TitleOf(s, w.Code.V), today, unused[at] || unused[w.On.Range])
				line.File, line.Line = c.DisplayName(at.File), int(at.Start.Line)
				r.Waivers = append(r.Waivers, line)
			}
			if s.Environment != "" {
				r.Waivers[i].Environments = append(r.Waivers[i].Environments, s.Environment)
			}
		}
	}
	slices.SortStableFunc(r.Waivers, func(a, b waiverLine) int {
		return cmp.Or(cmp.Compare(a.Until, b.Until), diag.CompareCodes(a.Code, b.Code), cmp.Compare(a.On, b.On), cmp.Compare(a.File, b.File), a.Line-b.Line)
	})
	return r
}

func lineOf(w *ir.Waiver, title string, today date.Date, unused bool) waiverLine {
	out := waiverLine{
		Code: w.Code.V, Title: title, Severity: w.Severity, On: w.On.V, State: waiverActive, Until: w.Until.V.String(),
		Days: int(w.Until.V - today), Owner: w.Owner.V, Reason: w.Reason.V, Ticket: w.Ticket.V, Environments: []string{},
	}
	switch {
	case unused:
		out.State = waiverUnused
	case policy.Ended(w, today):
		out.State = waiverExpired
	case policy.EndsSoon(w, today):
		out.State = waiverSoon
	}
	return out
}

func (r *waiversReport) text() string {
	if len(r.Waivers) == 0 {
		return "The stack has no waivers: nothing that a rule finds is accepted.\n"
	}
	var b strings.Builder
	for i := range r.Waivers {
		w := &r.Waivers[i]
		on := "the whole stack"
		if w.On != "" {
			on = w.On
		}
		fmt.Fprintf(&b, "%-9s  %s  %s (%s) on %s\n", w.State, w.Until, w.Code, clean(w.Title), clean(on))
		ticket := ""
		if w.Ticket != "" {
			ticket = " (" + w.Ticket + ")"
		}
		fmt.Fprintf(&b, "%-9s  by %s%s: %s\n", "", clean(w.Owner), clean(ticket), clean(w.Reason))
		fmt.Fprintf(&b, "%-9s  %s:%d, %s%s\n", "", clean(w.File), w.Line, w.left(), in(w.Environments))
	}
	return b.String()
}

// left says how many days there are.
func (w *waiverLine) left() string {
	switch {
	case w.Days == 0:
		return "the last day"
	case w.Days < 0:
		return plural(-w.Days, "day") + " over"
	}
	return plural(w.Days, "day") + " left"
}

func in(environments []string) string {
	if len(environments) == 0 {
		return ""
	}
	return ", in " + clean(strings.Join(environments, ", "))
}
