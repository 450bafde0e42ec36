package secrets

import (
	"path/filepath"
	"slices"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// What follows a secret's key while it is rotated. The key itself always holds the
// value that consumers get.
const (
	suffixNext     = "__NEXT"     // the value to come; servers may take it already
	suffixPrevious = "__PREVIOUS" // the value before; servers may still take it
	suffixSlot     = "__SLOT"     // of a pair: which login has the current value
)

// The logins of a pair.
const (
	slotA = "a"
	slotB = "b"
)

// State is how far the rotation of a secret has come in .secrets.
type State uint8

// The states. There is never a next and a previous value: a rotation begins when
// the one before has ended.
const (
	Settled  State = iota // one value
	Staged                // and a next one
	Promoted              // and a previous one
)

// String names the state as people read it.
func (s State) String() string { return [...]string{"settled", "staged", "promoted"}[s] }

// The classes of rotation (ir.Rotation).
const (
	classPair    = "pair"
	classDual    = "dual"
	classRestart = "restart"
	classOverlap = "overlap"
	classManual  = "manual"
)

// class says how a secret is rotated.
func class(s *ir.Secret) string {
	switch {
	case s.Rotation != nil && s.Rotation.Class.V != "":
		return s.Rotation.Class.V
	case s.Kind.V == kindX509:
		return classOverlap
	case s.Kind.V == kindFiles:
		return classManual
	}
	return classRestart
}

// parts lists the endings under which a value of a secret is kept.
func parts(s *ir.Secret) []string {
	switch s.Kind.V {
	case kindX509:
		return []string{suffixPrivateKey, suffixCertificate}
	case kindFiles: // its owner keeps it
		return nil
	}
	return []string{""}
}

// stands tells whether a value of a secret is kept with an ending.
func (b *book) stands(s *ir.Secret, ending string) bool {
	return slices.ContainsFunc(parts(s), func(part string) bool { _, ok := b.doc.Get(s.Key + ending + part); return ok })
}

// stateOf reads how far the rotation of a secret has come.
func (b *book) stateOf(s *ir.Secret) State {
	switch {
	case b.stands(s, suffixNext):
		return Staged
	case b.stands(s, suffixPrevious):
		return Promoted
	}
	return Settled
}

// ending is where the value beside the current one is kept, or "".
func (st State) ending() string { return [...]string{"", suffixNext, suffixPrevious}[st] }

// slot gives the login of a pair that has the current value.
func (b *book) slot(s *ir.Secret) string {
	if v, _ := b.doc.Get(s.Key + suffixSlot); v == slotB {
		return slotB
	}
	return slotA
}

func otherSlot(slot string) string {
	if slot == slotA {
		return slotB
	}
	return slotA
}

// login names the login of a pair that has the current value.
func (b *book) login(s *ir.Secret) string { return s.Rotation.User.V + "_" + b.slot(s) }

// slots claims the keys of a secret, and refuses what no run of ours wrote.
func (b *book) slots(s *ir.Secret) *diag.Diagnostic {
	for _, ending := range []string{"", suffixNext, suffixPrevious} {
		for _, part := range parts(s) {
			b.used[s.Key+ending+part] = true
		}
	}
	b.used[s.Key+suffixSlot] = true
	for _, slot := range []string{slotA, slotB} {
		b.used[slotSalt(s, slot)] = true
	}
	if class(s) == classPair { // the salt of a login from before there were two
		b.used[s.Key+suffixSCRAM] = true
	}
	refuse := func(key, problem, advice string) *diag.Diagnostic {
		return about(s, diag.Errorf(codeSlots, s.Origin.Range, "Contradicting values in .secrets",
			"%s on line %d of %s %s. Nobody can tell which value running services and servers take, and a wrong guess would lock them out.\n\n%s", key, b.doc.Line(key), b.file, problem, advice))
	}
	last := func(ending string) string { // of the parts that stand there
		key := ""
		for _, part := range parts(s) {
			if _, ok := b.doc.Get(s.Key + ending + part); ok {
				key = s.Key + ending + part
			}
		}
		return key
	}
	next, previous := b.stands(s, suffixNext), b.stands(s, suffixPrevious)
	switch {
	case next && previous:
		return refuse(last(suffixPrevious), "stands there beside "+last(suffixNext)+", and a rotation has one of the two",
			"Restore the file from a backup. If you know that "+s.Key+" has the value in use, remove both lines.")
	case (next || previous) && !b.stands(s, ""):
		return refuse(last(b.stateOf(s).ending()), "stands there without "+s.Key+", the value in use",
			"Restore that line from a backup. If nothing uses the secret yet, remove this one too, and build again, which makes a new value.")
	}
	if v, ok := b.doc.Get(s.Key + suffixSlot); ok && v != slotA && v != slotB {
		return refuse(s.Key+suffixSlot, "is neither a nor b, the logins that take turns",
			"Write the one that consumers log in with; it is in the files below "+filepath.Join(filepath.Dir(b.file), Dir)+".")
	}
	return nil
}
