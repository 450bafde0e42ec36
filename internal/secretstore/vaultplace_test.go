package secretstore

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/ir"
)

func TestVaultAddresses(t *testing.T) {
	secret := made()
	for address, want := range map[string]string{
		"http://vault.example.com:8200": "without TLS", "http://10.0.0.7:8200": "without TLS", "http://0.0.0.0:8200": "without TLS", "http://127.0.0.1.example.com": "without TLS",
		"http://[::ffff:10.0.0.1]:8200": "without TLS", "HTTP://vault.example.com": "without TLS", "http://localhost.example.com": "without TLS", "http://127.1": "without TLS",
		"https://user:" + secret + "@vault.example.com": "more in it", "https://vault.example.com?t=" + secret: "more in it", "https://vault.example.com#" + secret: "more in it",
		"": "not the URL", "vault.example.com:8200": "not the URL", "https://": "not the URL", "unix:///run/vault.sock": "not the URL", "ftp://vault": "not the URL", "https://:8200": "not the URL",
		"https://vault.example.com": "", "https://vault.example.com:8200/": "", "https://vault.example.com/behind/a/path": "",
		"http://127.0.0.1:8200": "", "http://127.8.9.1": "", "http://[::1]:8200": "", "http://localhost:8200": "", "http://[::ffff:127.0.0.1]:8200": "",
	} {
		s := vaultServer{address: address}
		_, err := Open(s.store("secret", "shop"), Options{Getenv: func(n string) string { return map[string]string{"VAULT_TOKEN": "t"}[n] }})
		if want == "" && err != nil {
			t.Errorf("%s: %v", address, err)
		} else if want != "" {
			wantKind(t, err, ErrInvalid, want)
		}
		if err != nil && strings.Contains(told(err), secret) {
			t.Errorf("%s is shown whole", address)
		}
	}
	for _, path := range []string{"", "/", "/a", "a/", "a//b", "../a", "a/..", "a/./b", "a\nb", " a", "a\x00"} {
		for _, spec := range []*ir.SecretStore{vaultServer{address: "https://v"}.store(path, "a"), vaultServer{address: "https://v"}.store("a", path), vaultServer{address: "https://v", namespace: path}.store("a", "a")} {
			if _, err := Open(spec, Options{Getenv: func(n string) string { return map[string]string{"VAULT_TOKEN": "t"}[n] }}); !errors.Is(err, ErrInvalid) && (path != "" || spec.Namespace.V != "" || spec.Mount.V == "" || spec.Path.V == "") {
				t.Errorf("%q: %v", path, err)
			}
		}
	}
}

// TestVaultNameOfAnotherHost takes a name that is promised to be this host and is not.
func TestVaultNameOfAnotherHost(t *testing.T) {
	base, _ := url.Parse("http://localhost:8200")
	d := newClient(base, nil).Transport.(*http.Transport)
	for address, want := range map[string]bool{"127.0.0.1:1": true, "[::1]:1": true, "192.0.2.7:8200": false, "[2001:db8::1]:8200": false} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		conn, err := d.DialContext(ctx, "tcp", address)
		cancel()
		if conn != nil {
			conn.Close()
		}
		if got := !errors.Is(err, errNotHere); got != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}
