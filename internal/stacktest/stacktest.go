// Package stacktest runs the tests of a stack: the test blocks of its test files,
// and the examples of its rules. A test compiles the stack in memory with inputs of
// its own and holds the outcome against what it expects; nothing is written, no
// secret is read, and no container is started.
//
// It knows no command line and no form of a report.
package stacktest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/policymodel"
	"nselfc/internal/build"
	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Options say what to run.
type Options struct {
	build.Options
	// Filter runs only what has this text in its name; "" for all.
	Filter string
	Now    func() time.Time
}

// Result is one test, or one example of a rule.
type Result struct {
	Name  string
	Range source.Range
	// Failures say why it failed; empty when it passed. They are errors, and beside
	// them other findings of the same place.
	Failures diag.List
	Took     time.Duration
}

// Passed tells whether everything was as expected.
func (r Result) Passed() bool { return len(r.Failures) == 0 }

// Report is what a run found, in the order of the files; examples come last.
type Report struct {
	Results []Result
	Files   source.Files
	Display func(string) string // see build.Compiled.DisplayName
}

// Failed counts what did not pass.
func (r *Report) Failed() int {
	n := 0
	for _, one := range r.Results {
		if !one.Passed() {
			n++
		}
	}
	return n
}

// run is one run over a stack.
type run struct {
	*build.Session
	o        Options
	compiled map[string]*compiled // by inputs
}

// compiled is what tests of the same inputs share.
type compiled struct {
	build.Trial
	model map[string]cty.Value // nil without an environment
	// compose is docker-compose.yml decoded, which takes longer than to compile it; nil
	// until a test looks at it.
	compose *cty.Value
}

// Run runs the tests of the stack at path. The list holds what kept them from being
// run at all; the report is never nil.
func Run(ctx context.Context, path string, o Options) (*Report, diag.List) {
	report := &Report{}
	s, diags := build.Open(path, o.Options)
	if s == nil {
		return report, diags
	}
	defer s.Close()
	report.Display = s.DisplayName
	report.Files = s.Files()
	tests, more := s.Source.Tests()
	if diags = append(diags, more...); diags.HasErrors() {
		return report, diags
	}
	r := &run{Session: s, o: o, compiled: map[string]*compiled{}}
	for _, t := range tests {
		if ctx.Err() != nil {
			return report, nil
		}
		if r.wanted(t.Name.V) {
			report.Results = append(report.Results, r.timed(t.Name.V, t.Range, func() diag.List { return r.test(t) }))
		}
	}
	examples, more := r.examples(ctx)
	report.Results = append(report.Results, examples...)
	return report, more
}

func (r *run) wanted(name string) bool { return strings.Contains(name, r.o.Filter) }

func (r *run) timed(name string, at source.Range, f func() diag.List) Result {
	start := r.o.Now()
	failures := f()
	return Result{Name: name, Range: at, Failures: failures, Took: r.o.Now().Sub(start)}
}

// test runs one test and gives what is not as expected.
func (r *run) test(t *lang.Test) diag.List {
	name, d := r.environment(t)
	if d != nil {
		return diag.List{d}
	}
	c := r.compile(name, t)
	failures := expected(t, c.Findings, r.codes(c))
	switch {
	case !t.Asserts():
		return failures
	case c.Environment != nil:
	case len(failures) > 0:
		return failures // which say why there is nothing to look at
	default:
		return diag.List{diag.Errorf("NS2306", t.Range, "Assert without a stack",
			"The errors that the test expects leave no stack for its asserts to look at. Make a test of its own of them, which compiles.")}
	}
	model := maps.Clone(c.model)
	failures = append(failures, c.artefacts(t, model)...)
	kept := c.Language.Judge(t, model, func(b lang.Breach) { failures = append(failures, breach(b)) })
	return append(failures, kept...)
}

// compile compiles an environment with the inputs of a test, once.
func (r *run) compile(name string, t *lang.Test) *compiled {
	key := name + "\x00" + t.Inputs(r.Files())
	c, done := r.compiled[key]
	if !done {
		c = &compiled{Trial: r.Try(name, t)}
		if c.Environment != nil {
			c.model = policymodel.Of(c.Stack)
		}
		r.compiled[key] = c
	}
	return c
}

// environment finds the environment that a test is about.
func (r *run) environment(t *lang.Test) (string, *diag.Diagnostic) {
	names := r.Source.Environments()
	switch {
	case !t.Environment.IsSet() && len(names) == 1:
		return names[0], nil
	case !t.Environment.IsSet():
		return "", diag.Errorf("NS2305", t.Range, "Test without an environment",
			"The stack has several environments, and each gives another outcome. Say which one is meant:\n    environment = %q", names[0])
	case !slices.Contains(names, t.Environment.V):
		if names[0] == "" {
			return "", diag.Errorf("NS124", t.Environment.Range, "Unknown environment", "The stack has no environments: leave the argument environment out.")
		}
		return "", diag.Errorf("NS124", t.Environment.Range, "Unknown environment", "The stack has no environment named %q. It has: %s.", t.Environment.V, strings.Join(names, ", "))
	}
	return t.Environment.V, nil
}
