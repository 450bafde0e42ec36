package passhash

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Bounds of a hash that is verified: whoever hands it over may not keep this
// process busy for more than some seconds.
const (
	maxText       = 4096
	maxIterations = 10_000_000
	maxCost       = 15
	maxSalt       = 1024
	minKey        = 16 // a shorter key fits too many passwords by chance
	maxKey        = 64
)

// Hash is a hash that was read.
type Hash struct {
	Form       string // one of Forms, or "bcrypt" for one without a name before it
	User       string // of a line of htpasswd
	Iterations int    // of PBKDF2 and SCRAM
	Cost       int    // of bcrypt
	salt, key  []byte
	text       string // of bcrypt
}

// Parse reads a hash, or a line of htpasswd. The errors say what it is instead, as
// far as that can be told, and hold no part of it.
func Parse(text string) (*Hash, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("it has more than %d bytes", maxText)
	}
	text = strings.TrimSpace(text)
	if user, hash, ok := strings.Cut(text, ":"); ok && badUser(user) == "" && isHtpasswd(hash) {
		h, err := Parse(hash)
		if err != nil {
			return nil, err
		}
		h.Form, h.User = Htpasswd, user
		return h, nil
	}
	switch {
	case text == "":
		return nil, errors.New("it is empty")
	case strings.ContainsAny(text, "\r\n\x00"):
		return nil, errors.New("it has more than one line")
	case strings.HasPrefix(text, "$pbkdf2-sha256$i="):
		return parsePHC(text)
	case strings.HasPrefix(text, "$pbkdf2-sha256$"):
		return parsePasslib(text)
	case strings.HasPrefix(text, "pbkdf2_sha256$"):
		return parseDjango(text)
	case strings.HasPrefix(text, "pbkdf2:sha256"):
		return parseWerkzeug(text)
	case strings.HasPrefix(text, "SCRAM-SHA-256$"):
		return parseSCRAM(text)
	case strings.HasPrefix(text, "$2a$"), strings.HasPrefix(text, "$2b$"), strings.HasPrefix(text, "$2y$"):
		return parseBcrypt(text)
	}
	return nil, stranger(text)
}

// isHtpasswd tells what may stand behind a name: Werkzeug's form has colons too.
func isHtpasswd(hash string) bool {
	return strings.HasPrefix(hash, "$") || strings.HasPrefix(hash, "{")
}

// stranger names the kinds of hashes that are known and not verified.
func stranger(text string) error {
	for _, k := range []struct{ prefix, what string }{
		{"scrypt:", "of scrypt, as Werkzeug 3 makes them unless it is told another method"},
		{"pbkdf2:", "of PBKDF2 with another hash function than SHA-256"},
		{"pbkdf2_", "of PBKDF2 with another hash function than SHA-256"},
		{"$pbkdf2", "of PBKDF2 with another hash function than SHA-256"},
		{"scrypt$", "of scrypt, by Django"},
		{"$scrypt$", "of scrypt"},
		{"argon2$", "of Argon2, by Django"},
		{"$argon2", "of Argon2"},
		{"bcrypt_sha256$", "of bcrypt over SHA-256, by Django"},
		{"bcrypt$", "of bcrypt, by Django"},
		{"$bcrypt-sha256$", "of bcrypt over SHA-256, by passlib"},
		{"$2x$", "of a bcrypt with a fault of 2011 (CVE-2011-2483), which fits other passwords too"},
		{"$2$", "of the first bcrypt, which fits other passwords too"},
		{"$apr1$", "of Apache's MD5, which is guessed at billions of tries a second"},
		{"$1$", "of MD5 crypt, which is guessed at millions of tries a second"},
		{"$5$", "of SHA-256 crypt"},
		{"$6$", "of SHA-512 crypt"},
		{"$y$", "of yescrypt"},
		{"{", "of LDAP's kind"},
		{"md5", "of PostgreSQL's MD5, which whoever reads it can log in with"},
		{"!", "of Django's for an account without a usable password"},
	} {
		if strings.HasPrefix(text, k.prefix) {
			return fmt.Errorf("it is one %s. Verified are PBKDF2 with SHA-256 (PHC, passlib, Django, Werkzeug), bcrypt and SCRAM-SHA-256", k.what)
		}
	}
	return errors.New("it is no hash in a form that is known: PBKDF2 with SHA-256 (PHC, passlib, Django, Werkzeug), bcrypt, htpasswd with bcrypt, or SCRAM-SHA-256")
}

// parsePHC reads $pbkdf2-sha256$i=100000,l=32$salt$key.
func parsePHC(text string) (*Hash, error) {
	f := strings.Split(text, "$")
	if len(f) != 5 {
		return nil, errParts
	}
	rounds, length, hasLength := strings.Cut(f[2], ",")
	salt, err := decode(base64.RawStdEncoding, f[3])
	if err != nil {
		return nil, err
	}
	key, err := decode(base64.RawStdEncoding, f[4])
	if err != nil {
		return nil, err
	}
	if l, ok := strings.CutPrefix(length, "l="); hasLength && (!ok || l != strconv.Itoa(len(key))) {
		return nil, errors.New("its parameter l is not the length of its key")
	}
	return newHash(PHC, strings.TrimPrefix(rounds, "i="), salt, key)
}

// parsePasslib reads $pbkdf2-sha256$29000$salt$key.
func parsePasslib(text string) (*Hash, error) {
	f := strings.Split(text, "$")
	if len(f) != 5 {
		return nil, errParts
	}
	salt, err := decode(base64.RawStdEncoding, strings.ReplaceAll(f[3], ".", "+"))
	if err != nil {
		return nil, err
	}
	key, err := decode(base64.RawStdEncoding, strings.ReplaceAll(f[4], ".", "+"))
	if err != nil {
		return nil, err
	}
	return newHash(Passlib, f[2], salt, key)
}

