package reference

import "strings"

// Floating tells whether the reference will mean another image tomorrow: it has
// no digest, and no tag or one that names no version. "17-alpine" names one;
// "alpine3.20" names the system under the program and not the program.
func (i Image) Floating() bool {
	if i.Digest != "" {
		return false
	}
	for word := range strings.FieldsFuncSeq(i.Tag, func(c rune) bool { return c == '-' || c == '_' }) {
		if isVersion(word) {
			return false
		}
	}
	return true
}

// isVersion tells whether a word of a tag pins something: it holds a digit
// ("1.30.4", "v2", "pg16", "RELEASE.2024"), or is a commit's hash. The name of
// an operating system with its release does not.
func isVersion(word string) bool {
	if isCommit(word) {
		return true
	}
	digit := strings.IndexFunc(word, func(c rune) bool { return '0' <= c && c <= '9' })
	if digit < 0 {
		return false
	}
	switch strings.ToLower(word[:digit]) {
	case "alpine", "debian", "ubuntu", "ubi", "fedora", "rhel", "centos", "busybox", "wolfi":
		return false
	}
	return true
}

// isCommit tells whether a word is a hash as git abbreviates it.
func isCommit(word string) bool {
	return len(word) >= 7 && strings.Trim(word, "0123456789abcdef") == ""
}

// Version reads the numbers that the tag begins with, after an optional "v": at
// least two, of which the third is 0 when it is missing.
func (i Image) Version() (major, minor, patch int, ok bool) {
	word, _, _ := strings.Cut(i.Tag, "-")
	return ParseVersion(strings.TrimPrefix(word, "v"))
}

// ParseVersion reads "1.30" or "1.30.4".
func ParseVersion(s string) (major, minor, patch int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, 0, 0, false
	}
	var n [3]int
	for i, p := range parts {
		if p == "" || len(p) > 4 || strings.Trim(p, "0123456789") != "" {
			return 0, 0, 0, false
		}
		for _, c := range []byte(p) {
			n[i] = 10*n[i] + int(c-'0')
		}
	}
	return n[0], n[1], n[2], true
}
