package rotation

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
)

// asideSuffix is what a damaged journal is called by, after its own name.
const asideSuffix = ".damaged"

// Standing warns of a rotation that has not ended: of one that can be gone on with, and
// of one whose journal says nothing, or is gone while .secrets has two values of a
// secret. It is for commands that do something else. What is wrong with .secrets itself
// they say.
func Standing(dir string, stack *ir.Stack, files []emit.File, opts secrets.Options) diag.List {
	j, diags := ReadJournal(dir)
	switch {
	case j != nil:
		diags = append(diags, UnderWay(dir, j, defaultCommand))
	case !diags.HasErrors():
		h := &Host{Dir: dir, Stack: stack, Files: files, Options: opts, Again: defaultCommand}
		diags = append(diags, (&run{Host: h}).usable()...)
	}
	journal := onFile(filepath.Join(dir, JournalFile)).File
	diags = slices.DeleteFunc(diags, func(d *diag.Diagnostic) bool { return d.Subject.File != journal && d.Code != codeUnderWay })
	for _, d := range diags {
		d.Severity = diag.Warning
	}
	return diags
}

// usable refuses what takes a journal for granted when there is none that says
// anything. Where .secrets has one value of each secret, none is missed.
func (r *run) usable() diag.List {
	if r.damaged != nil {
		return diag.List{r.damaged}
	}
	names, diags := r.beside()
	if len(names) > 0 && !diags.HasErrors() {
		diags = append(diags, unusable(r.Dir, "is gone, and .secrets has two values of "+strings.Join(names, ", "), r.Again))
	}
	return diags
}

// beside lists the secrets of which .secrets has two values, by reading alone.
func (r *run) beside() (addresses []string, diags diag.List) {
	held, diags := secrets.Inventory(r.Dir, r.Stack, r.Files, r.Options)
	for _, s := range held.Secrets {
		if s.State == secrets.HoldingNext || s.State == secrets.HoldingPrevious {
			addresses = append(addresses, s.Secret.Address)
		}
	}
	return addresses, diags
}

// rebuild makes a journal that leads back, from .secrets alone. Where a rotation was
// cannot be known, so it takes the worst for granted: that servers refuse the value of
// before, and that every container which reads a rotated secret has either value.
// A damaged journal is kept aside. Without a secret that has two values there is
// nothing to take back, and no journal.
func (r *run) rebuild(ctx context.Context) diag.List {
	if r.other {
		return diag.List{r.damaged}
	}
	names, diags := r.beside()
	if diags.HasErrors() {
		return diags
	}
	if r.damaged != nil {
		if more := r.putAside(); more.HasErrors() {
			return append(diags, more...)
		}
	}
	if len(names) == 0 {
		if r.damaged == nil {
			return diags
		}
		r.Say("no secret has two values, so there is nothing to take back, and a rotation may begin. Should that one have been of certificates, containers may still believe an authority that is no longer in use, until they are made anew")
		return append(diags, r.close()...)
	}
	r.journal = &Journal{Version: JournalVersion, Begun: r.Now().UTC(), Back: true, Seen: map[string]string{}}
	for _, address := range names {
		// Refused is the last step before which nothing leads back: undo begins with
		// telling the servers to take both values.
		r.journal.Secrets = append(r.journal.Secrets, Entry{Address: address, Class: r.secret(address).Rotation.Class.V, Step: Refused})
	}
	if more := r.look(ctx); more.HasErrors() {
		return append(diags, more...)
	}
	r.journal.Seen = r.digests()
	for _, f := range r.Files {
		if slices.ContainsFunc(names, func(address string) bool { return f.Secret() && changes(r.Stack, f, r.secret(address)) }) {
			delete(r.journal.Seen, f.Path)
		}
	}
	r.Say("by what .secrets says, a rotation of these has not ended: %s", strings.Join(names, ", "))
	return append(diags, r.save()...)
}

// putAside keeps what is left of a journal: it may tell a person what it does not tell
// nselfc.
func (r *run) putAside() diag.List {
	text, diags := secrets.ReadBeside(r.Dir, JournalFile)
	if diags.HasErrors() {
		return diags
	}
	return append(diags, secrets.WriteBeside(r.Dir, JournalFile+asideSuffix, append([]byte{}, text...))...)
}
