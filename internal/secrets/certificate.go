package secrets

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// Lifetimes of certificates of the stack's own, in days. Leaves are renewed by
// the next build when less than a third of their life is left.
const (
	defaultLeafDays = 397
	maxLeafDays     = 398 // what browsers take (Apple, Chrome root programme)
	defaultCADays   = 3650
	maxCADays       = 7300
	backdate        = time.Hour // for clients whose clock is late
)

// pair is a certificate and its key.
type pair struct {
	cert            *x509.Certificate
	certPEM, keyPEM string
	key             *ecdsa.PrivateKey
}

// certificates finds, makes or renews the certificates of the stack's own,
// authorities before what they sign. All keys are ECDSA P-256 with SHA-256: a
// server certificate signed with Ed25519 breaks SCRAM over TLS in libpq, which
// finds no digest for the channel binding.
func (b *book) certificates() diag.List {
	specs, diags := b.certificateSpecs()
	if diags.HasErrors() {
		return diags
	}
	b.made = map[string]*pair{}
	for _, pass := range []bool{true, false} {
		for _, spec := range specs {
			if spec.ca != pass || !b.stands(spec.secret, "") && b.leaves(spec.secret) {
				continue
			}
			var parent *pair
			if spec.signedBy != "" {
				if parent = b.made[spec.signedBy]; parent == nil {
					continue // its error is in the list
				}
			}
			p, d := b.certificate(spec, parent, "")
			if d != nil {
				diags = append(diags, d)
				continue
			}
			b.made[spec.secret.Address] = p
			if d := b.besides(spec, parent); d != nil {
				diags = append(diags, d)
			}
			issuer := spec.secret.Address
			if parent != nil {
				issuer = spec.signedBy
			}
			b.values[spec.secret.Address] = fields{"certificate": p.certPEM, "private_key": p.keyPEM}
			b.values[spec.secret.Address]["ca_certificate"] = b.believed(issuer)
			if spec.ca { // in a file, it says whom to believe
				b.values[spec.secret.Address]["certificate"] = b.believed(issuer)
			}
		}
	}
	return diags
}

// besides finds the pair that is to come or was before. One to come is issued as
// the current one is; one that was is left as it is.
func (b *book) besides(spec *certSpec, parent *pair) *diag.Diagnostic {
	s := spec.secret
	switch b.states[s.Address] {
	case Settled:
	case Staged:
		p, d := b.certificate(spec, parent, suffixNext)
		if d != nil {
			return d
		}
		b.beside[s.Address] = fields{"certificate": p.certPEM, "private_key": p.keyPEM}
	case Promoted:
		cert, _ := b.doc.Get(s.Key + suffixPrevious + suffixCertificate)
		key, _ := b.doc.Get(s.Key + suffixPrevious + suffixPrivateKey)
		if _, err := parseOwnCertificate(cert); err != nil {
			return b.stored(s, s.Key+suffixPrevious+suffixCertificate, err)
		}
		b.beside[s.Address] = fields{"certificate": cert, "private_key": key}
	}
	return nil
}

