package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newPlan(env cli.Env, d *display) *cobra.Command {
	var o cli.PlanOptions
	var all bool
	cmd := &cobra.Command{
		Use:   "plan [FILE|DIR]",
		Short: "Show what a change to the stack means, and write nothing",
		Long: `Compiles the stack in memory and compares it with the committed output, or with
the stack as it is at a revision of git. Shows risks first, each with the line
that causes it; then what changes by resource, and what that does to containers,
volumes, databases and secrets; then the files.

Nothing is written but the file that --json-into names. No secret is needed; where
.secrets is there, a value of it that somebody wrote into a generated file is not
shown.`,
		Example: `  nselfc plan
  nselfc plan --base origin/main --format markdown    # the comment of a pull request
  nselfc plan --env prod --fail-on destructive`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Path = first(args)
			return cli.Plan(ctx, env, *d, o)
		}),
	}
	stackArgs(cmd)
	envFlag(cmd, &o.Env)
	todayFlag(cmd, &o.On)
	f := cmd.Flags()
	f.BoolVar(&all, "all-envs", false, "every environment, as without --env")
	cmd.MarkFlagsMutuallyExclusive("env", "all-envs")
	f.StringVar(&o.Base, "base", "", "compare with the stack at this `REVISION` of git, such as origin/main")
	f.StringVarP(&o.Out, "out", "o", "", "output `DIR` (default out, beside the stack)")
	f.Var(&o.Format, "format", "text, markdown, json, github or sarif (default text)")
	complete(cmd, "format", "text", "markdown", "json", "github", "sarif")
	f.StringVar(&o.JSONInto, "json-into", "", "write the JSON form to this `FILE` as well")
	f.BoolVar(&o.Detailed, "detailed-exitcode", false, "exit with 0 for no changes, 2 for changes, 1 for an error")
	f.Var(&o.FailOn, "fail-on", "exit with 1 on risks as severe as this: low, medium, high, critical or destructive; or of this code")
	complete(cmd, "fail-on", "low", "medium", "high", "critical", "destructive")
	return cmd
}
