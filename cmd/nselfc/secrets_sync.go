package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsSync(env cli.Env, d *display) *cobra.Command {
	var o cli.SyncOptions
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Bring the values from the store to this host",
		Long: `Brings the values of an environment from its store (age, Vault, AWS or a program)
into .secrets on the host that runs it, and makes the files that services read.
Either every value is taken, or nothing is changed: when the store does not
answer, or holds a value that does not fit, .secrets is as it was and works.

A value that the store does not have stays; --push puts it there, unless somebody
changed the store meanwhile. A value that differs is a rotation: the services that
have to be started again are named. One that a database checks, or that data is
encrypted under, is not taken while services use the old one.

For an environment whose store is kubernetes, it writes a manifest: an
ExternalSecret to standard output or a file, a Secret to a file or a pipe that you
name, as it holds the values.`,
		Example: `  nselfc secrets sync --env prod
  nselfc secrets sync --env prod --check           # 1 when something would change
  nselfc secrets sync --env prod --push            # also fill the store
  nselfc secrets sync --env k8s --manifest >(kubectl apply -f -)`,
		Args: cobra.NoArgs,
		RunE: action(func(ctx context.Context, _ []string) int { return cli.Sync(ctx, env, *d, o) }),
	}
	secretsFlags(cmd, &o.SecretsOptions)
	f := cmd.Flags()
	f.BoolVar(&o.Check, "check", false, "only tell what would change; exit with 1 when something would")
	f.BoolVar(&o.Push, "push", false, "put values into the store that it does not have")
	f.BoolVar(&o.Replace, "replace", false, "take values too that a server or data depends on while services use the old ones")
	f.StringVar(&o.Manifest, "manifest", "", "write the manifest of a Kubernetes store to this `FILE`; - is standard output")
	f.BoolVar(&o.JSON, "json", false, "print what became of each secret as JSON, in names only")
	identityFlag(cmd, &o.Identities)
	return cmd
}

// identityFlag adds what every command takes that opens an age file.
func identityFlag(cmd *cobra.Command, files *[]string) {
	cmd.Flags().StringArrayVar(files, "identity", nil, "open an age file with the identity in this `FILE` (may be repeated; default $NSELFC_AGE_IDENTITY_FILE, ~/.config/nselfc/identity.txt)")
}
