package redact

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"
)

// ErrExposed says that a command was not run: a value stood where every user of the
// machine can read it, in its arguments, or where its children inherit it.
var ErrExposed = errors.New("a secret is in the arguments or the environment of the command")

// leave is how long a child of the command may hold its output open after it.
const leave = 5 * time.Second

// Run runs a command whose output passes to the writers without the values; nil
// discards it. Values go to a command on its standard input or in a file, and never
// in its arguments, nor in variables that nselfc adds: that is an error, and nothing
// is run. What cannot be written to a writer is an error too.
func (r *Registry) Run(cmd *exec.Cmd, stdout, stderr io.Writer) error {
	if r.exposed(cmd) {
		return fmt.Errorf("%s: %w", cmd.Path, ErrExposed)
	}
	var out, err *Writer
	if stdout != nil {
		out = r.Writer(stdout)
		cmd.Stdout = out
	}
	switch {
	case stderr != nil && stderr == stdout:
		err, cmd.Stderr = out, out // one pipe: the order is kept
	case stderr != nil:
		err = r.Writer(stderr)
		cmd.Stderr = err
	}
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = leave
	}
	failed := cmd.Run()
	if errors.Is(failed, exec.ErrWaitDelay) && cmd.ProcessState != nil && cmd.ProcessState.Success() {
		failed = nil // it has ended well; what it left behind is cut off
	}
	for _, w := range []*Writer{out, err} {
		if w == nil {
			continue
		}
		if cut := w.Flush(); failed == nil {
			failed = cut
		}
	}
	return failed
}

// exposed looks into the arguments, and into the variables that are not nselfc's own
// surroundings: what its user exports is the user's.
func (r *Registry) exposed(cmd *exec.Cmd) bool {
	if slices.ContainsFunc(cmd.Args, r.Holds) {
		return true
	}
	own := os.Environ()
	return slices.ContainsFunc(cmd.Env, func(v string) bool { return !slices.Contains(own, v) && r.Holds(v) })
}
