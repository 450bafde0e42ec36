package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nselfc/internal/build"
	"nselfc/internal/cli"
	"nselfc/internal/term"
)

// display holds the flags that say how diagnostics are shown.
type display = cli.Display

// newRoot builds the whole command line. Every command is a function of a
// context, the surroundings and its options that gives an exit code.
func newRoot(env cli.Env) *cobra.Command {
	d := &display{Color: term.Auto}
	root := &cobra.Command{
		Use:   "nselfc",
		Short: "Compile one readable file into a hardened self-hosted backend",
		Long: `nselfc compiles nself.hcl into everything a backend needs to run safely on one
Linux host: docker-compose.yml, nginx TLS configuration, ufw rules and .secrets.

  nselfc init shop           start a stack
  nselfc build shop          compile it, write shop/out
  git add nself.hcl out/     the output is committed; .secrets never is

Same input, same bytes, on every machine. Nothing is half written, and no hand
edit, foreign file or secret is overwritten.`,
		Args:              unknownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: refuseEmpty,
	}
	root.SuggestionsMinimumDistance = 2
	root.AddGroup(
		&cobra.Group{ID: "stack", Title: "The stack:"},
		&cobra.Group{ID: "reading", Title: "Reading:"},
	)
	root.PersistentFlags().Var(&d.Color, "color", "colour the text: auto, always or never")
	for _, c := range []*cobra.Command{newInit(env, d), newBuild(env, d), newCheck(env, d), newPlan(env, d), newDoctor(env, d), newSecrets(env, d), newValidate(env, d), newTest(env, d), newWaivers(env, d), newFmt(env, d)} {
		c.GroupID = "stack"
		root.AddCommand(c)
	}
	for _, c := range []*cobra.Command{newWhy(env, d), newGraph(env, d), newDiff(env, d), newModel(env, d), newExplain(env), newRules(env, d), newDocs(env), newVersion(env)} {
		c.GroupID = "reading"
		root.AddCommand(c)
	}
	root.AddCommand(newExitCodes(), newEnvironmentTopic(), newMergeDriver(env, d))
	root.SetHelpCommand(newHelp())
	root.SetHelpCommandGroupID("reading")
	root.SetCompletionCommandGroupID("reading")
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.Args, c.RunE = unknownShell, root.RunE
	}
	root.Version = cli.FullVersion()
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	complete(root, "color", string(term.Auto), string(term.Always), string(term.Never))
	return root
}

// unknownCommand refuses what is no command.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownWord(cmd, "command", args[0])
}

// unknownShell refuses a shell that completion knows nothing of: a script that
// asks for it would source a page of help.
func unknownShell(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownWord(cmd, "shell", args[0])
}

// refuseEmpty refuses an argument or flag without a text: it comes from a variable
// that a script forgot to set, and --env "$ENV" must not mean every environment.
func refuseEmpty(cmd *cobra.Command, args []string) error {
	const hint = "A variable may not be set. Leave it out, or give it a value."
	if strings.HasPrefix(cmd.Name(), cobra.ShellCompRequestCmd) { // a word that is yet to be typed
		return nil
	}
	if slices.Contains(args, "") {
		return cli.UsageError("an argument is empty", hint)
	}
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		list, many := f.Value.(pflag.SliceValue)
		if f.Value.String() == "" || many && slices.Contains(list.GetSlice(), "") {
			err = cli.UsageError("--"+f.Name+" is empty", hint)
		}
	})
	return err
}

// unknownWord refuses a word where a command belongs, and names the nearest.
func unknownWord(root *cobra.Command, noun, word string) error {
	hint := ""
	if near := root.SuggestionsFor(word); len(near) > 0 {
		hint = "Did you mean " + strings.Join(near, " or ") + "?"
	}
	return cli.UsageError(fmt.Sprintf("unknown %s %q", noun, word), hint)
}

// action makes a cobra function of a command.
func action(f func(ctx context.Context, args []string) int) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error { return cli.Exit(f(cmd.Context(), args)) }
}

// complete offers fixed values of a flag to the shell.
func complete(cmd *cobra.Command, flag string, values ...string) {
	register(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

func register(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err) // the flag does not exist
	}
}

// envFlag adds --env, and offers the environments of the stack that is named.
func envFlag(cmd *cobra.Command, env *string) {
	cmd.Flags().StringVar(env, "env", "", "compile only the environment of this `NAME`")
	register(cmd, "env", func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		return build.Environments(first(args)), cobra.ShellCompDirectiveNoFileComp
	})
}

// todayFlag adds --today to a command that judges waivers.
func todayFlag(cmd *cobra.Command, t *cli.Today) {
	cmd.Flags().Var(t, "today", "judge waivers by this day, as in 2027-03-01 (default SOURCE_DATE_EPOCH, or the day in UTC)")
	register(cmd, "today", cobra.NoFileCompletions)
}

// formatFlag adds --format for diagnostics.
func formatFlag(cmd *cobra.Command, d *display) {
	cmd.Flags().Var(&d.Format, "format", "form of the findings: text, json, sarif or github (default text; github in GitHub Actions)")
	complete(cmd, "format", "text", "json", "sarif", "github")
}

// stackArgs takes one file or folder and completes it.
func stackArgs(cmd *cobra.Command) {
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return []string{"hcl"}, cobra.ShellCompDirectiveFilterFileExt
	}
}

// first gives the first argument, or "" without one.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
