package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
	"nselfc/lang/diag"
)

func newExplain(env cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE…]",
		Short: "Explain a diagnostic's code, or list all codes",
		Example: `  nselfc explain NS301
  nselfc explain          # every code with its summary`,
		RunE: action(func(_ context.Context, args []string) int { return cli.Explain(env, args) }),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var out []string
			for _, code := range diag.Codes() {
				out = append(out, code+"\t"+diag.Title(code))
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
	}
}
