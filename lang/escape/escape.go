// Package escape writes a string in the syntax of another language so that the
// reader of that language gets exactly the same string back. It serves literals
// in lang/eval and secret values on the host alike, and so knows nothing of
// either: no token, no block, no file.
//
// Every function takes any bytes. It returns an error when the target language
// has no way to write them; the error says which kind of byte is the trouble and
// never repeats the value, which may be a secret. The string that comes with an
// error is empty.
package escape

import "slices"

// Func is one function of the language that rewrites a string.
type Func struct {
	Name string // as nself.hcl and secret.Expr spell it
	Doc  string // one sentence for the language reference
	// Apply computes the result. It is nil when the result needs a random salt:
	// such a function always gives a token, even of a literal, and the host
	// computes it with a salt that it keeps in .secrets.
	Apply func(string) (string, error)
}

// Salted tells whether only the host can compute the function.
func (f Func) Salted() bool { return f.Apply == nil }

// The functions of the two logins of a pair. Their argument is the secret itself.
const (
	Login  = "login"
	LoginA = "postgres_login_a"
	LoginB = "postgres_login_b"
)

// OfLogin tells whether the function asks which login has which value of a secret,
// and not for the value alone.
func (f Func) OfLogin() bool { return f.Name == Login || f.Name == LoginA || f.Name == LoginB }

const redisACLHash = "redis_acl_hash"

// OneWay tells whether the result does not give the argument away: it is a hash, or
// the name of a login. That holds for values that nobody can guess.
func (f Func) OneWay() bool {
	return f.OfLogin() || slices.Contains([]string{"sha256hex", redisACLHash, "scram_verifier", "pbkdf2_sha256", "bcrypt"}, f.Name)
}

// EachValid tells whether the function gives a result for every value that a secret
// has while it is rotated, with blanks between them.
func (f Func) EachValid() bool { return f.Name == redisACLHash }

// Funcs lists the functions in the order of the language reference.
func Funcs() []Func {
	return []Func{
		{"url_encode", "Percent-encodes every byte that is not unreserved in RFC 3986, so that the text fits any part of a URL.", URLEncode},
		{"base64encode", "Encodes in base64 with padding (RFC 4648, section 4).", Base64},
		{"base64url", "Encodes in base64 with the URL-safe alphabet and without padding (RFC 4648, section 5).", Base64URL},
		{"json", "Writes a JSON string, quotes included (RFC 8259).", JSON},
		{"json_inner", "Writes the inside of a JSON string, for use between quotes that the template has.", JSONInner},
		{"yaml", "Writes a double-quoted YAML scalar.", YAML},
		{"sql_literal", "Writes a PostgreSQL string constant, quotes included.", SQLLiteral},
		{"sql_ident", "Writes a quoted PostgreSQL identifier of at most 63 bytes.", SQLIdent},
		{"nginx_quote", "Writes a quoted nginx parameter.", NginxQuote},
		{"shell_quote", "Writes one word of a POSIX shell in single quotes.", ShellQuote},
		{"dotenv", "Writes a value of a dotenv file, as Docker Compose reads it.", Dotenv},
		{"sha256hex", "Hashes with SHA-256, as 64 lower-case hexadecimal digits.", SHA256Hex},
		{redisACLHash, "Writes the password rule of a Redis ACL (`#` and the SHA-256 in hexadecimal); two of them while the secret is rotated and both values are valid.", RedisACLHash},
		{"scram_verifier", "Derives a PostgreSQL SCRAM-SHA-256 verifier (100,000 iterations, 32-byte salt).", nil},
		{"pbkdf2_sha256", "Hashes with PBKDF2-HMAC-SHA256 (100,000 iterations, 32-byte salt) in the PHC string format.", nil},
		{"bcrypt", "Hashes with bcrypt, cost 10, as auth_basic of nginx reads it: a line of its file is `admin:${bcrypt(secret.admin)}`.", nil},
		{Login, "Names the login that has the current value of a secret whose rotation is of class `pair`: `app_a` or `app_b`.", nil},
		{LoginA, "Writes the options of the first login of a pair for `ALTER ROLE` of PostgreSQL: `LOGIN PASSWORD` and a verifier, or `NOLOGIN PASSWORD NULL` when nobody may use it now.", nil},
		{LoginB, "Writes those of the second login of a pair.", nil},
	}
}

// Lookup finds a function by name.
func Lookup(name string) (Func, bool) {
	all := Funcs()
	i := slices.IndexFunc(all, func(f Func) bool { return f.Name == name })
	if i < 0 {
		return Func{}, false
	}
	return all[i], true
}
