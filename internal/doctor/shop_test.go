package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"nselfc/internal/build"
	"nselfc/lang/diag"
)

// builtOn is the day of the tests: the table of releases ages.
var builtOn = time.Date(2026, 12, 15, 12, 0, 0, 0, time.UTC)

var writing = build.WriteOptions{Options: build.Options{Env: "prod"}, Version: "0.0.0-test", Now: builtOn}

// tree is the folder of a stack after a build.
type tree struct {
	entries []entry // a folder before what is in it
	ca      authority
}

type entry struct {
	name     string
	mode     fs.FileMode
	uid, gid int
	text     []byte
}

var built struct {
	sync.Once
	*tree
}

// shop is the shop, built once for all tests: a build derives verifiers of passwords,
// which is slow by intent, and syncs what it writes.
func shop(t *testing.T) *tree {
	t.Helper()
	built.Do(func() { built.tree = buildShop(t) })
	if built.tree == nil {
		t.Fatal("the shop could not be built")
	}
	return built.tree
}

// buildShop gives the shop two secrets that somebody types and a certificate, and
// builds it.
func buildShop(t *testing.T) *tree {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile("../../examples/shop/nself.hcl")
	if err != nil {
		t.Fatal(err)
	}
	with := string(text) + "\nsecret \"smtp\" {\n  kind = \"input\"\n}\n\nsecret \"mail\" {\n  kind = \"input\"\n}\n"
	put(t, filepath.Join(dir, "nself.hcl"), with, 0o644)
	b := &tree{ca: newAuthority(t, builtOn)}
	chain, key := b.ca.issue(t, nil)
	put(t, dir+"/certs/fullchain.pem", string(chain), 0o644)
	put(t, dir+"/certs/privkey.pem", string(key), 0o600)
	put(t, dir+"/out/prod/.secrets", "SMTP="+random(t)+"\nMAIL="+random(t)+"\n", 0o600)
	c, diags := build.Compile(context.Background(), dir, writing.Options)
	_, more := c.Write(context.Background(), writing)
	for _, d := range append(diags, more...) {
		if d.Severity == diag.Error {
			t.Fatalf("%s %s: %s", d.Code, d.Summary, d.Detail)
		}
	}
	if err := filepath.WalkDir(dir, b.add(dir)); err != nil {
		t.Fatal(err)
	}
	return b
}

// add keeps what is found below a folder.
func (b *tree) add(dir string) fs.WalkDirFunc {
	return func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		e := entry{name: name, mode: info.Mode(), uid: -1, gid: -1}
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			e.uid, e.gid = int(s.Uid), int(s.Gid)
		}
		if !d.IsDir() {
			e.text, err = os.ReadFile(path) // a link would fail below, where its mode is set
		}
		b.entries = append(b.entries, e)
		return err
	}
}

// unpack writes the tree into a folder of the test.
func (b *tree) unpack(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, e := range b.entries {
		path := filepath.Join(dir, e.name)
		switch {
		case e.mode.IsRegular():
			put(t, path, string(e.text), e.mode.Perm())
		case !e.mode.IsDir():
			t.Fatalf("%s is no file: %s", e.name, e.mode)
		case e.name != ".":
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Lchown(path, e.uid, e.gid); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range b.entries { // a folder may forbid to write in it
		if err := os.Chmod(filepath.Join(dir, e.name), e.mode.Perm()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	now  time.Time
}

func newAuthority(t *testing.T, now time.Time) authority {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench authority"}, NotBefore: now.Add(-200 * 24 * time.Hour), NotAfter: now.Add(1000 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key, now}
}

// issue makes a certificate, and its key.
func (a authority) issue(t *testing.T, change func(*x509.Certificate)) (chain, private []byte) {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "api.shop.example.com"}, DNSNames: []string{"api.shop.example.com"},
		NotBefore: a.now.Add(-time.Hour), NotAfter: a.now.Add(89 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(leaf)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := x509.MarshalPKCS8PrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}
