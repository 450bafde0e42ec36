package doctor

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
)

// maxPEM is how large a certificate with its chain, or a key, may be, in bytes: as for
// those that owners bring.
const maxPEM = 1 << 20

// mounted gives where in the output the host has a file that the ingress reads.
func (x *examination) mounted(target string) (string, error) {
	s := x.service(x.Stack.Ingress.Service)
	if s != nil {
		for _, m := range slices.Concat(s.Secrets, s.Configs) {
			if m.Target == target {
				return filepath.FromSlash(m.File), nil
			}
		}
	}
	return "", fmt.Errorf("%s of the ingress is not mounted from the output", target)
}

// chain is what stands in a certificate file, the leaf first.
func (x *examination) chain() ([]*x509.Certificate, string, error) {
	if x.Stack.Ingress == nil {
		return nil, "", nothing("the stack has no ingress")
	}
	name, err := x.mounted(x.Stack.Ingress.Certificate.Chain)
	if err != nil {
		return nil, "", err
	}
	file := filepath.Join(x.Dir, name)
	text, err := readBelow(x.Dir, name, maxPEM)
	if err != nil {
		return nil, file, err
	}
	var out []*x509.Certificate
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, file, fmt.Errorf("%s holds something else than certificates: %w", file, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, file, fmt.Errorf("%s holds no certificate", file)
	}
	return out, file, nil
}

// renewed is how a new certificate gets to the clients.
func (x *examination) renewed() string {
	return "Put a new one where the stack says that it is, and bring it to the clients:\n\n    nselfc build" + envFlag(x.Stack.Environment) +
		"\n    docker compose restart " + x.Stack.Ingress.Service
}

// eachCertificate makes a check of the file that the ingress serves. look gives what
// is wrong, by object.
func eachCertificate(look func(x *examination, chain []*x509.Certificate) (string, map[string]string, error)) func(context.Context, *examination) (string, []Finding, error) {
	return func(_ context.Context, x *examination) (string, []Finding, error) {
		chain, file, err := x.chain()
		if err != nil {
			return "", nil, err
		}
		seen, wrong, err := look(x, chain)
		var found []Finding
		for object, evidence := range wrong {
			found = append(found, Finding{Object: object, Evidence: file + ": " + evidence, Fix: x.renewed(), At: x.Stack.Ingress.Certificate.Origin.Range})
		}
		return seen, found, err
	}
}

