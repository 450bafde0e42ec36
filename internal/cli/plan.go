package cli

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/review"
	"nselfc/internal/build"
	"nselfc/internal/plan"
	"nselfc/internal/term"
	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
)

// PlanOptions are the flags of plan.
type PlanOptions struct {
	build.Options
	Path     string
	Base     string // revision of git; "" for the committed output
	Format   PlanFormat
	JSONInto string // file that gets the JSON form as well
	Detailed bool   // exit with 2 when there are changes
	FailOn   FailOn
	On       Today
}

// PlanFormat is the value of plan's --format.
type PlanFormat string

// PlanMarkdown is the one format that findings alone do not have.
const PlanMarkdown PlanFormat = "markdown"

var planFormats = []string{string(FormatText), string(PlanMarkdown), string(FormatJSON), string(FormatGitHub), string(FormatSARIF)}

// Set implements pflag.Value.
func (f *PlanFormat) Set(s string) error {
	if !slices.Contains(planFormats, s) {
		return fmt.Errorf("it is %s", strings.Join(planFormats, ", "))
	}
	*f = PlanFormat(s)
	return nil
}

// String implements pflag.Value.
func (f *PlanFormat) String() string { return string(*f) }

// Type implements pflag.Value.
func (f *PlanFormat) Type() string { return "FORMAT" }

// FailOn is the value of --fail-on: risks that make plan exit with 1.
type FailOn struct {
	words    []string
	codes    []string
	severity review.Severity
	set      bool // severity holds
}

// Set implements pflag.Value. The flag may be given more than once, and takes
// several words with commas between them.
func (f *FailOn) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		code := strings.ToUpper(word)
		if len(code) == 3 {
			code = "NS" + code
		}
		if strings.HasPrefix(code, "NS7") && diag.Title(code) != "" {
			f.words, f.codes = append(f.words, code), append(f.codes, code)
			continue
		}
		severity, err := review.ParseSeverity(word)
		if err != nil {
			return fmt.Errorf("%w, or the code of a risk, as in NS702", err)
		}
		if !f.set || severity < f.severity {
			f.severity, f.set = severity, true
		}
		f.words = append(f.words, word)
	}
	return nil
}

// String implements pflag.Value.
func (f *FailOn) String() string { return strings.Join(f.words, ",") }

// Type implements pflag.Value.
func (f *FailOn) Type() string { return "RISK" }

// meets tells whether a risk is one of those.
func (f *FailOn) meets(k *review.Risk) bool {
	return f.set && k.Severity >= f.severity || slices.Contains(f.codes, k.Code)
}

// Plan prints what a change means, and writes nothing but what --json-into names.
func Plan(ctx context.Context, env Env, d Display, o PlanOptions) int {
	code, changed := o.run(ctx, env, d)
	return detailed(o.Detailed, code, changed)
}

// detailed makes the codes of --detailed-exitcode: 0, 1 and 2 say no change, an
// error and changes, so that no other failure may be 2.
func detailed(asked bool, code int, changed bool) int {
	switch {
	case !asked:
		return code
	case code == OK && changed:
		return Changes
	case code == Usage, code == IO:
		return Failed
	}
	return code
}

func (o PlanOptions) run(ctx context.Context, env Env, d Display) (code int, changed bool) {
	var err error
	if o.Options, err = o.On.on(env, o.Options); err != nil {
		return Fail(env, Usage, "%v", err), false
	}
	p, report := o.plan(ctx, env)
	if ctx.Err() != nil {
		return Interrupted, false
	}
	code = max(Code(p.Diagnostics), o.print(env, d, p, report))
	if o.JSONInto != "" {
		var text bytes.Buffer
		err = p.JSON(&text, report)
		if err == nil {
			err = writeFile(o.JSONInto, []byte(env.Secrets.Text(text.String())))
		}
		if err != nil {
			return Fail(env, IO, "cannot write %s: %v", o.JSONInto, err), false
		}
	}
	return max(code, o.failed(env, p)), p.Changed()
}

