// Package term knows what the terminal at the other end of a stream can do:
// whether there is one, how wide it is, and whether it wants colours. It writes
// nothing.
package term

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// maxWidth keeps prose readable on very wide terminals.
const maxWidth = 100

// IsTerminal tells whether the stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := file(stream)
	return ok && term.IsTerminal(int(f.Fd()))
}

// file finds the file at the end of a stream, behind writers that change what
// passes and are no terminals of their own.
func file(stream any) (*os.File, bool) {
	for {
		switch s := stream.(type) {
		case *os.File:
			return s, true
		case interface{ Unwrap() io.Writer }:
			stream = s.Unwrap()
		default:
			return nil, false
		}
	}
}

// Width gives the columns to wrap prose at, at most 100, or 0 for a stream that
// is no terminal: a log or a file must not be wrapped.
func Width(w io.Writer) int {
	f, ok := file(w)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return 0
	}
	return min(width, maxWidth)
}

// ColorMode is the value of --color.
type ColorMode string

// The modes. Auto asks the environment and the terminal.
const (
	Auto   ColorMode = "auto"
	Always ColorMode = "always"
	Never  ColorMode = "never"
)

// Set implements pflag.Value.
func (m *ColorMode) Set(s string) error {
	switch ColorMode(s) {
	case Auto, Always, Never:
		*m = ColorMode(s)
		return nil
	}
	return fmt.Errorf("it is auto, always or never")
}

// String implements pflag.Value.
func (m *ColorMode) String() string { return string(*m) }

// Type implements pflag.Value.
func (m *ColorMode) Type() string { return "WHEN" }

// Color decides whether to colour a stream. In auto mode NO_COLOR
// (https://no-color.org, set and not empty) and TERM=dumb say no,
// CLICOLOR_FORCE (https://bixense.com/clicolors) says yes, and otherwise a
// terminal gets colours and nothing else does.
func Color(mode ColorMode, stream any, getenv func(string) string) bool {
	switch mode {
	case Always:
		return true
	case Never:
		return false
	case Auto:
	}
	switch {
	case getenv("NO_COLOR") != "":
		return false
	case getenv("CLICOLOR_FORCE") != "" && getenv("CLICOLOR_FORCE") != "0":
		return true
	}
	return getenv("TERM") != "dumb" && IsTerminal(stream)
}
