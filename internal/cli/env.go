// Package cli runs a command line: streams, exit codes, signals, panics, and
// the choice of the form in which diagnostics are shown. It knows cobra's
// manners and no command.
package cli

import (
	"io"
	"os"
	"time"
)

// Env is everything that a command may take from its surroundings.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer // artefacts and machine formats
	Stderr io.Writer // text for people
	Getenv func(string) string
	Now    func() time.Time
}

// OSEnv gives the surroundings of the process.
func OSEnv() Env {
	return Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now}
}
