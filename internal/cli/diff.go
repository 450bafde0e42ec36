package cli

import (
	"context"
	"slices"

	"nselfc/internal/build"
	"nselfc/internal/plan"
	"nselfc/internal/term"
)

// DiffOptions are the flags of diff.
type DiffOptions struct {
	Path     string
	Envs     []string // two of them
	Format   string   // "text", "markdown", "json"
	Detailed bool
}

// DiffFormats are the values of its --format.
var DiffFormats = []string{"text", "markdown", "json"}

// Diff prints how one environment of a stack differs from another.
func Diff(ctx context.Context, env Env, d Display, o DiffOptions) int {
	code, differs := diff(ctx, env, d, o)
	return detailed(o.Detailed, code, differs)
}

func diff(ctx context.Context, env Env, d Display, o DiffOptions) (code int, differs bool) {
	switch {
	case len(o.Envs) != 2 || o.Envs[0] == o.Envs[1]:
		return Fail(env, Usage, "diff compares two environments: --env staging --env prod"), false
	case !slices.Contains(DiffFormats, o.Format):
		return Fail(env, Usage, "there is no format %q: it is text, markdown or json", o.Format), false
	}
	var found [2]*build.Environment
	var c *build.Compiled
	for i, name := range o.Envs {
		compiled, diags := compile(ctx, env, o.Path, build.Options{Env: name})
		if diags.HasErrors() || ctx.Err() != nil {
			return stopped(ctx, d.Show(env, diags, compiled.Files(), compiled.DisplayName)), false
		}
		c, found[i] = compiled, compiled.Environments[0]
	}
	out, err := plan.Between(c, found[0], found[1])
	if err != nil {
		return Fail(env, Bug, "this is a bug in nselfc: %v", err), false
	}
	switch o.Format {
	case "markdown":
		err = out.Markdown(env.Stdout)
	case "json":
		err = out.JSON(env.Stdout)
	default:
		err = out.Text(env.Stdout, term.Color(d.Color, env.Stdout, env.Getenv))
	}
	if err != nil {
		return Fail(env, IO, "cannot write the differences: %v", err), false
	}
	return OK, out.Different()
}
