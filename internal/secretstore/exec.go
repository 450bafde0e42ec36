package secretstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"nselfc/compiler/ir"
	"nselfc/lang/escape"
)

// program asks a program for one value after the other: it gets the key as its
// last argument and prints the value. It runs without a shell, in the stack's
// folder, with a small environment, no standard input and no terminal.
type program struct {
	settings *ir.SecretStore
	opts     Options
}

// Exit statuses that say more than that something failed.
const (
	exitAbsent = 3 // there is no such value
	exitDenied = 4 // the program may not read it
)

const (
	maxOutput = 64 << 10 // bytes of a value; a certificate chain has some 10 KiB
	// programCalls bounds the time for all values: as much as that many may take.
	programCalls = 8
	// killGrace is how long a program's children may hold its pipes once it has ended.
	killGrace = 2 * time.Second
)

// passed are the variables of the host that every program gets.
var passed = []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"}

// Save refuses: the program prints values and takes none.
func (p *program) Save(context.Context, Snapshot) error {
	return &Error{
		Kind: ErrReadOnly, Store: p.name(), Problem: "is only read.",
		Advice: "Put the value where the program takes it from, and then bring it here:\n\n    nselfc secrets sync",
	}
}

// Load asks for every key. A key that the program does not have is left out.
func (p *program) Load(ctx context.Context) (Snapshot, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, programCalls*p.limit(), errTooLong)
	defer cancel()
	path, err := p.find()
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{Values: map[string]string{}, Version: "exec"}
	for i, key := range p.opts.Keys {
		value, err := p.ask(ctx, path, key)
		switch {
		case errors.Is(context.Cause(ctx), errTooLong):
			return Snapshot{}, &Error{
				Kind: ErrUnavailable, Store: p.name(), Problem: fmt.Sprintf("was asked for %d of %d values within %s, which is the most for all of them.", i+1, len(p.opts.Keys), programCalls*p.limit()),
				Advice: fmt.Sprintf("See how long one takes:\n\n    time %s >/dev/null\n\nIf it needs more time, say so; all of them have %d times as much:\n\n    timeout = \"60s\"", p.line(key), programCalls),
			}
		case errors.Is(err, ErrAbsent):
			continue
		case err != nil:
			return Snapshot{}, err
		}
		s.Values[key] = value
	}
	if len(s.Values) == 0 && len(p.opts.Keys) > 0 {
		return Snapshot{}, &Error{
			Kind: ErrAbsent, Store: p.name(), Problem: fmt.Sprintf("has none of the %d values that the stack declares (exit status %d for each).", len(p.opts.Keys), exitAbsent),
			Advice: "See what it answers, without printing the value:\n\n    " + p.line(p.opts.Keys[0]) + " >/dev/null; echo $?",
		}
	}
	return s, nil
}

// name is the subject of a sentence about the store. Arguments may be nobody's
// business, and stand in nself.hcl.
func (p *program) name() string { return "The program " + p.settings.Command[0].V }

// line is the command for a key, for people to copy.
func (p *program) line(key string) string {
	var words []string
	for _, w := range p.settings.Command {
		words = append(words, escape.ShellWord(w.V))
	}
	return strings.Join(append(words, escape.ShellWord(key)), " ")
}

// find gives the path of the program. One with a slash is seen from the stack's
// folder; never does a bare name mean a file there.
func (p *program) find() (string, error) {
	word := p.settings.Command[0].V
	path, err := word, error(nil)
	switch {
	case filepath.IsAbs(word):
	case strings.Contains(word, "/"):
		path, err = filepath.Abs(filepath.Join(p.opts.StackDir, word))
	default:
		path, err = p.lookPath(word)
	}
	if err == nil {
		var info os.FileInfo
		if info, err = os.Stat(path); err == nil && (!info.Mode().IsRegular() || info.Mode()&0o111 == 0) {
			err = errors.New("it is not an executable file")
		}
	}
	if err != nil {
		reason := err.Error()
		if said := (*os.PathError)(nil); errors.As(err, &said) {
			reason = said.Err.Error()
		}
		return "", &Error{
			Kind: ErrInvalid, Store: p.name(), Problem: "cannot be run: " + reason + ".",
			Advice: "Install it on this host, or name it with its path. To see what is there:\n\n    command -v " + escape.ShellWord(word),
		}
	}
	return path, nil
}

