package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/build"
	"nselfc/internal/cli"
)

func newWhy(env cli.Env, d *display) *cobra.Command {
	var o build.Options
	var stack string
	cmd := &cobra.Command{
		Use:   "why FILE:LINE|ADDRESS",
		Short: "Show what in the stack caused a generated line or a value",
		Long: `Compiles the stack and prints the line of it that caused a line of the output or
the value of an attribute, or the default, posture or rule that did when nobody
wrote it. Addresses are those of nselfc plan; one without an attribute shows all
that it has.`,
		Example: `  nselfc why out/prod/docker-compose.yml:42
  nselfc why service.api.memory
  nselfc why postgres.main.roles.app.access --env prod`,
		Args: cobra.ExactArgs(1),
		RunE: action(func(ctx context.Context, args []string) int {
			return cli.Why(ctx, env, *d, stack, args[0], o)
		}),
	}
	cmd.Flags().StringVar(&stack, "stack", "", "the stack's `FILE|DIR` (default: the nearest folder above FILE that has one)")
	cmd.Flags().StringVar(&o.Env, "env", "", "ask in the environment of this `NAME` only")
	cmd.Flags().StringVarP(&o.Out, "out", "o", "", "output `DIR` (default out, beside the stack)")
	return cmd
}
