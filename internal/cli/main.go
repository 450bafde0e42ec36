package cli

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nselfc/lang/diag/render"
	"nselfc/lang/eval"
)

// Main runs a command line and gives its exit code. The context that commands
// get ends at the first interrupt; a second one ends the process. A panic is
// reported as the bug that it is, and never leaves a half-written file: writing
// is atomic below.
//
// The values of secrets that anything below learns are kept out of both streams.
func Main(args []string, env Env, newRoot func(Env) *cobra.Command) (code int) {
	env = env.guarded()
	defer func() {
		if err := env.flush(); err != nil && code == OK {
			code = IO
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	defer func() {
		if r := recover(); r != nil {
			reportPanic(env, args, r, debug.Stack())
			code = Bug
		}
	}()
	root := newRoot(env)
	root.SetArgs(append([]string{}, args...)) // of nil, cobra would take the process's own
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(flagError)
	cmd, err := root.ExecuteContextC(ctx)
	code = codeOf(ctx, err)
	if _, silent := errors.AsType[exit](err); err != nil && !silent {
		printUsageError(env, cmd, err)
		// A flag may not be known yet when the line is wrong.
		code = detailed(slices.Contains(args, "--detailed-exitcode"), code, false)
	}
	if code == Interrupted {
		say(env, "nselfc: interrupted\n")
	}
	return code
}

// say writes to standard error, where a failure has nowhere else to go.
func say(env Env, format string, args ...any) { _, _ = fmt.Fprintf(env.Stderr, format, args...) }

func printUsageError(env Env, cmd *cobra.Command, err error) {
	message, hint := err.Error(), ""
	if usage, ok := errors.AsType[*usageError](err); ok {
		hint = usage.hint
	}
	say(env, "nselfc: %s\n", render.Clean(message, false))
	if hint != "" {
		say(env, "%s\n", render.Clean(hint, true))
	}
	say(env, "Help: %s --help\n", cmd.CommandPath())
}

// flagError adds the nearest flag to cobra's error.
func flagError(cmd *cobra.Command, err error) error {
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return UsageError(err.Error(), "")
	}
	var names []string
	add := func(f *pflag.Flag) { names = append(names, f.Name) }
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	hint := ""
	if s := eval.Suggest(name, names); s != "" {
		hint = "Did you mean --" + s + "?"
	}
	return UsageError("unknown flag --"+name, hint)
}

func reportPanic(env Env, args []string, r any, stack []byte) {
	say(env, `
This is a bug in nselfc, not in your stack: %v
Files are written whole or not at all, so none is half written.

Please report it with this text and, if you can, the stack's files (they hold no secrets):
  nselfc %s
  arguments: %q

%s`, r, Version, args, stack)
}
