package strength

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
)

// periodic finds "aaaaaaaaaaaa", "abcabcabcabc", and the same with a part at the
// end. Two equal halves of a random value of 128 bits have a chance of 2^-64. It
// takes linear time: the shortest period is the length without the longest border
// (Knuth, Morris and Pratt).
func periodic(value string) bool {
	border := make([]int, len(value))
	for i, k := 1, 0; i < len(value); i++ {
		for k > 0 && value[i] != value[k] {
			k = border[k-1]
		}
		if value[i] == value[k] {
			k++
		}
		border[i] = k
	}
	return len(value) > 1 && 2*border[len(value)-1] >= len(value)
}

// sequential finds texts in which nearly every byte is its neighbour's next:
// "0123456789abcdef…", "abcdefghijkl", "9876543210".
func sequential(value string) bool {
	if len(value) < 3 {
		return false
	}
	for _, step := range []int{1, -1} {
		n := 0
		for i := 1; i < len(value); i++ {
			if int(value[i])-int(value[i-1]) == step {
				n++
			}
		}
		if n*10 >= (len(value)-1)*8 {
			return true
		}
	}
	return false
}

// decoded looks into a value that is hexadecimal, a UUID or base64: what is in it
// may be less than it seems.
func decoded(value string, names Names) string {
	if len(value) > maxLooked {
		return ""
	}
	if raw, err := hex.DecodeString(strings.ReplaceAll(value, "-", "")); err == nil && len(raw) >= 8 {
		if problem := bytesProblem(raw, names); problem != "" {
			return problem
		}
		if ofKnownWord(raw) {
			return "is the hash of a word that everybody tries: hashing adds nothing to it"
		}
	}
	if demoToken(value) {
		return "is a token that an example ships, signed with a key that everybody can read"
	}
	trimmed := strings.TrimRight(value, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(trimmed); err == nil && len(raw) >= 8 {
			if problem := bytesProblem(raw, names); problem != "" {
				return problem
			}
		}
	}
	return ""
}

// bytesProblem judges what an encoding held.
func bytesProblem(raw []byte, names Names) string {
	seen := map[byte]bool{}
	for _, b := range raw {
		seen[b] = true
	}
	switch {
	case len(seen)*4 <= len(raw) || len(seen) <= 3:
		return "encodes the same few bytes again and again"
	case periodic(string(raw)):
		return "encodes bytes that repeat themselves"
	case sequential(string(raw)):
		return "encodes bytes that count up or down"
	case !text(raw):
		return ""
	}
	if problem := Problem(string(raw), minRest, names); problem != "" {
		return "encodes a text, which " + problem
	}
	return ""
}

// text tells bytes that a person typed: 16 random ones are all printable once in
// seven million times.
func text(raw []byte) bool {
	for _, b := range raw {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

// ofKnownWord tells the hash of a word of the lists, as "echo -n word | sha256sum"
// gives it, or with the line end that echo adds.
func ofKnownWord(raw []byte) bool {
	sum := map[int]func(string) []byte{
		md5.Size:    func(s string) []byte { h := md5.Sum([]byte(s)); return h[:] },
		sha1.Size:   func(s string) []byte { h := sha1.Sum([]byte(s)); return h[:] },
		sha256.Size: func(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] },
		sha512.Size: func(s string) []byte { h := sha512.Sum512([]byte(s)); return h[:] },
	}[len(raw)]
	if sum == nil {
		return false
	}
	is := func(word string) bool {
		return string(sum(word)) == string(raw) || string(sum(word+"\n")) == string(raw)
	}
	for _, d := range defaults() {
		if is(d.value) {
			return true
		}
	}
	for _, list := range [][]string{placeholders(), common(), {"", "hello", "foo", "bar", "123456", "12345678", "123456789"}} {
		if slices.ContainsFunc(list, is) {
			return true
		}
	}
	return false
}

// demoToken tells the tokens of Supabase's examples and of jwt.io by what they say.
func demoToken(value string) bool {
	parts := strings.Split(value, ".")
	if len(parts) != 3 || !strings.HasPrefix(value, "eyJ") {
		return false
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return false
	}
	return strings.Contains(string(claims), `"supabase-demo"`) || strings.Contains(string(claims), `"John Doe"`)
}
