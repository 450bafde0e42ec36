package secrets

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/dotsecrets"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// Sizes that a declaration may ask for. The least is 128 bits (OWASP Secrets
// Management, 2.7.1), the most what every consumer still takes.
const (
	defaultBytes       = 32
	minBytes           = 16
	maxBytes           = 1024
	defaultLength      = 43 // 256 bits in an alphabet of 64
	minLength          = 22 // 132 bits
	maxLength          = 1024
	minRSABits         = 2048 // NIST SP 800-131A rev. 2: fewer are disallowed
	maxRSABits         = 8192
	defaultRSABits     = 3072 // 128 bits of security (NIST SP 800-57 part 1 rev. 5, table 2)
	defaultInputLength = 12
	maxInputLength     = 4096
	minJWTBytes        = 32 // HS256 wants a key as long as its hash (RFC 7518, 3.2); the digits themselves are the key
)

// The kinds of secret.
const (
	kindHex       = "hex"
	kindBase64URL = "base64url"
	kindPassword  = "password"
	kindJWT       = "jwt"
	kindX509      = "x509"
	kindFiles     = "files"
	kindInput     = "input"
	kindEd25519   = "ed25519"
	kindRSA       = "rsa"
	kindUUID      = "uuid"
)

// What follows a secret's key in the keys of what is kept beside it.
const (
	suffixCertificate = "__CERTIFICATE"
	suffixPrivateKey  = "__PRIVATE_KEY"
)

// Declared refuses what no host could make: it needs the stack alone, so that
// whoever validates a stack hears of it, and not only who builds it.
func Declared(stack *ir.Stack, files []emit.File) diag.List {
	b := &book{stack: stack, secrets: map[string]*ir.Secret{}}
	for _, s := range stack.Secrets {
		b.secrets[s.Address] = s
	}
	diags := checkDeclarations(stack)
	_, more := b.certificateSpecs()
	diags = append(diags, more...)
	if !slices.ContainsFunc(stack.Secrets, func(s *ir.Secret) bool { return s.X509 != nil && s.X509.CA }) {
		return diags
	}
	for _, f := range files {
		f.Text.Walk(func(x *secret.Expr) {
			if b.authorityKey(x) {
				diags = append(diags, refuseCAKey(b.origin(f), f.Path, x.Address))
			}
		})
	}
	return diags
}

// authorityKey tells the private key of an authority of the stack's own.
func (b *book) authorityKey(x *secret.Expr) bool {
	s := b.secrets[x.Address]
	return x.Field == "private_key" && s != nil && s.X509 != nil && s.X509.CA
}

func refuseCAKey(at source.Range, path, address string) *diag.Diagnostic {
	return diag.Errorf(codeCAKey, at, "Key of a certificate authority in a file",
		"The file %s would hold the private key of %s. Whoever has it can make certificates that every client of the stack believes, so it never leaves %s.\n\n"+
			"Declare a certificate that the authority signs, and use its key.", path, address, File)
}

// checkDeclarations refuses what no value could be made for.
func checkDeclarations(stack *ir.Stack) diag.List {
	var diags diag.List
	byKey := map[string]*ir.Secret{}
	for _, s := range stack.Secrets {
		at := s.Origin.Range
		refuse := func(detail string, args ...any) *diag.Diagnostic {
			d := diag.Errorf(codeDeclaration, at, "Invalid secret declaration", detail, args...)
			diags = append(diags, d)
			return d
		}
		switch {
		case !dotsecrets.ValidKey(s.Key):
			refuse("%s would be kept under the key %q in %s, which is not a name there: upper-case letters, digits and underscores, not a digit first.\n\nRename the secret.", s.Address, s.Key, File)
		case dotsecrets.Reserved(s.Key):
			refuse("%s would be kept under the key %s in %s. A shell, the dynamic linker or Docker gives that name a meaning, so reading the file would change what they do.\n\nRename the secret, for example by a word for what it opens.", s.Address, s.Key, File)
		case strings.Contains(s.Key, "__") && ownSuffix(s.Key):
			refuse("%s would be kept under the key %s in %s, whose ending is reserved for what nselfc keeps beside a secret.\n\nRename the secret.", s.Address, s.Key, File)
		}
		if other := byKey[s.Key]; other != nil {
			refuse("%s and %s would both be kept under the key %s in %s.\n\nRename one of them.", other.Address, s.Address, s.Key, File).
				With(other.Origin.Range, "The other secret is declared here.")
		}
		byKey[s.Key] = s
		diags = append(diags, checkSize(s)...)
	}
	return diags
}

func checkSize(s *ir.Secret) diag.List {
	refuse := func(v ir.Int, detail string, args ...any) diag.List {
		at := v.Range
		if at.IsZero() {
			at = s.Origin.Range
		}
		return diag.List{diag.Errorf(codeDeclaration, at, "Invalid secret declaration", detail, args...)}
	}
	switch s.Kind.V {
	case kindHex, kindBase64URL, kindJWT:
		least := minBytes
		if s.Kind.V == kindJWT {
			least = minJWTBytes
		}
		if n := size(s); n < least || n > maxBytes {
			return refuse(s.Bytes, "%s asks for %d random bytes. Fewer than %d can be guessed, and more than %d no program needs.\n\nWrite\n\n    bytes = %d", s.Address, n, least, maxBytes, defaultBytes)
		}
	case kindPassword:
		if n := size(s); n < minLength || n > maxLength {
			return refuse(s.Length, "%s asks for a password of %d characters. Fewer than %d can be guessed, and no program needs more than %d.\n\nWrite\n\n    length = %d", s.Address, n, minLength, maxLength, defaultLength)
		}
	case kindRSA:
		if n := rsaBits(s); n < minRSABits || n > maxRSABits || n%8 != 0 {
			return refuse(s.Bits, "%s asks for an RSA key of %d bits. It takes %d to %d, a multiple of 8.\n\nWrite\n\n    bits = %d", s.Address, n, minRSABits, maxRSABits, defaultRSABits)
		}
	case kindInput:
		if n := inputLength(s); n < 1 || n > maxInputLength {
			return refuse(s.MinLength, "%s asks for at least %d characters. It takes 1 to %d.\n\nWrite\n\n    min_length = %d", s.Address, n, maxInputLength, defaultInputLength)
		}
	case kindX509, kindFiles, kindEd25519, kindUUID:
	default:
		return refuse(ir.Int{}, "%s has the kind %q, which does not exist.\n\nWrite one of hex, base64url, password, jwt, uuid, ed25519, rsa, x509, files or input.", s.Address, s.Kind.V)
	}
	return nil
}

// size is the number of random bytes, or for a password of characters.
func size(s *ir.Secret) int {
	v, standard := s.Bytes.V, defaultBytes
	if s.Kind.V == kindPassword {
		v, standard = s.Length.V, defaultLength
	}
	if v == 0 {
		return standard
	}
	return v
}

// ownSuffix tells whether a key could be taken for one of ours beside another.
func ownSuffix(key string) bool {
	for _, suffix := range []string{suffixNext, suffixPrevious, suffixSlot} {
		if strings.HasSuffix(key, suffix) {
			return true
		}
	}
	for _, suffix := range []string{suffixCertificate, suffixPrivateKey, suffixSCRAM, suffixPBKDF2, suffixBcrypt} {
		if i := strings.LastIndex(key, "__"); i > 0 && strings.HasPrefix(key[i:], suffix) {
			return true
		}
	}
	return false
}
