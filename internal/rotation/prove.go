package rotation

import (
	"context"
	"fmt"
	"time"

	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// The exit status of a command that logs in.
const (
	taken   = 0
	refused = 3
)

// tries is how often a server is asked that does not answer at once.
const tries = 5

// prove logs in with a value, and wants it to be taken, or refused.
func (r *run) prove(ctx context.Context, address string, c secrets.Credential, want bool, what string) error {
	if c.Empty() {
		return nil // there is none: an earlier run has come further
	}
	s := r.secret(address)
	var code int
	var err error
	for i := range tries {
		if i > 0 {
			if err := r.Sleep(ctx, time.Second); err != nil {
				return err
			}
		}
		var id string
		if id, err = r.server(ctx, s.Rotation.Service); err != nil {
			return err
		}
		code, err = r.Engine.Exec(ctx, id, words(s.Rotation.Prove), c)
		if code == taken && err == nil && want || code == refused && !want {
			word := map[bool]string{true: "takes", false: "refuses"}[want]
			r.Say("%s %s %s of %s", s.Rotation.Service, word, what, address)
			return nil
		}
	}
	switch {
	case code == refused:
		return &finding{diag.Errorf("NS612", s.Origin.Range, "Server refuses a value",
			"%s was told of %s of %s, and refuses it. No service has got it that did not have it before.\n\nSee what the server says, and go on, or take the rotation back:\n\n    %s --resume\n    %[4]s --abort", s.Rotation.Service, what, address, r.Again)}
	case code == taken && err == nil:
		return &finding{diag.Errorf("NS613", s.Origin.Range, "Server still takes a value",
			"%s was told to refuse %s of %s, and still takes it: whoever has got hold of it can log in. It stays in .secrets until the server refuses it.\n\nSee what the server says, and go on:\n\n    %s --resume", s.Rotation.Service, what, address, r.Again)}
	}
	return fmt.Errorf("it cannot be told whether %s takes %s of %s: %w", s.Rotation.Service, what, address, err)
}
