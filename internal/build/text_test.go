package build_test

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"
)

// hostile draws texts that some reader on the way could take for something
// else. The language refuses control characters but tabs and line ends.
var hostile = rapid.OneOf(
	rapid.StringN(0, 12, -1),
	rapid.StringOfN(rapid.RuneFrom([]rune("$ {}:-#'\"\\|>&*!%@`[](),;?~=<^/\t\naé🙂0\u2028\u00a0")), 0, 24, -1),
	rapid.SampledFrom([]string{
		"", "yes", "no", "on", "null", "~", "True", "0123", "0o17", "1e3", "12:30:45", "2001-01-01", "0x1f", ".inf", "<<", "=", "---", "- a",
		"a: b", "a #b", " a", "a ", "it's", `"`, `\`, `\n`, "$HOME", "$$", "${HOME}", "${X:?gone}", "$(id)", "`id`", "%{ if true }", "${secret.key}",
		"$http_cookie", "a;b", "} server { listen 80", "/* */", "x\ny", "x\n", "\nx", "\t", "'; DROP TABLE users; --", "%s%n", "../../etc/passwd",
		"docker.sock", "*", "&a", "!!python/object", "{{ .Env }}", "#{x}", "a\u200bb", "\u202eabc", "DO NOT EDIT", "<<<<<<< HEAD",
	}),
).Filter(func(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)                                      // a mark would join the character before it, which another text brings
	return !unicode.Is(unicode.M, first) && cty.StringVal(s).AsString() == s && // the language reads texts in Unicode's normal form C
		!strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0x7f || r == 0xfffd })
})

// oneLine draws hostile texts for places that take no line end.
var oneLine = hostile.Filter(func(s string) bool { return !strings.Contains(s, "\n") })

// quote writes an HCL text that means s. What the reader of files would refuse,
// and every other character now and then, is written as an escape.
func quote(t *rapid.T, s string) string {
	escapeAll := rapid.Bool().Draw(t, "escapes")
	var b strings.Builder
	b.WriteByte('"')
	runes := []rune(s)
	for i, r := range runes {
		before := (r == '$' || r == '%') && i+1 < len(runes) && runes[i+1] == '{'
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case before && !escapeAll && (i == 0 || runes[i-1] != r):
			b.WriteRune(r) // "$${" means "${"
			b.WriteRune(r)
		case before, escapeAll && !isWord(r), hidden(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func isWord(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' }

func hidden(r rune) bool {
	return r >= 0x80 && r <= 0x9f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}

// template writes a text for a template file, which has no escapes but those of
// the two sequences.
func template(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s)
}

// object writes a map of texts that are expressions already.
func object(t *rapid.T, entries map[string]string, order []string) string {
	var b strings.Builder
	b.WriteString("{\n")
	for _, k := range rapid.Permutation(order).Draw(t, "entries") {
		fmt.Fprintf(&b, "    %s = %s\n", quote(t, k), entries[k])
	}
	b.WriteString("  }")
	return b.String()
}
