package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsMaterialize(env cli.Env, d *display) *cobra.Command {
	var o cli.SecretsOptions
	cmd := &cobra.Command{
		Use:   "materialize",
		Short: "Make the files that services read from .secrets",
		Long: `Makes the files below .secrets.d fit .secrets, as a build does, and writes nothing
else of the output: what a host does after secrets sync. It makes no value; one
that is missing is an error.

Tells which services go on with an old file, and how to start them again.`,
		Example: `  nselfc secrets sync --env prod && nselfc secrets materialize --env prod`,
		Args:    cobra.NoArgs,
		RunE:    action(func(ctx context.Context, _ []string) int { return cli.Materialize(ctx, env, *d, o) }),
	}
	secretsFlags(cmd, &o)
	return cmd
}
