package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"nselfc/internal/secrets"
	"nselfc/internal/term"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// The codes of values that somebody gives: one that is none, or no text, and one
// whose file or pipe fails.
const (
	codeValue       = "NS671"
	codeValueUnread = "NS672"
)

// maxValue bounds a value that somebody gives, in bytes: what a store takes for
// all of an environment, which no single value comes near.
const maxValue = 64 << 10

// byteOrderMark begins what editors of Windows write in UTF-8. Nobody sees it, and a
// password with it fits nowhere.
const byteOrderMark = "\ufeff"

// valueInput says where the value of a secret comes from: a file, or else
// standard input, which may be a terminal. It never comes from the command line,
// which every user of the host can read and the shell keeps.
type valueInput struct {
	File string       // "" or "-" for standard input
	What string       // what is asked for on a terminal, as in "value of secret.api_key"
	Once bool         // do not ask a second time: the value is checked, not kept
	At   source.Range // where a finding points
}

// readValue gives the value. Without one, the finding says why; a run that was
// interrupted has neither. The line end and the byte order mark that echo and
// editors leave are taken off, and that is said.
func readValue(ctx context.Context, env Env, in valueInput) (string, *diag.Diagnostic) {
	if stdin, ok := env.Stdin.(*os.File); ok && (in.File == "" || in.File == "-") && term.IsTerminal(stdin) {
		return in.ask(ctx, env, stdin)
	}
	text, from, err := in.take(ctx, env)
	switch {
	case ctx.Err() != nil:
		return "", nil
	case err != nil:
		return "", in.unread(err)
	}
	text, marked := strings.CutPrefix(text, byteOrderMark)
	value, ended := cutLineEnd(text)
	env.Secrets.Learn(secrets.NewValue(in.What, value))
	if found := in.check(value, from); found != nil {
		return "", found
	}
	if marked {
		say(env, "nselfc: the byte order mark before the value in %s does not belong to it, and was left out\n", clean(from))
	}
	if ended {
		say(env, "nselfc: the line end after the value in %s does not belong to it, and was left out\n", clean(from))
	}
	return value, nil
}

// take reads all of a file or a pipe, within bounds. A file that is a pipe, as a
// shell's <(…) gives, is fine.
func (in valueInput) take(ctx context.Context, env Env) (text, from string, err error) {
	r, from := env.Stdin, "standard input"
	if in.File != "" && in.File != "-" {
		f, err := os.Open(in.File)
		if err != nil {
			return "", "", err
		}
		defer func() { _ = f.Close() }() // read only
		info, err := f.Stat()
		switch {
		case err != nil:
			return "", "", err
		case info.IsDir():
			return "", "", &fs.PathError{Op: "read", Path: in.File, Err: errors.New("it is a folder")}
		case info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0:
			say(env, "nselfc: other users of this machine can read %s (mode %04o); remove it once the value is stored\n", clean(in.File), info.Mode().Perm())
		}
		r, from = f, in.File
	}
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // a pipe may never end; the process does
		text, err := io.ReadAll(io.LimitReader(r, int64(len(byteOrderMark)+maxValue+3))) // and a line end
		done <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", from, ctx.Err()
	case got := <-done:
		return string(got.text), from, got.err
	}
}

// ask has the value typed, twice: nothing that is typed can be seen.
func (in valueInput) ask(ctx context.Context, env Env, tty *os.File) (string, *diag.Diagnostic) {
	prompt := func(what string) (string, error) {
		say(env, "%s (not shown): ", clean(what))
		line, err := term.ReadHidden(ctx, tty, maxValue)
		say(env, "\n")
		return line, err
	}
	value, err := prompt(in.What)
	if err == nil {
		env.Secrets.Learn(secrets.NewValue(in.What, value))
		if found := in.check(value, "what was typed"); found != nil {
			return "", found
		}
		if in.Once {
			return value, nil
		}
		var again string
		if again, err = prompt("the same again"); err == nil && again != value {
			return "", in.finding("The two entries are not the same, so one of them has a slip in it. Nothing was changed.\n\nRun the command again.")
		}
	}
	switch {
	case errors.Is(err, term.ErrInterrupted):
		return "", nil
	case errors.Is(err, io.EOF):
		return "", in.finding("The input ended before there was a value. Nothing was changed.")
	case errors.Is(err, term.ErrLines):
		return "", in.finding("More than one line was pasted, and a prompt takes one: the rest was thrown away, so that no shell runs it. Nothing was changed.\n\n" +
			"Give a value of several lines by --file, or through a pipe.")
	case errors.Is(err, term.ErrTooLong):
		return "", in.tooLong()
	case err != nil:
		return "", in.unread(err)
	}
	return value, nil
}

// check refuses what is no text. What a value must be beyond that, its kind says.
func (in valueInput) check(value, from string) *diag.Diagnostic {
	switch {
	case value == "":
		return in.finding("There is no value in %s: it is empty. A secret that is empty is one that everybody knows, and programs often take it for none, and fall back to a default.\n\n"+
			"Where it comes out of a variable or a command, look whether that is set and succeeds.", from)
	case len(value) > maxValue:
		return in.tooLong()
	case strings.ContainsRune(value, 0):
		return in.finding("The value in %s has a NUL byte, which no environment variable and no line of .secrets can hold.\n\nEncode it, and have the program decode it:\n\n    base64 -w0 FILE | nselfc secrets set NAME", from)
	case !utf8.ValidString(value):
		return in.finding("The value in %s is not text in UTF-8, so neither .secrets nor a compose file can hold it.\n\nEncode it, and have the program decode it:\n\n    base64 -w0 FILE | nselfc secrets set NAME", from)
	}
	return nil
}

func (in valueInput) tooLong() *diag.Diagnostic {
	return in.finding("The value has more than %d KiB. That is no secret that a person or a program types; perhaps it is the wrong file.", maxValue>>10)
}

func (in valueInput) unread(err error) *diag.Diagnostic {
	return diag.Errorf(codeValueUnread, in.At, "Value cannot be read", "The value cannot be read: %v. Nothing was changed.", err)
}

func (in valueInput) finding(detail string, args ...any) *diag.Diagnostic {
	return diag.Errorf(codeValue, in.At, "No usable value", "%s", fmt.Sprintf(detail, args...))
}

// cutLineEnd takes one line end off, of either system, and tells whether there was
// one.
func cutLineEnd(text string) (string, bool) {
	b, ok := bytes.CutSuffix([]byte(text), []byte("\n"))
	b = bytes.TrimSuffix(b, []byte("\r"))
	if !ok {
		return text, false
	}
	return string(b), true
}
