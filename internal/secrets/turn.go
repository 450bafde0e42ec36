package secrets

import (
	"context"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
)

// Op is one step in the life of a value. Each is idempotent: where there is
// nothing to do, nothing is done, so that a rotation that was killed repeats its
// last step.
type Op uint8

// The steps. Stage, Promote and Revoke are a rotation; Discard ends one that was
// only staged, and Undo takes Promote back.
const (
	Stage   Op = iota + 1 // make a next value, where there is none
	Promote               // the next value becomes the current one, and that the previous
	Revoke                // forget the previous value
	Discard               // forget the next value
	Undo                  // the previous value becomes the current one again, and that the next
)

// String names the step as a journal does.
func (op Op) String() string {
	return [...]string{"", "stage", "promote", "revoke", "discard", "undo"}[op]
}

// Change asks for one step.
type Change struct {
	Address string
	Op      Op
	// Value is the value to stage, where somebody else makes it. Otherwise one is
	// made here.
	Value Sealed
}

// Turned is what Turn did, and what the caller needs to go on.
type Turned struct {
	*Report
	book     *book
	rendered map[string]string // texts of the secret files, by path
}

// Valid are the values of a secret that consumers and servers may have.
type Valid struct {
	Class    string
	State    State
	Current  Credential
	Next     Credential // when Staged
	Previous Credential // when Promoted
}

// Turn edits the values of secrets, in the order of changes, and then makes
// .secrets and the files below .secrets.d fit, as Materialize does and with its
// promises: all under one lock, either nothing is changed or .secrets is synced
// before any file uses it, and after NS604 the same call finishes the work. Without
// changes it is Materialize with values. The certificates that an authority
// signed follow it in the same turn. Stage and Promote of one secret are two turns:
// together they could not be taken again.
func Turn(ctx context.Context, dir string, stack *ir.Stack, files []emit.File, opts Options, changes []Change) (*Turned, diag.List) {
	b, rendered, report, diags := materialize(ctx, dir, stack, files, opts, changes)
	t := &Turned{Report: report, book: b, rendered: map[string]string{}}
	for _, f := range rendered {
		t.rendered[f.path] = string(f.text)
	}
	return t, diags
}

// Valid gives the values of a secret. It is empty for one that the stack does not
// have, that its owner keeps, or that is a certificate: nobody logs in with these.
func (t *Turned) Valid(address string) Valid {
	if t.book == nil || t.book.secrets[address] == nil {
		return Valid{}
	}
	b, s := t.book, t.book.secrets[address]
	v := Valid{Class: class(s), State: b.states[address]}
	user, other := "", ""
	if r := s.Rotation; r != nil {
		user, other = r.User.V, r.User.V
		if v.Class == classPair {
			user, other = b.login(s), r.User.V+"_"+otherSlot(b.slot(s))
		}
	}
	v.Current = Credential{user, Seal(b.values[address][""])}
	beside := Credential{other, Seal(b.beside[address][""])}
	switch v.State {
	case Settled:
	case Staged:
		v.Next = beside
	case Promoted:
		v.Previous = beside
	}
	return v
}

// File gives the text of a secret file as it stands below the output directory
// now: what the command Apply of a rotation reads.
func (t *Turned) File(path string) (Sealed, bool) {
	text, ok := t.rendered[path]
	return Seal(text), ok
}

// turn carries out one change in the document.
func (b *book) turn(c Change) *diag.Diagnostic {
	s := b.secrets[c.Address]
	if s == nil {
		return b.bug(b.stack.Name.Range, "%s is to be turned, which no secret declares.", c.Address)
	}
	if d := b.slots(s); d != nil {
		return d
	}
	state := b.stateOf(s)
	switch {
	case c.Op == Stage && !b.stands(s, ""): // nobody knows a value yet; the first is made below
		return nil
	case c.Op == Stage && state == Settled:
		if d := b.stage(s, c.Value); d != nil {
			return d
		}
	case c.Op == Stage && state == Promoted:
		return about(s, diag.Errorf(codeUnderWay, s.Origin.Range, "Rotation under way",
			"%s has a previous value that may still be in use, and a third one would push it out.\n\nEnd that rotation first:\n\n    nselfc secrets rotate --resume", s.Address))
	case c.Op == Promote && state == Staged:
		b.move(s, "", suffixPrevious)
		b.move(s, suffixNext, "")
		b.flip(s)
	case c.Op == Undo && state == Promoted:
		b.move(s, "", suffixNext)
		b.move(s, suffixPrevious, "")
		b.flip(s)
	case c.Op == Revoke && state == Promoted, c.Op == Discard && state == Staged:
		for _, part := range parts(s) {
			b.doc.Delete(s.Key + state.ending() + part)
		}
		b.doc.Delete(slotSalt(s, otherSlot(b.slot(s)))) // its next value gets another
	default:
		return nil
	}
	b.turned = append(b.turned, Step{c.Address, c.Op})
	return nil
}

// stage puts a next value into the document.
func (b *book) stage(s *ir.Secret, given Sealed) *diag.Diagnostic {
	if s.Kind.V == kindX509 {
		b.origins[s.Address] = register.Generated
		return b.stageKey(s)
	}
	value := given.Reveal()
	b.origins[s.Address] = register.Set
	switch old, _ := b.doc.Get(s.Key); {
	case value == "" && !generated(s):
		return about(s, diag.Errorf(codeNotMade, s.Origin.Range, "New value must be brought",
			"nselfc cannot make a new value of %s: somebody else issues it. Get it there, and hand it over:\n\n    nselfc secrets rotate %s", s.Address, s.Address))
	case value == "":
		value, b.origins[s.Address] = generate(s), register.Generated
	case !fits(s, value):
		return about(s, diag.Errorf(codeNewUnfit, s.Origin.Range, "Unfit new value",
			"The new value of %s is not %s, as its declaration says: %s. Nothing was changed.", s.Address, shape(s), had(s, value)))
	case value == old:
		return about(s, diag.Errorf(codeNewUnfit, s.Origin.Range, "Unfit new value",
			"The new value of %s is the one that it has. Whoever knows the old one would know the new one too. Nothing was changed.", s.Address))
	}
	if err := b.doc.Set(s.Key+suffixNext, value, ""); err != nil {
		return b.bug(s.Origin.Range, "The new value of %s cannot be kept: %s.", s.Address, err)
	}
	return nil
}

// generated tells whether values of a secret are made here.
func generated(s *ir.Secret) bool { return s.Kind.V != kindFiles && s.Kind.V != kindInput }

// move gives the values with one ending another, over what stood there.
func (b *book) move(s *ir.Secret, from, to string) {
	for _, part := range parts(s) {
		value, ok := b.doc.Get(s.Key + from + part)
		b.doc.Delete(s.Key + from + part)
		b.doc.Delete(s.Key + to + part)
		if ok {
			_ = b.doc.Set(s.Key+to+part, value, "") // it was in the document
		}
	}
}

// flip hands the current value of a pair over to the other login.
func (b *book) flip(s *ir.Secret) {
	if class(s) != classPair {
		return
	}
	_ = b.doc.Set(s.Key+suffixSlot, otherSlot(b.slot(s)), "") // a name and a letter
}
