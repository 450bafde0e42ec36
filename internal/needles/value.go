// Package needles finds values of secrets in texts, in every form that they may
// have been written in. It does not know where values come from, and what to do
// about a find.
package needles

import "fmt"

// Min is the shortest form that is looked for, in bytes; shorter ones are words.
const Min = 8

// Value is a secret that must not be found. It never prints itself.
type Value struct {
	Address string
	text    string
}

// NewValue names a value to look for.
func NewValue(address, text string) Value { return Value{Address: address, text: text} }

// Text gives the value itself.
func (v Value) Text() string { return v.text }

// Format implements fmt.Formatter for every verb, so that no dump of a structure
// shows the value.
func (v Value) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "secret(%s)", v.Address) }

// MarshalText implements encoding.TextMarshaler, so that no encoder shows it.
func (v Value) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "secret(%s)", v.Address), nil }
