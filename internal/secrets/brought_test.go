package secrets

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/emit"
)

// issuer is an authority of somebody else's, root → intermediate → leaf.
type issuer struct {
	root, middle       *x509.Certificate
	rootKey, middleKey crypto.Signer
}

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, c, parent *x509.Certificate, public crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, public, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	in := &issuer{rootKey: ecKey(t, elliptic.P256()), middleKey: ecKey(t, elliptic.P256())}
	ca := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(5, 0, 0),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	in.root = sign(t, ca("Root"), ca("Root"), in.rootKey.Public(), in.rootKey)
	in.middle = sign(t, ca("Middle"), in.root, in.middleKey.Public(), in.rootKey)
	return in
}

func (in *issuer) leaf(t *testing.T, key crypto.Signer, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "shop.example.com"}, NotBefore: testNow.AddDate(0, 0, -10), NotAfter: testNow.AddDate(0, 0, 80),
		DNSNames: []string{"shop.example.com", "*.api.example.com"}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	if change != nil {
		change(c)
	}
	return sign(t, c, in.middle, key.Public(), in.middleKey)
}

func chainPEM(certs ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range certs {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.String()
}

func keyPEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func ownersStack(hosts ...string) *ir.Stack {
	s := decl("tls", "files")
	s.Files = &ir.CertificateFiles{Certificate: str("tls/cert.pem"), PrivateKey: str("tls/key.pem"), Hosts: strs(hosts...)}
	return stackOf(s)
}

func TestBrought(t *testing.T) {
	in := newIssuer(t)
	key := ecKey(t, elliptic.P256())
	good := in.leaf(t, key, nil)
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // the weak key is what is refused
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p224 := ecKey(t, elliptic.P224())
	with := func(change func(*x509.Certificate)) *x509.Certificate { return in.leaf(t, key, change) }
	ec, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	self := func(c *x509.Certificate) *x509.Certificate { return sign(t, c, c, key.Public(), key) }
	selfSigned := self(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "me"}, DNSNames: []string{"shop.example.com"}, NotBefore: testNow.AddDate(0, 0, -1), NotAfter: testNow.AddDate(1, 0, 0)})

	signedBy := func(authority pkix.Name) string {
		ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: authority, NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
		other := &issuer{middle: sign(t, ca, ca, in.middleKey.Public(), in.middleKey), middleKey: in.middleKey}
		return chainPEM(other.leaf(t, key, nil), other.middle)
	}
	damaged := chainPEM(in.middle)[:300]

	tests := []struct {
		name        string
		chain, key  string
		hosts       []string
		code, words string // "" for none
		warning     bool
	}{
		{"good", chainPEM(good, in.middle), keyPEM(t, key), []string{"shop.example.com", "v1.api.example.com", "*.api.example.com"}, "", "", false},
		{"with root", chainPEM(good, in.middle, in.root), keyPEM(t, key), nil, "", "", false},
		{"SEC1 key behind parameters", chainPEM(good, in.middle), "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: ec})), nil, "", "", false},
		{"combined file", keyPEM(t, key) + chainPEM(good, in.middle), chainPEM(good) + keyPEM(t, key), nil, "", "", false},
		{"no certificate", "", keyPEM(t, key), nil, "NS430", "no certificate in PEM", false},
		{"broken certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", keyPEM(t, key), nil, "NS430", "number 1, that cannot be read", false},
		{"byte order mark", "\xef\xbb\xbf" + strings.ReplaceAll(chainPEM(good, in.middle), "\n", "\r\n"), keyPEM(t, key), nil, "", "", false},
		{"damaged issuer", chainPEM(good) + damaged, keyPEM(t, key), nil, "NS430", "begins 2 certificates, of which 1 cannot be read", false},
		{"damaged first", damaged + chainPEM(good), keyPEM(t, key), nil, "NS430", "begins 2 certificates", false},
		{"indented", strings.ReplaceAll(chainPEM(good, in.middle), "-----BEGIN", "  -----BEGIN"), keyPEM(t, key), nil, "NS430", "begins 2 certificates, of which 2", false},
		{"no key", chainPEM(good, in.middle), chainPEM(good), nil, "NS430", "no private key", false},
		{"broken key", chainPEM(good, in.middle), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", nil, "NS430", "private key that cannot be read", false},
		{"encrypted key", chainPEM(good, in.middle), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", nil, "NS430", "passphrase", false},
		{"old encrypted key", chainPEM(good, in.middle), "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", nil, "NS430", "passphrase", false},
		{"other key", chainPEM(good, in.middle), keyPEM(t, ecKey(t, elliptic.P256())), nil, "NS431", "does not belong", false},
		{"key of the issuer", chainPEM(good, in.middle), keyPEM(t, in.middleKey), nil, "NS432", "number 2", false},
		{"issuer first", chainPEM(in.middle, good), keyPEM(t, key), nil, "NS432", "Put the server's certificate first", false},
		{"hole in the chain", chainPEM(good, in.root), keyPEM(t, key), nil, "NS432", "number 2 of tls/cert.pem did not sign number 1", false},
		{"alone", chainPEM(good), keyPEM(t, key), nil, "NS440", "one certificate", true},
		{"other host", chainPEM(good, in.middle), keyPEM(t, key), []string{"shop.example.com", "www.example.com"}, "NS433", "does not cover www.example.com.", false},
		{"two labels for a star", chainPEM(good, in.middle), keyPEM(t, key), []string{"a.b.api.example.com"}, "NS433", "exactly one label", false},
		{"star not covered", chainPEM(good, in.middle), keyPEM(t, key), []string{"*.example.com"}, "NS433", "*.example.com", false},
		{"common name only", chainPEM(with(func(c *x509.Certificate) { c.DNSNames = nil }), in.middle), keyPEM(t, key), []string{"shop.example.com"}, "NS433", "it has none", false},
		{"expired", chainPEM(with(func(c *x509.Certificate) { c.NotAfter = testNow.Add(-time.Minute) }), in.middle), keyPEM(t, key), nil, "NS434", "was valid until 2030-05-01 11:59 UTC", false},
		{"not yet", chainPEM(with(func(c *x509.Certificate) { c.NotBefore = testNow.Add(time.Hour) }), in.middle), keyPEM(t, key), nil, "NS434", "valid from", false},
		{"soon", chainPEM(with(func(c *x509.Certificate) { c.NotAfter = testNow.AddDate(0, 0, 4) }), in.middle), keyPEM(t, key), nil, "NS435", "valid until", true},
		{"long", chainPEM(with(func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 826) }), in.middle), keyPEM(t, key), nil, "NS442", "826 days", true},
		{"as long as may be", chainPEM(with(func(c *x509.Certificate) { c.NotAfter = c.NotBefore.AddDate(0, 0, 825) }), in.middle), keyPEM(t, key), nil, "", "", false},
		{"mkcert", signedBy(pkix.Name{Organization: []string{"mkcert development CA"}, CommonName: "mkcert me@laptop"}), keyPEM(t, key), nil, "NS441", "mkcert development CA", false},
		{"Let's Encrypt's staging", signedBy(pkix.Name{Organization: []string{"Let's Encrypt"}, CommonName: "(STAGING) Counterfeit Cashew R10"}), keyPEM(t, key), nil, "NS441", "--staging", false},
		{"root of a staging chain", signedBy(pkix.Name{Organization: []string{"(STAGING) Let's Encrypt"}, CommonName: "R3"}), keyPEM(t, key), nil, "NS441", "(STAGING)", false},
		{"Caddy's", signedBy(pkix.Name{CommonName: "Caddy Local Authority - ECC Intermediate"}), keyPEM(t, key), nil, "NS441", "Caddy", false},
		{"the stack's local one", signedBy(pkix.Name{CommonName: "shop local CA"}), keyPEM(t, key), nil, "NS441", "shop local CA", false},
		{"an organisation's local one", signedBy(pkix.Name{CommonName: "Acme local CA"}), keyPEM(t, key), nil, "", "", false},
		{"short life, not soon", chainPEM(with(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = testNow.AddDate(0, 0, -1), testNow.AddDate(0, 0, 5)
		}), in.middle), keyPEM(t, key), nil, "", "", false},
		{"RSA 1024", chainPEM(in.leaf(t, small, nil), in.middle), keyPEM(t, small), nil, "NS436", "1024 bits", false},
		{"P-224", chainPEM(in.leaf(t, p224, nil), in.middle), keyPEM(t, p224), nil, "NS436", "P-224", false},
		{"Ed25519", chainPEM(in.leaf(t, ed, nil), in.middle), keyPEM(t, ed), nil, "NS436", "Ed25519", false},
		{"client only", chainPEM(with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), in.middle), keyPEM(t, key), nil, "NS437", "lacks serverAuth", false},
		{"authority", chainPEM(in.middle, in.root), keyPEM(t, in.middleKey), nil, "NS437", "that of an authority", false},
		{"self-signed", chainPEM(selfSigned), keyPEM(t, key), nil, "NS439", "signed itself", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, home := workDir(t), t.TempDir()
			put(t, filepath.Join(home, "tls/cert.pem"), tt.chain, 0o644)
			put(t, filepath.Join(home, "tls/key.pem"), tt.key, 0o600)
			_, diags := run(dir, ownersStack(tt.hosts...), nil, Options{StackDir: home})
			if tt.code == "" {
				for _, d := range diags {
					t.Errorf("%s: %s", d.Code, d.Detail)
				}
				return
			}
			wantCode(t, diags, tt.code, tt.words)
			if diags.HasErrors() == tt.warning || len(diags) != 1 {
				t.Errorf("%d diagnostics, errors: %v", len(diags), diags.HasErrors())
			}
			for _, d := range diags {
				if strings.Contains(d.Detail, "BEGIN") {
					t.Error("a file is quoted")
				}
			}
		})
	}
}

