package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/build"
	"nselfc/internal/cli"
)

func newValidate(env cli.Env, d *display) *cobra.Command {
	var o build.Options
	var on cli.Today
	cmd := &cobra.Command{
		Use:   "validate [FILE|DIR]",
		Short: "Report everything that is wrong with the stack, and write nothing",
		Long: `Compiles every environment of a stack in memory and reports all findings. The
output directory is not looked at, and secrets are not read.

JSON has the form of "tofu validate -json", SARIF is for code scanning, and
github prints workflow commands that annotate a pull request; these go to
standard output, text goes to standard error.`,
		Example: `  nselfc validate
  nselfc validate shop --format json | jq .error_count
  nselfc validate --format sarif > nselfc.sarif`,
		RunE: action(func(ctx context.Context, args []string) int {
			return cli.Validate(ctx, env, *d, first(args), o, on)
		}),
	}
	stackArgs(cmd)
	formatFlag(cmd, d)
	envFlag(cmd, &o.Env)
	todayFlag(cmd, &on)
	return cmd
}
