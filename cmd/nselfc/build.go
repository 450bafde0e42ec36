package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/build"
	"nselfc/internal/cli"
)

func newBuild(env cli.Env, d *display) *cobra.Command {
	var o cli.BuildOptions
	cmd := &cobra.Command{
		Use:   "build [FILE|DIR]",
		Short: "Compile the stack and write the output",
		Long: `Compiles a stack and writes out/ beside it: each environment into out/NAME, a
stack without environments straight into out. Needs no Docker, git or root.

A folder (the default is this one) is a stack of all its .hcl files, and
nself.hcl stands for its folder; a file of another name is a stack of its own.
Modules and kinds are read from the same folder.

Files that are right already are not touched. Files that somebody edited by
hand, and files that nselfc did not write, stop the build before it writes
anything; --force PATH accepts the loss of one. Missing secrets are generated,
existing ones are never changed. Secrets are made where the stack runs: for
development environments, and for the one that --env names.`,
		Example: `  nselfc build                          # the stack in this folder
  nselfc build examples/shop/nself.hcl
  nselfc build --env prod               # on the host that runs it
  nselfc build --no-secrets --verify    # in CI
  nselfc build --force out/prod/nginx/nginx.conf`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Path = first(args)
			return cli.Build(ctx, env, *d, o)
		}),
	}
	stackArgs(cmd)
	buildFlags(cmd, &o.Options)
	todayFlag(cmd, &o.On)
	f := cmd.Flags()
	f.BoolVar(&o.Verify, "verify", false, "read the compose files back with Compose's own loader and compare")
	f.BoolVar(&o.NoSecrets, "no-secrets", false, "make no secrets, in no environment")
	f.StringArrayVar(&o.Force, "force", nil, "overwrite this edited or foreign `PATH` below the output (may be repeated)")
	return cmd
}

// buildFlags adds what every command that compiles takes.
func buildFlags(cmd *cobra.Command, o *build.Options) {
	envFlag(cmd, &o.Env)
	cmd.Flags().StringVarP(&o.Out, "out", "o", "", "output `DIR` (default out, beside the stack)")
}
