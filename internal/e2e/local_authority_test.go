//go:build lab && linux

package e2e

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
)

// testLocalAuthority plays a thief of the development authority's key: browsers
// on the laptop trust it, so it must be worth nothing for any other name. Go and
// OpenSSL judge; own is a host of the stack.
func (s *stack) testLocalAuthority(t *testing.T, own string) {
	stolen := s.stolenAuthority(t)
	folder := t.TempDir()
	ca := filepath.Join(folder, "ca.pem")
	write(t, ca, stolen.pem, 0o644)
	for host, trusted := range map[string]bool{
		own:                         true, // the control: the thief's certificates are well made
		"evil.example.com":          false,
		"localhost":                 false,
		"not" + own:                 false,
		own + ".evil.example":       false,
		"accounts.google.localhost": false,
	} {
		chain, _ := stolen.issue(t, host)
		block, _ := pem.Decode(chain)
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(stolen.cert)
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); (err == nil) != trusted {
			t.Errorf("Go: a certificate for %s is trusted: %v (%v)", host, err == nil, err)
		}
		file := filepath.Join(folder, "leaf.pem")
		write(t, file, chain, 0o644)
		if r := s.engine.Host("openssl", "verify", "-CAfile", ca, "-verify_hostname", host, file); r.OK() != trusted {
			t.Errorf("OpenSSL: a certificate for %s: %s", host, r)
		}
	}
}

// stolenAuthority is the stack's own authority, with the key that .secrets holds.
func (s *stack) stolenAuthority(t *testing.T) *authority {
	t.Helper()
	values, err := dotenv.Read(filepath.Join(s.out, ".secrets"))
	if err != nil {
		t.Fatal(err)
	}
	certificate, _ := pem.Decode([]byte(values["INGRESS_CA__CERTIFICATE"]))
	private, _ := pem.Decode([]byte(values["INGRESS_CA__PRIVATE_KEY"]))
	if certificate == nil || private == nil {
		t.Fatalf(".secrets holds no authority among %v", sortedKeys(values))
	}
	cert, err := x509.ParseCertificate(certificate.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(private.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert: cert, key: key.(*ecdsa.PrivateKey), pem: encode("CERTIFICATE", certificate.Bytes)}
}
