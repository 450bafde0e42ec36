package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsRecipients(env cli.Env, d *display) *cobra.Command {
	var o cli.RecipientsOptions
	cmd := &cobra.Command{
		Use:   "recipients [add|remove KEY]",
		Short: "Show who can open the age file, and encrypt it for a changed list",
		Long: `Shows the recipients of an environment's age file: the public keys in nself.hcl.
When the file was encrypted for others, it is encrypted anew, by somebody who can
open it; --check only tells. add and remove change the list in nself.hcl first.

Encryption anew takes nothing back: whoever was removed still opens the copies in
git's history. Only a rotation ends that, and the command says so.`,
		Example: `  nselfc secrets recipients --env prod
  nselfc secrets recipients add age1… --env prod
  nselfc secrets recipients remove age1… --env prod`,
		Args: cobra.MatchAll(cobra.MaximumNArgs(2), changeOfRecipients),
		RunE: action(func(ctx context.Context, args []string) int {
			if len(args) == 2 {
				o.Change, o.Key = args[0], args[1]
			}
			return cli.Recipients(ctx, env, *d, o)
		}),
	}
	secretsFlags(cmd, &o.SecretsOptions)
	cmd.Flags().BoolVar(&o.Check, "check", false, "only tell; exit with 1 when the file is encrypted for others")
	identityFlag(cmd, &o.Identities)
	return cmd
}

// changeOfRecipients takes no argument, or what to do and a key.
func changeOfRecipients(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0, len(args) == 2 && (args[0] == "add" || args[0] == "remove"):
		return nil
	}
	return cli.UsageError("recipients takes no argument, or add KEY, or remove KEY", "")
}
