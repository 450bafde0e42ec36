package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"nselfc/emit/compose"
	"nselfc/emit/outdir"
	"nselfc/internal/build"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// Materialize makes the files below .secrets.d fit .secrets, and makes no value:
// what a host does after the values have come from a store.
func Materialize(ctx context.Context, env Env, d Display, o SecretsOptions) int {
	h, c, code := o.host(ctx, env, d)
	if h == nil {
		return code
	}
	if found := noOutput(h, o); found != nil {
		return o.show(ctx, env, d, c, diag.List{found})
	}
	diags := stale(c, h, o)
	if diags.HasErrors() {
		return o.show(ctx, env, d, c, diags)
	}
	return o.materialize(ctx, env, d, h, c)
}

// materialize makes the files of a host whose output is of this stack.
func (o SecretsOptions) materialize(ctx context.Context, env Env, d Display, h *build.Host, c *build.Compiled) int {
	opts := h.Options
	opts.Existing = true
	report, diags := secrets.Materialize(ctx, h.Dir, h.Stack, h.Files, opts)
	diags = append(diags, standing(h)...)
	if code := o.show(ctx, env, d, c, diags); code != OK {
		return code
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", clean(h.Dir))
	list(&b, "rendered", report.Rendered)
	list(&b, "removed", report.Removed)
	if n := len(report.Unchanged); n > 0 {
		fmt.Fprintf(&b, "  unchanged  %s\n", plural(n, "secret file"))
	}
	w := &build.Written{Environment: h.Environment, Dir: h.Dir, Secrets: report}
	switch services := outdated(w); {
	case len(services) > 0:
		wait, _ := start(h.Stack)
		fmt.Fprintf(&b, "\nNext, as running containers keep the files that they were started with:\n    docker compose -f%s up -d%s --force-recreate %s\n",
			argument(filepath.Join(h.Dir, compose.FileName)), wait, strings.Join(services, " "))
	case len(report.Rendered) > 0:
		b.WriteString("\nNext:\n")
		commands(&b, w, BuildOptions{Options: o.Options, Path: o.Path})
	default:
		b.WriteString("\nNothing changed, so nothing has to be started again.\n")
	}
	return stopped(ctx, Print(env, b.String()))
}

// codeStale is for an output that is not of this stack.
const codeStale = "NS684"

// stale refuses to make secret files for an output that the stack has moved on
// from: services would be given files that their compose file does not mount.
func stale(c *build.Compiled, h *build.Host, o SecretsOptions) diag.List {
	committed, diags := c.Committed(h.Environment, o.Options, Version)
	if diags.HasErrors() {
		return diags
	}
	defer committed.Close()
	var differ []string
	for _, e := range committed.Entries {
		if e.State == outdir.Create || e.State == outdir.Stale || e.State == outdir.Missing {
			differ = append(differ, e.Path)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return diag.List{diag.Errorf(codeStale, stackRange(h), "Output is of another stack",
		"%s is not what the stack compiles to now (%s): the files that this command makes would not be those that the containers are given.\n\nBuild, which does both:\n\n    nselfc build%s%s --env %s",
		h.Dir, strings.Join(differ[:min(len(differ), 3)], ", "), argument(o.Path), outFlag(BuildOptions{Options: o.Options}), h.Name)}
}
