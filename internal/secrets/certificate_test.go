package secrets

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
)

func parseCert(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	cert, err := parseOwnCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func verify(cert, ca *x509.Certificate, use x509.ExtKeyUsage, host string) error {
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	_, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: testNow, KeyUsages: []x509.ExtKeyUsage{use}})
	return err
}

// rogue signs a certificate with the key of an authority, outside of what nselfc
// would sign.
func rogue(t *testing.T, dir, caName string, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	all := entries(t, dir)
	ca := parseCert(t, all[caName+suffixCertificate])
	caKey, err := parseOwnKey(all[caName+suffixPrivateKey])
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "rogue"}, NotBefore: testNow.Add(-time.Hour), NotAfter: testNow.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// TestCertificates verifies what is issued with crypto/x509 and with OpenSSL, and
// with both that the authority's key is worth nothing outside its hosts.
func TestCertificates(t *testing.T) {
	dir := workDir(t)
	client := leaf("cli", "secret.ca")
	client.X509.Client, client.X509.CommonName = true, str("reporter")
	login := leaf("login", "secret.pg_ca") // of one label, which is no host that the authority would have to permit
	login.X509.Client, login.X509.CommonName = true, str("app")
	stack := stackOf(
		authority("ca"), client, leaf("web", "secret.ca", "shop.localhost", "*.shop.localhost", "127.0.0.1", "::1"),
		authority("pg_ca", "postgres", "10.0.0.0/8"), leaf("pg", "secret.pg_ca", "db.postgres", "10.1.2.3"), login,
	)
	build(t, dir, stack, nil)
	all := entries(t, dir)
	ca, web, cli := parseCert(t, all["CA__CERTIFICATE"]), parseCert(t, all["WEB__CERTIFICATE"]), parseCert(t, all["CLI__CERTIFICATE"])
	pgCA, pg := parseCert(t, all["PG_CA__CERTIFICATE"]), parseCert(t, all["PG__CERTIFICATE"])

	for _, host := range []string{"shop.localhost", "api.shop.localhost", "127.0.0.1", "::1"} {
		if err := verify(web, ca, x509.ExtKeyUsageServerAuth, host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if err := verify(cli, ca, x509.ExtKeyUsageClientAuth, ""); err != nil {
		t.Error(err)
	}
	if err := verify(pg, pgCA, x509.ExtKeyUsageServerAuth, "10.1.2.3"); err != nil {
		t.Error(err)
	}
	bad := map[string]error{
		"other host":                   verify(web, ca, x509.ExtKeyUsageServerAuth, "a.b.shop.localhost"),
		"server certificate as client": verify(web, ca, x509.ExtKeyUsageClientAuth, ""),
		"client certificate as server": verify(cli, ca, x509.ExtKeyUsageServerAuth, ""),
		"other authority":              verify(web, pgCA, x509.ExtKeyUsageServerAuth, "shop.localhost"),
		"name outside":                 verify(rogue(t, dir, "PG_CA", func(c *x509.Certificate) { c.DNSNames = []string{"bank.example"} }), pgCA, x509.ExtKeyUsageServerAuth, "bank.example"),
		"address outside":              verify(rogue(t, dir, "PG_CA", func(c *x509.Certificate) { c.IPAddresses = []net.IP{{8, 8, 8, 8}} }), pgCA, x509.ExtKeyUsageServerAuth, "8.8.8.8"),
		"code signing": verify(rogue(t, dir, "PG_CA", func(c *x509.Certificate) {
			c.DNSNames, c.ExtKeyUsage = []string{"postgres"}, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}), pgCA, x509.ExtKeyUsageCodeSigning, "postgres"),
	}
	for name, err := range bad {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	for name, c := range map[string]*x509.Certificate{"ca": ca, "web": web} {
		if c.SignatureAlgorithm != x509.ECDSAWithSHA256 || c.PublicKey.(*ecdsa.PublicKey).Curve != elliptic.P256() || c.SerialNumber.BitLen() < 64 {
			t.Errorf("%s: %v", name, c.SignatureAlgorithm)
		}
	}
	if life := web.NotAfter.Sub(web.NotBefore) + time.Second; life != 397*24*time.Hour {
		t.Errorf("the leaf lives %v", life)
	}
	openssl(t, dir, all)
}

// openssl asks a verifier of another hand.
func openssl(t *testing.T, dir string, all map[string]string) {
	t.Helper()
	bin := tool(t, "openssl")
	tmp := t.TempDir()
	write := func(name, text string) string {
		put(t, filepath.Join(tmp, name), text, 0o600)
		return filepath.Join(tmp, name)
	}
	ca, pgCA := write("ca", all["CA__CERTIFICATE"]), write("pgca", all["PG_CA__CERTIFICATE"])
	asPEM := func(c *x509.Certificate) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	outside := asPEM(rogue(t, dir, "PG_CA", func(c *x509.Certificate) { c.DNSNames = []string{"bank.example"} }))
	noAddress := asPEM(rogue(t, dir, "CA", func(c *x509.Certificate) { c.IPAddresses = []net.IP{{8, 8, 8, 8}} }))
	tests := []struct {
		name string
		want bool
		args []string
	}{
		{"web", true, []string{"-CAfile", ca, "-purpose", "sslserver", "-verify_hostname", "api.shop.localhost", write("web", all["WEB__CERTIFICATE"])}},
		{"client", true, []string{"-CAfile", ca, "-purpose", "sslclient", write("cli", all["CLI__CERTIFICATE"])}},
		{"client of an authority for hosts", true, []string{"-CAfile", pgCA, "-purpose", "sslclient", write("login", all["LOGIN__CERTIFICATE"])}},
		{"pg", true, []string{"-CAfile", pgCA, "-purpose", "sslserver", "-verify_ip", "10.1.2.3", write("pg", all["PG__CERTIFICATE"])}},
		{"name outside", false, []string{"-CAfile", pgCA, write("out", outside)}},
		{"address outside", false, []string{"-CAfile", ca, write("addr", noAddress)}},
		{"wrong purpose", false, []string{"-CAfile", ca, "-purpose", "sslclient", filepath.Join(tmp, "web")}},
		{"other authority", false, []string{"-CAfile", pgCA, filepath.Join(tmp, "web")}},
	}
	for _, tt := range tests {
		args := append([]string{"verify", "-x509_strict", "-attime", strconv.FormatInt(testNow.Unix(), 10)}, tt.args...)
		out, err := exec.Command(bin, args...).CombinedOutput()
		if (err == nil) != tt.want {
			t.Errorf("openssl, %s: %v: %s", tt.name, err, out)
		}
	}
}

// TestReissue holds when a certificate is renewed, and that its key never is.
func TestReissue(t *testing.T) {
	day := 24 * time.Hour
	base := func() (*ir.Stack, *ir.Secret, *ir.Secret) {
		ca, web := authority("ca", "shop.localhost"), leaf("web", "secret.ca", "shop.localhost")
		web.X509.Days = ir.Int{V: 90}
		return stackOf(ca, web), ca, web
	}
	tests := []struct {
		name   string
		after  time.Duration
		change func(ca, web *ir.Secret)
		want   []Reissued
	}{
		{"nothing", 0, nil, nil},
		{"two thirds", 59 * day, nil, nil},
		{"a third left", 61 * day, nil, []Reissued{{"secret.web", "it expires on 2030-07-30"}}},
		{"expired", 100 * day, nil, []Reissued{{"secret.web", "it expires on 2030-07-30"}}},
		{"clock behind", -100 * day, nil, nil},
		{"hosts", 0, func(_, web *ir.Secret) { web.X509.Hosts = strs("a.shop.localhost") }, []Reissued{{"secret.web", "its names changed"}}},
		{"same hosts, other order", 0, func(_, web *ir.Secret) {
			web.X509.Hosts, web.X509.CommonName = append(strs("shop.localhost"), web.X509.Hosts...), str("shop.localhost")
		}, nil},
		{"common name", 0, func(_, web *ir.Secret) { web.X509.CommonName = str("web") }, []Reissued{{"secret.web", "its names changed"}}},
		{"lifetime", 0, func(_, web *ir.Secret) { web.X509.Days = ir.Int{V: 30} }, []Reissued{{"secret.web", "its lifetime changed"}}},
		{"purpose", 0, func(_, web *ir.Secret) { web.X509.Client = true }, []Reissued{{"secret.web", "its purpose changed"}}},
		{"names of the authority", 0, func(ca, _ *ir.Secret) { ca.X509.Hosts = strs("localhost") }, []Reissued{{"secret.ca", "its names changed"}}},
		{"name of the authority", 0, func(ca, _ *ir.Secret) { ca.X509.CommonName = str("other") }, []Reissued{{"secret.ca", "its names changed"}, {"secret.web", "its authority changed"}}},
		{"authority expires", 2500 * day, nil, []Reissued{{"secret.ca", "it expires on 2040-04-28"}, {"secret.web", "it expires on 2030-07-30"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := workDir(t)
			stack, _, _ := base()
			build(t, dir, stack, nil)
			before := entries(t, dir)
			stack, ca, web := base()
			if tt.change != nil {
				tt.change(ca, web)
			}
			opts := Options{Now: testNow.Add(tt.after)}
			r, diags := run(dir, stack, nil, opts)
			if diags.HasErrors() {
				t.Fatal(diags[0].Detail)
			}
			if diff := cmp.Diff(tt.want, r.Reissued); diff != "" {
				t.Error(diff)
			}
			after := entries(t, dir)
			for _, key := range []string{"CA__PRIVATE_KEY", "WEB__PRIVATE_KEY"} {
				if before[key] != after[key] {
					t.Errorf("%s changed", key)
				}
			}
			if again, _ := run(dir, stack, nil, opts); len(again.Reissued) > 0 {
				t.Errorf("issued again and again: %v", again.Reissued)
			}
			if err := parseCert(t, after["WEB__CERTIFICATE"]).CheckSignatureFrom(parseCert(t, after["CA__CERTIFICATE"])); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestNewAuthorityKey holds that a leaf follows an authority whose pair was made
// again because its owner deleted it.
func TestNewAuthorityKey(t *testing.T) {
	dir := workDir(t)
	stack := stackOf(authority("ca", "db"), leaf("web", "secret.ca", "db"))
	build(t, dir, stack, nil)
	var kept []string
	for line := range strings.Lines(get(t, filepath.Join(dir, ".secrets"))) {
		if !strings.HasPrefix(line, "CA__") {
			kept = append(kept, line)
		}
	}
	put(t, filepath.Join(dir, ".secrets"), strings.Join(kept, ""), 0o600)
	r := build(t, dir, stack, nil)
	if diff := cmp.Diff(&Report{Generated: []string{"secret.ca"}, Reissued: []Reissued{{"secret.web", "its authority changed"}}, Recorded: true}, r); diff != "" {
		t.Error(diff)
	}
}

func TestLeafNeverOutlivesAuthority(t *testing.T) {
	dir := workDir(t)
	ca := authority("ca", "db")
	ca.X509.Days = ir.Int{V: 20}
	stack := stackOf(ca, leaf("web", "secret.ca", "db"))
	build(t, dir, stack, nil)
	all := entries(t, dir)
	if c, w := parseCert(t, all["CA__CERTIFICATE"]), parseCert(t, all["WEB__CERTIFICATE"]); w.NotAfter.After(c.NotAfter) {
		t.Errorf("%v after %v", w.NotAfter, c.NotAfter)
	}
	if r := build(t, dir, stack, nil); len(r.Kept) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestRefusesCertificateDeclarations(t *testing.T) {
	days := func(s *ir.Secret, n int) *ir.Secret { s.X509.Days = ir.Int{V: n}; return s }
	named := func(s *ir.Secret, n string) *ir.Secret { s.X509.CommonName = str(n); return s }
	sub := authority("sub", "db")
	sub.X509.SignedBy = "secret.ca"
	dotted := named(leaf("x", "secret.ca"), "app.web")
	dotted.X509.Client = true
	tests := []struct {
		name  string
		stack *ir.Stack
		words string
	}{
		{"client named as a host", stackOf(authority("ca", "db"), dotted), "is for app.web"},
		{"399 days", stackOf(days(leaf("x", "", "db"), 399)), "399 days"},
		{"negative days", stackOf(days(leaf("x", "", "db"), -1)), "-1 days"},
		{"old authority", stackOf(days(authority("x", "db"), 7301)), "7301 days"},
		{"no host", stackOf(leaf("x", "")), "for no host"},
		{"upper case", stackOf(leaf("x", "", "DB")), `"DB"`},
		{"URL", stackOf(leaf("x", "", "https://db")), "without scheme"},
		{"star inside", stackOf(leaf("x", "", "a.*.db")), "at most one *"},
		{"empty label", stackOf(leaf("x", "", "db..local")), "neither a DNS name"},
		{"long name", stackOf(named(leaf("x", "", "db"), strings.Repeat("x", 65))), "65 bytes"},
		{"nobody signs", stackOf(leaf("x", "secret.none", "db")), "not an authority"},
		{"a leaf signs", stackOf(leaf("x", "secret.y", "db"), leaf("y", "", "db")), "not an authority"},
		{"signs itself", stackOf(leaf("x", "secret.x", "db")), "not an authority"},
		{"second level", stackOf(authority("ca", "db"), sub), "one level"},
		{"outside", stackOf(authority("ca", "db"), leaf("x", "secret.ca", "web")), "is for web"},
		{"address outside", stackOf(authority("ca", "db"), leaf("x", "secret.ca", "db", "10.0.0.1")), "is for 10.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := workDir(t)
			_, diags := run(dir, tt.stack, nil, Options{})
			wantCode(t, diags, "NS420", tt.words)
			wantCode(t, Declared(tt.stack, nil), "NS420", tt.words) // and without a host
		})
	}
	// The controls: addresses alone, and a host longer than a common name may be, are fine.
	build(t, workDir(t), stackOf(authority("ca", "10.0.0.1", "2001:db8::1"), leaf("x", "secret.ca", "10.0.0.1", "2001:db8::1")), nil)
	build(t, workDir(t), stackOf(leaf("x", "", strings.Repeat("a", 60)+".example.com")), nil)
}

func TestRefusesStoredCertificates(t *testing.T) {
	dir := workDir(t)
	stack := stackOf(leaf("x", "", "db"))
	build(t, dir, stack, nil)
	good := get(t, filepath.Join(dir, ".secrets"))
	var keyLine, certLine string
	for line := range strings.Lines(good) {
		if strings.HasPrefix(line, "X__PRIVATE_KEY") {
			keyLine = line
		}
		if strings.HasPrefix(line, "X__CERTIFICATE") {
			certLine = line
		}
	}
	for name, text := range map[string]string{
		"no key":         certLine,
		"broken key":     certLine + strings.Replace(keyLine, "MIG", "MIH", 1),
		"not a key":      certLine + "X__PRIVATE_KEY=abc\n",
		"not PEM":        keyLine + "X__CERTIFICATE=abc\n",
		"two blocks":     keyLine + strings.Replace(certLine, `\n"`, `\n`+strings.TrimPrefix(strings.TrimSpace(certLine), `X__CERTIFICATE="`), 1),
		"key for a cert": strings.Replace(keyLine, "X__PRIVATE_KEY", "X__CERTIFICATE", 1) + keyLine,
	} {
		t.Run(name, func(t *testing.T) {
			put(t, filepath.Join(dir, ".secrets"), text, 0o600)
			_, diags := run(dir, stack, nil, Options{})
			wantCode(t, diags, "NS421", "does not replace a key")
			if get(t, filepath.Join(dir, ".secrets")) != text {
				t.Error("the file was changed")
			}
		})
	}
	// A certificate alone may go: it is public, and made again with the same key.
	put(t, filepath.Join(dir, ".secrets"), keyLine, 0o600)
	build(t, dir, stack, nil)
	if !slices.Contains(strings.SplitAfter(get(t, filepath.Join(dir, ".secrets")), "\n"), keyLine) {
		t.Error("the key changed")
	}
}
