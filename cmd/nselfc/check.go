package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newCheck(env cli.Env, d *display) *cobra.Command {
	var o cli.CheckOptions
	var all bool
	cmd := &cobra.Command{
		Use:   "check [FILE|DIR]",
		Short: "Tell whether the committed output is just what the stack compiles to",
		Long: `Compiles a stack in memory and compares every file of its output directories,
the lock included, with the result: for CI, where it shows that a change of
nself.hcl was built and that nobody edited the output. Every environment is
checked unless --env names one.

It also fails when git has something of the secret store, or when a file that git
has or would take holds a value of .secrets (where that is there) or a private
key. A value is never printed.

Nothing is written, not even a lock file. It needs no network, secrets, Docker or
git, and no right but to read. docs/check.md shows what it says and what to do.`,
		Example: `  nselfc check                          # the stack in this folder
  nselfc check shop --env prod
  nselfc check --format sarif > nselfc.sarif`,
		PreRunE: func(*cobra.Command, []string) error {
			if all && o.Env != "" {
				return cli.UsageError("--env and --all-envs exclude each other", "Leave both out to check every environment.")
			}
			return nil
		},
		RunE: action(func(ctx context.Context, args []string) int {
			o.Path = first(args)
			return cli.Check(ctx, env, *d, o)
		}),
	}
	stackArgs(cmd)
	formatFlag(cmd, d)
	buildFlags(cmd, &o.Options)
	todayFlag(cmd, &o.On)
	cmd.Flags().Lookup("env").Usage = "check only the environment of this `NAME`"
	cmd.Flags().BoolVar(&all, "all-envs", false, "check every environment, as without --env")
	return cmd
}
