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
		Long: `Secrets live on the host that runs an environment: in .secrets of its output
directory, and where the environment's store says. A secret is named by its
address, secret.jwt_key, or by its key in .secrets, JWT_KEY.

No command takes a value as an argument, where other users and the shell's
history would see it, and none prints one but show, on a terminal.`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SuggestionsMinimumDistance = 2
	for _, c := range []*cobra.Command{
		newSecretsAudit(env, d),
		newSecretsScan(env, d),
		newSecretsList(env, d),
		newSecretsGenerate(env, d),
		newSecretsMaterialize(env, d),
		newSecretsSet(env, d),
		newSecretsShow(env, d),
		newSecretsSync(env, d),
		newSecretsRecipients(env, d),
		newSecretsRotate(env, d),
		newSecretsRetire(env, d),
		newSecretsHistory(env, d),
		newSecretsHash(env, d),
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

// secretArgs takes names of secrets, and completes them.
func secretArgs(cmd *cobra.Command, args cobra.PositionalArgs, o *cli.SecretsOptions) {
	cmd.Args = args
	cmd.ValidArgsFunction = func(cmd *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
		if args(cmd, append(given, "x")) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return cli.SecretNames(cmd.Context(), *o), cobra.ShellCompDirectiveNoFileComp
	}
}
