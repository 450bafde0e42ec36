package secrets

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"nselfc/compiler/ir"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// readRegister reads nself.secrets.json of an output directory. One that is not there is
// empty. It is committed and holds no secret, so any plain file is taken, whoever
// owns it.
func readRegister(dir string, root *os.Root, stack string) (*register.Register, []byte, *diag.Diagnostic) {
	if root == nil {
		return register.New(stack), nil, nil
	}
	full := filepath.Join(dir, register.Name)
	f, err := root.OpenFile(register.Name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return register.New(stack), nil, nil
	}
	if err != nil {
		return nil, nil, damagedRegister(full, 1, "it cannot be opened: "+reason(err))
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		return nil, nil, damagedRegister(full, 1, "it is not a regular file")
	}
	text, err := io.ReadAll(io.LimitReader(f, register.MaxBytes+1))
	if err != nil {
		return nil, nil, damagedRegister(full, 1, "it cannot be read: "+reason(err))
	}
	r, err := register.Read(text)
	if err != nil {
		line, why := int32(1), err.Error()
		if e, ok := errors.AsType[*register.Error](err); ok {
			line, why = int32(e.Line), e.Reason // bounded by register.MaxBytes
		}
		return nil, nil, damagedRegister(full, line, why)
	}
	return r, text, nil
}

func damagedRegister(full string, line int32, why string) *diag.Diagnostic {
	at := onFile(full)
	at.Start.Line, at.End.Line = line, line
	word := escape.ShellWord(full)
	return diag.Errorf(codeRegister, at, "Damaged record of secrets",
		"Line %d of %s cannot be used: %s. The file says how often each secret was replaced, and when, and proves that no two environments have one value. nselfc does not write over what it cannot read.\n\n"+
			"Take a version that is whole from git; the next build on the host adds what it lacks:\n\n    git log --oneline -- %s\n    git checkout HEAD -- %[4]s\n\n"+
			"If there is none, move it away. The values stay as they are, and only their age is forgotten.", line, full, why, word)
}

// LoadRegister gives what is known of the secrets of an output directory. Without a
// register there, it is empty. It writes nothing.
func LoadRegister(dir, stack string) (*register.Register, *diag.Diagnostic) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return register.New(stack), nil // never built
	}
	defer func() { _ = root.Close() }() // opened for reading
	r, _, d := readRegister(dir, root, stack)
	return r, d
}

// record brings the register up to date with the values. A value that it does not
// expect was put into .secrets by hand, or comes from a store: it counts as a new
// generation, except in development, where each machine has values of its own and
// the file would never come to rest.
func (b *book) record() {
	stack, day := b.stack.Name.V, b.opts.Now.UTC().Format(register.Day)
	for _, step := range b.turned {
		b.recordStep(b.secrets[step.Address], step.Op, day)
	}
	for _, s := range b.stack.Secrets {
		b.catchUp(s, day)
	}
	was := b.register.Stack
	b.register.Stack = stack
	for _, s := range b.stack.Secrets {
		value := secretPart(b.values[s.Address])
		if s.Kind.V == kindFiles || value == "" {
			continue // its owner keeps it, or it is in the list of errors
		}
		kind, e := s.Kind.V, b.register.Entries[s.Address]
		made := slices.Contains(b.generated, s.Address)
		switch {
		case made:
			b.register.Note(s.Address, kind, day, register.Generated, fingerprint(stack, s, value))
			continue
		case e == nil:
			b.register.Note(s.Address, kind, day, register.Found, "")
			continue
		case e.Fingerprint == "" || e.Fingerprint == fingerprint(stack, s, value):
		case e.Fingerprint == register.Fingerprint(was, value): // the stack was renamed
			e.Fingerprint = fingerprint(stack, s, value)
		case b.stack.Posture == ir.Development:
		default:
			b.register.Note(s.Address, kind, day, register.Found, "")
			continue
		}
		e.Kind = kind
	}
}

// recordStep follows a value through a rotation. That another generation is in force
// begins with Promote.
func (b *book) recordStep(s *ir.Secret, op Op, day string) {
	e := b.register.Entries[s.Address]
	if e == nil {
		return // it is noted below
	}
	put := func(origin register.Origin) {
		e.Origin, e.Fingerprint = origin, ""
		if value := secretPart(b.values[s.Address]); origin == register.Generated && value != "" {
			e.Fingerprint = fingerprint(b.stack.Name.V, s, value)
		}
	}
	switch op {
	case Stage:
		e.Next = origin(b.origins[s.Address])
	case Promote:
		e.Previous = e.Origin
		put(origin(e.Next))
		e.Next = ""
		b.register.Bump(s.Address, day)
	case Undo:
		e.Next = e.Origin
		put(origin(e.Previous))
		e.Previous = ""
		e.Generation = max(e.Generation-1, 1)
	case Revoke:
		e.Previous = ""
	case Discard:
		e.Next = ""
	}
}

// origin is that of a value whose rotation began before there was a register.
func origin(o register.Origin) register.Origin { return cmp.Or(o, register.Found) }

// catchUp records the step of a run that was killed between writing .secrets and
// writing the register.
func (b *book) catchUp(s *ir.Secret, day string) {
	e := b.register.Entries[s.Address]
	if e == nil {
		return
	}
	value := secretPart(b.values[s.Address])
	changed := value != "" && e.Fingerprint != "" && e.Fingerprint != register.Fingerprint(b.register.Stack, value)
	switch state := b.states[s.Address]; {
	case state == Staged && e.Previous != "":
		b.recordStep(s, Undo, day)
	case state == Staged && e.Next == "":
		b.recordStep(s, Stage, day)
	case state == Promoted && e.Previous == "", state == Settled && e.Next != "" && changed:
		b.recordStep(s, Promote, day)
	}
	if state := b.states[s.Address]; state == Settled {
		e.Next, e.Previous = "", ""
	}
}

// secretPart gives what must stay secret of the values of a secret.
func secretPart(f fields) string {
	if v := f["private_key"]; v != "" {
		return v
	}
	return f[""]
}

// fingerprint gives what may be committed of a value that nselfc made, or "" when
// the value has fewer than 128 random bits and could be searched for.
func fingerprint(stack string, s *ir.Secret, value string) string {
	switch s.Kind.V {
	case kindInput, kindUUID, kindFiles:
		return ""
	}
	return register.Fingerprint(stack, value)
}

// saveRegister writes the register when it says something else than before. A
// directory without secrets gets none.
func (b *book) saveRegister(st *store) error {
	text := b.register.Bytes()
	if string(text) == string(b.registerBefore) || b.registerBefore == nil && len(b.register.Entries) == 0 {
		return nil
	}
	if err := st.write(register.Name, text, 0o644, -1); err != nil {
		return err
	}
	b.recorded = true
	return st.syncDir(".")
}
