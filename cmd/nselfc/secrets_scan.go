package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newSecretsScan(env cli.Env, d *display) *cobra.Command {
	var o cli.ScanOptions
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Search files and commits for secrets",
		Long: `Searches every file of the stack's folder and output that git has or would take
for the values of .secrets, as they are and URL-, JSON-, base64- and hex-encoded,
for private keys, and for literals in the form of credentials: tokens by the
prefix that their issuer gives, signed JSON Web Tokens, URLs with a password.
With --history it searches every commit, tag and stash too.

A finding names the place and never the value. A comment with nselfc:allow on the
line of a literal says that it opens nothing; for old commits, a line COMMIT:PATH
and a reason in nself.scan-allow does. Ends with 1 when there are findings.`,
		Example: `  nselfc secrets scan
  nselfc secrets scan --history
  nselfc secrets scan --path shop --format sarif > secrets.sarif`,
		Args: cobra.NoArgs,
		RunE: action(func(ctx context.Context, _ []string) int { return cli.Scan(ctx, env, *d, o) }),
	}
	f := cmd.Flags()
	f.StringVar(&o.Path, "path", "", "the stack's `FILE|DIR` (default: this folder)")
	f.StringVarP(&o.Out, "out", "o", "", "output `DIR` (default out, beside the stack)")
	f.BoolVar(&o.History, "history", false, "search every commit, tag and stash as well")
	f.StringVar(&o.Known, "known", "", "also look for the values of the stack in this `DIR`, of which the scanned one is a copy")
	f.BoolVar(&o.JSON, "json", false, "print JSON, as --format json")
	formatFlag(cmd, d)
	return cmd
}
