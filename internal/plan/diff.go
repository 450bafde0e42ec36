package plan

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"nselfc/compiler/review"
	"nselfc/internal/build"
)

// Diff is how one environment of a stack differs from another.
type Diff struct {
	From, To string
	Review   *review.Review

	plan *Plan
}

// Between compares two compiled environments of one stack.
func Between(c *build.Compiled, from, to *build.Environment) (*Diff, error) {
	r, err := review.Contrast(from.Model, to.Model, to.Stack)
	if err != nil {
		return nil, err
	}
	r.Trace(c.Source.Causes(to.Name).Of)
	return &Diff{From: from.Name, To: to.Name, Review: r, plan: start(c)}, nil
}

// Text writes the differences for people.
func (d *Diff) Text(w io.Writer, color bool) error {
	t := printer{w: bufio.NewWriter(w), color: color, plan: d.plan}
	t.printf("%s\n\n", t.paint(bold, fmt.Sprintf("stack %s: %s, seen from %s", clean(d.plan.Stack), clean(d.To), clean(d.From))))
	t.risks("Weaker in "+d.To, d.Review.Risks)
	t.risks("Safer in "+d.To, d.Review.Safer)
	e := &Environment{Name: d.To, Review: d.Review}
	t.changes(e)
	t.printf("%s\n", t.paint(bold, d.summary()))
	return t.w.Flush()
}

func (d *Diff) summary() string {
	var n Counts
	(&Environment{Review: d.Review}).count(&n)
	if len(d.Review.Changes) == 0 {
		return fmt.Sprintf("Diff: %s and %s are the same, names and subnets aside.", clean(d.From), clean(d.To))
	}
	return fmt.Sprintf("Diff: %d only in %s, %d different, %d only in %s.", n.Add, clean(d.To), n.Change, n.Remove, clean(d.From))
}

// Markdown writes the differences for a page or a comment.
func (d *Diff) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s: %s, seen from %s\n\n%s\n", span(d.plan.Stack), span(d.To), span(d.From), escapeMarkdown(d.summary()))
	d.plan.riskTable(&b, d.Review.Risks, d.Review.Safer, maxHead)
	b.WriteString(d.plan.changesBlock(&Environment{Name: d.To, Review: d.Review}).text())
	_, err := io.WriteString(w, b.String())
	return err
}

// DiffDocument is the JSON form.
type DiffDocument struct {
	FormatVersion string       `json:"format_version"`
	Stack         string       `json:"stack"`
	From          string       `json:"from"`
	To            string       `json:"to"`
	Risks         []RiskJSON   `json:"risks"`
	Safer         []RiskJSON   `json:"safer"`
	Changes       []ChangeJSON `json:"resource_changes"`
}

// JSON writes the differences for programs.
func (d *Diff) JSON(w io.Writer) error {
	out := DiffDocument{
		FormatVersion: FormatVersion, Stack: d.plan.Stack, From: d.From, To: d.To,
		Risks: d.plan.risksJSON(d.Review.Risks), Safer: d.plan.risksJSON(d.Review.Safer), Changes: []ChangeJSON{},
	}
	e := &Environment{Name: d.To, Review: d.Review}
	for i := range d.Review.Changes {
		out.Changes = append(out.Changes, d.plan.changeJSON(e, &d.Review.Changes[i]))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

// Different tells whether there is anything to show.
func (d *Diff) Different() bool { return len(d.Review.Changes) > 0 }
