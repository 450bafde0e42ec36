package passhash

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// The forms that hashes are written in.
const (
	PHC      = "phc"      // the string format of the Password Hashing Competition
	Htpasswd = "htpasswd" // a line of nginx's auth_basic_user_file, bcrypt
	Scram    = "scram"    // PostgreSQL's verifier
	Django   = "django"
	Passlib  = "passlib"
	Werkzeug = "werkzeug" // and so Flask
)

// Forms lists the forms in the order of the reference.
func Forms() []string { return []string{PHC, Htpasswd, Scram, Django, Passlib, Werkzeug} }

// Make hashes a password with a new random salt. user is for htpasswd alone.
func Make(form, user, password string) (string, error) {
	salt := make([]byte, SaltBytes)
	_, _ = rand.Read(salt) // documented never to fail
	switch form {
	case PHC:
		return PBKDF2(password, salt)
	case Scram:
		return SCRAM(password, salt)
	case Htpasswd:
		if problem := badUser(user); problem != "" {
			return "", errors.New(problem)
		}
		hash, err := Bcrypt(password, "")
		return user + ":" + hash, err
	}
	if password == "" {
		return "", errEmpty
	}
	// These take the salt as a text, and hash its characters.
	text := base64.RawURLEncoding.EncodeToString(salt)
	switch form {
	case Django:
		key, err := derive(password, []byte(text))
		return fmt.Sprintf("pbkdf2_sha256$%d$%s$%s", Iterations, text, b64(key)), err
	case Werkzeug:
		key, err := derive(password, []byte(text))
		return fmt.Sprintf("pbkdf2:sha256:%d$%s$%s", Iterations, text, hex.EncodeToString(key)), err
	case Passlib:
		key, err := derive(password, salt)
		return fmt.Sprintf("$pbkdf2-sha256$%d$%s$%s", Iterations, ab64(salt), ab64(key)), err
	}
	return "", fmt.Errorf("there is no form %q", form)
}

func derive(password string, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, Iterations, keyBytes)
}

// ab64 is the base64 of crypt's descendants: a dot for the plus, and no padding
// (passlib.utils.binary.ab64_encode).
func ab64(b []byte) string {
	return strings.ReplaceAll(base64.RawStdEncoding.EncodeToString(b), "+", ".")
}

// badUser says why a name cannot stand in an htpasswd file, or "". A colon ends it,
// and a name in another encoding than the browser's never fits.
func badUser(user string) string {
	switch {
	case user == "":
		return "a line of htpasswd begins with the name of a user"
	case len(user) > 255:
		return "the name of the user has more than 255 bytes"
	case strings.Contains(user, ":") || strings.HasPrefix(user, "#") || !printableASCII(user) || strings.TrimSpace(user) != user:
		return "the name of the user has a colon, a character that is not printable ASCII, or a blank or # where it begins"
	}
	return ""
}
