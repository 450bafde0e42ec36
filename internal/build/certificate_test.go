package build_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const ownCertificate = `stack "own" {}

service "api" {
  image = "ghcr.io/acme/api:1.0.0"

  port "http" {
    container = 8080
  }

  route {
    host = "own.example.com"
  }
}

ingress {
  tls {
    certificate {
      files {
        certificate = "./certs/chain.pem"
        private_key = "./certs/key.pem"
      }
    }
  }
}

firewall {}
`

// authority signs the certificates of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	now := time.Now()
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(2, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

// leaf writes the chain and the key of a server's certificate into a folder.
func (a *authority) leaf(t *testing.T, dir, host string, from, to time.Time, signed, written *ecdsa.PrivateKey) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, AuthorityKeyId: a.cert.SubjectKeyId,
	}, a.cert, signed.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	chain := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})...)
	der, err = x509.MarshalPKCS8PrivateKey(written)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "chain.pem"), string(chain))
	put(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	if err := os.Chmod(filepath.Join(dir, "key.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBroughtCertificate wants a certificate that clients would refuse to be
// refused at the build, and a renewed one to be taken over.
func TestBroughtCertificate(t *testing.T) {
	t.Parallel()
	a, key, other := newAuthority(t), newKey(t), newKey(t)
	now, day := time.Now(), 24*time.Hour
	good := func(t *testing.T, dir string) {
		t.Helper()
		a.leaf(t, dir, "own.example.com", now.Add(-day), now.Add(80*day), key, key)
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, dir string)
		code int
		says []string
	}{
		{"good", good, 0, nil},
		{"missing", func(*testing.T, string) {}, 1, []string{"Error NS430", "\n  nself.hcl:19:", "ls -lL certs/chain.pem"}},
		{"no key", func(t *testing.T, dir string) {
			t.Helper()
			good(t, dir)
			if err := os.Remove(filepath.Join(dir, "key.pem")); err != nil {
				t.Fatal(err)
			}
		}, 1, []string{"Error NS430", "\n  nself.hcl:20:", "ls -lL certs/key.pem"}},
		{"expired", func(t *testing.T, dir string) {
			t.Helper()
			a.leaf(t, dir, "own.example.com", now.Add(-90*day), now.Add(-day), key, key)
		}, 1, []string{"Error NS434", "\n  nself.hcl:19:"}},
		{"not yet", func(t *testing.T, dir string) {
			t.Helper()
			a.leaf(t, dir, "own.example.com", now.Add(day), now.Add(90*day), key, key)
		}, 1, []string{"Error NS434"}},
		{"soon", func(t *testing.T, dir string) {
			t.Helper()
			a.leaf(t, dir, "own.example.com", now.Add(-80*day), now.Add(3*day), key, key)
		}, 0, []string{"Warning NS435"}},
		{"another key", func(t *testing.T, dir string) {
			t.Helper()
			a.leaf(t, dir, "own.example.com", now.Add(-day), now.Add(80*day), key, other)
		}, 1, []string{"Error NS431", "openssl x509 -noout -pubkey -in certs/chain.pem"}},
		{"another host", func(t *testing.T, dir string) {
			t.Helper()
			a.leaf(t, dir, "www.example.com", now.Add(-day), now.Add(80*day), key, key)
		}, 1, []string{"Error NS433", "own.example.com"}},
		{"a key for all", func(t *testing.T, dir string) {
			t.Helper()
			good(t, dir)
			if err := os.Chmod(filepath.Join(dir, "key.pem"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, 0, []string{"Warning NS438", "chmod 600 certs/key.pem"}},
		{"no certificate", func(t *testing.T, dir string) {
			t.Helper()
			good(t, dir)
			put(t, filepath.Join(dir, "chain.pem"), "hello\n")
		}, 1, []string{"Error NS430", "-inform der -in certs/chain.pem"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "nself.hcl"), ownCertificate)
			c.make(t, filepath.Join(dir, "certs"))
			r := run(t, command(t, dir, "build"))
			if r.code != c.code {
				t.Errorf("exit code %d, want %d", r.code, c.code)
			}
			for _, s := range c.says {
				if !strings.Contains(r.stderr, s) {
					t.Errorf("the text does not say %q", s)
				}
			}
			if strings.Count(r.stderr, "NS430: ") > 1 {
				t.Error("one fault is told twice")
			}
			if t.Failed() {
				t.Log(r.stderr)
			}
			if c.code != 0 {
				if _, err := os.Stat(filepath.Join(dir, "out", ".secrets.d", "ingress", "tls.key")); err == nil {
					t.Error("the key was taken over")
				}
				return
			}
			a.leaf(t, filepath.Join(dir, "certs"), "own.example.com", now.Add(-day), now.Add(85*day), other, other)
			ran(t, 0, dir, "build")
			if get(t, filepath.Join(dir, "out", ".secrets.d", "ingress", "tls.crt")) != get(t, filepath.Join(dir, "certs", "chain.pem")) {
				t.Error("the renewed certificate was not taken over")
			}
		})
	}
}
