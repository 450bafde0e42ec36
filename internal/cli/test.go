package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"nselfc/internal/build"
	"nselfc/internal/stacktest"
	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
)

// TestFormat is the value of test's --format.
type TestFormat string

// The forms of a report of tests.
const (
	TestText  TestFormat = "text"
	TestJSON  TestFormat = "json"
	TestJUnit TestFormat = "junit"
)

// TestFormats lists them, the default first.
func TestFormats() []string { return []string{string(TestText), string(TestJSON), string(TestJUnit)} }

// Set implements pflag.Value.
func (f *TestFormat) Set(s string) error {
	if !slices.Contains(TestFormats(), s) {
		return fmt.Errorf("it is %s", strings.Join(TestFormats(), ", "))
	}
	*f = TestFormat(s)
	return nil
}

// String implements pflag.Value.
func (f *TestFormat) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *TestFormat) Type() string { return "FORMAT" }

// TestOptions are the flags of test.
type TestOptions struct {
	Path      string // file or folder of the stack; "" for this folder
	Filter    string
	Format    TestFormat
	JUnitInto string
	On        Today
}

// Test runs the tests of a stack and the examples of its rules. The exit code is
// Failed when one fails, and when there are none: a run in CI that looks at nothing
// must not pass. Waivers are judged by no day but that of --today: what passed yesterday
// passes today.
func Test(ctx context.Context, env Env, d Display, o TestOptions) int {
	report, diags := stacktest.Run(ctx, o.Path, stacktest.Options{
		Options: guard(env, build.Options{Today: o.On.day}), Filter: o.Filter, Now: env.Now,
	})
	if ctx.Err() != nil {
		return Interrupted
	}
	t := testReporter{env: env, d: d, report: report, shown: render.New(unrevealing(diags, env.Secrets), report.Files, report.Display)}
	if o.JUnitInto != "" {
		if err := writeFile(o.JUnitInto, t.junit()); err != nil {
			return Fail(env, IO, "%v", err)
		}
	}
	code := OK
	if report.Failed() > 0 || len(report.Results) == 0 {
		code = Failed
	}
	return max(code, Code(diags), t.show(o, diags))
}

// testReporter is a report on its way to the reader.
type testReporter struct {
	env    Env
	d      Display
	report *stacktest.Report
	shown  *render.Report // what kept tests from being run
}

func (t *testReporter) show(o TestOptions, diags diag.List) int {
	switch o.Format {
	case TestJSON:
		b, err := json.MarshalIndent(t.json(), "", "  ")
		if err != nil {
			return Fail(t.env, Bug, "this is a bug in nselfc: the report cannot be written: %v", err)
		}
		return Print(t.env, string(b)+"\n")
	case TestJUnit:
		return Print(t.env, string(t.junit()))
	case TestText:
	}
	return t.text(o, diags)
}

func (t *testReporter) text(o TestOptions, diags diag.List) int {
	var b strings.Builder
	failures := slices.Clone(diags)
	for _, r := range t.report.Results {
		word := "pass"
		if !r.Passed() {
			word = "FAIL"
			failures = append(failures, r.Failures...)
		}
		fmt.Fprintf(&b, "%s  %s\n", word, render.Clean(r.Name, false))
	}
	code := OK
	if len(failures) > 0 {
		code = t.d.Show(t.env, failures, t.report.Files, t.report.Display)
	}
	switch {
	case len(t.report.Results) > 0:
		fmt.Fprintf(&b, "%s: %d passed, %d failed\n", plural(len(t.report.Results), "test"), len(t.report.Results)-t.report.Failed(), t.report.Failed())
	case len(diags) > 0: // which say why nothing was run
	case o.Filter != "":
		Fail(t.env, Failed, "no test has %q in its name", o.Filter)
	default:
		Fail(t.env, Failed, "there are no tests here: no file ends in .nselftest.hcl, and no rule has an example")
	}
	return max(code, Print(t.env, b.String()))
}

// testReport is the JSON form. Its version grows as that of render.Report does.
type testReport struct {
	FormatVersion string              `json:"format_version"`
	Passed        int                 `json:"passed"`
	Failed        int                 `json:"failed"`
	Tests         []testResult        `json:"tests"`
	Diagnostics   []render.Diagnostic `json:"diagnostics"` // what kept tests from being run
}

type testResult struct {
	Name     string              `json:"name"`
	File     string              `json:"file"`
	Line     int                 `json:"line"`
	Status   string              `json:"status"` // "pass" or "fail"
	Seconds  float64             `json:"seconds"`
	Failures []render.Diagnostic `json:"failures"`
}

func (t *testReporter) json() testReport {
	out := testReport{
		FormatVersion: "1.0", Failed: t.report.Failed(), Passed: len(t.report.Results) - t.report.Failed(),
		Tests: []testResult{}, Diagnostics: t.shown.Diagnostics,
	}
	for _, r := range t.report.Results {
		out.Tests = append(out.Tests, t.result(r))
	}
	return out
}

func (t *testReporter) result(r stacktest.Result) testResult {
	out := testResult{
		Name: render.Clean(r.Name, false), File: render.Clean(t.report.Display(r.Range.File), false), Line: int(r.Range.Start.Line),
		Status: "pass", Seconds: seconds(r.Took),
		Failures: render.New(unrevealing(r.Failures, t.env.Secrets), t.report.Files, t.report.Display).Diagnostics,
	}
	if !r.Passed() {
		out.Status = "fail"
	}
	return out
}

func seconds(d time.Duration) float64 { return d.Round(time.Microsecond).Seconds() }
