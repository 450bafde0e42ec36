// Package cli runs a command line: streams, exit codes, signals, panics, and
// the choice of the form in which diagnostics are shown. It knows cobra's
// manners and no command.
package cli

import (
	"errors"
	"io"
	"os"
	"time"

	"nselfc/internal/redact"
	"nselfc/internal/term"
)

// Env is everything that a command may take from its surroundings.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer // artefacts and machine formats
	Stderr io.Writer // text for people
	Getenv func(string) string
	Now    func() time.Time
	// Secrets knows the values that neither stream shows. Main makes it, and puts it
	// in front of both; whatever reads or makes a value is handed it.
	Secrets *redact.Registry
}

// guarded gives the surroundings with a registry in front of both streams.
func (e Env) guarded() Env {
	if e.Secrets == nil {
		e.Secrets = redact.New()
	}
	e.Stdout, e.Stderr = e.Secrets.Writer(e.Stdout), e.Secrets.Writer(e.Stderr)
	return e
}

// flush shows what the streams hold back, which is at most the beginning of a value.
func (e Env) flush() error {
	var all []error
	for _, stream := range []io.Writer{e.Stdout, e.Stderr} {
		if w, ok := stream.(*redact.Writer); ok {
			all = append(all, w.Flush())
		}
	}
	return errors.Join(all...)
}

// errNoTerminal is why a value was not shown.
var errNoTerminal = errors.New("standard output is no terminal")

// reveal shows a text with a value in it: to a person at a terminal, and to nobody
// else. It is the one way past the registry.
func (e Env) reveal(text string) error {
	w, ok := e.Stdout.(*redact.Writer)
	if !ok || !term.IsTerminal(w) {
		return errNoTerminal
	}
	return w.Disclose(text)
}

// OSEnv gives the surroundings of the process.
func OSEnv() Env {
	return Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now}
}
