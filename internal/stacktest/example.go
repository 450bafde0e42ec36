package stacktest

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"nselfc/compiler"
	"nselfc/compiler/policymodel"
	"nselfc/internal/build"
	"nselfc/lang"
	"nselfc/lang/diag"
)

// exampleFile is the name under which an example is compiled.
const exampleFile = "example.hcl"

var hasStack = regexp.MustCompile(`(?m)^[ \t]*stack[ \t]+"`)

// stackOf makes a stack's file of an example.
func stackOf(text string) string {
	if hasStack.MatchString(text) {
		return text
	}
	return text + "\nstack \"example\" {\n  domain = \"example.localhost\"\n}\n"
}

// examples runs the examples of the stack's rules, which are those of its first
// environment: rules are the same in all of them.
func (r *run) examples(ctx context.Context) ([]Result, diag.List) {
	trial := r.Try(r.Source.Environments()[0], nil)
	if trial.Language == nil || !slices.ContainsFunc(trial.Language.Rules, func(rule *lang.Rule) bool { return len(rule.Examples) > 0 }) {
		return nil, nil
	}
	if !build.OnlyRules(trial.Findings, trial.Language) {
		return nil, slices.DeleteFunc(trial.Findings, func(d *diag.Diagnostic) bool { return d.Severity != diag.Error })
	}
	var out []Result
	for _, rule := range trial.Language.Rules {
		for _, e := range rule.Examples {
			if ctx.Err() != nil {
				return out, nil
			}
			if name := rule.ID.V + ": " + e.Name.V; r.wanted(name) {
				out = append(out, r.timed(name, e.Text.Range, func() diag.List { return example(rule, e) }))
			}
		}
	}
	return out, nil
}

// example compiles an example by itself, holds the rule against it, and gives what
// is not as it says.
func example(rule *lang.Rule, e lang.Example) diag.List {
	src, diags := lang.Open(oneFile(stackOf(e.Text.V)), []string{exampleFile})
	if diags.HasErrors() {
		return unread(e, diags)
	}
	var breaches []lang.Breach
	for _, name := range src.Environments() {
		s, diags := src.Evaluate(name)
		if s == nil || diags.HasErrors() {
			return unread(e, diags)
		}
		lowered, diags := compiler.Compile(s)
		if !build.OnlyRules(diags, s) {
			return unread(e, diags)
		}
		if diags := rule.Judge(policymodel.Of(lowered), func(b lang.Breach) { breaches = append(breaches, b) }); len(diags) > 0 {
			return diags
		}
	}
	if e.Passes == (len(breaches) == 0) {
		return nil
	}
	if e.Passes {
		d := diag.Errorf("NS2304", e.Text.Range, "Example does not show what it says",
			"The example is to keep %s, and breaks it: %s", rule.ID.V, breaches[0].Message)
		return diag.List{d.With(breaches[0].Condition, "this does not hold")}
	}
	return diag.List{diag.Errorf("NS2304", e.Text.Range, "Example does not show what it says",
		"The example is to break %s, and the rule finds nothing in it.", rule.ID.V)}
}

// unread reports an example that is no stack.
func unread(e lang.Example, found diag.List) diag.List {
	var why strings.Builder
	for _, d := range found {
		if d.Severity == diag.Error {
			fmt.Fprintf(&why, "\n    line %d of it: %s: %s", d.Subject.Start.Line, d.Code, strings.ReplaceAll(d.Summary, "\n", " "))
		}
	}
	return diag.List{diag.Errorf("NS2307", e.Text.Range, "Example is no stack", "The text of the example does not compile:%s", why.String())}
}

// oneFile is a file system with the file exampleFile and nothing else.
type oneFile string

// Open implements fs.FS.
func (f oneFile) Open(name string) (fs.File, error) {
	if name != exampleFile {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &opened{Reader: strings.NewReader(string(f)), size: int64(len(f))}, nil
}

type opened struct {
	io.Reader
	size int64
}

func (f *opened) Stat() (fs.FileInfo, error) { return info(f.size), nil }
func (f *opened) Close() error               { return nil }

// info describes exampleFile by its size.
type info int64

func (i info) Name() string       { return exampleFile }
func (i info) Size() int64        { return int64(i) }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
