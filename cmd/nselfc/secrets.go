package main

import (
	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

// newSecrets holds the commands about the secrets of one environment, on the host
// that runs it.
func newSecrets(env cli.Env, d *display) *cobra.Command {
	_, _ = env, d
	cmd := &cobra.Command{
		Use:   "secrets",
		Short: "Look after the secrets of one environment",
		Args:  unknownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, c := range []*cobra.Command{} {
		cmd.AddCommand(c)
	}
	return cmd
}

// secretsFlags adds what every command about secrets takes.
func secretsFlags(cmd *cobra.Command, o *cli.SecretsOptions) { buildFlags(cmd, &o.Options) }
