package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newInit(env cli.Env, d *display) *cobra.Command {
	var o cli.InitOptions
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Start a stack",
		Long: `Writes a commented stack, a .gitignore and a .dockerignore into a folder, which
is made if it does not exist. Asks nothing, and never overwrites a file.

With --secure it builds the stack at once and generates every secret of the
development environment. Those of production are generated on the host that
runs it, by nselfc build --env prod.`,
		Example: `  nselfc init
  nselfc init shop --domain shop.example.com --secure`,
		Args: cobra.MaximumNArgs(1),
		RunE: action(func(ctx context.Context, args []string) int {
			o.Dir = first(args)
			return cli.Init(ctx, env, *d, o)
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&o.Secure, "secure", false, "build at once, and generate every secret")
	f.StringVar(&o.Name, "name", "", "`NAME` of the stack (default: the folder's)")
	f.StringVar(&o.Domain, "domain", "", "`DOMAIN` in production (default: NAME.example.com)")
	return cmd
}
