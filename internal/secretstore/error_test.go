package secretstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

func TestDiagnostics(t *testing.T) {
	at := source.Range{File: "nself.hcl", Start: source.Pos{Line: 7}}
	s := &ir.SecretStore{Origin: source.Origin{Range: at}}
	if Diagnostic(s, nil) != nil {
		t.Error("no error is told as one")
	}
	for kind, code := range map[error]string{
		ErrAbsent: "NS630", ErrDenied: "NS631", ErrConflict: "NS632", ErrUnavailable: "NS633", ErrReadOnly: "NS634", ErrInvalid: "NS635",
	} {
		err := fmt.Errorf("more: %w", &Error{Kind: kind, Store: "The store", Problem: "is ill.", Advice: "Cure it.", Cause: context.Canceled})
		d := Diagnostic(s, err)
		if d.Code != code || d.Subject != at || d.Detail != "The store is ill.\n\nCure it." {
			t.Errorf("%v: %+v", kind, d)
		}
		if !errors.Is(err, kind) || !errors.Is(err, context.Canceled) || err.Error() != "more: "+kind.Error()+": The store is ill" {
			t.Errorf("%v", err)
		}
	}
	secret := made()
	for _, err := range []error{context.Canceled, context.DeadlineExceeded, errors.New(secret)} {
		if d := Diagnostic(s, err); d.Code != "NS633" || strings.Contains(d.Detail, secret) || d.Detail == "" {
			t.Errorf("%+v", d)
		}
	}
}
