// Package rotation gives secrets new values while the stack runs: the new value is
// told to the server and proved there before any consumer has it, and the old one is
// taken from the server, and proved to be refused, before it is forgotten. It keeps a
// journal, and knows neither flags nor how a value is stored.
//
// What holds whenever the process dies, at any step:
//   - every service that runs has a value that its server takes;
//   - the journal says what is under way, so that Resume goes on, and Abort goes back;
//   - no value is in the journal, in a message, or in an argument of a command.
package rotation

import (
	"context"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/internal/secrets"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Host is where secrets are rotated: one environment on the host that runs it.
type Host struct {
	Dir     string // its output directory
	Stack   *ir.Stack
	Files   []emit.File
	Options secrets.Options
	Engine  Engine
	Again   string // the command line that this one is repeated with, without flags of its own
	// Agree looks for values in the store of the environment that none of this host's
	// is, and Keep gives it those in use, in the place of all but such. Both name the
	// secrets that somebody else gave values; nil where .secrets is all there is.
	Agree, Keep func(secrets.Kept) (foreign []string, diags diag.List)

	Say   func(format string, args ...any)
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error // ends early with the context's error

	// step is called before and after what changes something. Tests kill the process there.
	step func(what string)
}

func (h *Host) at(what string) {
	if h.step != nil {
		h.step(what)
	}
}

// Request says what to rotate.
type Request struct {
	Addresses []string // sorted
	// Values are those that somebody else made, by address.
	Values      map[string]secrets.Sealed
	Grace       time.Duration // how long both values are valid after the switch
	Compromised bool          // no grace, and sessions that the old value opened end
}

// Begin rotates secrets, all of them together: each consumer is replaced once.
func (h *Host) Begin(ctx context.Context, q Request) diag.List {
	r, release, diags := h.open()
	if r == nil {
		return diags
	}
	defer release()
	if r.journal != nil {
		return append(diags, r.underWay())
	}
	if more := r.usable(); more.HasErrors() {
		return append(diags, more...)
	}
	r.values = q.Values
	r.journal = &Journal{Version: JournalVersion, Begun: h.Now().UTC().Truncate(time.Second), Compromised: q.Compromised, Grace: q.Grace}
	if q.Compromised {
		r.journal.Grace = 0
	}
	for _, s := range h.Stack.Secrets {
		if slices.Contains(q.Addresses, s.Address) {
			r.journal.Secrets = append(r.journal.Secrets, Entry{Address: s.Address, Class: s.Rotation.Class.V, Step: Begun})
		}
	}
	if len(r.journal.Secrets) == 0 {
		return diags
	}
	if _, err := h.Engine.Containers(ctx); err != nil {
		return append(diags, diag.Errorf("NS614", onFile(h.Dir), "Step of a rotation failed",
			"The containers of the stack cannot be listed: %s. Nothing was changed.\n\nThe new values have to be given to what runs, so this is for the host that runs the stack, and for a user who may use Docker there.", err))
	}
	if more := r.look(ctx); more.HasErrors() {
		return append(diags, more...)
	}
	if err := r.agree(); err != nil {
		return append(diags, r.failed(err))
	}
	if more := r.save(); more.HasErrors() {
		return append(diags, more...)
	}
	return append(diags, r.walk(ctx)...)
}

// Resume goes on with a rotation that was interrupted, in the direction that it had.
func (h *Host) Resume(ctx context.Context) diag.List { return h.again(ctx, false) }

// Abort takes a rotation back that was interrupted.
func (h *Host) Abort(ctx context.Context) diag.List { return h.again(ctx, true) }

func (h *Host) again(ctx context.Context, back bool) diag.List {
	r, release, diags := h.open()
	if r == nil {
		return diags
	}
	defer release()
	switch {
	case r.journal != nil:
	case back:
		if more := r.rebuild(ctx); more.HasErrors() {
			return append(diags, more...)
		}
	default:
		if more := r.usable(); more.HasErrors() {
			return append(diags, more...)
		}
	}
	j := r.journal
	if j == nil && r.damaged != nil {
		return diags // there was nothing to take back
	}
	if j == nil {
		return append(diags, diag.Errorf("NS611", onFile(h.Dir), "No rotation is under way",
			"There is nothing to go on with, and nothing to take back: every rotation in %s has ended.\n\nBegin one:\n\n    %s NAME", h.Dir, h.Again))
	}
	r.forget()
	if len(j.Secrets) == 0 {
		h.Say("what was being rotated is no longer in the stack")
		return append(diags, r.close()...)
	}
	if back && !j.Back {
		if j.past() {
			return append(diags, diag.Errorf("NS618", onFile(h.Dir), "Rotation that cannot go back",
				"The old values are gone: the servers refuse them, and they are no longer in .secrets. What is left to do gives every service the new ones.\n\nGo on:\n\n    %s --resume", h.Again))
		}
		j.Back, j.Old = true, nil // all that run now are to be replaced, whichever value they have
		if more := r.save(); more.HasErrors() {
			return append(diags, more...)
		}
	}
	if j.Back && !back {
		h.Say("this rotation is being taken back; going on with that")
	}
	return append(diags, r.walk(ctx)...)
}

// open takes the lock of rotations and reads the journal.
func (h *Host) open() (*run, func(), diag.List) {
	release, ok, diags := secrets.Hold(h.Dir, lockFile)
	switch {
	case diags.HasErrors():
		return nil, nil, diags
	case !ok:
		return nil, nil, append(diags, diag.Errorf(codeUnderWay, onFile(h.Dir), "Rotation not finished",
			"Another nselfc is rotating secrets in %s at this moment. Two at once could each take away the value that the other relies on.\n\nWait until it has ended.", h.Dir))
	}
	r := &run{Host: h}
	j, other, more := readJournal(h.Dir, h.Again)
	for _, d := range more {
		if d.Code == codeUnusable {
			r.damaged = d
		}
	}
	if diags = append(diags, more...); diags.HasErrors() && r.damaged == nil {
		release()
		return nil, nil, diags
	}
	r.journal, r.other = j, other
	return r, release, slices.DeleteFunc(diags, func(d *diag.Diagnostic) bool { return d == r.damaged })
}

// run is one process's part in a rotation.
type run struct {
	*Host
	journal *Journal
	damaged *diag.Diagnostic // what is wrong with the journal that is there
	other   bool             // which another version may understand
	values  map[string]secrets.Sealed
	turned  *secrets.Turned // what .secrets and the files hold now
	notes   diag.List       // warnings of turning, the last ones
}

func (r *run) underWay() *diag.Diagnostic { return UnderWay(r.Dir, r.journal, r.Again) }

const codeUnderWay = "NS610"

// UnderWay says that a rotation has begun and not ended.
func UnderWay(dir string, j *Journal, command string) *diag.Diagnostic {
	var names []string
	for _, e := range j.Secrets {
		names = append(names, e.Address)
	}
	return diag.Errorf(codeUnderWay, onFile(dir), "Rotation not finished",
		"A rotation was begun on %s and is not finished: %s. Its last step was %q. The stack works as it is, with the values that both sides take.\n\nGo on with it, or take it back:\n\n    %[4]s --resume\n    %[4]s --abort",
		j.Begun.Format("2006-01-02 15:04 MST"), strings.Join(names, ", "), string(j.step()), command)
}

// forget drops what the stack no longer declares: its values are gone with it.
func (r *run) forget() {
	r.journal.Secrets = slices.DeleteFunc(r.journal.Secrets, func(e Entry) bool { return r.secret(e.Address) == nil })
}

func (r *run) secret(address string) *ir.Secret {
	for _, s := range r.Stack.Secrets {
		if s.Address == address {
			return s
		}
	}
	return nil
}

func (r *run) save() diag.List {
	r.at("before the journal")
	defer r.at("after the journal")
	return r.journal.Save(r.Dir)
}

// close ends the rotation.
func (r *run) close() diag.List {
	r.at("before the journal goes")
	defer r.at("after the journal has gone")
	return secrets.WriteBeside(r.Dir, JournalFile, nil)
}

// onFile is the place of a finding about the host.
func onFile(path string) source.Range {
	return source.Range{File: path, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
}
