package cli

import (
	"context"
	"strings"

	"nselfc/compiler/policymodel"
	"nselfc/internal/build"
)

// Model prints the model of one environment, which is what the stack's own rules
// see, for tools that have rules of their own. Findings go to standard error.
func Model(ctx context.Context, env Env, d Display, path, format string, o build.Options) int {
	if format != "json" {
		return Fail(env, Usage, "there is no format %q: it is json", format)
	}
	if o.Env == "" {
		switch names := build.Environments(path); len(names) {
		case 0:
		case 1:
			o.Env = names[0]
		default:
			return Fail(env, Usage, "the stack has several environments (%s), and the model is of one: add --env %s", strings.Join(names, ", "), names[0])
		}
	}
	c, diags := compile(ctx, env, path, o)
	if diags.HasErrors() || ctx.Err() != nil {
		d.Format = FormatText
		return stopped(ctx, d.Show(env, diags, c.Files(), c.DisplayName))
	}
	b, err := policymodel.JSON(policymodel.Of(c.Environments[0].Stack))
	if err != nil {
		return Fail(env, Bug, "this is a bug in nselfc: the model cannot be written: %v", err)
	}
	return Print(env, string(b))
}
