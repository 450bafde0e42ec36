// Package register reads and writes the text of nself.secrets.json, the committed
// record of an environment's secrets: of each its kind, how often it was replaced
// and when, and, where that gives nothing away, a fingerprint of its value. By the
// fingerprints anybody can tell that two environments have one value, without
// having either.
//
// It knows no file, no clock and no declaration, and holds no value. The text comes
// out of a repository, through pull requests and merges: Read takes nothing in it
// on trust.
package register

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Name is the path of the file in the output directory of an environment.
const Name = "nself.secrets.json"

// Format is the version of the text that is written, and the only one that is read.
const Format = 1

// Origin says where a value came from, as far as nselfc knows.
type Origin string

// The origins of values. Only one that nselfc made is surely worth more than a
// search through all the words that people choose, and may have a fingerprint.
const (
	Generated Origin = "generated" // nselfc made it
	Set       Origin = "set"       // somebody typed it, or it came from a file or pipe
	Found     Origin = "found"     // it stood in .secrets
)

// Register is what is known of the secrets of one environment.
type Register struct {
	Stack   string            // name of the stack, which the fingerprints are keyed with
	Entries map[string]*Entry // by address
}

// Entry is what is known of one secret.
type Entry struct {
	Kind       string `json:"kind"`
	Generation int    `json:"generation"` // 1 for the first value
	Created    string `json:"created"`    // the day, in UTC, on which the first value was made or first seen
	Rotated    string `json:"rotated,omitempty"`
	Origin     Origin `json:"origin"`
	// Fingerprint is that of a value that nselfc made with 128 random bits or more.
	Fingerprint string `json:"fingerprint,omitempty"`
	Next        Origin `json:"next,omitempty"`     // of the value that a rotation is about to put in force
	Previous    Origin `json:"previous,omitempty"` // of the value that a rotation has replaced and not yet revoked
}

// Day is the form of dates (RFC 3339, full-date).
const Day = "2006-01-02"

// Since gives the day from which the present value is in use.
func (e *Entry) Since() string {
	if e.Rotated != "" {
		return e.Rotated
	}
	return e.Created
}

// New makes an empty register for a stack.
func New(stack string) *Register {
	return &Register{Stack: stack, Entries: map[string]*Entry{}}
}

// Fingerprint gives what is recorded of a value: the first 12 bytes of an HMAC
// (RFC 2104) in hexadecimal, which two different values share once in 2^48 pairs'
// worth of secrets. The key is no secret: it keeps equal values of two stacks
// apart. What protects the value is that it has too many bits to be searched for,
// so callers may store this for such values alone.
func Fingerprint(stack, value string) string {
	key := sha256.Sum256([]byte("nselfc secrets v1\x00" + stack))
	mac := hmac.New(sha256.New, key[:])
	_, _ = mac.Write([]byte(value)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil)[:12])
}

// Note records the first value of a secret. A secret that has an entry already gets
// its next generation, as of that day.
func (r *Register) Note(address, kind, day string, origin Origin, fingerprint string) {
	e := r.Entries[address]
	if e == nil {
		r.Entries[address] = &Entry{Kind: kind, Generation: 1, Created: day, Origin: origin, Fingerprint: fingerprint}
		return
	}
	e.Kind, e.Origin, e.Fingerprint = kind, origin, fingerprint
	r.Bump(address, day)
}

// Bump counts a new value of a secret that has an entry.
func (r *Register) Bump(address, day string) {
	if e := r.Entries[address]; e != nil && e.Generation < maxGeneration {
		e.Generation++
		e.Rotated = day
	}
}

// Bytes writes the text: a secret on a line, sorted, so that a merge clashes only
// where the same secret changed, and a reviewer sees which did.
func (r *Register) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"format\": %d,\n  \"stack\": %s,\n  \"secrets\": {", Format, quote(r.Stack))
	for i, address := range slices.Sorted(maps.Keys(r.Entries)) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n    %s: %s", quote(address), quote(r.Entries[address]))
	}
	if len(r.Entries) > 0 {
		b.WriteString("\n  ")
	}
	b.WriteString("}\n}\n")
	return b.Bytes()
}

// quote writes JSON without the escapes that only a page of HTML needs.
func quote(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // strings and numbers only
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
