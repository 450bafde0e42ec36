package secrets

import (
	"encoding/base64"
	"strings"
)

// A privateKey is a place in a text at which a private key begins.
type privateKey struct {
	offset int
	what   string // "a private key (RSA PRIVATE KEY)"
}

// keyReach is how far from its first byte a key is recognised, in bytes: its first
// lines are enough.
const keyReach = 2048

// findKeys finds what is certain to be a private key: one in PEM form of any kind,
// encrypted ones included, also on one line, indented, or in base64 as a whole; one
// of PuTTY's; an identity of age. A heading without a key below it, as
// documentation has it, is none.
func findKeys(text string) []privateKey {
	var out []privateKey
	each(text, "-----BEGIN ", func(i int) int {
		if label := pemKey(text[i:min(len(text), i+keyReach)]); label != "" {
			out = append(out, privateKey{i, "a private key (" + label + ")"})
		}
		return 0
	})
	each(text, sshBegin, func(i int) int {
		if (i == 0 || text[i-1] != '-') && keyBody(text[i+len(sshBegin):min(len(text), i+keyReach)]) {
			out = append(out, privateKey{i, "a private key (SSH2 ENCRYPTED PRIVATE KEY)"})
		}
		return 0
	})
	each(text, puttyBegin, func(i int) int {
		head := text[i+len(puttyBegin) : min(len(text), i+keyReach)]
		if len(head) > 2 && head[0] >= '1' && head[0] <= '9' && head[1:3] == ": " && strings.Contains(head, "Private-Lines: ") {
			out = append(out, privateKey{i, "a private key of PuTTY"})
			return len(head)
		}
		return 0
	})
	each(text, ageIdentity, func(i int) int {
		const digits = 58 // bech32 of 32 bytes and a checksum
		rest := text[i+len(ageIdentity):]
		if len(rest) >= digits && strings.Trim(rest[:digits], bech32) == "" && variety(rest[:digits]) >= minVariety {
			out = append(out, privateKey{i, "an identity of age"})
		}
		return 0
	})
	each(text, base64Begin, func(i int) int {
		encoded := text[i:min(len(text), i+keyReach)]
		encoded = encoded[:len(encoded)-len(strings.TrimLeft(encoded, base64Digits[:64]))]
		raw, _ := base64.RawStdEncoding.DecodeString(encoded[:len(encoded)/4*4]) // nothing else is left in it
		each(string(raw), "-----BEGIN ", func(j int) int {
			label := pemKey(string(raw[j:]))
			if label != "" {
				out = append(out, privateKey{i, "a private key (" + label + ", in base64)"})
				return len(raw)
			}
			return 0
		})
		return len(encoded)
	})
	return out
}

const (
	ageIdentity = "AGE-SECRET-KEY-1"
	bech32      = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
	sshBegin    = "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"
	puttyBegin  = "PuTTY-User-Key-File-"
	base64Begin = "LS0tLS1CRUdJTi" // of "-----BEGIN "
)

// each does something at every place of a word, which says how much of the text it
// has dealt with.
func each(text, word string, do func(i int) int) {
	for at := 0; at < len(text); {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return
		}
		at += i
		at += max(len(word), do(at))
	}
}

// pemKey gives the label of a private key that a text begins with, or "".
func pemKey(text string) string {
	const longest = 64
	rest, ok := strings.CutPrefix(text, "-----BEGIN ")
	label, _, closed := strings.Cut(rest[:min(len(rest), longest)], "-----")
	if !ok || !closed || !strings.HasSuffix(strings.TrimSuffix(label, " BLOCK"), "PRIVATE KEY") ||
		strings.Trim(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ") != "" || !keyBody(rest[len(label)+len("-----"):]) {
		return ""
	}
	return label
}

// In fewer base64 digits than minKey there is no room for a key: an Ed25519 one has
// 64. A first line of fewer than minLine, or of fewer than minVariety different
// digits, is a placeholder.
const (
	minKey     = 48
	minLine    = 32
	minVariety = 10
)

// keyBody tells whether base64 follows, behind header lines (RFC 1421, RFC 4880)
// and in whatever form quoting, indenting and escaping have left the line ends. A
// word that is not base64 in the midst of it is that of an example.
func keyBody(text string) bool {
	text, _, _ = strings.Cut(text, "----")
	if len(text) < minKey {
		return false
	}
	if strings.Contains(text, `\`) {
		text = strings.NewReplacer(`\n`, "\n", `\r`, "\n", `\t`, "\n").Replace(text)
	}
	digits := 0
	for line := range strings.Lines(text) {
		line = strings.Trim(line, " \t\r\n\"'`,;#*\\|>")
		if digits == 0 && strings.Contains(line, ":") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			if digits == 0 && (len(word) < minLine || variety(word) < minVariety) || !isBase64(word) {
				return false
			}
			digits += len(word)
		}
	}
	return digits >= minKey
}

func variety(word string) int {
	var seen [256]bool
	n := 0
	for i := range len(word) {
		if !seen[word[i]] {
			seen[word[i]] = true
			n++
		}
	}
	return n
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

func isBase64(s string) bool { return strings.Trim(s, base64Digits) == "" }
