package plan

import (
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/emit/outdir"
)

// Counts are the numbers of a plan.
type Counts struct {
	Add, Change, Remove int // resources
	Recreate            int // containers that are made anew
	Files               int
	Risks               [review.Destructive + 1]int // by severity
	Safer               int
}

// Count counts over all environments.
func (p *Plan) Count() Counts {
	var n Counts
	for _, e := range p.Environments {
		e.count(&n)
	}
	return n
}

func (e *Environment) count(n *Counts) {
	for i := range e.Review.Changes {
		switch e.Review.Changes[i].Action {
		case model.Create:
			n.Add++
		case model.Update:
			n.Change++
		case model.Delete:
			n.Remove++
		}
	}
	n.Recreate += len(e.Review.Effects.Recreate)
	n.Files += len(e.Files)
	n.Safer += len(e.Review.Safer)
	for i := range e.Review.Risks {
		n.Risks[e.Review.Risks[i].Severity]++
	}
}

// Summary is the whole plan in one line.
func (p *Plan) Summary() string {
	if len(p.Environments) == 0 {
		return "Plan: nothing could be compared."
	}
	if !p.Changed() {
		return "Plan: no changes; the stack and " + p.title + " are the same."
	}
	if p.onlyLock() {
		return "Plan: no changes but of " + outdir.LockName + ", which records the source, comments and layout too, and the version of nselfc."
	}
	return p.Count().text()
}

// onlyLock tells whether a build would write nothing else.
func (p *Plan) onlyLock() bool {
	for _, e := range p.Environments {
		if e.Status != Unchanged && e.Status != Changed || e.Review.Changed() ||
			slices.ContainsFunc(e.Files, func(f File) bool { return f.Path != outdir.LockName }) {
			return false
		}
	}
	return true
}

func (n Counts) text() string {
	s := fmt.Sprintf("Plan: %d to add, %d to change, %d to remove; %s recreated; %s changed; %s", n.Add, n.Change, n.Remove,
		plural(n.Recreate, "container"), plural(n.Files, "file"), n.risks())
	if n.Risks[review.Destructive] > 0 {
		s += "; DATA LOSS"
	}
	return s + "."
}

// risks counts the risks, most severe first.
func (n Counts) risks() string {
	total := 0
	var out []string
	for severity, count := range slices.Backward(n.Risks[:]) {
		total += count
		if count > 0 {
			out = append(out, fmt.Sprintf("%d %s", count, review.Severity(severity)))
		}
	}
	if total == 0 {
		return "no risk"
	}
	return plural(total, "risk") + " (" + strings.Join(out, ", ") + ")"
}

// secretsLine says what becomes of the secrets.
func secretsLine(s *review.Secrets) string {
	var out []string
	add := func(list []string, what string) {
		if len(list) > 0 {
			out = append(out, fmt.Sprintf("%d %s: %s", len(list), what, strings.Join(list, ", ")))
		}
	}
	add(s.Generated, "generated")
	add(s.Rotated, "rotated")
	add(s.Retired, "retired, their values stay in .secrets")
	add(s.Unfit, "whose value does not fit, so that the build stops")
	if len(out) > 0 && s.Kept > 0 {
		out = append(out, fmt.Sprintf("%d kept", s.Kept))
	}
	return strings.Join(out, "; ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