// plan compiles both states and compares them. The report has the findings about
// either: those of the state before stop a plan, or are none of its business.
func (o PlanOptions) plan(ctx context.Context, env Env) (*plan.Plan, *render.Report) {
	c, diags := compile(ctx, env, o.Path, o.Options)
	p := &plan.Plan{Diagnostics: diags}
	report := func() *render.Report {
		return render.New(unrevealing(p.Diagnostics, env.Secrets), c.Files(), c.DisplayName)
	}
	opts := plan.Options{Options: o.Options, Version: Version}
	switch {
	case diags.HasErrors() || ctx.Err() != nil:
		return p, report()
	case o.Base == "":
		p = plan.Committed(ctx, c, opts)
		again(p.Diagnostics, BuildOptions{Options: o.Options, Path: o.Path})
		p.Diagnostics = append(diags, p.Diagnostics...)
		return p, report()
	}
	base, more := build.CompileAt(ctx, o.Path, o.Base, guard(env, o.Options))
	more = slices.DeleteFunc(more, func(d *diag.Diagnostic) bool { return d.Severity != diag.Error })
	if len(more) > 0 {
		r := render.New(unrevealing(more, env.Secrets), base.Files(), base.DisplayName)
		own := report()
		r.Diagnostics, r.WarningCount, r.AcceptedCount = append(own.Diagnostics, r.Diagnostics...), own.WarningCount, own.AcceptedCount
		p.Diagnostics = append(p.Diagnostics, more...)
		return p, r
	}
	p = plan.Revision(c, base, o.Base, base.Commit, opts)
	p.Diagnostics = append(diags, p.Diagnostics...)
	return p, report()
}

// print writes the plan in its form. Text goes to standard output like any other,
// as it is what the command is for; findings about the stack go beside it.
func (o PlanOptions) print(env Env, d Display, p *plan.Plan, report *render.Report) int {
	format := o.format(env)
	var err error
	switch {
	case format == PlanMarkdown:
		err = p.Markdown(env.Stdout, report)
	case format == PlanFormat(FormatJSON):
		err = p.JSON(env.Stdout, report)
	case format == PlanFormat(FormatSARIF):
		err = render.SARIF(env.Stdout, p.Findings(report), Version)
	case format == PlanFormat(FormatGitHub) && o.Format != "":
		err = render.GitHub(env.Stdout, p.Findings(report))
	default:
		err = d.text(env, plan.Errors(report))
		if err == nil && len(p.Environments) > 0 {
			err = p.Text(env.Stdout, term.Color(d.Color, env.Stdout, env.Getenv))
		}
		if err == nil && format == PlanFormat(FormatGitHub) { // the log of a workflow shows both
			err = render.GitHub(env.Stdout, p.Findings(report))
		}
	}
	if err != nil {
		return Fail(env, IO, "cannot write the plan: %v", err)
	}
	return OK
}

// failed says which risks stop the pipeline.
func (o PlanOptions) failed(env Env, p *plan.Plan) int {
	n := 0
	for _, e := range p.Environments {
		if e.Status == plan.Unknown && len(o.FailOn.words) > 0 {
			return Fail(env, Failed, "--fail-on %s: what changes cannot be told, so that no risk of it can be ruled out", o.FailOn.String())
		}
		for i := range e.Review.Risks {
			if o.FailOn.meets(&e.Review.Risks[i]) {
				n++
			}
		}
	}
	if n == 0 {
		return OK
	}
	return Fail(env, Failed, "--fail-on %s: %s", o.FailOn.String(), plural(n, "risk"))
}

// format gives the form to use: annotations where GitHub Actions runs.
func (o PlanOptions) format(env Env) PlanFormat {
	if o.Format != "" {
		return o.Format
	}
	return PlanFormat(Display{}.format(env))
}
