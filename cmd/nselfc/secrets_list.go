package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsList(env cli.Env, d *display) *cobra.Command {
	var o cli.ListOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show what there is of each secret, and no value",
		Long: `Shows each secret of an environment: its kind, how it is rotated, whether it has
a value, the value's generation and age, the day on which it is due for another,
and the services that read it. Keys in .secrets that the stack does not declare,
and values that were retired, come last.

Reads .secrets and nself.secrets.json, and changes nothing. No value and no
length of one is printed.`,
		Example: `  nselfc secrets list --env prod
  nselfc secrets list --json | jq -r '.secrets[] | select(.overdue) | .address'`,
		Args: cobra.NoArgs,
		RunE: action(func(ctx context.Context, _ []string) int { return cli.List(ctx, env, *d, o) }),
	}
	secretsFlags(cmd, &o.SecretsOptions)
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print JSON, for programs")
	return cmd
}