// believed gives the certificates of an authority that clients are to believe: two
// while it is rotated, in an order that does not change when they change places.
func (b *book) believed(address string) string {
	all := []string{b.made[address].certPEM}
	if beside := b.beside[address]["certificate"]; beside != "" {
		all = append(all, beside)
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// stageKey makes the key of a pair to come; its certificate is issued with the
// others.
func (b *book) stageKey(s *ir.Secret) *diag.Diagnostic {
	_, text, d := b.newKey(s)
	if d != nil {
		return d
	}
	if err := b.doc.Set(s.Key+suffixNext+suffixPrivateKey, text, ""); err != nil {
		return b.bug(s.Origin.Range, "The new key of %s cannot be kept: %s.", s.Address, err)
	}
	return nil
}

// newKey makes a private key.
func (b *book) newKey(s *ir.Secret) (*ecdsa.PrivateKey, string, *diag.Diagnostic) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", b.bug(s.Origin.Range, "No key can be generated: %s.", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, "", b.bug(s.Origin.Range, "A key cannot be written: %s.", err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// certificate gives the pair that a spec asks for, the current one or with an
// ending the next: the kept one while it fits. The key stays whatever happens; only
// the certificate, which is public, is issued again.
func (b *book) certificate(spec *certSpec, parent *pair, ending string) (*pair, *diag.Diagnostic) {
	s := spec.secret
	certKey, keyKey := s.Key+ending+suffixCertificate, s.Key+ending+suffixPrivateKey
	keptCert, hasCert := b.doc.Get(certKey)
	keptKey, hasKey := b.doc.Get(keyKey)

	p := &pair{}
	switch {
	case hasKey:
		key, err := parseOwnKey(keptKey)
		if err != nil {
			return nil, b.stored(s, keyKey, err)
		}
		p.key, p.keyPEM = key, keptKey
	case hasCert:
		return nil, b.stored(s, certKey, errors.New("stands there without "+keyKey))
	default:
		var d *diag.Diagnostic
		if p.key, p.keyPEM, d = b.newKey(s); d != nil {
			return nil, d
		}
		if err := b.doc.Set(keyKey, p.keyPEM, ""); err != nil {
			return nil, b.bug(s.Origin.Range, "%s cannot be kept: %s.", s.Address, err)
		}
	}
	reason := ""
	if hasCert {
		cert, err := parseOwnCertificate(keptCert)
		if err != nil {
			return nil, b.stored(s, certKey, err)
		}
		if reason = spec.stale(cert, p.key, parent, b.opts.Now); reason == "" {
			p.cert, p.certPEM = cert, keptCert
			if ending == "" {
				b.kept = append(b.kept, s.Address)
			}
			return p, nil
		}
	}
	if err := spec.issue(p, parent, b.opts.Now); err != nil {
		return nil, about(s, diag.Errorf(codeX509Declared, s.Origin.Range, summaryX509, "The certificate of %s cannot be issued: %s.", s.Address, err))
	}
	comment := s.Address + ", certificate"
	if ending != "" { // it moves, and comments stay
		comment = ""
	}
	if err := b.doc.Set(certKey, p.certPEM, comment); err != nil {
		return nil, b.bug(s.Origin.Range, "%s cannot be kept: %s.", s.Address, err)
	}
	if ending != "" {
		return p, nil
	}
	if hasCert {
		b.reissued = append(b.reissued, Reissued{s.Address, reason})
	} else {
		b.generated = append(b.generated, s.Address)
	}
	return p, nil
}

// stored refuses what stands in .secrets for a certificate. err says what is
// wrong with it and holds no part of it.
func (b *book) stored(s *ir.Secret, key string, err error) *diag.Diagnostic {
	return about(s, diag.Errorf(codeX509Stored, s.Origin.Range, "Damaged certificate in .secrets",
		"%s on line %d of %s %s. nselfc does not replace a key that something may trust.\n\n"+
			"Restore the line from a backup; or delete %s and %s, and build again, which makes a new pair. Clients that keep a copy of an authority's certificate need the new one then.",
		key, b.doc.Line(key), b.file, err, s.Key+suffixCertificate, s.Key+suffixPrivateKey))
}

func parseOwnKey(text string) (*ecdsa.PrivateKey, error) {
	der, err := onlyBlock(text, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("is not a PKCS#8 private key") // the error could quote it
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("is not an ECDSA key on the curve P-256")
	}
	return key, nil
}

func parseOwnCertificate(text string) (*x509.Certificate, error) {
	der, err := onlyBlock(text, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("is not an X.509 certificate")
	}
	return cert, nil
}

// onlyBlock takes a text that is one PEM block and nothing else.
func onlyBlock(text, kind string) ([]byte, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != kind || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("is not one PEM block of type %s", kind)
	}
	return block.Bytes, nil
}
