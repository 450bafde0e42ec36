package secrets

import "io"

// Sealed is a secret text that shows itself to nobody by accident: it is held by a
// function, which no printing verb, encoder or comparison looks into. Whoever
// needs it says so, by Reveal, and keeps it no longer than that.
type Sealed struct{ reveal func() string }

// Seal takes a text into custody.
func Seal(text string) Sealed { return Sealed{func() string { return text }} }

// Reveal gives the text; "" of the zero value.
func (s Sealed) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Empty tells whether there is no text.
func (s Sealed) Empty() bool { return s.Reveal() == "" }

// String says that there is something, for messages.
func (Sealed) String() string { return "(sensitive)" }

// GoString is String for %#v.
func (Sealed) GoString() string { return "(sensitive)" }

// MarshalText is String for encoders.
func (Sealed) MarshalText() ([]byte, error) { return []byte("(sensitive)"), nil }

// Credential is what a server is asked to believe: a user and a value.
type Credential struct {
	User  string // "" where the server has no users
	Value Sealed
}

// Empty tells whether there is no such value.
func (c Credential) Empty() bool { return c.Value.Empty() }

// WriteTo writes what the command Prove of a rotation reads: the user and the
// value, a line each.
func (c Credential) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, c.User+"\n"+c.Value.Reveal()+"\n")
	return int64(n), err
}
