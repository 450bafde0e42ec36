package escape

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// URLEncode percent-encodes every byte outside the unreserved set of RFC 3986,
// section 2.3. The result is safe in user information, path, query and fragment.
// It never fails.
func URLEncode(s string) (string, error) {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isAlnum(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
	return b.String(), nil
}

// Base64 encodes with padding (RFC 4648, section 4). It never fails.
func Base64(s string) (string, error) {
	return base64.StdEncoding.EncodeToString([]byte(s)), nil
}

// Base64URL encodes with the URL-safe alphabet and without padding, the form of
// JSON Web Tokens (RFC 4648, section 5; RFC 7515, section 2). It never fails.
func Base64URL(s string) (string, error) {
	return base64.RawURLEncoding.EncodeToString([]byte(s)), nil
}

// SHA256Hex gives the SHA-256 of the bytes in lower-case hexadecimal. It never
// fails. Unsalted: only values of 128 random bits and more may be hashed so.
func SHA256Hex(s string) (string, error) {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:]), nil
}

// RedisACLHash gives the `#<sha256>` password rule of a Redis ACL file
// (redis.io, "ACL", key `#<hashedpassword>`). It never fails.
func RedisACLHash(s string) (string, error) {
	sum, err := SHA256Hex(s)
	return "#" + sum, err
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
