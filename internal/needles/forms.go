package needles

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"nselfc/lang/escape"
)

// form is one spelling of a value.
type form struct {
	text string
	how  string // ", in base64"
	// shared says that other values may well have the same, as the first lines of
	// keys do: it is hidden, and no proof of a find.
	shared bool
	// before and after tell that the base64 digit on that side, which depends on the
	// neighbours too, has bits of the value.
	before, after bool
}

// forms lists the ways in which a value may have been written.
func forms(text string) []form { return append(lines(text), encoded(text)...) }

// lines gives those of a text of several, such as a key in PEM, without the armour
// that all such texts share: an indented copy has them too.
func lines(text string) []form {
	if !strings.Contains(text, "\n") {
		return nil
	}
	const long = 4 * Min // a shorter line is one of anything
	var out []form
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if len(line) >= long && !strings.HasPrefix(line, "-----") {
			out = append(out, form{text: line})
		}
	}
	if len(out) > 1 {
		out[0].shared = true // the beginnings of keys of one kind are alike
	}
	return out
}

func encoded(text string) []form {
	out := append(urlForms(text), hexForms([]byte(text))...)
	// Compose files have every $ twice, and YAML and SQL a quote in single quotes.
	for _, t := range []string{text, strings.ReplaceAll(text, "$", "$$"), strings.ReplaceAll(text, "\n", "\r\n")} {
		out = append(out, form{text: t}, form{text: strings.ReplaceAll(t, "'", "''")}, form{text: strings.ReplaceAll(t, "'", `'\''`)})
		out = append(out, jsonForms(t)...)
	}
	if dotenv, err := escape.Dotenv(text); err == nil && len(dotenv) > 2 && dotenv != text {
		out = append(out, form{text: dotenv[1 : len(dotenv)-1], how: ", quoted"})
	}
	out = append(out, form{text: html.EscapeString(text), how: ", in HTML"})
	// The digits of a key stand for bytes, which have other spellings.
	if key, err := hex.DecodeString(text); err == nil {
		out = append(out, form{text: strings.ToLower(text)}, form{text: strings.ToUpper(text)})
		out = append(out, base64Forms(key)...)
	} else if key, err := base64.RawURLEncoding.Strict().DecodeString(text); err == nil {
		out = append(out, base64Forms(key)...)
		out = append(out, hexForms(key)...)
	}
	return append(out, base64Forms([]byte(text))...)
}

func hexForms(raw []byte) []form {
	lower := hex.EncodeToString(raw)
	return []form{{text: lower, how: ", in hexadecimal"}, {text: strings.ToUpper(lower), how: ", in hexadecimal"}}
}

// urlForms differ in what they leave as it is: everything but RFC 3986's unreserved
// characters is escaped in ours, less in those of Go's paths, queries and users.
func urlForms(text string) []form {
	all, _ := escape.URLEncode(text) // never fails
	var out []form
	for _, s := range []string{
		all, strings.ReplaceAll(all, "%20", "+"), url.PathEscape(text), url.QueryEscape(text),
		strings.TrimPrefix(url.UserPassword("", text).String(), ":"),
	} {
		out = append(out, form{text: s, how: ", URL-encoded"}, form{text: lowerURL(s), how: ", URL-encoded"})
	}
	return out
}

// jsonForms are those of our own writer, of encoding/json, which spares HTML, of
// writers that escape the slash, of writers of ASCII alone, and of Go's %q.
func jsonForms(text string) []form {
	var all []string
	if s, err := escape.JSONInner(text); err == nil {
		all = append(all, s, strings.ReplaceAll(s, "/", `\/`), asciiJSON(s))
	}
	if b, err := json.Marshal(text); err == nil {
		all = append(all, string(b[1:len(b)-1]))
	}
	quoted := strconv.Quote(text)
	all = append(all, quoted[1:len(quoted)-1])
	out := make([]form, len(all))
	for i, s := range all {
		out[i] = form{text: s, how: ", in JSON"}
	}
	return out
}

// asciiJSON escapes what is not ASCII in a JSON string (RFC 8259, section 7).
func asciiJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b.WriteString(`\u` + strconv.FormatInt(int64(high), 16) + `\u` + strconv.FormatInt(int64(low), 16))
		default:
			b.WriteString(`\u` + strconv.FormatInt(int64(r)+0x10000, 16)[1:])
		}
	}
	return b.String()
}

// base64Forms are the three alignments that a value may have inside a longer text,
// as in "user:password". The digits at the ends, which depend on the neighbours, are
// left out.
func base64Forms(raw []byte) []form {
	var out []form
	for shift := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			s := enc.EncodeToString(append(make([]byte, shift), raw...))
			s = s[[]int{0, 2, 3}[shift]:]
			partial := (shift+len(raw))%3 != 0
			if partial {
				s = s[:len(s)-1]
			}
			out = append(out, form{text: s, how: ", in base64", before: shift > 0, after: partial})
		}
	}
	return out
}

// lowerURL writes the hexadecimal digits of percent escapes in lower case.
func lowerURL(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
			i += 2
		}
	}
	return string(b)
}
