package nginx

import (
	"strings"
	"unicode/utf8"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// checkPath gives the decoded prefix that nginx compares requests with, without
// a final slash.
func (r *renderer) checkPath(rt *ir.Route) (string, bool) {
	match, problem := decodePath(rt.Path.V)
	if problem == "" {
		return match, true
	}
	at := rt.Path.Range
	if at.IsZero() {
		at = rt.Origin.Range
	}
	r.diags = append(r.diags, diag.Errorf("NS372", at, "Route path that nginx cannot match",
		"The path %q %s, so no request would ever match it, or another one than you mean. Write it as the beginning of the path "+
			"of a URL:\n\n    path = \"/api\"", rt.Path.V, problem))
	return "", false
}

// decodePath reads a path as it stands in a URL and gives what nginx makes of
// it, or says what is wrong with it.
func decodePath(path string) (match, problem string) {
	if !strings.HasPrefix(path, "/") {
		return "", "does not begin with a slash"
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c == '?' || c == '#':
			return "", "goes beyond the path of a URL"
		case c <= ' ' || c == 0x7f || c == '\\':
			return "", "holds a blank, a control character or a backslash"
		case c == '%':
			d, ok := unhex(path, i+1)
			if !ok {
				return "", "holds a % that is not followed by two hexadecimal digits"
			}
			if d < ' ' || d == 0x7f || d == '/' || d == '\\' {
				return "", "encodes a control character, a slash or a backslash"
			}
			c, i = d, i+2
		}
		b.WriteByte(c)
	}
	match = b.String()
	switch segments := strings.Split(match[1:], "/"); {
	case !utf8.ValidString(match):
		return "", "is not valid UTF-8"
	case len(match) > maxToken/4: // a quarter, as it may stand there percent-encoded
		return "", "is longer than 1000 bytes"
	case strings.Contains(match, "//"):
		return "", "holds two slashes in a row, which nginx takes for one"
	default:
		for _, s := range segments {
			if s == "." || s == ".." {
				return "", "holds a dot segment, which nginx resolves"
			}
		}
	}
	if match != "/" {
		match = strings.TrimSuffix(match, "/")
	}
	return match, ""
}

func unhex(s string, i int) (byte, bool) {
	if i+2 > len(s) {
		return 0, false
	}
	var v byte
	for _, c := range []byte(s[i : i+2]) {
		switch {
		case '0' <= c && c <= '9':
			v = v<<4 | (c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			v = v<<4 | (c | 0x20 - 'a' + 10)
		default:
			return 0, false
		}
	}
	return v, true
}

// encodePath writes a decoded path as clients do: what RFC 3986, 3.3 allows in a
// path as it is, everything else as its octets.
func encodePath(match string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(match) {
		c := match[i]
		if isLetterOrDigit(c) || strings.IndexByte("/-._~!$&'()*+,;=:@", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// oneLine makes an address fit for a comment.
func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
}
