package compiler

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"nselfc/lang"
)

// lowerHost checks a host name of a route: RFC 1123 names in lower case, with
// one "*" as the first label perhaps, and never an address, for which browsers
// send no name in the TLS handshake.
func (l *lowering) lowerHost(d lang.Declared, host lang.String) bool {
	problem := hostProblem(host.V)
	if problem == "" {
		return true
	}
	f := l.errorf(d, host.Range, "NS330", "Invalid host name",
		"The host %q %s, so no certificate and no request would fit it. Write a DNS name:\n\n    host = \"api.example.com\"", host.V, problem)
	if lower := strings.ToLower(host.V); lower != host.V && hostProblem(lower) == "" {
		f.Detail += "\n\nDid you mean \"" + lower + "\"?"
	}
	return false
}

// hostProblem says what is wrong with a host name, or "".
func hostProblem(host string) string {
	name := strings.TrimPrefix(host, "*.")
	if len(name) > 253 {
		return "is longer than 253 characters"
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return "is an address"
	}
	last := name
	for label := range strings.SplitSeq(name, ".") {
		if label == "*" {
			return "has a * that is not its first label alone"
		}
		if !isLabel(label) {
			return "has the label \"" + label + "\", which is not 1 to 63 lower-case letters, digits and inner hyphens"
		}
		last = label
	}
	if strings.Trim(last, "0123456789") == "" {
		return "ends in a number, as addresses do"
	}
	if name != host && !strings.Contains(name, ".") {
		return "stands for a whole top-level domain"
	}
	return ""
}

// isCertificateName tells what a certificate of the stack's own can be for: a
// name, a service's name alone, or an address.
func isCertificateName(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Zone() == ""
	}
	return hostProblem(s) == ""
}

// decodePath reads a path as it stands in a URL (RFC 3986, 3.3), gives what it
// means, and says what is wrong with it, or "". What is refused is what two
// programs in a row may read differently.
func decodePath(p string) (decoded, problem string) {
	if p == "" || p[0] != '/' {
		return "", "does not begin with a slash"
	}
	b := make([]byte, 0, len(p))
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case c == '?' || c == '#':
			return "", "goes beyond the path of a URL"
		case c <= ' ' || c == 0x7f || c == '\\':
			return "", "holds a blank, a control character or a backslash"
		case c == '%':
			hi, lo := unhex(p, i+1), unhex(p, i+2)
			if hi < 0 || lo < 0 {
				return "", "holds a % that is not followed by two hexadecimal digits"
			}
			c, i = byte(hi<<4|lo), i+2
			if c < ' ' || c == 0x7f || c == '/' || c == '\\' {
				return "", "encodes a control character, a slash or a backslash"
			}
		}
		b = append(b, c)
	}
	decoded = string(b)
	if !utf8.ValidString(decoded) {
		return "", "is not valid UTF-8"
	}
	if len(decoded) > 200 {
		return "", "is longer than 200 bytes"
	}
	for i, segment := range strings.Split(decoded[1:], "/") {
		switch {
		case segment == "." || segment == "..":
			return "", "holds a dot segment"
		case segment == "" && strings.Contains(decoded, "//"):
			return "", "holds two slashes in a row"
		case i > 64:
			return "", "has more than 64 segments"
		}
	}
	if decoded != "/" {
		decoded = strings.TrimSuffix(decoded, "/")
	}
	return decoded, ""
}

func unhex(s string, i int) int {
	if i >= len(s) {
		return -1
	}
	switch c := s[i]; {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
