package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/build"
	"nselfc/internal/cli"
)

func newModel(env cli.Env, d *display) *cobra.Command {
	var o build.Options
	format := "json"
	cmd := &cobra.Command{
		Use:   "model [FILE|DIR]",
		Short: "Print the model that the stack's own rules are judged on",
		Long: `Compiles one environment in memory and prints it as the model that rule blocks
and tests see: services, networks, routes, the ingress, the firewall and what is
declared of secrets, whose values are nowhere in it. docs/model.schema.json
describes the form, which has a version of its own.

Tools with rules in another language, such as conftest or CEL, read it.`,
		Example: `  nselfc model | jq '.services[] | select(.read_only | not) | .name'
  nselfc model --env prod > model.json && conftest test model.json`,
		RunE: action(func(ctx context.Context, args []string) int {
			return cli.Model(ctx, env, *d, first(args), format, o)
		}),
	}
	stackArgs(cmd)
	cmd.Flags().StringVar(&format, "format", format, "form of the model: json")
	complete(cmd, "format", "json")
	cmd.Flags().Bool("json", false, "print JSON, as --format json") // the only form, and what people type
	envFlag(cmd, &o.Env)
	return cmd
}
