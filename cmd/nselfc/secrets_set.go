package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsSet(env cli.Env, d *display) *cobra.Command {
	var o cli.SetOptions
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Give a secret a value that you have",
		Long: `Takes the value of a secret: typed twice at a prompt that shows nothing, or from
a pipe, or from a file. One line end after it is left out. It is held against
the secret's kind and against what attackers try first before anything is
written, to the store of the environment and to .secrets.

A value in use is not replaced: secrets rotate does that without an outage.`,
		Example: `  nselfc secrets set secret.stripe_key
  pass show stripe | nselfc secrets set secret.stripe_key --env prod`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Name = first(args)
			return cli.Set(ctx, env, *d, o)
		}),
	}
	secretsFlags(cmd, &o.SecretsOptions)
	secretArgs(cmd, cobra.ExactArgs(1), &o.SecretsOptions)
	f := cmd.Flags()
	f.StringVar(&o.File, "file", "", "take the value from this `FILE`")
	f.BoolVar(&o.Replace, "replace", false, "replace a value that is in use; what that breaks is said")
	return cmd
}
