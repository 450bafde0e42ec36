package secretstore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// The kinds of errors, for errors.Is. Each error of a store wraps one.
var (
	ErrAbsent      = errors.New("the store holds nothing")
	ErrDenied      = errors.New("the store refused access")
	ErrConflict    = errors.New("the store was changed meanwhile")
	ErrUnavailable = errors.New("the store did not answer")
	ErrReadOnly    = errors.New("the store cannot be written")
	// ErrInvalid is of what no second try mends: settings, a credential's file or
	// contents that cannot be used as they are.
	ErrInvalid = errors.New("the store cannot be used as it is")
)

// Error says in full sentences why a store did not do what it was asked, for a
// person who did not set it up. None of its texts holds a value or a token.
type Error struct {
	Kind    error  // one of the kinds above
	Store   string // which store, as the subject of a sentence: `The Vault secret "shop/prod" of the mount "secret" at https://…`
	Problem string // the rest of that sentence
	Advice  string // what to do; a line indented by four spaces is a command
	Cause   error  // context.Canceled or context.DeadlineExceeded of the caller's context, or nil
}

// Error gives one line.
func (e *Error) Error() string {
	return e.Kind.Error() + ": " + strings.TrimRight(strings.TrimSpace(e.Store+" "+e.Problem), ".")
}

// Unwrap gives the kind, and the cause where the caller gave up.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// firstTime begins the advice about a store in which there is nothing.
const firstTime = "When nobody put anything there yet, make the values here and put them there:\n\n    nselfc secrets generate\n    nselfc secrets sync --push\n\n"

type kind struct {
	is            error
	code, summary string
}

// kinds are the codes and summaries of what people read. An error of no kind is told
// as the first.
var kinds = []kind{
	{ErrUnavailable, "NS633", "The secret store did not answer"},
	{ErrAbsent, "NS630", "The secret store holds nothing"},
	{ErrDenied, "NS631", "The secret store refused access"},
	{ErrConflict, "NS632", "The secret store was changed meanwhile"},
	{ErrReadOnly, "NS634", "The secret store cannot be written"},
	{ErrInvalid, "NS635", "The secret store cannot be used as it is"},
}

// Diagnostic words an error of a store for people; it points at the block of the
// store. It is nil when err is nil.
func Diagnostic(s *ir.SecretStore, err error) *diag.Diagnostic {
	if err == nil {
		return nil
	}
	var said *Error
	if !errors.As(err, &said) {
		said = &Error{Kind: ErrUnavailable, Store: "The store", Problem: "did not finish.", Advice: "This is a bug in nselfc; please report it."}
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			said.Advice = "The command was stopped; run it again."
		}
	}
	i := max(0, slices.IndexFunc(kinds, func(k kind) bool { return errors.Is(said.Kind, k.is) }))
	return diag.Errorf(kinds[i].code, s.Origin.Range, kinds[i].summary, "%s %s\n\n%s", said.Store, said.Problem, said.Advice)
}