// lookPath finds a program in the absolute directories of PATH.
func (p *program) lookPath(word string) (string, error) {
	for _, dir := range filepath.SplitList(p.opts.getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, word)); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return filepath.Join(dir, word), nil
		}
	}
	return "", errors.New("it is in no directory of PATH")
}

// limit is how long one call may take.
func (p *program) limit() time.Duration { return time.Duration(p.settings.Timeout.V) * time.Second }

// ask runs the program for one key.
func (p *program) ask(ctx context.Context, path, key string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.limit())
	defer cancel()
	cmd := exec.CommandContext(ctx, path)
	cmd.Args = []string{p.settings.Command[0].V}
	for _, w := range p.settings.Command[1:] {
		cmd.Args = append(cmd.Args, w.V)
	}
	cmd.Args = append(cmd.Args, key)
	cmd.Dir, cmd.Env = p.opts.StackDir, p.environment()
	// A group of its own, so that whatever it starts ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killGrace
	out := &bounded{limit: maxOutput, full: cancel}
	// What it says on its standard error is shown to nobody: a value could be in it
	// that nselfc does not know yet. Whoever runs it by hand sees it.
	cmd.Stdout = out
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left behind; mostly there is nothing
	}
	value := strings.TrimSuffix(strings.TrimSuffix(out.String(), "\n"), "\r")
	failed := func(kind error, problem, advice string) error {
		return &Error{Kind: kind, Store: p.name(), Problem: problem, Advice: advice}
	}
	byHand := "Run it by hand, without printing the value:\n\n    " + p.line(key) + " >/dev/null; echo $?"
	status := -1
	if cmd.ProcessState != nil {
		status = cmd.ProcessState.ExitCode()
	}
	switch {
	case out.over:
		return "", failed(ErrInvalid, fmt.Sprintf("printed more than 64 KiB for %s. A value is all that it may print.", key), byHand)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", failed(ErrUnavailable, fmt.Sprintf("did not end within %s when it was asked for %s.", p.limit(), key), "It has no terminal: if it waits for a person, log in before. If it needs more time, say so:\n\n    timeout = \"60s\"")
	case ctx.Err() != nil:
		return "", &Error{Kind: ErrUnavailable, Store: p.name(), Problem: "was stopped.", Advice: "Run the command again.", Cause: context.Canceled}
	case status == exitAbsent:
		return "", failed(ErrAbsent, "has no value of "+key+".", byHand)
	case status == exitDenied:
		return "", failed(ErrDenied, "was not allowed to read "+key+".", byHand)
	case status > 0:
		return "", failed(ErrUnavailable, fmt.Sprintf("ended with status %d when it was asked for %s.", status, key), byHand)
	case err != nil:
		return "", failed(ErrUnavailable, fmt.Sprintf("did not end well when it was asked for %s.", key), byHand)
	case value == "":
		return "", failed(ErrInvalid, "printed nothing for "+key+", and ended as if all was well.", fmt.Sprintf("A value that is not there is told by exit status %d. %s", exitAbsent, byHand))
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		return "", failed(ErrInvalid, "printed something for "+key+" that is no text in UTF-8.", "Let it print the value in base64, and decode it where it is used.")
	}
	return value, nil
}

// environment gives the few variables that the program is told.
func (p *program) environment() []string {
	names := slices.Clone(passed)
	for _, n := range p.settings.Environment {
		names = append(names, n.V)
	}
	var env []string
	for _, n := range names {
		if v := p.opts.getenv(n); v != "" {
			env = append(env, n+"="+v)
		}
	}
	return env
}

// bounded keeps the first bytes that are written, and says when there are more. It
// is no bytes.Buffer, whose ReadFrom would read without bound.
type bounded struct {
	kept  []byte
	limit int
	over  bool
	full  func() // called once there are more; nil to read on
}

func (b *bounded) String() string { return string(b.kept) }

func (b *bounded) Write(p []byte) (int, error) {
	room := b.limit - len(b.kept)
	b.kept = append(b.kept, p[:min(len(p), room)]...)
	if len(p) > room {
		if !b.over && b.full != nil {
			b.full()
		}
		b.over = true
	}
	return len(p), nil
}
