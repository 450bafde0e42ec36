package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newFmt(env cli.Env, d *display) *cobra.Command {
	var o cli.FmtOptions
	cmd := &cobra.Command{
		Use:   "fmt [PATH…]",
		Short: "Lay the files of the stack out in the standard way",
		Long: `Rewrites .hcl files in the standard layout and names those that changed. A
folder means every .hcl file below it; the default is this folder. "-" reads
standard input and writes standard output.

Only white space changes: a file that does not parse, or whose meaning a new
layout would change, is left as it is.`,
		Example: `  nselfc fmt
  nselfc fmt --check --diff    # in CI: say what is wrong, change nothing
  nselfc fmt - < nself.hcl`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Paths = args
			return cli.Fmt(ctx, env, *d, o)
		}),
	}
	cmd.Flags().BoolVar(&o.Check, "check", false, "change nothing; exit with 1 when a file is not in the standard layout")
	cmd.Flags().BoolVar(&o.Diff, "diff", false, "print the changes instead of making them")
	return cmd
}
