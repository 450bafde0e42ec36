package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsHistory(env cli.Env, d *display) *cobra.Command {
	var o cli.HistoryOptions
	cmd := &cobra.Command{
		Use:   "history [NAME]",
		Short: "Show when secrets were made and replaced",
		Long: `Shows when each secret, or one, was made, set and rotated, by nself.secrets.json
and git's history of it, with the commit that brought the news. No value was
ever in either.`,
		Example: `  nselfc secrets history --env prod
  nselfc secrets history secret.jwt_key`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Name = first(args)
			return cli.History(ctx, env, *d, o)
		}),
	}
	secretsFlags(cmd, &o.SecretsOptions)
	secretArgs(cmd, cobra.MaximumNArgs(1), &o.SecretsOptions)
	return cmd
}
