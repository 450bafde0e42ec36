package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsRetire(env cli.Env, d *display) *cobra.Command {
	var o cli.RetireOptions
	cmd := &cobra.Command{
		Use:   "retire KEY…",
		Short: "Take away values that the stack does not declare any more",
		Long: `Takes values that no declaration uses out of .secrets and out of the store of the
environment, with their salts and slots. Refuses while the stack declares them,
and while a container runs that was started before the output was as it is now.

What was retired is kept in .secrets.retired: --undo puts the last value of a
key back, --purge forgets for good what is named, or all.`,
		Example: `  nselfc secrets retire OLD_API_KEY --env prod
  nselfc secrets retire OLD_API_KEY --undo
  nselfc secrets retire --purge`,
		Args: cobra.ArbitraryArgs,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Names = args
			return cli.Retire(ctx, env, *d, o)
		}),
	}
	secretsFlags(cmd, &o.SecretsOptions)
	f := cmd.Flags()
	f.BoolVar(&o.Force, "force", false, "retire although something that runs may use the value")
	f.BoolVar(&o.Undo, "undo", false, "put a retired value back")
	f.BoolVar(&o.Purge, "purge", false, "forget retired values for good")
	return cmd
}
