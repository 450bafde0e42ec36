package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newWaivers(env cli.Env, d *display) *cobra.Command {
	o := cli.WaiversOptions{Format: cli.WaiversFormats[0]}
	cmd := &cobra.Command{
		Use:   "waivers [FILE|DIR]",
		Short: "List what somebody has accepted, until when and why",
		Long: `Lists every waiver of the stack, the first to end first: its rule, what it is on,
its owner, reason and place, and how it stands: active, ends soon (within 14
days), expired, or unused, which is an error to every build.

Nothing is written, and the exit code is 0 whatever the states are. docs/policy.md
tells of rules and waivers.`,
		Example: `  nselfc waivers
  nselfc waivers shop --env prod --format json | jq '.waivers[] | select(.days < 30)'`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Path = first(args)
			return cli.Waivers(ctx, env, *d, o)
		}),
	}
	stackArgs(cmd)
	envFlag(cmd, &o.Env)
	todayFlag(cmd, &o.On)
	cmd.Flags().StringVar(&o.Format, "format", o.Format, "text or json")
	complete(cmd, "format", cli.WaiversFormats...)
	return cmd
}
