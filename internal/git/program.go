package git

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// program is git on this host.
type program struct {
	path string
	env  []string
}

// find looks for git in PATH.
func find() (program, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return program{}, &Error{
			Kind: NoGit, err: err,
			Reason: "There is no program git in PATH, and a revision is read with it.",
			Advice: "Install git (version 2.30 or newer), as in\n\n    apt-get install git",
		}
	}
	return program{path: path, env: environment(os.Environ())}, nil
}

// grace is how long a killed git may take to go.
const grace = 5 * time.Second

// environment makes git quiet, read-only and offline. The rest is left to git as
// it is: a configuration given by variables may say which folders are safe, and a
// hook finds new objects by them.
func environment(of []string) []string {
	env := slices.DeleteFunc(slices.Clone(of), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		// Traces go where the variable says: into git's messages, or to a file.
		return strings.HasPrefix(name, "GIT_TRACE") || name == "LANGUAGE" || name == "PWD"
	})
	return append(env,
		"LC_ALL=C",                   // its messages are read
		"GIT_OPTIONAL_LOCKS=0",       // writes nothing on the side
		"GIT_NO_LAZY_FETCH=1",        // a partial clone stays as it is
		"GIT_ALLOW_PROTOCOL=",        // also for a git that does not know the line above
		"GIT_NO_REPLACE_OBJECTS=1",   // a commit's name means what it means everywhere else
		"GIT_TERMINAL_PROMPT=0",      // nobody is asked
		"GIT_LITERAL_PATHSPECS=1",    // names are names
		"GIT_PAGER=cat", "TERM=dumb", // no pager, no colours
	)
}

// with gives a program with other variables: "NAME=value", or "NAME" for none.
func (p program) with(vars ...string) program {
	env := slices.Clone(p.env)
	for _, v := range vars {
		name, _, set := strings.Cut(v, "=")
		env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		if set {
			env = append(env, v)
		}
	}
	return program{p.path, env}
}

// command prepares git in a folder. It never leads to a hook or to a helper: the
// options say so once more where a command would.
func (p program) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.path, append([]string{
		"--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.warnAmbiguousRefs=true",
	}, args...)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, p.env, grace
	return cmd
}

// run gives what git prints, and what it says beside it.
func (p program) run(ctx context.Context, dir string, args ...string) (out, said string, err error) {
	var stdout strings.Builder
	stderr := &bounded{most: 16 << 10}
	cmd := p.command(ctx, dir, args...)
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return "", "", &Error{Reason: "Reading the revision was interrupted.", err: ctx.Err()}
	}
	return stdout.String(), words(stderr.String()), err
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	text strings.Builder
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	b.text.Write(p[:min(len(p), b.most-b.text.Len())])
	return len(p), nil
}

func (b *bounded) String() string { return b.text.String() }

// failed makes an error of a git that ended with one, by what it said in English.
func failed(said string, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	e := &Error{Git: said, err: err, Reason: "git failed."}
	if said == "" {
		e.Reason = "git failed: " + err.Error() + "."
	}
	switch has := func(s string) bool { return strings.Contains(said, s) }; {
	case has("dubious ownership"), has("unsafe repository"): // before 2.35.3
		e.Kind, e.Reason = Denied, "git refuses to read the repository, as somebody else owns it and could have it run programs."
		e.Advice = "If you trust its owner, do what git says."
	case has("ermission denied"), errors.Is(err, os.ErrPermission):
		e.Kind, e.Reason = Denied, "You may not read the repository."
		e.Advice = "Run as the user who owns it, or give yourself the right to read it."
	case has("not a git repository"):
		e.Kind, e.Reason = NotRepository, "The stack's folder lies in no repository of git."
	case has("unknown option"), has("usage: git"):
		e.Reason = "git did not understand; nselfc needs version 2.30 or newer."
	}
	return e
}

// absolute resolves a path of the environment as git does: from the working
// directory.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path // the working directory is gone, and git will say so
}
