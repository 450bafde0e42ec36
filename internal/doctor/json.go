package doctor

import (
	"encoding/json"
	"io"
	"time"

	"nselfc/compiler/policy"
)

// jsonFormat is the version of the JSON form. It grows when something changes or
// goes, and not when something is added.
const jsonFormat = 1

type jsonReport struct {
	Format      int          `json:"format"`
	Stack       string       `json:"stack"`
	Environment string       `json:"environment"`
	Time        string       `json:"time"`
	Security    bool         `json:"security"`
	Table       string       `json:"table"`    // day of the table of releases
	Complete    bool         `json:"complete"` // whether each check saw all that it looks at
	Checks      []jsonCheck  `json:"checks"`
	Accepted    []jsonWaiver `json:"accepted"` // by waivers of the stack
	Checklist   []jsonItem   `json:"checklist"`
}

type jsonWaiver struct {
	Code   string `json:"code"`
	On     string `json:"on,omitempty"` // not there for the whole stack
	Until  string `json:"until"`
	Ended  bool   `json:"ended"`
	Owner  string `json:"owner"`
	Reason string `json:"reason"`
	Ticket string `json:"ticket,omitempty"`
	File   string `json:"file"`
	Line   int    `json:"line"`
}

type jsonCheck struct {
	Code     string        `json:"code"`
	Title    string        `json:"title"`
	Severity string        `json:"severity"`
	State    State         `json:"state"`
	Evidence string        `json:"evidence"`
	Findings []jsonFinding `json:"findings"`
}

type jsonFinding struct {
	Object   string `json:"object"`
	Evidence string `json:"evidence"`
	Fix      string `json:"fix"`
	File     string `json:"file"`
	Line     int    `json:"line"`
}

type jsonItem struct {
	Text     string `json:"text"`
	State    State  `json:"state"`
	Evidence string `json:"evidence"`
}

// JSON writes the report for programs. text makes a string fit to be shown, and name
// that of a file.
func (r *Report) JSON(w io.Writer, text, name func(string) string) error {
	out := jsonReport{
		Format: jsonFormat, Stack: r.Stack, Environment: r.Environment, Time: r.Time.UTC().Format(time.RFC3339), Security: r.Security, Table: tableDate, Complete: r.Unseen(policy.Info) == 0,
		Checks: []jsonCheck{}, Accepted: []jsonWaiver{}, Checklist: []jsonItem{},
	}
	for _, a := range r.Accepted {
		out.Accepted = append(out.Accepted, jsonWaiver{
			a.Code.V, text(a.On.V), a.Until.V.String(), a.Ended, text(a.Owner.V), text(a.Reason.V), text(a.Ticket.V), name(a.Origin.Range.File), int(a.Origin.Range.Start.Line),
		})
	}
	for _, one := range r.Results {
		c := jsonCheck{one.Code, one.Title, one.Severity.String(), one.State, text(one.Evidence), []jsonFinding{}}
		for _, f := range one.Findings {
			c.Findings = append(c.Findings, jsonFinding{text(f.Object), text(f.Evidence), text(f.Fix), name(f.At.File), int(f.At.Start.Line)})
		}
		out.Checks = append(out.Checks, c)
	}
	for _, i := range r.Checklist {
		out.Checklist = append(out.Checklist, jsonItem{i.Text, i.State, text(i.Evidence)})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}
