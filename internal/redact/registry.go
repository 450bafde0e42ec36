// Package redact keeps the values of secrets out of what is printed: everything
// that nselfc writes for people and programs, and all that its children write,
// passes through a Writer, which puts "(secret)" in the place of every known value,
// as it is and URL-, JSON-, base64- and hex-encoded. It does not know what a value
// is for. Values of fewer than 8 bytes are words, and are left.
//
// What holds whenever a Writer has returned: no byte of a known value is at the
// underlying writer, however the value was cut into writes, but for the first three
// of one whose writer paused there (see Writer).
package redact

import (
	"bytes"
	"io"
	"sync"

	"nselfc/internal/needles"
)

// Mark stands where a value was.
const Mark = "(secret)"

// Registry knows the values. It is safe for concurrent use. A nil Registry knows
// none and learns none.
type Registry struct {
	mu     sync.RWMutex
	values []needles.Value
	known  map[string]bool // texts of values
	index  *needles.Index  // of values; nil when one was learnt since
}

// New makes a registry that knows no value.
func New() *Registry { return &Registry{known: map[string]bool{}} }

// Learn adds values. From its return on, none of them passes a Writer. Whoever reads
// or makes a value calls it before anything is printed of it.
func (r *Registry) Learn(values ...needles.Value) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range values {
		if len(v.Text()) < needles.Min || r.known[v.Text()] {
			continue
		}
		r.known[v.Text()] = true
		r.values, r.index = append(r.values, v), nil
	}
}

// cover gives the index of all that is known; nil when that is nothing.
func (r *Registry) cover() *needles.Index {
	if r == nil {
		return nil
	}
	r.mu.RLock()
	index, none := r.index, len(r.values) == 0
	r.mu.RUnlock()
	if index != nil || none {
		return index
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.index == nil {
		r.index = needles.NewCover(r.values)
	}
	return r.index
}

// Text gives a text without the values. Texts that will be wrapped or cut pass
// through it first: a Writer could not know a value that has a line end in it.
func (r *Registry) Text(s string) string {
	if r.cover() == nil {
		return s
	}
	var b bytes.Buffer
	w := &Writer{registry: r, to: &b}
	_, _ = io.WriteString(w, s) // a buffer takes everything
	_ = w.Flush()
	return b.String()
}

// Holds tells whether a text holds a known value.
func (r *Registry) Holds(s string) bool {
	spans, _ := r.cover().Cover(s)
	return len(spans) > 0
}
