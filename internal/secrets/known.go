package secrets

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
		if address == "" {
			address = addresses[keyOwner(key)]
		}
		if address == "" {
			address = key
		}
		out = append(out, NewValue(address+" in "+filepath.Join(dir, File), value))
	}
	for _, e := range storedRetired(dir) {
		for _, key := range slices.Sorted(maps.Keys(e.Values)) {
			if !public(key) {
				out = append(out, NewValue(key+" in "+filepath.Join(dir, RetiredFile), e.Values[key]))
			}
		}
	}
	return out
}

// public tells whether what is kept under a key is no secret: a certificate, a
// salt, or the letter of a login.
func public(key string) bool {
	if i := strings.LastIndex(key, "__"); i > 0 {
		key = key[i:]
	}
	return key == suffixCertificate || key == suffixSlot || strings.HasPrefix(key, suffixSCRAM) || strings.HasPrefix(key, suffixPBKDF2)
}

// keyOwner gives the key of the secret that a key was made of.
func keyOwner(key string) string {
	for _, ending := range []string{suffixPrivateKey, suffixNext, suffixPrevious} { // from the last to the first
		key = strings.TrimSuffix(key, ending)
	}
	return key
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
	for _, e := range storedRetired(dir) {
		for key, value := range e.Values {
			if !public(key) {
				to.Learn(NewValue(key, value))
			}
		}
	}
}

// stored reads .secrets, as far as it can be read.
func stored(dir string) *dotsecrets.Document {
	doc, _ := dotsecrets.Parse(File, textOf(dir, File)) // a build says what is wrong with it
	return doc
}

// storedRetired reads what was retired, as far as it can be read.
func storedRetired(dir string) []retiredEntry {
	var r retired
	if json.Unmarshal(textOf(dir, RetiredFile), &r) != nil {
		return nil // so does whoever retires
	}
	return r.Retired
}

// textOf reads a file of the store, or nothing.
func textOf(dir, name string) []byte {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer func() { _ = root.Close() }() // opened for reading
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := outdir.OpenQuietly(root, name)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // read only
	text, err := io.ReadAll(io.LimitReader(f, maxSize))
	if err != nil {
		return nil
	}
	return text
}

// Holds tells whether a text holds one of the values, in any form that Scan knows,
// or a private key, whosever it is: then nobody may be shown a part of it.
func Holds(text string, values []Value) bool {
	return len(findKeys(text)) > 0 || len(needles.New(values).Search(text)) > 0
}
