package main

import (
	"context"

	"github.com/spf13/cobra"

	"nselfc/internal/cli"
)

func newTest(env cli.Env, d *display) *cobra.Command {
	o := cli.TestOptions{Format: cli.TestText}
	cmd := &cobra.Command{
		Use:   "test [FILE|DIR]",
		Short: "Run the stack's tests, and the examples of its rules",
		Long: `Compiles the stack in memory, once for each set of inputs that a test gives it,
and holds what comes out against what the test expects. Tests stand in the files
*.nselftest.hcl of the stack's folder and of its folder tests; the examples of
rule blocks are run beside them. Nothing is written, no secret is read and no
container is started, so it is quick enough to be run whenever a file is saved.

It fails when a test does, and when there is none.`,
		Example: `  nselfc test
  nselfc test shop --filter ORG-001
  nselfc test --junit-into report.xml`,
		RunE: action(func(ctx context.Context, args []string) int {
			o.Path = first(args)
			return cli.Test(ctx, env, *d, o)
		}),
	}
	stackArgs(cmd)
	cmd.Flags().StringVar(&o.Filter, "filter", "", "run only what has this `TEXT` in its name")
	cmd.Flags().Var(&o.Format, "format", "form of the report: text, json or junit")
	complete(cmd, "format", cli.TestFormats()...)
	todayFlag(cmd, &o.On)
	cmd.Flags().Lookup("today").Usage = "judge waivers by this day, as in 2027-03-01 (default: none has ended)"
	cmd.Flags().StringVar(&o.JUnitInto, "junit-into", "", "write the report for JUnit's readers to this `FILE` as well")
	return cmd
}
