package rotation

import (
	"slices"
	"strings"

	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// kept is what the store is to have, or may have now: of what is rotated, and of the
// certificates that an authority signs anew.
func (r *run) kept() secrets.Kept {
	var all []string
	for _, s := range r.Stack.Secrets {
		if slices.Contains(r.journal.addresses(), s.Address) || s.X509 != nil && slices.Contains(r.journal.addresses(), s.X509.SignedBy) {
			all = append(all, s.Address)
		}
	}
	return r.turned.Kept(all...)
}

// agree refuses to go on when somebody else gave the store a value of what is rotated:
// it may be in use on another host, and would be lost.
func (r *run) agree() error {
	if r.Agree == nil {
		return nil
	}
	foreign, diags := r.Agree(r.kept())
	if err := asError(diags); err != nil || len(foreign) == 0 {
		return err
	}
	return r.foreign(foreign)
}

// keep gives the store the values in use, before the step that made them so is
// finished: somebody would bring the others back from there.
func (r *run) keep() (foreign []string, err error) {
	if r.Keep == nil {
		return nil, nil
	}
	foreign, diags := r.Keep(r.kept())
	return foreign, asError(diags)
}

func (r *run) foreign(names []string) error {
	way := "Nothing was changed. Bring that value here, and rotate then:"
	if r.journal.step() != Begun {
		way = "The stack works as it is. Take the rotation back, and bring that value here:\n\n    " + r.Again + " --abort"
	}
	return &finding{diag.Errorf("NS677", r.Stack.Store.Origin.Range, "Store and .secrets differ",
		"The store has a value of %s that this host never had: somebody else put it there, and may use it. A rotation would write over it.\n\n%s\n\n    nselfc secrets sync", strings.Join(names, ", "), way)}
}
