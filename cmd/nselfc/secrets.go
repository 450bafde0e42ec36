package main

import (
	"github.com/spf13/cobra"

	"nselfc/internal/build"
	"nselfc/internal/cli"
)

// newSecrets holds the commands about the secrets of one environment, on the host
// that runs it.
func newSecrets(env cli.Env, d *display) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secrets",
		Short: "Look after the secrets of one environment",
		Args:  unknownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, c := range []*cobra.Command{
		newSecretsScan(env, d),
	} {
		cmd.AddCommand(c)
	}
	return cmd
}

// secretsFlags adds what every command about secrets takes.
func secretsFlags(cmd *cobra.Command, o *cli.SecretsOptions) {
	f := cmd.Flags()
	f.StringVar(&o.Env, "env", "", "the environment of this `NAME`, which runs on this host")
	register(cmd, "env", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return build.Environments(o.Path), cobra.ShellCompDirectiveNoFileComp
	})
	f.StringVar(&o.Path, "path", "", "the stack's `FILE|DIR` (default: this folder)")
	f.StringVarP(&o.Out, "out", "o", "", "output `DIR` (default out, beside the stack)")
}
