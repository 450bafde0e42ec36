package compiler

import (
	"cmp"
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// declaredSecret is a secret and whether anything uses it.
type declaredSecret struct {
	in   *lang.Secret
	out  *ir.Secret
	used bool
}

// Bounds and defaults of what is generated. 16 bytes, or 22 characters of the 64
// that passwords are made of, are the 128 bits below which a value can be
// guessed offline (OWASP Secrets Management 2.7).
const (
	minSecretBytes      = 16
	maxSecretBytes      = 1024
	defaultSecretBytes  = 32
	minPasswordLength   = 22
	maxPasswordLength   = 1024
	defaultPasswordSize = 43
	maxCertificateDays  = 7300
	defaultRSABits      = 3072 // as strong as 128 bits (NIST SP 800-57 part 1 rev. 5, table 2)
	defaultInputLength  = 12
	maxPattern          = 1000
)

// declareSecrets lowers the declared secrets.
func (l *lowering) declareSecrets() {
	in := slices.Clone(l.in.Secrets)
	slices.SortFunc(in, func(a, b *lang.Secret) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), compareRanges(a.Range, b.Range))
	})
	l.secrets = make(map[string]*declaredSecret, len(in))
	backing := make([]declaredSecret, len(in))
	keys := make(map[string]*lang.Secret, len(in))
	for i, s := range in {
		o := &ir.Secret{Address: s.Address, Key: secretKey(s.Address), Origin: source.Origin{Range: s.Range}, Site: s.Site()}
		o.Kind = s.Kind.Or("base64url", s.Range, "default secret.kind")
		o.Rotation = lowerRotation(s, o.Kind.V)
		backing[i] = declaredSecret{in: s, out: o}
		l.secrets[s.Address] = &backing[i]
		if first, ok := keys[o.Key]; ok {
			l.errorf(s.Declared, s.Range, "NS464", "Two secrets with one key",
				"%s and %s would both be %s in .secrets, and so have one value. Rename one of them.", first.Address, s.Address, o.Key).
				With(first.Range, "the first secret of that key")
			continue
		}
		keys[o.Key] = s
		if steersShell(o.Key) {
			l.errorf(s.Declared, s.Range, "NS467", "Reserved secret name",
				"%s would be %s in .secrets. A shell, the dynamic linker or Docker's tools read a variable of that name when the file is "+
					"loaded, and would do something else. Rename the secret.", s.Address, o.Key)
			continue
		}
		l.out.Secrets = append(l.out.Secrets, o)
	}
	for _, s := range in {
		l.lowerSecret(l.secrets[s.Address])
	}
}

// secretKey makes a name for .secrets of an address: upper case, digits and
// underscores. `secret.` goes without saying: secret.jwt_key is JWT_KEY and
// postgres.main.secret.role["app"] POSTGRES_MAIN_ROLE_APP.
func secretKey(address string) string {
	address = strings.TrimPrefix(address, "secret.")
	address = strings.Replace(address, ".secret.", ".", 1)
	b := make([]byte, 0, len(address)+1)
	for i := range len(address) {
		switch c := address[i]; {
		case 'a' <= c && c <= 'z':
			b = append(b, c-'a'+'A')
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			if len(b) == 0 && c <= '9' {
				b = append(b, '_')
			}
			b = append(b, c)
		case c == '"' || c == ']':
		default:
			b = append(b, '_')
		}
	}
	return string(b)
}

