package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// A password that a person chose is taken when it has these many characters.
const (
	minOwnPassword = 12
	maxOwnPassword = 1024
)

// plain finds or makes the value of a hex, base64url, password or jwt secret.
func (b *book) plain(s *ir.Secret) diag.List {
	value, ok := b.doc.Get(s.Key)
	if !ok {
		value = generate(s)
		if err := b.doc.Set(s.Key, value, s.Address+", "+shape(s)); err != nil {
			return diag.List{b.bug(s.Origin.Range, "%s cannot be kept: %s.", s.Address, err)}
		}
		b.generated = append(b.generated, s.Address)
	} else {
		if !fits(s, value) {
			return diag.List{b.unfit(s, s.Key, value)}
		}
		b.kept = append(b.kept, s.Address)
	}
	b.values[s.Address] = fields{"": value}
	switch state := b.states[s.Address]; state {
	case Staged:
		next, _ := b.doc.Get(s.Key + suffixNext)
		if !fits(s, next) {
			return diag.List{b.unfit(s, s.Key+suffixNext, next)}
		}
		b.beside[s.Address] = fields{"": next}
	case Promoted: // it may have the form of a former declaration
		previous, _ := b.doc.Get(s.Key + suffixPrevious)
		b.beside[s.Address] = fields{"": previous}
	}
	return nil
}

// unfit refuses a value in .secrets. It is never replaced: something that runs
// may have been set up with it.
func (b *book) unfit(s *ir.Secret, key, value string) *diag.Diagnostic {
	return about(s, diag.Errorf(codeUnfit, s.Origin.Range, "Unfit value in .secrets",
		"The value of %s on line %d of %s is not %s, as %s declares it: %s. nselfc never changes a value that is there: a running service may have been set up with it.\n\n"+
			"Put the right value there; or change the declaration; or, if nothing uses the value yet, delete the line and build again, which makes a new one.",
		key, b.doc.Line(key), b.file, shape(s), s.Address, had(s, value)))
}

// generate makes a value from the system's random source, which does not fail:
// crypto/rand ends the process when the kernel has none (Go 1.24).
func generate(s *ir.Secret) string {
	switch s.Kind.V {
	case kindBase64URL:
		return base64.RawURLEncoding.EncodeToString(random(size(s)))
	case kindPassword:
		// 64 characters, so that six random bits choose one without bias.
		return base64.RawURLEncoding.EncodeToString(random(size(s)))[:size(s)]
	default: // hex; of a jwt key, consumers take the digits as they stand
		return hex.EncodeToString(random(size(s)))
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail
	return b
}

// fits tells whether a value has the form that the declaration promises.
func fits(s *ir.Secret, value string) bool {
	switch s.Kind.V {
	case kindHex, kindJWT:
		raw, err := hex.DecodeString(value)
		return err == nil && len(raw) == size(s)
	case kindBase64URL:
		raw, err := base64.RawURLEncoding.Strict().DecodeString(value)
		return err == nil && len(raw) == size(s) && !strings.ContainsAny(value, "\r\n")
	}
	// A password may be one that a database has already: any text on one line.
	n := utf8.RuneCountInString(value)
	return n >= minOwnPassword && n <= maxOwnPassword && utf8.ValidString(value) &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// shape says in words what fits takes.
func shape(s *ir.Secret) string {
	switch s.Kind.V {
	case kindHex:
		return fmt.Sprintf("%d bytes in hexadecimal (%d digits)", size(s), 2*size(s))
	case kindBase64URL:
		return fmt.Sprintf("%d bytes in base64url without padding (%d characters)", size(s), base64.RawURLEncoding.EncodedLen(size(s)))
	case kindJWT:
		return fmt.Sprintf("an HS256 key of %d hexadecimal digits", 2*size(s))
	}
	return fmt.Sprintf("a password of %d to %d characters on one line", minOwnPassword, maxOwnPassword)
}

// had says how a value that does not fit differs, by its length and nothing else
// that is in it.
func had(s *ir.Secret, value string) string {
	n := utf8.RuneCountInString(value)
	want := map[string]int{kindHex: 2 * size(s), kindJWT: 2 * size(s), kindBase64URL: base64.RawURLEncoding.EncodedLen(size(s))}[s.Kind.V]
	switch {
	case !utf8.ValidString(value):
		return "it is not in UTF-8"
	case n == want, want == 0 && n >= minOwnPassword && n <= maxOwnPassword:
		return "it has a character that does not belong there"
	}
	return fmt.Sprintf("it has %d characters", n)
}
