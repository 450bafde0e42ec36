package catalog_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nselfc/lang"
	"nselfc/lang/escape"
	"nselfc/lang/secret"
)

// host plays the part of the host: it makes the secrets of a stack and renders
// texts with them. The verifiers are computed here once more, from the RFC, and
// not by the code that the product uses.
type host struct {
	t      *testing.T
	values map[string]string // by address, and by address#field
}

func newHost(t *testing.T) *host { return &host{t: t, values: map[string]string{}} }

// password gives the value of a secret, made when first asked for.
func (h *host) password(address string) string {
	if v, ok := h.values[address]; ok {
		return v
	}
	v := "pw-" + rand.Text()
	h.values[address] = v
	return v
}

func (h *host) render(text secret.Text) string {
	h.t.Helper()
	var b strings.Builder
	for _, p := range text {
		switch {
		case p.Secret == nil:
			b.WriteString(p.Literal)
		case p.Secret.Func == "":
			address := p.Secret.Address
			if p.Secret.Field != "" {
				address += "#" + p.Secret.Field
			}
			b.WriteString(h.password(address))
		default:
			if f, ok := escape.Lookup(p.Secret.Func); ok && f.OfLogin() {
				b.WriteString(h.login(p.Secret))
				continue
			}
			in := h.render(p.Secret.Args[0])
			if p.Secret.Func == "scram_verifier" {
				b.WriteString(h.verifier(in))
				continue
			}
			f, ok := escape.Lookup(p.Secret.Func)
			if !ok || f.Salted() {
				h.t.Fatalf("no function %s", p.Secret.Func)
			}
			out, err := f.Apply(in)
			if err != nil {
				h.t.Fatalf("%s: %v", p.Secret, err)
			}
			b.WriteString(out)
		}
	}
	return b.String()
}

// login says of a pair what the product says, which internal/secrets tries on a real
// server in the same words. The first login has the value of the
// secret and the second that of its address and "/b", if there is one; with "/only"
// of "b", the first has none any more.
func (h *host) login(x *secret.Expr) string {
	address := x.Args[0][0].Secret.Address
	b, hasB := h.values[address+"/b"]
	onlyB := h.values[address+"/only"] == "b"
	switch {
	case x.Func == escape.Login && onlyB:
		return roleOf(x) + "_b"
	case x.Func == escape.Login:
		return roleOf(x) + "_a"
	case x.Func == escape.LoginA && !onlyB:
		return "LOGIN PASSWORD '" + h.verifier(h.password(address)) + "'"
	case x.Func == escape.LoginB && hasB:
		return "LOGIN PASSWORD '" + h.verifier(b) + "'"
	}
	return "NOLOGIN PASSWORD NULL"
}

// roleOf gives the role whose password a function of its logins is about.
func roleOf(x *secret.Expr) string {
	address := x.Args[0][0].Secret.Address
	return address[strings.LastIndex(address, "[")+2 : len(address)-2]
}

// verifier follows RFC 5802, section 3, and RFC 7677. The salt is kept, as the
// product keeps it.
func (h *host) verifier(password string) string {
	key := "salt of " + password
	if _, ok := h.values[key]; !ok {
		h.values[key] = rand.Text() + "012345"
	}
	salt := []byte(h.values[key])
	salted, err := pbkdf2.Key(sha256.New, password, salt, 100_000, 32)
	if err != nil {
		h.t.Fatal(err)
	}
	mac := func(word string) []byte {
		m := hmac.New(sha256.New, salted)
		m.Write([]byte(word))
		return m.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$100000:%s$%s:%s", b64(salt), b64(stored[:]), b64(mac("Server Key")))
}

// certificates makes the authority and the server's certificate of a kind.
func (h *host) certificates(prefix string, hosts ...string) {
	h.t.Helper()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: prefix + " CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	caKey := h.key()
	caDER := h.sign(ca, ca, caKey, caKey)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leafKey := h.key()
	der, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		h.t.Fatal(err)
	}
	h.values[prefix+".secret.ca#certificate"] = encode("CERTIFICATE", caDER)
	h.values[prefix+".secret.ca#ca_certificate"] = h.values[prefix+".secret.ca#certificate"]
	h.values[prefix+".secret.server#certificate"] = encode("CERTIFICATE", h.sign(leaf, ca, leafKey, caKey))
	h.values[prefix+".secret.server#private_key"] = encode("PRIVATE KEY", der)
}

func (h *host) key() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	return k
}

func (h *host) sign(cert, parent *x509.Certificate, key, by *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, by)
	if err != nil {
		h.t.Fatal(err)
	}
	return der
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// kindOf evaluates a stack with one block of a kind and gives the service that it
// becomes.
func kindOf(t *testing.T, block string) *lang.Service {
	t.Helper()
	st, findings := evaluate(block)
	if st == nil || findings != "" {
		t.Fatalf("%s\n%s", findings, block)
	}
	return st.Services[0]
}

func evaluate(block string) (*lang.Stack, string) {
	src, diags := lang.Open(fstest.MapFS{"nself.hcl": {Data: []byte("stack \"t\" {}\n" + block)}}, []string{"nself.hcl"})
	st, more := src.Evaluate("")
	var b strings.Builder
	for _, d := range append(append(diags[:0:0], diags...), more...) {
		fmt.Fprintf(&b, "%s %s: %s\n", d.Subject, d.Code, d.Detail)
	}
	return st, b.String()
}

// config renders a config of a service, with paths in the place of the
// container's.
func (h *host) config(s *lang.Service, name string, paths *strings.Replacer) string {
	h.t.Helper()
	for _, c := range s.Configs {
		if c.Name == name {
			return paths.Replace(h.render(c.Content.V))
		}
	}
	h.t.Fatalf("%s has no config %s", s.Address, name)
	return ""
}

// need ends a test for which the machine lacks a tool: loudly, and as a failure
// where all tools must be there.
func need(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", tool)
	}
	t.Skipf("SKIPPED: %s is missing; the built-in kinds are not tried on the real thing", tool)
}