// steersShell tells whether a variable of that name changes what reads the file.
func steersShell(key string) bool {
	switch key {
	case "", "PATH", "HOME", "SHELL", "USER", "IFS", "ENV", "PWD":
		return true
	}
	for _, prefix := range [...]string{"COMPOSE_", "DOCKER_", "LD_", "BASH_"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func (l *lowering) lowerSecret(ds *declaredSecret) {
	s, o := ds.in, ds.out
	d, at := s.Declared, s.Range
	switch o.Kind.V {
	case "hex", "base64url":
		o.Bytes = l.secretSize(d, s.Bytes, minSecretBytes, maxSecretBytes, source.Default(defaultSecretBytes, at, "default secret.bytes"), "bytes")
	case "jwt":
		// HS256 wants a key as long as its hash (RFC 7518, 3.2).
		o.Bytes = l.secretSize(d, s.Bytes, 32, maxSecretBytes, source.Default(defaultSecretBytes, at, "default secret.bytes"), "bytes")
	case "password":
		o.Length = l.secretSize(d, s.Length, minPasswordLength, maxPasswordLength, source.Default(defaultPasswordSize, at, "default secret.length"), "characters")
	case "rsa":
		o.Bits = s.Bits.Or(defaultRSABits, at, "default secret.bits")
		if o.Bits.V%8 != 0 {
			l.errorf(d, o.Bits.Range, "NS452", "Secret that no value fits",
				"%s asks for an RSA key of %d bits. Programs take multiples of 8: write 2048, 3072 or 4096.", s.Address, o.Bits.V)
		}
	case "input":
		o.MinLength = s.MinLength.Or(defaultInputLength, at, "default secret.min_length")
		o.MaxAge, o.Pattern = s.MaxAge, s.Pattern
		l.checkPattern(s)
	case "ed25519", "uuid":
	case "x509":
		o.X509 = l.lowerX509(s)
	default:
		l.errorf(d, o.Kind.Range, "NS345", unknownWordSummary,
			"%q is no kind of secret. It is one of \"hex\", \"base64url\", \"password\", \"jwt\", \"uuid\", \"ed25519\", \"rsa\", \"x509\" and \"input\".", o.Kind.V)
	}
}

func (l *lowering) secretSize(d lang.Declared, v lang.Int, lo, hi int, def ir.Int, unit string) ir.Int {
	if !v.IsSet() || v.V >= lo && v.V <= hi {
		return v.Or(def.V, def.Range, def.By)
	}
	l.errorf(d, v.Range, "NS465", "Weak or oversized secret",
		"%s has %d %s. It takes at least %d, so that nobody can guess it offline, and at most %d.", d.Address, v.V, unit, lo, hi)
	return def
}

// checkPattern refuses a pattern that the host could not use.
func (l *lowering) checkPattern(s *lang.Secret) {
	p := s.Pattern
	if len(p.V) > maxPattern {
		l.errorf(s.Declared, p.Range, "NS452", "Secret that no value fits", "The pattern of %s has %d bytes. It takes at most %d.", s.Address, len(p.V), maxPattern)
		return
	}
	if _, err := regexp.Compile(p.V); err != nil {
		why := err.Error()
		if e, ok := errors.AsType[*syntax.Error](err); ok {
			why = e.Code.String()
		}
		l.errorf(s.Declared, p.Range, "NS452", "Secret that no value fits",
			"The pattern of %s is none: %s. It is a regular expression as RE2 reads them (github.com/google/re2/wiki/Syntax), without look-around and back references, "+
				"and the whole value must match it, as in\n\n    pattern = \"sk_(live|test)_[A-Za-z0-9]{24,}\"", s.Address, why)
	}
}

// lowerX509 checks that a certificate can be made: a CA, or a leaf that one
// signs, for names that certificates can hold.
func (l *lowering) lowerX509(s *lang.Secret) *ir.X509 {
	d, at := s.Declared, s.Range
	days := source.Default(localLeafDays, at, "default secret.days")
	if s.CA.V {
		days = source.Default(localCADays, at, "default secret.days")
	}
	o := &ir.X509{
		CA: s.CA.V, SignedBy: s.SignedBy, Client: s.Client.V,
		CommonName: l.guard(d, s.CommonName, "the common name"),
		Days:       within(l, d, s.Days, 1, maxCertificateDays, days, "days"),
	}
	for _, h := range s.Hosts {
		if !isCertificateName(h.V) {
			l.badCertificate(d, h.Range, "names the host %q, which is neither a DNS name in lower case nor an address", h.V)
			continue
		}
		o.Hosts = append(o.Hosts, h)
	}
	o.Hosts = sortedStrings(o.Hosts)
	name := s.Address
	switch {
	case !o.CA && len(o.Hosts) > 0:
		name = o.Hosts[0].V
	case s.Client.V: // one label, or OpenSSL would take it for a host that the authority may not sign for
		name = strings.ReplaceAll(strings.TrimPrefix(name, "secret."), ".", "-")
	}
	o.CommonName = o.CommonName.Or(name, at, "default secret.common_name")
	switch ca, ok := l.secrets[s.SignedBy]; {
	case s.SignedBy == "" && !s.CA.V:
		l.badCertificate(d, at, "is signed by nobody")
	case s.SignedBy == "":
	case !ok:
		l.bug(d, at, "%s is signed by %s, which is no secret.", s.Address, s.SignedBy)
	case ca.in.Kind.V != "x509" || !ca.in.CA.V || ca.in == s:
		l.badCertificate(d, at, "is signed by %s, which is no certificate authority", s.SignedBy)
	default:
		ca.used = true
	}
	if len(s.Hosts) == 0 && !s.Client.V {
		l.badCertificate(d, at, "names no host that it is for")
	}
	return o
}

func (l *lowering) badCertificate(d lang.Declared, at source.Range, problem string, args ...any) {
	l.errorf(d, at, "NS466", "Impossible certificate",
		"%s "+problem+", so it could not be made, or no client would accept it. An authority and a certificate are two secrets:\n\n"+
			"    secret \"ca\" {\n      kind  = \"x509\"\n      ca    = true\n      hosts = [\"api.internal\"]\n    }\n\n"+
			"    secret \"api\" {\n      kind      = \"x509\"\n      signed_by = secret.ca\n      hosts     = [\"api.internal\"]\n    }",
		append([]any{d.Address}, args...)...)
}

// refer notes that the secrets of a text are used.
func (l *lowering) refer(d lang.Declared, t lang.Text) {
	referred(t.V, func(address string) {
		s, ok := l.secrets[address]
		if !ok {
			l.bug(d, t.Range, "%s uses %s, which is no secret.", d.Address, address)
			return
		}
		s.used = true
	})
	l.checkLogins(d, t)
}

func referred(t secret.Text, f func(address string)) {
	for _, p := range t {
		if p.Secret == nil {
			continue
		}
		if p.Secret.Address != "" {
			f(p.Secret.Address)
		}
		for _, a := range p.Secret.Args {
			referred(a, f)
		}
	}
}

// reportUnusedSecrets warns of secrets that nothing gets. Those of kinds and
// modules are not the user's to remove, and a name that begins with an
// underscore says that it is meant.
func (l *lowering) reportUnusedSecrets() {
	for _, s := range l.in.Secrets {
		if l.secrets[s.Address].used || len(s.Calls) > 0 || strings.HasPrefix(s.Address, "secret._") {
			continue
		}
		l.warningf(s.Declared, s.Range, "NS463", "Unused secret",
			"Nothing uses %s. A value that nobody needs can only be lost. Remove it, or give it to the service that needs it:\n\n"+
				"    secrets = {\n      NAME = %s\n    }\n\nTo keep it, begin its name with an underscore.", s.Address, s.Address)
	}
}
