// Package secret represents text that may hold secrets. It never knows a
// secret's value: only which secrets a text is made of, and how.
package secret

import "strings"

// Text is a string in which some parts are secrets. Two literal parts never
// stand side by side, and no literal part is empty.
type Text []Part

// Part is either literal text or a secret expression, never both.
type Part struct {
	Literal string
	Secret  *Expr
}

// Expr is what a secret part stands for: a declared secret (Address set), or a
// function of texts that hold secrets (Func set).
type Expr struct {
	// Address of the declared secret: `secret.jwt_key`,
	// `postgres.main.secret.role["app"]`.
	Address string
	// Field selects a part of a secret with several: "certificate" or
	// "private_key" of an x509 pair. It is empty for a plain value.
	Field string
	// Func names the derivation: "url_encode", "scram_verifier" …
	Func string
	Args []Text
}

// Literal makes a text without secrets.
func Literal(s string) Text {
	if s == "" {
		return nil
	}
	return Text{{Literal: s}}
}

// Of makes a text that is one secret expression.
func Of(e *Expr) Text { return Text{{Secret: e}} }

// Plain gives the text as a string, and whether it is free of secrets.
func (t Text) Plain() (string, bool) {
	switch len(t) {
	case 0:
		return "", true
	case 1:
		return t[0].Literal, t[0].Secret == nil
	}
	return "", false // two parts: one of them is a secret, as literals never adjoin
}

// HasSecret tells whether any part is a secret.
func (t Text) HasSecret() bool {
	_, plain := t.Plain()
	return !plain
}

// Addresses lists the declared secrets that the text is made of, in order of
// first use.
func (t Text) Addresses() []string {
	var out []string
	seen := map[string]bool{}
	t.Walk(func(e *Expr) {
		if e.Address != "" && !seen[e.Address] {
			seen[e.Address] = true
			out = append(out, e.Address)
		}
	})
	return out
}

// Walk calls f for every secret expression, the outer before the inner.
func (t Text) Walk(f func(*Expr)) {
	for _, p := range t {
		if p.Secret == nil {
			continue
		}
		f(p.Secret)
		for _, a := range p.Secret.Args {
			a.Walk(f)
		}
	}
}

// String prints the text with each secret as ${its expression}: safe to show
// and stable, which is also what makes it fit for a digest. Of a text without
// secrets nothing is copied.
func (t Text) String() string {
	if s, plain := t.Plain(); plain {
		return s
	}
	var b strings.Builder
	for _, p := range t {
		if p.Secret == nil {
			b.WriteString(p.Literal)
			continue
		}
		b.WriteString("${")
		p.Secret.write(&b)
		b.WriteString("}")
	}
	return b.String()
}
