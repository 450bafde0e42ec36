package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newVersion(env cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: action(func(context.Context, []string) int {
			return cli.Print(env, "nselfc "+cli.FullVersion()+"\n")
		}),
	}
}