func certificateChecks() []check {
	return []check{
		{code: "NS2060", run: eachCertificate(dates)},
		{code: "NS2061", run: eachCertificate(soon)},
		{code: "NS2062", run: eachCertificate(names)},
		{code: "NS2063", run: eachCertificate(trusted)},
		{code: "NS2064", run: eachCertificate(forTrial)},
		{code: "NS2065", run: eachCertificate(keys)},
		{code: "NS2066", run: keyFits},
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func dates(x *examination, chain []*x509.Certificate) (string, map[string]string, error) {
	wrong := map[string]string{}
	for _, c := range chain {
		switch {
		case x.Now.After(c.NotAfter):
			wrong["certificate"] = fmt.Sprintf("the certificate of %s expired on %s. No client takes it.", subject(c), day(c.NotAfter))
		case x.Now.Before(c.NotBefore):
			wrong["certificate"] = fmt.Sprintf("the certificate of %s is valid from %s only. No client takes it.", subject(c), day(c.NotBefore))
		}
	}
	return "valid from " + day(chain[0].NotBefore) + " to " + day(chain[0].NotAfter), wrong, nil
}

func subject(c *x509.Certificate) string {
	if c.Subject.CommonName == "" && len(c.DNSNames) > 0 {
		return c.DNSNames[0]
	}
	return c.Subject.CommonName
}

// twoWeeks, or a third of a shorter life, is when a renewal that did not happen by
// itself is nobody's any more.
const twoWeeks = 14 * 24 * time.Hour

func soon(x *examination, chain []*x509.Certificate) (string, map[string]string, error) {
	left, life := remaining(x, chain[0])
	seen := fmt.Sprintf("%.0f of %.0f days left", left.Hours()/24, life.Hours()/24)
	for i, c := range chain { // one in between may end before the leaf
		left, life := remaining(x, c)
		if left < 0 || left >= min(twoWeeks, life/3) {
			continue
		}
		what := "it"
		if i > 0 {
			what = "the certificate of " + subject(c) + ", by which clients trust it,"
		}
		return seen, map[string]string{"certificate": fmt.Sprintf("%s expires on %s, in %.1f days, and nothing has renewed it.", what, day(c.NotAfter), left.Hours()/24)}, nil
	}
	return seen, nil, nil
}

// remaining gives how long a certificate is valid from now on, and how long it was made
// for.
func remaining(x *examination, c *x509.Certificate) (left, life time.Duration) {
	return c.NotAfter.Sub(x.Now), c.NotAfter.Sub(c.NotBefore)
}

func names(x *examination, chain []*x509.Certificate) (string, map[string]string, error) {
	wrong := map[string]string{}
	for _, h := range x.Stack.Ingress.Hosts {
		if chain[0].VerifyHostname(concrete(h.Name.V)) != nil {
			wrong["host "+h.Name.V] = fmt.Sprintf("it does not cover %s, for which the stack has routes; it covers %s.", h.Name.V, strings.Join(chain[0].DNSNames, ", "))
		}
	}
	return "covers " + counted(len(x.Stack.Ingress.Hosts), "host"), wrong, nil
}

// concrete gives a name that a client could ask for.
func concrete(host string) string { return strings.Replace(host, "*", "doctor", 1) }

// trial are parts of the names of authorities that no client trusts.
func trial() []string {
	return []string{"(STAGING)", "Fake LE", "mkcert", "Caddy Local Authority", "minica", "Pebble", strings.TrimSpace(ir.LocalAuthority)}
}

func testAuthority(chain []*x509.Certificate) string {
	for _, c := range chain {
		issuer := c.Issuer.String()
		if slices.ContainsFunc(trial(), func(t string) bool { return strings.Contains(issuer, t) }) {
			return issuer
		}
	}
	return ""
}

func forTrial(_ *examination, chain []*x509.Certificate) (string, map[string]string, error) {
	if a := testAuthority(chain); a != "" {
		return "", map[string]string{"certificate": "it is signed by " + a + ", an authority for development and trials. No client trusts it, and its key lies on a developer's disk."}, nil
	}
	return "signed by " + chain[len(chain)-1].Issuer.CommonName, nil, nil
}

// allValid gives the time at which a way to the authorities is looked for: now, or where
// a date is wrong, which has a finding of its own, when all were valid last.
func allValid(now time.Time, chain []*x509.Certificate) time.Time {
	begin, end := chain[0].NotBefore, chain[0].NotAfter
	for _, c := range chain {
		if c.NotBefore.After(begin) {
			begin = c.NotBefore
		}
		if c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	switch {
	case now.Before(begin):
		return begin
	case now.After(end):
		return end
	}
	return now
}

func trusted(x *examination, chain []*x509.Certificate) (string, map[string]string, error) {
	if testAuthority(chain) != "" {
		return "", nil, nothing("an authority for trials has a finding of its own")
	}
	roots, err := x.Roots()
	if err != nil {
		return "", nil, err
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	leaf := chain[0]
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: allValid(x.Now, chain)})
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return "", map[string]string{"certificate": fmt.Sprintf("from %s no way leads to an authority that clients trust: a certificate in between is missing (%q), or it is signed by nobody.", subject(leaf), leaf.Issuer.CommonName)}, nil
	}
	if err != nil {
		return "", map[string]string{"certificate": "clients refuse it: " + err.Error() + "."}, nil
	}
	return counted(len(chain), "certificate") + " in the file, and a way to an authority that clients trust", nil, nil
}

func keys(_ *examination, chain []*x509.Certificate) (string, map[string]string, error) {
	wrong, seen := map[string]string{}, ""
	for i, c := range chain {
		said := ""
		switch k := c.PublicKey.(type) {
		case *rsa.PublicKey:
			said = fmt.Sprintf("RSA, %d bits", k.N.BitLen())
			if k.N.BitLen() < 2048 {
				wrong["certificate"] = subject(c) + " has a key of " + said + "; fewer than 2048 can be broken."
			}
		case *ecdsa.PublicKey:
			said = fmt.Sprintf("ECDSA, %d bits", k.Params().BitSize)
			if k.Params().BitSize < 256 {
				wrong["certificate"] = subject(c) + " has a key of " + said + "; fewer than 256 can be broken."
			}
		case ed25519.PublicKey:
			said = "Ed25519"
		default:
			wrong["certificate"] = subject(c) + " has a key of a sort that clients do not take (" + c.PublicKeyAlgorithm.String() + ")."
		}
		root := i > 0 && bytes.Equal(c.RawSubject, c.RawIssuer) // nobody looks at how it signs itself
		if a := c.SignatureAlgorithm; !root && slices.Contains([]x509.SignatureAlgorithm{x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA}, a) {
			wrong["certificate"] = subject(c) + " is signed with " + a.String() + ", which can be forged."
		}
		if i == 0 {
			seen = said
		}
	}
	return seen, wrong, nil
}

// keyFits wants the private key that belongs to the certificate.
func keyFits(_ context.Context, x *examination) (string, []Finding, error) {
	chain, file, err := x.chain()
	if err != nil {
		return "", nil, err
	}
	keyFile, err := x.mounted(x.Stack.Ingress.Certificate.Key)
	if err != nil {
		return "", nil, err
	}
	key, err := readBelow(x.Dir, keyFile, maxPEM)
	if err != nil {
		return "", nil, err
	}
	if _, err := tls.X509KeyPair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[0].Raw}), []byte(key)); err != nil {
		return "", []Finding{{
			Object: "private key", Fix: x.renewed(), At: x.Stack.Ingress.Certificate.Origin.Range,
			Evidence: filepath.Join(x.Dir, keyFile) + " is not the key of " + file + ": nginx does not start again with them.", // the error could quote the key
		}}, nil
	}
	return "key and certificate belong together", nil, nil
}
