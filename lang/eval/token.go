package eval

import (
	"strings"

	"nselfc/lang/secret"
)

// AddressIn gives the address of the first secret in a text that holds tokens.
func AddressIn(s string) string {
	t, err := secret.Parse(s)
	if err == nil {
		if addrs := t.Addresses(); len(addrs) > 0 {
			return addrs[0]
		}
	}
	return "a secret"
}

// Redact replaces every token in a text by the address of its secret.
func Redact(s string) string {
	if !strings.Contains(s, secret.Mark) {
		return s
	}
	if t, err := secret.Parse(s); err == nil {
		return t.String()
	}
	return strings.ReplaceAll(s, secret.Mark, "")
}
