package main

import "github.com/spf13/cobra"

// newExitCodes is the page "nselfc help exit-codes".
func newExitCodes() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `    0  Done. There may be warnings.
    1  The stack has errors, or fmt --check found a difference. Nothing was
       written that a build without errors would not write.
    2  The command line is wrong. Nothing was done.
    3  A file could not be read or written. What was there is whole.
   70  A bug in nselfc; the text says what to report.
  130  Interrupted. The next build finishes the work.`,
	}
}

// newEnvironmentTopic is the page "nselfc help environment".
func newEnvironmentTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "environment",
		Short: "Which environment variables are read",
		Long: `None of them changes what is compiled: the same input gives the same bytes on
every machine. They change how findings are shown.

  NO_COLOR        set and not empty: no colours
  CLICOLOR_FORCE  set and not 0: colours even where there is no terminal
  TERM            "dumb": no colours
  GITHUB_ACTIONS  "true": validate and build print workflow commands, unless
                  --format says otherwise

--color always and --color never outrank them.`,
	}
}
