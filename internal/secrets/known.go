package secrets

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit/dotsecrets"
	"nselfc/emit/outdir"
	"nselfc/internal/needles"
	"nselfc/internal/redact"
)

// Known gives the values in the .secrets of an output directory, as far as it is
// there and this user may read it: whoever only searches for them needs no more,
// and trusts nothing in it. Certificates and salts, which are public, are left out.
// A secret that the stack declares goes by its address, any other by its key. It
// writes nothing.
func Known(dir string, stack *ir.Stack) []Value {
	doc := stored(dir)
	addresses := map[string]string{}
	for _, s := range stack.Secrets {
		addresses[s.Key] = s.Address
	}
	var out []Value
	for _, key := range doc.Keys() {
		if public(key) {
			continue
		}
		value, _ := doc.Get(key)
		address := addresses[key]
		if owner, ok := strings.CutSuffix(key, suffixPrivateKey); ok && address == "" {
			address = addresses[owner]
		}
		if address == "" {
			address = key
		}
		out = append(out, NewValue(address+" in "+filepath.Join(dir, File), value))
	}
	return out
}

// Learn hands the values in the .secrets of an output directory, as Known finds them,
// to what keeps them out of everything that is printed.
func Learn(dir string, to *redact.Registry) {
	if to == nil {
		return
	}
	doc := stored(dir)
	for _, key := range doc.Keys() {
		if value, _ := doc.Get(key); !public(key) {
			to.Learn(NewValue(key, value))
		}
	}
}

// stored reads .secrets, as far as it can be read.
func stored(dir string) *dotsecrets.Document {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return dotsecrets.New()
	}
	defer func() { _ = root.Close() }() // opened for reading
	info, err := root.Lstat(File)
	if err != nil || !info.Mode().IsRegular() {
		return dotsecrets.New()
	}
	f, err := outdir.OpenQuietly(root, File)
	if err != nil {
		return dotsecrets.New()
	}
	defer func() { _ = f.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(f, maxSize))
	if err != nil {
		return dotsecrets.New()
	}
	doc, _ := dotsecrets.Parse(File, text) // a build says what is wrong with it
	return doc
}

// Holds tells whether a text holds one of the values, in any form that Scan knows,
// or a private key, whosever it is: then nobody may be shown a part of it.
func Holds(text string, values []Value) bool {
	return len(findKeys(text)) > 0 || len(needles.New(values).Search(text)) > 0
}
