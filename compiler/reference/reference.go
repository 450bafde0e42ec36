// Package reference reads image references, by the grammar of the distribution
// project (github.com/distribution/reference). It knows no registry: whether an
// image exists, and what is in it, are out of its reach.
package reference

import (
	"fmt"
	"strings"
)

// Image is a reference in parts. Name includes the registry's host, where there
// is one; Tag and Digest are "" when the reference has none.
type Image struct {
	Name   string
	Tag    string // without ":"
	Digest string // "sha256:…"
}

// The lengths are those of the distribution project.
const (
	maxName = 255
	maxTag  = 128
)

// Parse reads a reference. The error is a clause that completes "the reference
// …", fit for a diagnostic.
func Parse(s string) (Image, error) {
	rest, digest, hasDigest := strings.Cut(s, "@")
	name, tag := rest, ""
	hasTag := false
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
		name, tag, hasTag = rest[:i], rest[i+1:], true
	}
	if err := checkName(name); err != nil {
		return Image{}, err
	}
	if hasTag && !isTag(tag) {
		return Image{}, fmt.Errorf("has the tag %q: a tag has 1 to %d letters, digits, '_', '.' and '-', and begins with none of the last two", tag, maxTag)
	}
	if hasDigest && !isDigest(digest) {
		return Image{}, fmt.Errorf("has a digest that is not \"sha256:\" and 64 hexadecimal digits in lower case")
	}
	return Image{Name: name, Tag: tag, Digest: digest}, nil
}

func checkName(name string) error {
	if name == "" {
		return fmt.Errorf("has no name")
	}
	if len(name) > maxName {
		return fmt.Errorf("has a name of %d characters, of %d at most", len(name), maxName)
	}
	first, path, found := strings.Cut(name, "/")
	switch {
	case !found:
		path = name
	case !isRegistry(first):
		path = name
	case !isHost(first):
		return fmt.Errorf("has the registry %q, which is not a host name with an optional port", first)
	}
	for c := range strings.SplitSeq(path, "/") {
		if !isComponent(c) {
			return fmt.Errorf("has %q in its name: each part between slashes holds lower-case letters and digits, with single '.', '_', double '__' or any number of '-' between them", c)
		}
	}
	return nil
}

// isRegistry tells a registry's host from the first part of a path, as Docker
// does: it holds a dot, a colon or an upper-case letter, or is "localhost".
func isRegistry(s string) bool {
	return s == "localhost" || strings.ContainsAny(s, ".:") || strings.ToLower(s) != s
}

func isHost(s string) bool {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
		if port == "" || strings.Trim(port, "0123456789") != "" || len(port) > 5 {
			return false
		}
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return len(host) > 2 && strings.Trim(host[1:len(host)-1], "0123456789abcdefABCDEF:") == ""
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isLower(c) && !isDigit(c) && !isUpper(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

// isComponent reads [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*.
func isComponent(s string) bool {
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && (isLower(s[i]) || isDigit(s[i])) {
			i++
		}
		if i == start {
			return false
		}
		if i == len(s) {
			return true
		}
		separator := i
		for i < len(s) && (s[i] == '.' || s[i] == '_' || s[i] == '-') {
			i++
		}
		switch sep := s[separator:i]; {
		case sep == ".", sep == "_", sep == "__":
		case sep != "" && strings.Trim(sep, "-") == "":
		default:
			return false
		}
	}
	return false
}

func isTag(s string) bool {
	if s == "" || len(s) > maxTag || s[0] == '.' || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isLower(c) && !isDigit(c) && !isUpper(c) && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

func isDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	if !ok || len(hex) != 64 {
		return false
	}
	for i := range len(hex) {
		if c := hex[i]; !isDigit(c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
