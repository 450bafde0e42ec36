package secrets

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"nselfc/internal/strength"
)

// allow on a line says that a literal there opens nothing.
const allow = "nselfc:allow"

// A credential is a place in a text at which something begins that has the form of
// one.
type credential struct {
	offset int
	what   string // "a token of GitHub"
}

// issued is the form that an issuer gives its tokens: a prefix that nothing else has
// and so many characters of an alphabet.
type issued struct {
	prefix      string
	least, most int // characters behind the prefix
	alphabet    string
	what        string
}

const (
	alnum    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	urlSafe  = alnum + "-_"
	upper32  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	unending = 4096
)

// issuedForms are documented by their issuers, most of them for scanners such as this.
func issuedForms() []issued {
	return []issued{
		{"AKIA", 16, 16, upper32, "an access key of AWS"},
		{"ASIA", 16, 16, upper32, "a temporary access key of AWS"},
		{"ghp_", 36, 255, alnum, "a token of GitHub"},
		{"gho_", 36, 255, alnum, "a token of GitHub"},
		{"ghu_", 36, 255, alnum, "a token of GitHub"},
		{"ghs_", 36, 255, alnum, "a token of GitHub"},
		{"ghr_", 36, 255, alnum, "a token of GitHub"},
		{"github_pat_", 60, 255, alnum + "_", "a token of GitHub"},
		{"glpat-", 20, 255, urlSafe, "a token of GitLab"},
		{"xoxb-", 24, 255, alnum + "-", "a token of Slack"},
		{"xoxp-", 24, 255, alnum + "-", "a token of Slack"},
		{"xoxa-", 24, 255, alnum + "-", "a token of Slack"},
		{"xoxr-", 24, 255, alnum + "-", "a token of Slack"},
		{"xoxs-", 24, 255, alnum + "-", "a token of Slack"},
		{"xapp-", 24, 255, alnum + "-", "a token of Slack"},
		{"hooks.slack.com/services/T", 30, 80, alnum + "/", "a webhook of Slack"},
		{"sk_live_", 20, 255, alnum, "a live key of Stripe"},
		{"rk_live_", 20, 255, alnum, "a live key of Stripe"},
		{"whsec_", 32, 255, alnum + "+/=", "a webhook secret of Stripe"},
		{"AIza", 35, 35, urlSafe, "an API key of Google"},
		{"SG.", 60, 70, urlSafe + ".", "a key of SendGrid"},
		{"npm_", 36, 36, alnum, "a token of npm"},
		{"pypi-AgE", 50, unending, urlSafe, "a token of PyPI"},
		{"dckr_pat_", 24, 64, urlSafe, "a token of Docker Hub"},
		{"dop_v1_", 64, 64, "0123456789abcdef", "a token of DigitalOcean"},
		{"hvs.", 24, unending, urlSafe, "a token of Vault"},
		{"hvb.", 24, unending, urlSafe, "a token of Vault"},
		{"sk-ant-", 40, unending, urlSafe, "a key of Anthropic"},
		{"sk-proj-", 40, unending, urlSafe, "a key of OpenAI"},
		{"shpat_", 32, 32, "0123456789abcdefABCDEF", "a token of Shopify"},
		{"AGE-SECRET-KEY-PQ-1", 40, unending, bech32, "an identity of age"},
	}
}

// findCredentials finds texts in the form of a credential: tokens by the prefix of
// their issuer, signed JSON Web Tokens, and URLs with a password. Examples,
// placeholders and variables are none.
func findCredentials(text string) []credential {
	var out []credential
	add := func(i int, what string) {
		end := i + strings.IndexByte(text[i:]+"\n", '\n')
		if begin := strings.LastIndexByte(text[:i], '\n') + 1; !strings.Contains(text[begin:end], allow) {
			out = append(out, credential{i, what})
		}
	}
	for _, form := range issuedForms() {
		each(text, form.prefix, func(i int) int {
			rest := text[i+len(form.prefix):]
			body := rest[:span(rest, form.alphabet, form.most+1)]
			if len(body) >= form.least && len(body) <= form.most && !continues(text, i) && random64(body) {
				add(i, form.what)
			}
			return len(form.prefix) + len(body)
		})
	}
	each(text, "eyJ", func(i int) int {
		rest := text[i:]
		token := rest[:span(rest, urlSafe+".", unending)]
		if !continues(text, i) && signedToken(token) {
			add(i, "a signed JSON Web Token")
		}
		return len(token)
	})
	each(text, "://", func(i int) int {
		rest := text[i+len("://"):]
		rest = rest[:span(rest, urlChars, 512)]
		if realPassword(rest) {
			add(i, "a URL with a password")
		}
		return 0
	})
	return out
}

// urlChars may stand in the authority of a URL that has a password (RFC 3986), and
// some that people forget to encode.
const urlChars = alnum + "-._~%!&*+,;=:@^#?"

// span counts the bytes of an alphabet that a text begins with, up to a bound.
func span(text, alphabet string, most int) int {
	n := 0
	for n < len(text) && n < most && strings.IndexByte(alphabet, text[n]) >= 0 {
		n++
	}
	return n
}

// continues tells whether a word began before a place.
func continues(text string, i int) bool {
	return i > 0 && (strings.IndexByte(alnum, text[i-1]) >= 0 || text[i-1] == '_')
}

// random64 tells whether the body of a token could be one: it has many different
// characters, and does not say that it is an example.
func random64(body string) bool {
	lower := strings.ToLower(body)
	for _, word := range []string{"example", "xxxx", "0000000", "1234567", "abcdefg", "redacted", "placeholder", "your", "dummy", "fake"} {
		if strings.Contains(lower, word) {
			return false
		}
	}
	return variety(body) >= minVariety || len(body) < 24 && variety(body) >= 8
}

// signedToken tells whether a text is a JSON Web Token with a signature (RFC 7515).
func signedToken(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) < 3 || len(parts[2]) < 20 || variety(parts[2]) < minVariety {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[0])
	var head struct {
		Alg string `json:"alg"`
	}
	return err == nil && json.Unmarshal(raw, &head) == nil && head.Alg != "" && !strings.EqualFold(head.Alg, "none")
}

// realPassword tells whether what follows "://" has a user and a password that is
// neither a variable nor a placeholder, and names a host that could exist.
func realPassword(rest string) bool {
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return false
	}
	_, password, ok := strings.Cut(rest[:at], ":")
	host := rest[at+1:]
	if !ok || len(password) < 6 || host == "" || strings.Trim(password, "*.xX%") == "" || strings.ToUpper(password) == password && strings.Trim(password, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
		return false
	}
	name, _, _ := strings.Cut(strings.ToLower(host), ":")
	for _, end := range []string{"example.com", "example.org", "example.net", ".example", ".test", ".invalid"} {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	return !strength.Sample(password)
}
