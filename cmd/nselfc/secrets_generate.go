package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsGenerate(env cli.Env, d *display) *cobra.Command {
	var o cli.GenerateOptions
	cmd := &cobra.Command{
		Use:   "generate [NAME…]",
		Short: "Make the values that are missing",
		Long: `Makes the values that are missing, of all secrets or of those that are named, in
the store of the environment and in .secrets. A value that is there is never
changed, here or there: run it as often as you like.

Values of the kind input are not made; their owner gives them with secrets set.
What services read is made by secrets materialize, or by a build.`,
		Example: `  nselfc secrets generate --env prod
  nselfc secrets generate secret.jwt_key`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Names = args
			return cli.Generate(ctx, env, *d, o)
		}),
	}
	secretsFlags(cmd, &o.SecretsOptions)
	secretArgs(cmd, cobra.ArbitraryArgs, &o.SecretsOptions)
	return cmd
}
