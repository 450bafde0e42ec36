package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsAudit(env cli.Env, d *display) *cobra.Command {
	var o cli.AuditOptions
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Judge who can read the secrets on this host",
		Long: `Walks from the root of the file system to every file with secrets, and tells
which users of this host can really read it, by modes, owners and access control
lists of every directory on the way; which services are shown it, and whether the
user of the container can read it.

Finds also: copies beside .secrets, keys that nothing declares, secrets that are
due for rotation or the same in two environments, weak ones, and what git has,
would take, or ever had of them. Reads and changes nothing. Ends with 1 when
there is a finding. Root and the members of the group docker can read everything.`,
		Example: `  nselfc secrets audit --env prod
  nselfc secrets audit --json | jq '.findings[].summary'`,
		Args: cobra.NoArgs,
		RunE: action(func(ctx context.Context, _ []string) int { return cli.Audit(ctx, env, *d, o) }),
	}
	secretsFlags(cmd, &o.SecretsOptions)
	cmd.Flags().BoolVar(&o.JSON, "json", false, "print JSON, for programs")
	return cmd
}
