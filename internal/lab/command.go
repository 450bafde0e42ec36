//go:build linux

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Command is what to run on one of the lab's machines.
type Command struct {
	Args []string
	// Dir is the working folder, "/" by default. The repository and the temporary folder have the same paths inside.
	Dir   string
	Env   []string
	Stdin io.Reader
	// Timeout is defaultTimeout when zero.
	Timeout time.Duration
}

const defaultTimeout = 3 * time.Minute

// Result is what became of a command. Code is -1 when it did not end by itself, and Err then says why.
type Result struct {
	Args           []string
	Stdout, Stderr string
	Code           int
	Err            error
	Took           time.Duration
}

// OK reports whether the command ended with status 0.
func (r Result) OK() bool { return r.Code == 0 }

// String shows the command and all that it said.
func (r Result) String() string {
	text := &strings.Builder{}
	fmt.Fprintf(text, "%s: exit status %d", strings.Join(r.Args, " "), r.Code)
	if r.Err != nil {
		fmt.Fprintf(text, " (%v)", r.Err)
	}
	for _, output := range []string{r.Stdout, r.Stderr} {
		if output = strings.TrimSpace(output); output != "" {
			text.WriteString("\n" + output)
		}
	}
	return text.String()
}

// Must returns the standard output of a command that has to work.
func (r Result) Must(t testing.TB) string {
	t.Helper()
	if !r.OK() {
		t.Fatal(r)
	}
	return r.Stdout
}

func (r Result) err() error {
	if r.OK() {
		return nil
	}
	return errors.New(r.String())
}

// execute runs a program of the real machine; on the lab's machines that is nsenter. When ctx or the timeout ends, its
// whole process group is killed: nsenter's child would outlive it.
func execute(ctx context.Context, c Command) Result {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Dir, c.Stdin, &stdout, &stderr
	if c.Env != nil {
		cmd.Env = append(cmd.Environ(), c.Env...)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	// A daemon that a command leaves behind may hold its output open.
	cmd.WaitDelay = 2 * time.Second

	start := time.Now()
	err := cmd.Run()
	result := Result{
		Args: c.Args, Stdout: stdout.String(), Stderr: stderr.String(),
		Code: cmd.ProcessState.ExitCode(), Took: time.Since(start),
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		result.Code, result.Err = -1, err
	}
	if ctx.Err() != nil {
		result.Code, result.Err = -1, fmt.Errorf("not finished after %s: %w", result.Took.Round(time.Millisecond), ctx.Err())
	}
	return result
}
