package secretstore

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode"

	"nselfc/lang/escape"
)

// address reads the URL of the server and refuses what a token may not be sent to,
// before anything is sent.
func (v *vault) address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, v.fail(ErrInvalid, "has an address that is not the URL of a server.", "Write it as in\n\n    https://vault.example.com:8200")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, v.fail(ErrInvalid, "has an address with more in it than a server.", "Credentials never stand in the address: they come from the environment or a file. Write it as in\n\n    https://vault.example.com:8200")
	}
	if !secure(u) {
		return nil, v.fail(ErrInvalid, "is at an address without TLS; nothing was sent.", "Everybody on the way could read the token and every secret. Write the address with https:// (http:// is for a server on this host alone).")
	}
	return u, nil
}

// place refuses a mount, path or namespace that the server would take for another.
func (v *vault) place(what, path string) error {
	bad := func(s string) bool { return s == "" || s == "." || s == ".." }
	if slices.ContainsFunc(segments(path), bad) || strings.ContainsFunc(path, unicode.IsControl) || path != strings.TrimSpace(path) {
		return v.fail(ErrInvalid, fmt.Sprintf("has a %s that is none: %q.", what, path), "It consists of names with one / between two of them, and none before the first or after the last, as in\n\n    shop/prod")
	}
	return nil
}

// connect makes the client. The file of a CA takes the place of the host's own list.
func (v *vault) connect(caFile string) (*http.Client, error) {
	var roots *x509.CertPool
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if roots = x509.NewCertPool(); err != nil || !roots.AppendCertsFromPEM(pem) {
			return nil, v.fail(ErrInvalid, "is to be trusted by the certificates in "+caFile+", where none can be read.",
				"VAULT_CACERT names a file of certificates in PEM. See what it is with\n\n    openssl x509 -noout -subject -in "+escape.ShellWord(caFile))
		}
	}
	return newClient(v.base, roots), nil
}

func shellPath(path []string) string { return escape.ShellWord(strings.Join(path, "/")) }
