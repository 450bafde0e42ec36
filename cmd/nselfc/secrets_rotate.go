package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsRotate(env cli.Env, d *display) *cobra.Command {
	var o cli.RotateOptions
	cmd := &cobra.Command{
		Use:   "rotate [NAME…]",
		Short: "Give secrets new values while the stack runs",
		Long: `Gives secrets new values while the stack runs, on the host that runs it. A server
is told of the new value and is seen to take it before any service has it; the
old one is taken away when no service uses it, and is seen to be refused.
Services that can run twice get new containers beside the old ones, and then
the requests: none fails.

What has happened is written to .secrets.rotation before the next step. After a
crash, Ctrl-C or an error the stack works as it is; --resume goes on, and --abort
goes back, as long as the old values are there.

After --grace, which lets programs outside of the stack follow, the old values are
refused. --compromised leaves out the grace, and ends sessions that the old value
opened. With --all and --due, secrets that need their owner's hand are left out.`,
		Example: `  nselfc secrets rotate --all --dry-run
  nselfc secrets rotate 'postgres.main.secret.role["app"]' --env prod
  nselfc secrets rotate secret.jwt_key --compromised
  nselfc secrets rotate --resume`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Names = args
			if err := o.Check(); err != nil {
				return err
			}
			return action(func(ctx context.Context, _ []string) int { return cli.Rotate(ctx, env, *d, o) })(cmd, args)
		},
	}
	secretsFlags(cmd, &o.SecretsOptions)
	secretArgs(cmd, cobra.ArbitraryArgs, &o.SecretsOptions)
	f := cmd.Flags()
	f.BoolVar(&o.All, "all", false, "all secrets, but those that need their owner's hand")
	f.BoolVar(&o.Due, "due", false, "those that are older than rotate_after or max_age allow")
	f.BoolVar(&o.Resume, "resume", false, "go on with the rotation that was interrupted")
	f.BoolVar(&o.Abort, "abort", false, "take the rotation back that was interrupted")
	f.BoolVar(&o.Compromised, "compromised", false, "somebody may know the old value: no grace, and its sessions end")
	f.BoolVar(&o.DryRun, "dry-run", false, "only tell what would happen")
	f.DurationVar(&o.Grace, "grace", cli.DefaultGrace, "how long both values are taken once every service has the new one")
	f.StringVar(&o.File, "value-file", "", "`FILE` with the new value of the one secret that is named")
	return cmd
}
