package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/source"
)

// minScan is the shortest form that is searched for; shorter ones are words. Of a
// longer one than maxScan the beginning is enough.
const (
	minScan = 8
	maxScan = 4096
)

// Value is a secret that must not be found. It never prints itself.
type Value struct {
	Address string
	text    string
}

// NewValue names a value that Scan looks for.
func NewValue(address, text string) Value { return Value{Address: address, text: text} }

// Format implements fmt.Formatter for every verb, so that no dump of a structure
// shows the value.
func (v Value) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "secret(%s)", v.Address) }

// Scan searches the committed files for the values, as they are and URL-, JSON-,
// base64- and hex-encoded. The compiler cannot write a value, as it has none;
// but somebody may have copied one into nself.hcl or a template, which this
// finds. Values of fewer than 8 bytes are not searched for. Secret files are
// passed over. Each secret is told once for each file. The time is linear in the
// size of the files.
func Scan(files []emit.File, values []Value) diag.List {
	ix := newNeedles(values)
	if len(ix.byGram) == 0 {
		return nil
	}
	var diags diag.List
	for _, f := range files {
		text, plain := f.Text.Plain()
		if !plain {
			continue
		}
		for _, hit := range ix.search(text) {
			at := source.Pos{Line: int32(hit.line), Byte: int32(hit.offset)}
			diags = append(diags, diag.Errorf(codeLeak, source.Range{File: f.Path, Start: at, End: at}, "Secret in a committed file",
				"Line %d of %s would hold the value of %s%s. The file is committed: everybody who can read the repository, now or later, would have it.\n\n"+
					"Remove the value from nself.hcl or the template that it was copied into, refer to %s instead, and rotate it if that text was ever pushed.",
				hit.line, f.Path, hit.needle.address, hit.needle.how, hit.needle.address))
		}
	}
	return diags
}

// needle is one form of one value.
type needle struct {
	text    string
	at      int // where in text the gram stands that it is found by
	address string
	how     string // ", in base64"
}

type hit struct {
	needle *needle
	line   int // from 1
	offset int // of the first byte in the text
}

// needles finds many texts in one pass: each is filed under one of its grams of
// eight bytes, and every position of the searched text is looked up by the gram
// that ends there. A bitmap in front of the map answers nearly all look-ups.
type needles struct {
	byGram map[uint64][]*needle
	bits   [1 << 13]uint64
}

func newNeedles(values []Value) *needles {
	ix := &needles{byGram: map[uint64][]*needle{}}
	seen := map[string]bool{}
	for _, v := range values {
		for _, form := range forms(v.text) {
			form.text = form.text[:min(len(form.text), maxScan)]
			if len(form.text) < minScan || seen[v.Address+"\x00"+form.text] {
				continue
			}
			seen[v.Address+"\x00"+form.text] = true
			form.address = v.Address
			ix.add(&form)
		}
	}
	return ix
}

// add files a needle under the gram, of its first few, that the fewest others
// have: values with a common beginning would otherwise be compared one by one.
func (ix *needles) add(n *needle) {
	best := -1
	for i := 0; i+8 <= len(n.text) && i < 64; i++ {
		if count := len(ix.byGram[gram(n.text[i:])]); best < 0 || count < best {
			best, n.at = count, i
		}
		if best == 0 {
			break
		}
	}
	g := gram(n.text[n.at:])
	ix.byGram[g] = append(ix.byGram[g], n)
	h := slot(g)
	ix.bits[h>>6] |= 1 << (h & 63)
}

// search gives the first place of each secret in a text. No needle has a line
// end in it, so that the line of its last byte is that of its first.
func (ix *needles) search(text string) []hit { return ix.searchPart(text, 1, map[string]bool{}) }

// searchPart does that for a part of a text that begins on a line, and leaves out
// the secrets that were found before.
func (ix *needles) searchPart(text string, line int, found map[string]bool) []hit {
	var hits []hit
	var g uint64
	for i := range len(text) {
		if text[i] == '\n' {
			line++
		}
		g = g<<8 | uint64(text[i])
		if h := slot(g); i < 7 || ix.bits[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, n := range ix.byGram[g] {
			if start := i - 7 - n.at; start >= 0 && !found[n.address] && strings.HasPrefix(text[start:], n.text) {
				found[n.address] = true
				hits = append(hits, hit{needle: n, line: line, offset: start})
			}
		}
	}
	return hits
}

func gram(s string) uint64 {
	var g uint64
	for i := range 8 {
		g = g<<8 | uint64(s[i])
	}
	return g
}

// slot spreads grams over the bitmap (Fibonacci hashing, Knuth 6.4).
func slot(g uint64) uint64 { return g * 0x9E3779B97F4A7C15 >> 45 }

// forms lists the ways in which a value may have been written. A text of several
// lines, such as a key in PEM, is searched for by its lines, without the armour
// that all such texts share.
func forms(text string) []needle {
	if strings.Contains(text, "\n") {
		var out []needle
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if len(line) >= 4*minScan && !strings.HasPrefix(line, "-----") {
				out = append(out, needle{text: line})
			}
		}
		if len(out) > 1 {
			// The first lines of keys of one kind are alike, and name no key.
			out = out[1:]
		}
		return append(out, encoded(text)...)
	}
	return append([]needle{{text: text}}, encoded(text)...)
}

func encoded(text string) []needle {
	raw := []byte(text)
	url, _ := escape.URLEncode(text) // never fails
	lowerHex := hex.EncodeToString(raw)
	out := []needle{
		{text: url, how: ", URL-encoded"},
		{text: lowerURL(url), how: ", URL-encoded"},
		{text: strings.ReplaceAll(url, "%20", "+"), how: ", URL-encoded"},
		{text: lowerHex, how: ", in hexadecimal"},
		{text: strings.ToUpper(lowerHex), how: ", in hexadecimal"},
	}
	// Compose files have every $ twice, and YAML a quote in single quotes.
	for _, t := range []string{text, strings.ReplaceAll(text, "$", "$$")} {
		out = append(out, needle{text: t}, needle{text: strings.ReplaceAll(t, "'", "''")})
		if json, err := escape.JSONInner(t); err == nil {
			out = append(out, needle{text: json, how: ", in JSON"})
		}
	}
	// The digits of a key stand for bytes, which have other spellings.
	if key, err := hex.DecodeString(text); err == nil {
		out = append(out, needle{text: strings.ToLower(text)}, needle{text: strings.ToUpper(text)})
		out = append(out, needle{text: base64.RawStdEncoding.EncodeToString(key), how: ", in base64"}, needle{text: base64.RawURLEncoding.EncodeToString(key), how: ", in base64"})
	} else if key, err := base64.RawURLEncoding.Strict().DecodeString(text); err == nil {
		out = append(out, needle{text: base64.RawStdEncoding.EncodeToString(key), how: ", in base64"})
		out = append(out, needle{text: hex.EncodeToString(key), how: ", in hexadecimal"}, needle{text: strings.ToUpper(hex.EncodeToString(key)), how: ", in hexadecimal"})
	}
	// Inside a longer text, as in "user:password", base64 has three alignments.
	// The characters at the ends depend on the neighbours, and are left out.
	for shift := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			s := enc.EncodeToString(append(make([]byte, shift), raw...))
			s = s[[]int{0, 2, 3}[shift]:]
			if (shift+len(raw))%3 != 0 {
				s = s[:len(s)-1]
			}
			out = append(out, needle{text: s, how: ", in base64"})
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