// parseDjango reads pbkdf2_sha256$260000$salt$key; the salt is its own characters.
func parseDjango(text string) (*Hash, error) {
	f := strings.Split(text, "$")
	if len(f) != 4 {
		return nil, errParts
	}
	key, err := decode(base64.StdEncoding, f[3])
	if err != nil {
		return nil, err
	}
	return newHash(Django, f[1], []byte(f[2]), key)
}

// parseWerkzeug reads pbkdf2:sha256:260000$salt$hex. Without a number, its meaning
// depends on the version of Werkzeug.
func parseWerkzeug(text string) (*Hash, error) {
	f := strings.Split(text, "$")
	if len(f) != 3 {
		return nil, errParts
	}
	m := strings.Split(f[0], ":")
	if len(m) != 3 || m[1] != "sha256" {
		return nil, errors.New("it does not say how many iterations it has: what that means depends on the version of Werkzeug")
	}
	key, err := hex.DecodeString(f[2])
	if err != nil {
		return nil, errors.New("its key is not in hexadecimal")
	}
	return newHash(Werkzeug, m[2], []byte(f[1]), key)
}

// parseSCRAM reads SCRAM-SHA-256$4096:salt$StoredKey:ServerKey.
func parseSCRAM(text string) (*Hash, error) {
	f := strings.Split(text, "$")
	if len(f) != 3 {
		return nil, errParts
	}
	rounds, salt64, ok := strings.Cut(f[1], ":")
	stored64, server64, ok2 := strings.Cut(f[2], ":")
	if !ok || !ok2 {
		return nil, errParts
	}
	salt, err := decode(base64.StdEncoding, salt64)
	if err != nil {
		return nil, err
	}
	stored, err := decode(base64.StdEncoding, stored64)
	if err != nil {
		return nil, err
	}
	server, err := decode(base64.StdEncoding, server64)
	if err != nil {
		return nil, err
	}
	if len(stored) != keyBytes || len(server) != keyBytes {
		return nil, errors.New("its keys have not 32 bytes each: PostgreSQL would take it for a password in plain text")
	}
	return newHash(Scram, rounds, salt, append(stored, server...))
}

func parseBcrypt(text string) (*Hash, error) {
	const size = 60
	cost, err := bcrypt.Cost([]byte(text))
	if err != nil || len(text) != size || strings.Trim(text[7:], "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
		return nil, errors.New("it begins as one of bcrypt and is damaged: that has 60 characters")
	}
	if cost > maxCost {
		return nil, fmt.Errorf("its cost is %d, and more than %d are refused: verifying would take too long", cost, maxCost)
	}
	return &Hash{Form: "bcrypt", Cost: cost, text: text}, nil
}

var errParts = errors.New("it has not as many parts between dollar signs as its form has")

func decode(encoding *base64.Encoding, s string) ([]byte, error) {
	b, err := encoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("its salt or key is not in the base64 of its form")
	}
	return b, nil
}

func newHash(form, rounds string, salt, key []byte) (*Hash, error) {
	n, err := strconv.Atoi(rounds)
	switch {
	case err != nil || n < 1 || rounds != strconv.Itoa(n):
		return nil, errors.New("its number of iterations is none")
	case n > maxIterations:
		return nil, fmt.Errorf("it has more than %d iterations: whoever hands over such a hash keeps the verifier busy", maxIterations)
	case len(salt) == 0 || len(salt) > maxSalt:
		return nil, fmt.Errorf("its salt has %d bytes, and 1 to %d are taken", len(salt), maxSalt)
	case len(key) < minKey || len(key) > maxKey:
		return nil, fmt.Errorf("its key has %d bytes, and %d to %d are taken", len(key), minKey, maxKey)
	}
	return &Hash{Form: form, Iterations: n, salt: salt, key: key}, nil
}

// Verify tells whether a password fits. The keys are compared in constant time. The
// error says that it cannot be told.
func (h *Hash) Verify(password string) (bool, error) {
	switch {
	case h.text != "":
		err := bcrypt.CompareHashAndPassword([]byte(h.text), []byte(password))
		if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			return false, errors.New("bcrypt failed")
		}
		return err == nil, nil
	case h.Form == Scram:
		if !printableASCII(password) {
			return false, errASCII
		}
		stored, server, err := scramKeys(password, h.salt, h.Iterations)
		if err != nil {
			return false, err
		}
		return subtle.ConstantTimeCompare(append(stored, server...), h.key) == 1, nil
	}
	key, err := pbkdf2.Key(sha256.New, password, h.salt, h.Iterations, len(h.key))
	if err != nil {
		return false, fmt.Errorf("PBKDF2: %w", err)
	}
	return subtle.ConstantTimeCompare(key, h.key) == 1, nil
}

// Weaknesses says what makes a hash easier to guess than it need be.
func (h *Hash) Weaknesses(password string) []string {
	var out []string
	if h.text != "" {
		if h.Cost < bcryptCost {
			out = append(out, fmt.Sprintf("its cost is %d, and %d is the least that counts as safe", h.Cost, bcryptCost))
		}
		if len(password) > 72 {
			out = append(out, "the password has more than 72 bytes, and bcrypt ignores what follows")
		}
		return out
	}
	if h.Iterations < Iterations {
		out = append(out, fmt.Sprintf("it has %d iterations, and %d are the least that counts as safe", h.Iterations, Iterations))
	}
	if len(h.salt) < 16 {
		out = append(out, fmt.Sprintf("its salt has %d bytes, and 16 are the least (NIST SP 800-132)", len(h.salt)))
	}
	return out
}
