package secrets

import (
	"io"
	"strings"
)

// Kept gives what .secrets has of some secrets now, by key: what their store is to
// have as well. A value that is pending or on its way out is not among them.
func (t *Turned) Kept(addresses ...string) map[string]string {
	out := map[string]string{}
	if t.book == nil {
		return out
	}
	for _, a := range addresses {
		s := t.book.secrets[a]
		if s == nil {
			continue
		}
		for _, part := range parts(s) {
			if v, ok := t.book.doc.Get(s.Key + part); ok {
				out[s.Key+part] = v
			}
		}
	}
	return out
}

// Input gives the text of a secret file for the standard input of a command, as File
// does for those who look at it.
func (t *Turned) Input(path string) (io.WriterTo, bool) {
	text, ok := t.rendered[path]
	return strings.NewReader(text), ok
}

// Digest gives the SHA-256 of a secret file, in hexadecimal. It is for a place behind
// the same door as the file.
func (t *Turned) Digest(path string) (string, bool) {
	text, ok := t.rendered[path]
	return digest([]byte(text)), ok
}
