package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// made gives random characters of an alphabet: no literal that looks real stands here.
func made(alphabet string, n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

func madeJWT(alg string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"`+alg+`","typ":"JWT"}`)) + "." + b64([]byte(`{"sub":"1"}`)) + "." + made(urlSafe, 43)
}

// TestCredentials makes one of each form on the spot, and hides it where people do.
func TestCredentials(t *testing.T) {
	forms := map[string]string{
		"AKIA" + made(upper32, 16): "AWS", "ghp_" + made(alnum, 36): "GitHub", "github_pat_" + made(alnum, 22) + "_" + made(alnum, 59): "GitHub",
		"glpat-" + made(urlSafe, 20): "GitLab", "xoxb-" + made("0123456789", 12) + "-" + made(alnum, 24): "Slack",
		"https://hooks.slack.com/services/T" + made(alnum, 9) + "/B" + made(alnum, 9) + "/" + made(alnum, 24): "webhook of Slack",
		"sk_live_" + made(alnum, 24): "Stripe", "AIza" + made(urlSafe, 35): "Google", "SG." + made(urlSafe, 22) + "." + made(urlSafe, 43): "SendGrid",
		"npm_" + made(alnum, 36): "npm", "dop_v1_" + made("0123456789abcdef", 64): "DigitalOcean", "hvs." + made(urlSafe, 90): "Vault",
		madeJWT("HS256"): "JSON Web Token", "postgres://app:" + made(alnum, 16) + "@db.internal:5432/app": "URL with a password",
		"amqp://app:" + "rabbitmq" + "@mq.internal:5672/": "URL with a password", // what everybody tries
		"redis://:" + made(urlSafe, 43) + "@cache:6379/0": "URL with a password", "https://u:" + made(alnum, 9) + "%2F" + made(alnum, 3) + "@host.de": "URL with a password",
	}
	for form, want := range forms {
		for _, text := range []string{form, "x\nKEY=" + form + "\n", "  \"key\": \"" + form + "\",", "# " + form + " #"} {
			if strings.HasPrefix(form, "SG.") || strings.Contains(form, "hvs.") {
				text += "\n"
			}
			found := findCredentials(text)
			if len(found) != 1 || !strings.Contains(found[0].what, want) || strings.Count(text[:found[0].offset], "\n") != strings.Count(text[:strings.Index(text, form)], "\n") {
				t.Errorf("%s: %+v", want, found)
			}
		}
		if found := findCredentials("# " + allow + " of the tests\n" + form + " # " + allow + "\n" + form); len(found) != 1 {
			t.Errorf("%s: %d where one of two is allowed", want, len(found))
		}
		if found := findCredentials("x" + form); !strings.Contains(form, "://") && len(found) > 0 {
			t.Errorf("%s is found in a longer word", want)
		}
	}
}

// TestNoCredentials: examples, placeholders and variables are none.
func TestNoCredentials(t *testing.T) {
	for _, text := range []string{
		"AKIAIOSFODNN7EXAMPLE", "ghp_" + strings.Repeat("x", 36), "ghp_" + strings.Repeat("a", 36), "sk_live_your_key_goes_here_please", "AKIA",
		"postgres://app:${secret.db}@db/app", "postgres://app:$PASSWORD@db/app", "postgres://user:password@db/app", "postgres://user:PASSWORD@db/app",
		"https://user:pass@example.com/", "redis://:<password>@cache", "https://example.com/a@b:c", "ftp://u:*****@h", "http://[::1]:8080/a@b", "mailto://a@b.de",
		"https://registry.de:5000/x@sha256:" + strings.Repeat("ab", 32), "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.short", "my" + "_npm_" + made(alnum, 20),
		"user:pw@host", "http://proxy:3128", "postgres://app@db/app", "https://u:xxxxxxxx@h.de", "git@github.com:nself/x.git", "ssh://git@github.com:22/x",
	} {
		if found := findCredentials(text); len(found) > 0 {
			t.Errorf("%s: %s", text, found[0].what)
		}
	}
}

// TestCredentialsAreFast: texts of nothing but beginnings take linear time.
func TestCredentialsAreFast(t *testing.T) {
	for _, part := range []string{"eyJ", "://a:", "ghp_", "hvs.a", "AKIAAKIA", "://"} {
		cost := func(n int) time.Duration {
			text := strings.Repeat(part, n)
			best := time.Hour
			for range 3 {
				start := time.Now()
				_ = findCredentials(text)
				best = min(best, time.Since(start))
			}
			return best
		}
		if one, eight := cost(5000), cost(40_000); eight > 24*one+100*time.Millisecond {
			t.Errorf("%q: %v, eight times as much %v", part, one, eight)
		}
	}
}
