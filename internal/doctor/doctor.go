// Package doctor looks at the host that runs a stack: files, sockets, firewall,
// containers, certificates. It compares what it sees with what the stack declares,
// and changes nothing; Mend alone does, and only modes of files.
//
// Everything that it learns of the machine comes through a Host, so that a test can
// be a machine of any kind. It does not know flags, or how the stack was compiled.
//
// What holds of every run: a check ends in bounded time; what could not be seen is
// said and never counted as well; no value of a secret is in a result.
package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/compiler/policy"
	"nselfc/emit"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Subject is what is declared, and where it was built to.
type Subject struct {
	Stack    *ir.Stack
	Files    []emit.File
	Dir      string // the output directory
	StackDir string // the folder of nself.hcl
	Secrets  secrets.Options
	Shared   diag.List // of values that two environments have in common
}

// Options say how deep to look.
type Options struct {
	// Security adds what takes time, logs in somewhere, or needs a second source: the
	// strength of secrets, default logins, live TLS, known vulnerabilities.
	Security   bool
	Advisories string // file, folder or zip with records in the OSV format; "" for none
	BackupDir  string // where the host's own backups are put; "" for unknown
}

// State is what became of a check.
type State string

// The states.
const (
	OK      State = "ok"
	Found   State = "finding"
	NotSeen State = "not seen" // Evidence says why
	Absent  State = "not applicable"
)

// Finding is one fault.
type Finding struct {
	Object   string // what it is about, such as "container shop-main-1": stable between runs
	Evidence string // what was seen, and what it means
	Fix      string // what to do; a line indented by four spaces is a command
	At       source.Range
}

// bound keeps what others wrote from beginning lines of its own, and from filling the
// report. hide takes the values of secrets out first: nobody knows one of which a part
// is cut off.
func (f *Finding) bound(hide func(string) string) {
	f.Object, f.Evidence, f.Fix = hide(f.Object), hide(f.Evidence), hide(f.Fix)
	f.Object, f.Evidence = onOneLine(f.Object, maxObject), onOneLine(f.Evidence, maxEvidence)
	lines := strings.Split(f.Fix, "\n")
	for i, line := range lines {
		lines[i] = onOneLine(line, maxEvidence)
	}
	f.Fix = strings.Join(lines, "\n")
}

// Result is what a check saw.
type Result struct {
	Code     string
	Title    string
	Severity policy.Severity
	State    State
	Evidence string // what was looked at, or why it could not be
	Partial  bool   // not all was seen: of NotSeen always, of Found where Evidence says so
	Findings []Finding
}

// Report is a whole run.
type Report struct {
	Stack       string
	Environment string
	Time        time.Time
	Security    bool
	Results     []Result
	Accepted    []Accepted
	Checklist   []Item // of the pre-deployment checklist, with Security alone
}

// limit bounds one check. The longest asks a scanner about every image.
const limit = 4 * time.Minute

// Examine runs the checks, in the order of their codes. When ctx ends, the rest is
// not seen.
func Examine(ctx context.Context, host Host, subject Subject, o Options) *Report {
	x := newExamination(ctx, host, subject, o)
	r := &Report{Stack: subject.Stack.Name.V, Environment: subject.Stack.Environment, Time: host.Now, Security: o.Security, Accepted: acceptedBy(subject.Stack, host.Now)}
	rules := map[string]policy.Rule{}
	for _, rule := range policy.Rules() {
		rules[rule.Code] = rule
	}
	for _, c := range checks() {
		rule := rules[c.code]
		if c.security && !o.Security || rule.Level(subject.Stack.Posture) == policy.Off {
			continue
		}
		r.Results = append(r.Results, c.result(ctx, x, rule))
	}
	if o.Security {
		r.Checklist = checklist(r)
	}
	return r
}

// check is one rule's look at the host. run gives what it saw and what is wrong with
// it; an error is why it could not see all, and then the findings are those of what
// it could. errNothing says that the stack has nothing to look at.
type check struct {
	code     string
	security bool
	run      func(ctx context.Context, x *examination) (seen string, found []Finding, err error)
}

// nothing is the error of a check that does not apply.
type nothing string

func (n nothing) Error() string { return string(n) }

func (c check) result(ctx context.Context, x *examination, rule policy.Rule) Result {
	r := Result{Code: c.code, Title: rule.Title, Severity: rule.Severity, State: OK}
	if ctx.Err() != nil {
		r.State, r.Evidence, r.Partial = NotSeen, "interrupted", true
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	seen, found, err := c.run(ctx, x)
	hide := x.Secrets.Redact.Text
	r.Evidence, r.Findings = hide(seen), distinct(found)
	for i := range r.Findings {
		r.Findings[i].bound(hide)
		if r.Findings[i].At.IsZero() {
			r.Findings[i].At = x.Stack.Name.Range
		}
	}
	none, absent := errors.AsType[nothing](err)
	r.Partial = err != nil && !absent
	switch {
	case len(found) > 0:
		r.State, r.Evidence = Found, counted(len(r.Findings), "finding") // what was seen says that all is well
		if err != nil && !absent {
			r.Evidence += "; not all could be seen: " + hide(err.Error())
		}
	case absent:
		r.State, r.Evidence = Absent, string(none)
	case err != nil:
		r.State, r.Evidence = NotSeen, hide(err.Error())
	}
	return r
}

// distinct sorts by object, and keeps one finding for each.
func distinct(found []Finding) []Finding {
	slices.SortStableFunc(found, func(a, b Finding) int { return strings.Compare(a.Object, b.Object) })
	return slices.CompactFunc(found, func(a, b Finding) bool { return a.Object == b.Object })
}

// Count gives the number of findings that are at least so severe.
func (r *Report) Count(least policy.Severity) int {
	n := 0
	for _, one := range r.Results {
		if one.Severity >= least {
			n += len(one.Findings)
		}
	}
	return n
}

// Unseen gives the number of checks, at least so severe, that could not see all that
// they look at: also of those that found something in the rest.
func (r *Report) Unseen(least policy.Severity) int {
	n := 0
	for _, one := range r.Results {
		if one.Severity >= least && one.Partial {
			n++
		}
	}
	return n
}

// Blind tells whether nothing of the host was seen.
func (r *Report) Blind() bool {
	return !slices.ContainsFunc(r.Results, func(one Result) bool { return one.State == OK || one.State == Found })
}

// Diagnostics gives the findings in the form that other commands report theirs in.
func (r *Report) Diagnostics() diag.List {
	var out diag.List
	for _, one := range r.Results {
		severity := diag.Note
		switch {
		case one.Severity >= policy.High:
			severity = diag.Error
		case one.Severity >= policy.Low:
			severity = diag.Warning
		}
		for _, f := range one.Findings {
			out = append(out, &diag.Diagnostic{Code: one.Code, Severity: severity, Summary: one.Title, Detail: f.Evidence + "\n\n" + f.Fix, Subject: f.At, Address: f.Object})
		}
	}
	return out
}
