package main

import "github.com/spf13/cobra"

// newExitCodes is the page "nselfc help exit-codes".
func newExitCodes() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `    0  Done. There may be warnings.
    1  The stack has errors, or check or fmt --check found a difference, or
       check a secret where git has it, or plan a risk or doctor a finding
       that --fail-on names.
       Nothing was written that a build without errors would not write.
    2  The command line is wrong. Nothing was done.
    3  A file could not be read or written. What was there is whole.
   70  A bug in nselfc; the text says what to report.
  130  Interrupted. The next build finishes the work.

With --detailed-exitcode, plan and diff exit with 0 for no changes, with 2 for
changes, and with 1 for what would be 1, 2 or 3.`,
	}
}

// newEnvironmentTopic is the page "nselfc help environment".
func newEnvironmentTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "environment",
		Short: "Which environment variables are read",
		Long: `None of them changes what is compiled: the same input gives the same bytes on
every machine. They change how findings are shown, and the last one which of
them there are.

  NO_COLOR        set and not empty: no colours
  CLICOLOR_FORCE  set and not 0: colours even where there is no terminal
  TERM            "dumb": no colours
  GITHUB_ACTIONS  "true": validate, check and build print workflow commands,
                  unless --format says otherwise
  SOURCE_DATE_EPOCH
                  seconds since 1970: the day by which waivers are judged,
                  unless --today says otherwise

--color always and --color never outrank them.`,
	}
}

// newHelp is cobra's help command, but that a word it does not know is a mistake
// and not a reason to print everything.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Help about any command or topic",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownWord(cmd.Root(), "help topic", args[len(args)-max(1, len(rest))])
			}
			return found.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			found, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var out []string
			for _, c := range found.Commands() {
				out = append(out, c.Name()+"\t"+c.Short)
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
	}
}
