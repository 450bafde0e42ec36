package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"nselfc/emit/outdir"
	"nselfc/internal/build"
	"nselfc/lang/diag"
	"nselfc/lang/diag/render"
	"nselfc/lang/source"
)

// CheckOptions are the flags of check.
type CheckOptions struct {
	build.Options
	Path string // file or folder of the stack; "" for this folder
	On   Today
}

// Check tells whether the committed output is just what the stack compiles to. It
// writes nothing.
func Check(ctx context.Context, env Env, d Display, o CheckOptions) int {
	var err error
	if o.Options, err = o.On.on(env, o.Options); err != nil {
		return Fail(env, Usage, "%v", err)
	}
	c, diags := compile(ctx, env, o.Path, o.Options)
	if diags.HasErrors() || ctx.Err() != nil {
		code := d.Show(env, diags, c.Files(), c.DisplayName)
		if ctx.Err() == nil {
			say(env, "nselfc: the stack has errors, so there is nothing to compare the output with\n")
		}
		return stopped(ctx, code)
	}
	checks := c.Check(ctx, build.CheckOptions{
		Options: o.Options, Version: Version,
		OnWait: func() { say(env, "nselfc: a build is at work here; waiting for it\n") },
	})
	if ctx.Err() != nil {
		return Interrupted
	}
	files := source.Files{} // by the names that are shown; no line of one is, as a secret may stand in it
	for name, f := range c.Files() {
		files[c.DisplayName(name)] = f
	}
	accepted := acceptedBy(c, diags)
	all := append(slices.Clone(accepted), checks.Findings()...)
	mend := BuildOptions{Options: o.Options, Path: o.Path, NoSecrets: o.Env != ""} // nobody who checks runs the environment
	again(all, mend)
	if d.format(env) != FormatText {
		code := d.ShowPlaces(env, all, files)
		say(env, "%s", verdict(checks))
		return code
	}
	shown := append(accepted, checks.Around...)
	for _, e := range checks.Environments {
		shown = append(shown, outdir.Alike(byKind(e.Findings))...)
	}
	code := d.ShowPlaces(env, shown, files)
	return max(code, Print(env, verdict(checks)))
}

// acceptedBy gives what waivers accept, and the waivers that are about to end, with
// the names of files as check shows them. Whoever reads that the output is what was
// asked for reads what was accepted in it.
func acceptedBy(c *build.Compiled, found diag.List) diag.List {
	var out diag.List
	for _, d := range found {
		if d.Accepted == nil && d.Code != "NS2102" {
			continue
		}
		named := *d
		named.Subject.File = c.DisplayName(d.Subject.File)
		named.Related = slices.Clone(d.Related)
		for i := range named.Related {
			named.Related[i].Range.File = c.DisplayName(named.Related[i].Range.File)
		}
		if d.Accepted != nil {
			by := *d.Accepted
			by.At.File = c.DisplayName(by.At.File)
			named.Accepted = &by
		}
		out = append(out, &named)
	}
	return out
}

// verdict ends the report: a line on secrets, and one for each environment.
func verdict(c *build.Checks) string {
	var b strings.Builder
	b.WriteString(secretsVerdict(c))
	if c.Unlooked {
		b.WriteString("the commits of git were not all searched for secrets; nselfc explain NS653 says why\n")
	}
	for _, d := range c.Around {
		if d.Code == "NS515" {
			fmt.Fprintf(&b, "%s is not what the stack compiles to: its environment is gone\n", render.Clean(d.Subject.File, false))
		}
	}
	for _, e := range c.Environments {
		dir := render.Clean(e.Dir, false)
		if e.Findings.HasErrors() {
			fmt.Fprintf(&b, "%s is not what the stack compiles to: %s, %d clean\n", dir, kindsOf(e.Findings), e.Clean)
		} else {
			fmt.Fprintf(&b, "%s is what the stack compiles to: %s\n", dir, plural(e.Clean, "file"))
		}
	}
	return b.String()
}

func secretsVerdict(c *build.Checks) string {
	if c.Around.HasErrors() {
		if found := count(c.Around, secretKinds()); found != "" {
			return "secrets are where git has them or would take them: " + found + "\n"
		}
	}
	what := "private keys; there is no .secrets here"
	if c.Values > 0 {
		what = plural(c.Values, "value") + " of .secrets and private keys"
	}
	return fmt.Sprintf("no secret in %s that git has or would take (looked for %s)\n", plural(c.Searched.Files, "file"), what)
}

// kind is what findings of one code, or several, are called when they are counted.
type kind struct {
	codes, word string
	noun        bool
}

func secretKinds() []kind {
	return []kind{{"NS606", "tracked", false}, {"NS651", "in the history", false}, {"NS405", "value", true}, {"NS608", "private key", true}}
}

// kinds lists what may be wrong with an output directory, the gravest first.
func kinds() []kind {
	return []kind{
		{"NS501 NS504", "unreadable", false},
		{"NS503", "a build is running", false},
		{"NS510 NS512 NS513 NS514", "lock refused", false},
		{"NS511 NS521", "unfinished merge", false},
		{"NS508", "unfinished build", false},
		{"NS520", "hand-edited", false},
		{"NS524", "edited orphan", false},
		{"NS522 NS523 NS526 NS536", "foreign", false},
		{"NS525", "blocked", false},
		{"NS530", "stale", false},
		{"NS531 NS533", "missing", false},
		{"NS532", "orphan", false},
		{"NS535", "permissions", false},
		{"NS534", "lock out of date", false},
	}
}

// byKind puts the gravest kinds first, and each kind in the order of its files.
func byKind(list diag.List) diag.List {
	order := append(kinds(), kind{"", "error", true})
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *diag.Diagnostic) int {
		return cmp.Compare(indexOf(order, a.Code), indexOf(order, b.Code))
	})
	return list
}

func indexOf(kinds []kind, code string) int {
	return slices.IndexFunc(kinds, func(k kind) bool { return k.codes == "" || strings.Contains(k.codes, code) })
}

// kindsOf counts findings by kind; what has no kind of its own is an error.
func kindsOf(list diag.List) string { return count(list, append(kinds(), kind{"", "error", true})) }

func count(list diag.List, kinds []kind) string {
	n := make([]int, len(kinds))
	for _, d := range list {
		if i := indexOf(kinds, d.Code); i >= 0 && d.Severity == diag.Error {
			n[i]++
		}
	}
	var out []string
	for i, k := range kinds {
		switch {
		case n[i] > 0 && k.noun:
			out = append(out, plural(n[i], k.word))
		case n[i] > 0:
			out = append(out, fmt.Sprintf("%d %s", n[i], k.word))
		}
	}
	return strings.Join(out, ", ")
}
