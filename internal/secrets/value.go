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

// plain finds or makes the value of a secret that is one line or key of .secrets. An
// input is never made.
func (b *book) plain(s *ir.Secret) diag.List {
	value, ok := b.doc.Get(s.Key)
	switch {
	case !ok && b.leaves(s):
		return nil
	case !ok && s.Kind.V == kindInput:
		return diag.List{b.missing(s)}
	case !ok:
		if value = generate(s); !fits(s, value) {
			return diag.List{b.bug(s.Origin.Range, "No value can be generated for %s.", s.Address)}
		}
		if err := b.doc.Set(s.Key, value, s.Address+", "+shape(s)); err != nil {
			return diag.List{b.bug(s.Origin.Range, "%s cannot be kept: %s.", s.Address, err)}
		}
		b.generated = append(b.generated, s.Address)
	default:
		if !fits(s, value) {
			return diag.List{b.unfit(s, s.Key, value)}
		}
		b.kept = append(b.kept, s.Address)
	}
	b.values[s.Address] = valueFields(s, value)
	switch b.states[s.Address] {
	case Settled:
	case Staged:
		next, _ := b.doc.Get(s.Key + suffixNext)
		if !fits(s, next) {
			return diag.List{b.unfit(s, s.Key+suffixNext, next)}
		}
		b.beside[s.Address] = valueFields(s, next)
	case Promoted: // it may have the form of a former declaration
		previous, _ := b.doc.Get(s.Key + suffixPrevious)
		if b.beside[s.Address] = valueFields(s, previous); len(b.beside[s.Address]) == 0 {
			b.beside[s.Address] = fields{"": previous}
		}
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
	case kindEd25519, kindRSA:
		return generateKey(s)
	case kindUUID:
		return newUUID()
	case kindBase64URL:
		return base64.RawURLEncoding.EncodeToString(random(size(s)))
	case kindPassword:
		// 64 characters, so that six random bits choose one without bias.
		return base64.RawURLEncoding.EncodeToString(random(size(s)))[:size(s)]
	default: // hex; of a jwt key, consumers take the digits as they stand
		return hex.EncodeToString(random(size(s)))
	}
}

// newUUID makes a UUID of version 4 (RFC 9562, 5.4): 122 random bits.
func newUUID() string {
	b := random(16)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// valueFields gives what configuration can refer to of a value that fits.
func valueFields(s *ir.Secret, value string) fields {
	if s.Kind.V != kindEd25519 && s.Kind.V != kindRSA {
		return fields{"": value}
	}
	f, err := keyFields(s, value)
	if err != nil {
		return fields{} // fits has said no
	}
	return f
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
	case kindInput:
		return inputProblem(s, value) == ""
	case kindEd25519, kindRSA:
		_, err := keyFields(s, value)
		return err == nil
	case kindUUID:
		return isUUID(value)
	}
	// A password may be one that a database has already: any text on one line.
	n := utf8.RuneCountInString(value)
	return n >= minOwnPassword && n <= maxOwnPassword && utf8.ValidString(value) &&
		!strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// isUUID tells a UUID of version 4 in the form that newUUID gives it.
func isUUID(s string) bool {
	if len(s) != 36 || s[14] != '4' || !strings.Contains("89ab", s[19:20]) {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !strings.Contains("0123456789abcdef", s[i:i+1]) {
			return false
		}
	}
	return true
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
	case kindEd25519:
		return "an Ed25519 private key in PKCS#8 and PEM"
	case kindRSA:
		return fmt.Sprintf("an RSA private key of %d bits in PKCS#8 and PEM", rsaBits(s))
	case kindUUID:
		return "a random UUID in lower case (version 4)"
	case kindInput:
		if s.Pattern.V != "" {
			return fmt.Sprintf("a value of at least %d characters that matches %s", inputLength(s), s.Pattern.V)
		}
		return fmt.Sprintf("a value of at least %d characters", inputLength(s))
	}
	return fmt.Sprintf("a password of %d to %d characters on one line", minOwnPassword, maxOwnPassword)
}

// had says how a value that does not fit differs, by its length and nothing else
// that is in it.
func had(s *ir.Secret, value string) string {
	n := utf8.RuneCountInString(value)
	want := map[string]int{kindHex: 2 * size(s), kindJWT: 2 * size(s), kindBase64URL: base64.RawURLEncoding.EncodedLen(size(s))}[s.Kind.V]
	switch {
	case s.Kind.V == kindInput:
		return inputProblem(s, value)
	case s.Kind.V == kindEd25519, s.Kind.V == kindRSA:
		if _, err := keyFields(s, value); err != nil {
			return err.Error()
		}
	case s.Kind.V == kindUUID:
		return "it is another text, or a UUID of another version"
	case !utf8.ValidString(value):
		return "it is not in UTF-8"
	case n == want, want == 0 && n >= minOwnPassword && n <= maxOwnPassword:
		return "it has a character that does not belong there"
	}
	return fmt.Sprintf("it has %d characters", n)
}
