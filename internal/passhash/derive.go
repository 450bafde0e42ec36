// Package passhash makes hashes of passwords in the forms that PostgreSQL, nginx and
// web frameworks keep, and tells whether a password fits one. It knows no file, no
// declaration and no secret's name. No error of it holds a part of a password or of
// a hash.
package passhash

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Exactly 100,000 iterations and a 32-byte salt. Never more for SCRAM: pgjdbc
// 42.7.11 (CVE-2026-42198) and node-postgres refuse it.
const (
	Iterations = 100_000
	SaltBytes  = 32
	keyBytes   = sha256.Size
	bcryptCost = 10
)

// Errors of the derivations. They carry no part of a value.
var (
	errASCII = errors.New("it has characters that are not printable ASCII. Clients prepare such passwords differently (SASLprep, RFC 4013), so that some could not log in")
	errLong  = errors.New("it has more than 72 bytes, and bcrypt ignores what follows")
	errEmpty = errors.New("it is empty")
)

// SCRAM derives what PostgreSQL keeps of a password (RFC 5802, RFC 7677;
// pg_authid.rolpassword). The salt has 32 bytes. PostgreSQL takes a malformed
// verifier for a password in plain text and hashes it, with no more than a login
// that fails later; so the result is checked before anybody sees it.
func SCRAM(password string, salt []byte) (string, error) {
	if password == "" {
		return "", errEmpty
	}
	if !printableASCII(password) {
		return "", errASCII
	}
	stored, server, err := scramKeys(password, salt, Iterations)
	if err != nil {
		return "", err
	}
	verifier := fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", Iterations, b64(salt), b64(stored), b64(server))
	if !ValidVerifier(verifier) {
		return "", errors.New("the SCRAM verifier is malformed")
	}
	return verifier, nil
}

func printableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// scramKeys gives StoredKey and ServerKey (RFC 5802, section 3).
func scramKeys(password string, salt []byte, rounds int) (stored, server []byte, err error) {
	salted, err := pbkdf2.Key(sha256.New, password, salt, rounds, keyBytes)
	if err != nil {
		return nil, nil, fmt.Errorf("PBKDF2: %w", err)
	}
	sum := sha256.Sum256(mac(salted, "Client Key"))
	return sum[:], mac(salted, "Server Key"), nil
}

// ValidVerifier holds what PostgreSQL would take for a verifier
// (parse_scram_secret) and what we promise: 100,000 iterations, and 32 bytes each
// of salt, stored key and server key.
func ValidVerifier(s string) bool {
	m := regexp.MustCompile(`^SCRAM-SHA-256\$100000:([A-Za-z0-9+/]{43}=)\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)$`).FindStringSubmatch(s)
	if m == nil {
		return false
	}
	for _, part := range m[1:] {
		if raw, err := base64.StdEncoding.Strict().DecodeString(part); err != nil || len(raw) != 32 {
			return false
		}
	}
	return true
}

// PBKDF2 writes the PHC string of PBKDF2-HMAC-SHA256, base64 without padding.
func PBKDF2(password string, salt []byte) (string, error) {
	if password == "" {
		return "", errEmpty
	}
	key, err := pbkdf2.Key(sha256.New, password, salt, Iterations, keyBytes)
	if err != nil {
		return "", fmt.Errorf("PBKDF2: %w", err)
	}
	raw := base64.RawStdEncoding
	return fmt.Sprintf("$pbkdf2-sha256$i=%d,l=%d$%s$%s", Iterations, keyBytes, raw.EncodeToString(salt), raw.EncodeToString(key)), nil
}

// Bcrypt gives kept back when it is a hash of the password, and else a new
// one. It is marked $2y$: crypt(3) reads $2a$ with a workaround that changes some
// hashes, and the C library of Alpine does not know $2b$.
func Bcrypt(password, kept string) (string, error) {
	if len(password) > 72 {
		return "", errLong
	}
	if password == "" {
		return "", errEmpty
	}
	if strings.HasPrefix(kept, "$2y$") && bcrypt.CompareHashAndPassword([]byte(kept), []byte(password)) == nil {
		if cost, err := bcrypt.Cost([]byte(kept)); err == nil && cost >= bcryptCost {
			return kept, nil
		}
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	if err != nil {
		return "", errors.New("bcrypt failed")
	}
	return "$2y$" + strings.TrimPrefix(string(hash), "$2a$"), nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // a hash never fails
	return h.Sum(nil)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
