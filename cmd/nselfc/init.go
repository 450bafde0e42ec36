package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newInit(env cli.Env, d *display) *cobra.Command {
	var o cli.InitOptions
	var rotate bool
	var r cli.RotateOptions
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Start a stack",
		Long: `Writes a commented stack, a .gitignore and a .dockerignore into a folder, which
is made if it does not exist. Asks nothing, and never overwrites a file.

With --secure it builds the stack at once and generates every secret of the
development environment. Those of production are generated on the host that
runs it, by nselfc build --env prod.

With --rotate-secrets it writes nothing of that: it gives every secret of a stack
that runs on this host a new value, as nselfc secrets rotate --all does.`,
		Example: `  nselfc init
  nselfc init shop --domain shop.example.com --secure
  nselfc init --rotate-secrets --env prod    # on the host that runs it`,
		Args: cobra.MaximumNArgs(1),
		RunE: action(func(ctx context.Context, args []string) int {
			o.Dir = first(args)
			if rotate {
				r.All, r.Path, r.Grace = true, o.Dir, cli.DefaultGrace
				return cli.Rotate(ctx, env, *d, r)
			}
			return cli.Init(ctx, env, *d, o)
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&o.Secure, "secure", false, "build at once, and generate every secret")
	f.StringVar(&o.Name, "name", "", "`NAME` of the stack (default: the folder's)")
	f.StringVar(&o.Domain, "domain", "", "`DOMAIN` in production (default: NAME.example.com)")
	f.BoolVar(&rotate, "rotate-secrets", false, "give every secret of the running stack a new value")
	f.StringVar(&r.Env, "env", "", "with --rotate-secrets, the environment of this `NAME`, which runs on this host")
	f.BoolVar(&r.DryRun, "dry-run", false, "with --rotate-secrets, only tell what would happen")
	for _, other := range []string{"secure", "name", "domain"} {
		cmd.MarkFlagsMutuallyExclusive("rotate-secrets", other)
	}
	return cmd
}
