package nginx

import "strings"

// maxToken is the longest quoted value that is written. nginx reads its
// configuration through a buffer of 4096 bytes, which one token must fit.
const maxToken = 4000

// Quote gives the text of one token of the configuration whose value is s, for
// any bytes. It escapes for the tokenizer only: in a directive that replaces
// variables, as most values are, use renderer.literal.
//
// The rules are those of ngx_conf_read_token: within double quotes a backslash
// guards a quote or a backslash and spells \t, \r and \n; before anything else
// it stands for itself.
func Quote(s string) string {
	if isBare(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\t':
			b.WriteString(`\t`)
		case '\r':
			b.WriteString(`\r`)
		case '\n':
			b.WriteString(`\n`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// isBare tells whether s is a token as it stands.
func isBare(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alnum && !strings.ContainsRune("_-./:", rune(c)) {
			return false
		}
	}
	return s != ""
}

// literal quotes s for a directive that replaces variables. nginx has no escape
// for '$', so each becomes a variable that holds one; maps defines it.
func (r *renderer) literal(s string) string {
	if strings.Contains(s, "$") {
		r.dollar = true
	}
	return Quote(withoutVariables(s))
}

func withoutVariables(s string) string { return strings.ReplaceAll(s, "$", "${nself_dollar}") }