// TestSHA1 makes the parsed form by hand: crypto/x509 does not sign with SHA-1.
func TestSHA1(t *testing.T) {
	c := &brought{book: &book{}, secret: ownersStack().Secrets[0], chain: []*x509.Certificate{
		{SignatureAlgorithm: x509.SHA1WithRSA, PublicKey: &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047)}, RawIssuer: []byte{1}},
	}, at: at(1).Range}
	wantCode(t, c.checkStrength(), "NS436", "SHA1-RSA, which can be forged")
	c.chain[0].PublicKeyAlgorithm, c.chain[0].IsCA, c.chain[0].BasicConstraintsValid, c.chain[0].RawSubject = x509.RSA, true, true, []byte{1}
	c.chain = append(c.chain, c.chain[0])
	if d := c.checkChain(); len(d) > 0 {
		t.Errorf("the weak signature is told as a wrong order: %s", d[0].Detail)
	}
	c.chain[0].SignatureAlgorithm = x509.SHA256WithRSA
	if d := c.checkStrength(); len(d) > 0 {
		t.Error(d[0].Detail)
	}
	if c.checkChain() == nil {
		t.Error("a wrong signature passes")
	}
}

// TestBroughtFiles holds what happens on disk: the rendered files have the chain
// and the key, and nothing else that the owner's files held; .secrets has none.
func TestBroughtFiles(t *testing.T) {
	in := newIssuer(t)
	key := ecKey(t, elliptic.P256())
	chain := chainPEM(in.leaf(t, key, nil), in.middle)
	dir, home := workDir(t), t.TempDir()
	put(t, filepath.Join(home, "live/cert.pem"), "comment\n"+keyPEM(t, key)+chain, 0o644)
	put(t, filepath.Join(home, "live/key.pem"), keyPEM(t, key), 0o644)
	if err := os.Symlink("live", filepath.Join(home, "tls")); err != nil { // as certbot has it
		t.Fatal(err)
	}
	stack := ownersStack("shop.example.com")
	files := []emit.File{file(".secrets.d/chain", ref("secret.tls#certificate")), file(".secrets.d/key", ref("secret.tls#private_key"))}
	r, diags := run(dir, stack, files, Options{StackDir: home})
	wantCode(t, diags, "NS438", "chmod 600 "+filepath.Join(home, "tls/key.pem"))
	if diags.HasErrors() || len(r.Rendered) != 2 || len(r.Replaced) != 0 {
		t.Fatalf("%+v", r)
	}
	if diff := cmp.Diff(chain, get(t, filepath.Join(dir, ".secrets.d/chain"))); diff != "" {
		t.Error(diff)
	}
	if get(t, filepath.Join(dir, ".secrets.d/key")) != keyPEM(t, key) {
		t.Error("the key is another")
	}
	if _, err := os.Lstat(filepath.Join(dir, ".secrets")); err == nil && strings.Contains(get(t, filepath.Join(dir, ".secrets")), "PRIVATE") {
		t.Error("the key was copied to .secrets")
	}
	// An absolute path, and a renewal.
	stack.Secrets[0].Files.PrivateKey = str(filepath.Join(home, "live/key.pem"))
	renewed := chainPEM(in.leaf(t, key, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(8) }), in.middle)
	put(t, filepath.Join(home, "live/cert.pem"), renewed, 0o644)
	put(t, filepath.Join(home, "live/key.pem"), keyPEM(t, key), 0o600)
	r, diags = run(dir, stack, files, Options{StackDir: home})
	if changed := []string{".secrets.d/chain"}; len(diags) > 0 || !slices.Equal(r.Rendered, changed) || !slices.Equal(r.Replaced, changed) {
		t.Errorf("%v %+v", diags, r)
	}
	// Files that are not there: an error where the stack runs, a warning elsewhere.
	if err := os.Remove(filepath.Join(home, "live/cert.pem")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"no file", "a directory"} {
		if name == "a directory" {
			if err := os.Mkdir(filepath.Join(home, "live/cert.pem"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if _, diags = run(dir, stack, files, Options{StackDir: home}); !diags.HasErrors() {
			t.Errorf("%s: accepted", name)
		}
		wantCode(t, diags, "NS430", "tls/cert.pem")
		if _, diags = Check(dir, stack, files, Options{StackDir: home, Now: testNow}); diags.HasErrors() || len(diags) != 1 {
			t.Errorf("%s: Check says %v", name, diags)
		}
	}
}
