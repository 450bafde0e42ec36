package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsShow(env cli.Env, d *display) *cobra.Command {
	var o cli.ShowOptions
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show one value, on a terminal",
		Long: `Prints the value of a secret, when standard output is a terminal, and else says
which file a program should read. Of a certificate or a pair of keys, name a
part: secret.tls.private_key. The public part is no secret, and is printed
anywhere.`,
		Example: `  nselfc secrets show secret.admin_password
  nselfc secrets show secret.signing_key --public > signing.pub`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Name = first(args)
			return cli.Show(ctx, env, *d, o)
		}),
	}
	secretsFlags(cmd, &o.SecretsOptions)
	secretArgs(cmd, cobra.ExactArgs(1), &o.SecretsOptions)
	cmd.Flags().BoolVar(&o.Public, "public", false, "print the public part of a certificate or pair of keys")
	return cmd
}
