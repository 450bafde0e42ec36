package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newRules(env cli.Env, d *display) *cobra.Command {
	o := cli.RulesOptions{Format: "text"}
	cmd := &cobra.Command{
		Use:   "rules [FILE|DIR]",
		Short: "List the catalogue of security rules",
		Long: `Lists every rule with its severity, what a finding is in production and in
development, what holds it, and whether a waive block may accept a finding.

Rules of a stack's own are of the theme "own" and come last: those of the stack
that is named, or of the one in this folder.

What holds by construction is proved in each build, on the files that it is
about to write. "nselfc explain CODE" says why a rule is there, and shows what
breaks it and what keeps it.`,
		Example: `  nselfc rules
  nselfc rules --theme network
  nselfc rules shop --theme own
  nselfc rules --format json | jq -r '.rules[] | select(.waivable) | .code'`,
		RunE: action(func(_ context.Context, args []string) int {
			o.Path = first(args)
			return cli.Rules(env, *d, o)
		}),
	}
	stackArgs(cmd)
	cmd.Flags().StringVar(&o.Format, "format", o.Format, "text or json")
	complete(cmd, "format", "text", "json")
	cmd.Flags().StringVar(&o.Theme, "theme", "", "only the rules of this `THEME`")
	complete(cmd, "theme", cli.ListedThemes()...)
	return cmd
}
