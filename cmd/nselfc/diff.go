package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/build"
	"nselfc/internal/cli"
)

func newDiff(env cli.Env, d *display) *cobra.Command {
	o := cli.DiffOptions{Format: cli.DiffFormats[0]}
	cmd := &cobra.Command{
		Use:   "diff [FILE|DIR] --env NAME --env NAME",
		Short: "Show how two environments of a stack differ",
		Long: `Compiles two environments of a stack and shows what the second has other than
the first: what is weaker and what safer there, and every resource that differs.
Names and subnets, which differ between any two, are left out.`,
		Example: `  nselfc diff --env staging --env prod
  nselfc diff shop --env dev --env prod --format json`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Path = first(args)
			return cli.Diff(ctx, env, *d, o)
		}),
	}
	stackArgs(cmd)
	f := cmd.Flags()
	f.StringArrayVar(&o.Envs, "env", nil, "environment of this `NAME`; given twice")
	register(cmd, "env", func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		return build.Environments(first(args)), cobra.ShellCompDirectiveNoFileComp
	})
	f.StringVar(&o.Format, "format", o.Format, "text, markdown or json")
	complete(cmd, "format", cli.DiffFormats...)
	f.BoolVar(&o.Detailed, "detailed-exitcode", false, "exit with 0 for no difference, 2 for differences, 1 for an error")
	return cmd
}
