package cli

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"nselfc/lang/diag"
)

// The exit codes, as "nselfc help exit-codes" explains them.
const (
	OK          = 0
	Failed      = 1   // the stack has errors, or a difference was found
	Changes     = 2   // plan --detailed-exitcode: there are changes
	Usage       = 2   // wrong invocation
	IO          = 3   // something could not be read or written
	Bug         = 70  // EX_SOFTWARE of sysexits.h
	Interrupted = 130 // 128 + SIGINT, as shells have it
)

// ioCodes are the errors of the file system. The stack may be fine.
var ioCodes = []string{
	"NS122", "NS129", "NS504", "NS505", // read the stack, also at a revision; read and write the output
	"NS604", "NS605", // write and read secrets
	"NS672", // read the value of one
}

// Code gives the exit code of a run that ended with the list.
func Code(list diag.List) int {
	code := OK
	for _, d := range list {
		switch {
		case d.Severity != diag.Error:
		case d.Code == "NS900" || d.Code == "NS901" || d.Code == "NS902":
			return Bug
		case slices.Contains(ioCodes, d.Code):
			code = IO
		case code == OK:
			code = Failed
		}
	}
	return code
}

// exit carries a command's exit code through cobra, which knows only errors.
type exit int

func (e exit) Error() string { return "exit" }

// Exit makes the error of an exit code; nil for OK.
func Exit(code int) error {
	if code == OK {
		return nil
	}
	return exit(code)
}

// usageError is a wrong invocation, with what to do about it.
type usageError struct {
	message, hint string
}

func (e *usageError) Error() string { return e.message }

// UsageError says that the command line is wrong. hint is a next step, or "".
func UsageError(message, hint string) error { return &usageError{message, hint} }

// codeOf gives the exit code of what a command returned.
func codeOf(ctx context.Context, err error) int {
	code, ok := errors.AsType[exit](err)
	switch {
	case err == nil:
		return OK
	case !ok:
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			return IO // a completion script could not be written
		}
		return Usage // cobra returns other errors only for what it could not parse
	case ctx.Err() != nil && code != Usage:
		return Interrupted
	}
	return int(code)
}
