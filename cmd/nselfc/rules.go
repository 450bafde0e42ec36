package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newRules(env cli.Env) *cobra.Command {
	o := cli.RulesOptions{Format: "text"}
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the catalogue of security rules",
		Long: `Lists every rule with its severity, what a finding is in production and in
development, what holds it, and whether a waive block may accept a finding.

What holds by construction is proved in each build, on the files that it is
about to write. "nselfc explain CODE" says why a rule is there, and shows what
breaks it and what keeps it.`,
		Example: `  nselfc rules
  nselfc rules --theme network
  nselfc rules --format json | jq -r '.rules[] | select(.waivable) | .code'`,
		Args: cobra.NoArgs,
		RunE: action(func(context.Context, []string) int { return cli.Rules(env, o) }),
	}
	cmd.Flags().StringVar(&o.Format, "format", o.Format, "text or json")
	complete(cmd, "format", "text", "json")
	cmd.Flags().StringVar(&o.Theme, "theme", "", "only the rules of this `THEME`")
	complete(cmd, "theme", cli.Themes()...)
	return cmd
}
