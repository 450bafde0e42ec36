package secrets

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// Kept is what the store of an environment is to have of some secrets, in the place of
// all that it has of them: the values in use, with what is kept beside them. A value
// that is pending or on its way out is not among them.
type Kept struct {
	values map[string]string   // by key
	ours   map[string][]string // the values that each secret has here, in use or not, by its key
	main   map[string]string   // the key of .secrets that says which value it is, by the secret's
	names  map[string]string   // addresses, by the secret's key
}

// Kept gives what .secrets has of some secrets now.
func (t *Turned) Kept(addresses ...string) Kept {
	k := Kept{values: map[string]string{}, ours: map[string][]string{}, main: map[string]string{}, names: map[string]string{}}
	if t.book == nil {
		return k
	}
	for _, a := range addresses {
		s := t.book.secrets[a]
		if s == nil || len(parts(s)) == 0 {
			continue
		}
		k.main[s.Key], k.names[s.Key] = s.Key+parts(s)[0], a
		maps.Copy(k.values, t.book.current(s))
		for _, ending := range []string{"", suffixNext, suffixPrevious} {
			if v, ok := t.book.doc.Get(s.Key + ending + parts(s)[0]); ok {
				k.ours[s.Key] = append(k.ours[s.Key], v)
			}
		}
	}
	return k
}

// current gives what .secrets has of a secret, by key, but for what a rotation keeps there.
func (b *book) current(s *ir.Secret) map[string]string {
	out := map[string]string{}
	for key := range b.used {
		if value, ok := b.doc.Get(key); ok && baseKey(key) == s.Key && !underWay(key) {
			out[key] = value
		}
	}
	return out
}

// underWay tells whether a key holds a value that comes, or one that goes.
func underWay(key string) bool {
	for _, part := range []string{suffixPrivateKey, suffixCertificate} {
		key = strings.TrimSuffix(key, part)
	}
	return strings.HasSuffix(key, suffixNext) || strings.HasSuffix(key, suffixPrevious)
}

// Over gives what a store is to hold that holds something now. foreign are the
// addresses of secrets of which it has a value that was none of this host's:
// somebody else put it there, and may use it, so that it stays.
func (k Kept) Over(held map[string]string) (next map[string]string, foreign []string) {
	next = maps.Clone(held)
	if next == nil {
		next = map[string]string{}
	}
	theirs := map[string]bool{}
	for key, main := range k.main {
		if value, ok := held[main]; ok && !slices.Contains(k.ours[key], value) {
			theirs[key] = true
			foreign = append(foreign, k.names[key])
		}
	}
	mine := func(key string) bool { return k.main[baseKey(key)] != "" && !theirs[baseKey(key)] }
	maps.DeleteFunc(next, func(key, _ string) bool { return mine(key) })
	for key, value := range k.values {
		if mine(key) {
			next[key] = value
		}
	}
	slices.Sort(foreign)
	return next, foreign
}

// Note remembers those that a store holds as well now, so that a value which somebody
// puts there later is known to be the newer one.
func (k Kept) Note(ctx context.Context, dir string, opts Options, held map[string]string) diag.List {
	opts.ReadStore = nil
	st, done, diags := openLocked(ctx, dir, opts)
	if diags.HasErrors() {
		return diags
	}
	defer done()
	common := maps.Clone(k.values)
	maps.DeleteFunc(common, func(key, value string) bool { return held[key] != value })
	return append(diags, st.noteSynced(common)...)
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
