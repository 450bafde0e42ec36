package secrets

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/source"
)

const (
	maxCertSize = 1 << 20
	minECBits   = 256
	soon        = 30 * 24 * time.Hour
	// longest is what Apple's systems take of any authority, the user's own too
	// (support.apple.com/HT210176). Public ones may not issue even half of it.
	longest = 825 * 24 * time.Hour
)

// bring reads a certificate that its owner keeps in files, checks that clients
// will believe it, and takes its values over for this run. They are never copied
// to .secrets: the owner renews the files, and the next build follows.
func (b *book) bring(s *ir.Secret) diag.List {
	if s.Files == nil {
		return diag.List{b.bug(s.Origin.Range, "The certificate %s has no files.", s.Address)}
	}
	certText, _, d := b.ownerFile(s, s.Files.Certificate)
	if d != nil {
		return diag.List{d}
	}
	keyText, keyInfo, d := b.ownerFile(s, s.Files.PrivateKey)
	if d != nil {
		return diag.List{d}
	}
	chain, d := parseChain(certText, s.Files.Certificate, escape.ShellWord(b.onHost(s.Files.Certificate)))
	if d != nil {
		return diag.List{d}
	}
	key, keyPEM, d := parseOwnersKey(keyText, s.Files.PrivateKey, escape.ShellWord(b.onHost(s.Files.PrivateKey)))
	if d != nil {
		return diag.List{d}
	}
	c := &brought{book: b, secret: s, chain: chain, key: key, at: s.Files.Certificate.Range}
	if c.at.IsZero() {
		c.at = s.Origin.Range
	}
	diags := c.check()
	if keyInfo.Mode().Perm()&0o037 != 0 { // 0640 root:ssl-cert is what Debian does
		diags = append(diags, diag.Warningf(codeCertKeyMode, rangeOf(s.Files.PrivateKey, s), "Private key open to other users",
			"%s has mode %04o: other users of this machine can read the key, or change it.\n\nClose it:\n\n    chmod 600 %s", s.Files.PrivateKey.V, keyInfo.Mode().Perm(), escape.ShellWord(b.onHost(s.Files.PrivateKey))))
	}
	if d := b.trackedKey(s); d != nil {
		diags = append(diags, d)
	}
	var certPEM, caPEM []byte
	for i, cert := range chain {
		block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
		certPEM = append(certPEM, block...) // only certificates: a combined file holds the key as well
		if i > 0 {
			caPEM = append(caPEM, block...)
		}
	}
	b.values[s.Address] = fields{"certificate": string(certPEM), "private_key": keyPEM, "ca_certificate": string(caPEM)}
	b.kept = append(b.kept, s.Address)
	return diags
}

// onHost gives the path of a file as a command in the working directory finds it.
func (b *book) onHost(name ir.String) string {
	if filepath.IsAbs(name.V) {
		return name.V
	}
	return filepath.Join(b.opts.StackDir, name.V)
}

// ownerFile reads a file of the owner's. Links are fine there: certbot and
// acme.sh point with them at the certificate of the day.
func (b *book) ownerFile(s *ir.Secret, name ir.String) ([]byte, fs.FileInfo, *diag.Diagnostic) {
	path := b.onHost(name)
	unread := func(why string) *diag.Diagnostic {
		report := diag.Errorf
		if b.dry {
			report = diag.Warningf
		}
		return report(codeCertUnread, rangeOf(name, s), "Certificate file cannot be used",
			"%s, a file of %s, %s.\n\nName the PEM file that is meant, absolute or relative to the folder of nself.hcl, and let the user who builds read it. To see what is there:\n\n    ls -lL %s", name.V, s.Address, why, escape.ShellWord(path))
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe must not hold the build up
	if err != nil {
		return nil, nil, unread("cannot be opened: " + reason(err))
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	fi, err := f.Stat()
	if err != nil {
		return nil, nil, unread("cannot be read: " + reason(err))
	}
	if !fi.Mode().IsRegular() {
		return nil, nil, unread("is not a regular file")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCertSize+1))
	if err == nil && len(text) > maxCertSize {
		err = errors.New("it is larger than 1 MiB")
	}
	if err != nil {
		return nil, nil, unread("cannot be read: " + reason(err))
	}
	return text, fi, nil
}

// parseChain takes the certificates of a PEM file and passes over anything else.
// path is the file for a command that people copy.
func parseChain(text []byte, name ir.String, path string) ([]*x509.Certificate, *diag.Diagnostic) {
	bad := func(why, advice string) *diag.Diagnostic {
		return diag.Errorf(codeCertUnread, name.Range, "Certificate file cannot be used", "%s %s.\n\n%s", name.V, why, advice)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // Windows' editors write it, and it hides the first line
	var chain []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, bad(fmt.Sprintf("holds a certificate, number %d, that cannot be read", len(chain)+1), "Ask its issuer for a new copy. To see what a reader of another hand says:\n\n    openssl x509 -noout -text -in "+path)
		}
		chain = append(chain, cert)
	}
	// pem.Decode passes over what is damaged: a chain with a hole would be served.
	if begun := bytes.Count(text, []byte("-----BEGIN CERTIFICATE-----")); begun != len(chain) {
		return nil, bad(fmt.Sprintf("begins %d certificates, of which %d cannot be read", begun, begun-len(chain)),
			"Lines are missing, indented or changed. Copy the file once more from where it was issued. To see which certificates are whole:\n\n    openssl crl2pkcs7 -nocrl -certfile "+path+" | openssl pkcs7 -print_certs -noout")
	}
	if len(chain) == 0 {
		return nil, bad("holds no certificate in PEM form", "A file in DER form is turned into PEM with\n\n    openssl x509 -inform der -in "+path+" -out cert.pem")
	}
	return chain, nil
}

// parseOwnersKey takes the first private key of a PEM file, in any of the forms
// that OpenSSL writes, and gives it back as one clean block. No error of a parser
// is shown: it could quote the key.
func parseOwnersKey(text []byte, name ir.String, path string) (crypto.Signer, string, *diag.Diagnostic) {
	bad := func(why, advice string) *diag.Diagnostic {
		return diag.Errorf(codeCertUnread, name.Range, "Certificate file cannot be used", "%s %s.\n\n%s", name.V, why, advice)
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["Proc-Type"] != "":
			return nil, "", bad("holds a key that is encrypted with a passphrase, which nobody types when the server restarts at night", "Write the key without passphrase, readable by its owner only:\n\n    umask 077 && openssl pkey -in "+path+" -out key.pem")
		case block.Type == "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case block.Type == "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case block.Type == "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		default: // "EC PARAMETERS" stands before the key, and a combined file has certificates
			continue
		}
		signer, ok := key.(crypto.Signer)
		if err != nil || !ok {
			return nil, "", bad("holds a private key that cannot be read", "Check it with\n\n    openssl pkey -noout -check -in "+path)
		}
		return signer, string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})), nil
	}
	return nil, "", bad("holds no private key in PEM form", "Name the file that was made together with the certificate request.")
}

// brought is a certificate of its owner's, parsed, with the checks that clients
// will make.
type brought struct {
	*book
	secret *ir.Secret
	chain  []*x509.Certificate
	key    crypto.Signer
	at     source.Range
}

func (c *brought) errorf(code, summary, detail string, args ...any) *diag.Diagnostic {
	return diag.Errorf(code, c.at, summary, detail, args...)
}

func (c *brought) check() diag.List {
	if diags := c.checkKey(); diags != nil {
		return diags // perhaps another certificate is meant, and the rest would be about the wrong one
	}
	var diags diag.List
	for _, check := range []func() diag.List{c.checkChain, c.checkTrial, c.checkNames, c.checkDates, c.checkStrength, c.checkUsage} {
		diags = append(diags, check()...)
	}
	return diags
}

func (c *brought) name() string { return c.secret.Files.Certificate.V }

func (c *brought) checkKey() diag.List {
	public, ok := c.key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if ok && public.Equal(c.chain[0].PublicKey) {
		return nil
	}
	for i, cert := range c.chain[1:] {
		if ok && public.Equal(cert.PublicKey) {
			return diag.List{c.errorf(codeCertChain, "Broken certificate chain",
				"The private key fits certificate number %d of %s, not the first one. Servers send the file as it stands, and clients take the first for the server's.\n\nPut the server's certificate first, then the one that signed it, and so on.", i+2, c.name())}
		}
	}
	return diag.List{c.errorf(codeCertKey, "Certificate and key do not fit",
		"The private key in %s does not belong to the certificate in %s: no server starts with such a pair.\n\nName the key that the certificate was requested with. Two files of one pair print the same here:\n\n    openssl x509 -noout -pubkey -in %s\n    openssl pkey -pubout -in %s",
		c.secret.Files.PrivateKey.V, c.name(), escape.ShellWord(c.onHost(c.secret.Files.Certificate)), escape.ShellWord(c.onHost(c.secret.Files.PrivateKey)))}
}

func (c *brought) checkChain() diag.List {
	for i := 1; i < len(c.chain); i++ {
		child, parent := c.chain[i-1], c.chain[i]
		err := child.CheckSignatureFrom(parent)
		if forgeable := x509.InsecureAlgorithmError(0); errors.As(err, &forgeable) {
			err = nil // checkStrength says so
		}
		if !bytes.Equal(child.RawIssuer, parent.RawSubject) || err != nil {
			return diag.List{c.errorf(codeCertChain, "Broken certificate chain",
				"Certificate number %d of %s did not sign number %d. Clients that do not repair the order themselves refuse the connection.\n\nPut the server's certificate first, then the one that signed it, and so on; certbot writes that file as fullchain.pem.", i+1, c.name(), i)}
		}
	}
	last := c.chain[len(c.chain)-1]
	switch selfSigned := bytes.Equal(last.RawIssuer, last.RawSubject); {
	case selfSigned && len(c.chain) == 1:
		report := diag.Errorf
		if c.stack.Posture == ir.Development {
			report = diag.Warningf
		}
		return diag.List{report(codeCertUntrust, c.at, "Self-signed certificate",
			"%s holds a certificate that signed itself. No browser believes it, and users who learn to click the warning away will do so for an attacker too.\n\nUse a certificate of an authority that the clients trust.", c.name())}
	case !selfSigned && len(c.chain) == 1:
		return diag.List{diag.Warningf(codeCertAlone, c.at, "Certificate chain may be incomplete",
			"%s holds one certificate, without the one that signed it. Browsers often find that elsewhere; curl, mobile applications and other servers do not, and refuse the connection.\n\n"+
				"Append the issuer's intermediate certificates, or name the file that has them; certbot writes it as fullchain.pem. If clients know the issuer (%s) itself, all is well.", c.name(), last.Issuer.CommonName)}
	}
	return nil
}

func (c *brought) checkNames() diag.List {
	var missing []string
	for _, host := range c.secret.Files.Hosts {
		if !covers(c.chain[0], host.V) {
			missing = append(missing, host.V)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return diag.List{c.errorf(codeCertName, "Host that the certificate does not cover",
		"%s does not cover %s. Clients compare with the alternative names of the certificate (%s); a star stands for exactly one label, and the common name does not count.\n\nGet a certificate for all hosts, or remove the routes of those.",
		c.name(), strings.Join(missing, ", "), names(c.chain[0]))}
}

// covers tells whether clients take the certificate for a host (RFC 9525). A
// route's own wildcard needs that very name in the certificate.
func covers(cert *x509.Certificate, host string) bool {
	if strings.HasPrefix(host, "*.") {
		for _, name := range cert.DNSNames {
			if strings.EqualFold(name, host) {
				return true
			}
		}
		return false
	}
	return cert.VerifyHostname(host) == nil
}

func names(cert *x509.Certificate) string {
	all := append([]string{}, cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		all = append(all, ip.String())
	}
	switch {
	case len(all) == 0:
		return "it has none"
	case len(all) > 20:
		return strings.Join(all[:20], ", ") + " …"
	}
	return strings.Join(all, ", ")
}

func (c *brought) checkDates() diag.List {
	now := c.opts.Now
	for i, cert := range c.chain {
		switch {
		case now.Before(cert.NotBefore):
			return diag.List{c.errorf(codeCertDates, "Certificate out of its dates",
				"Certificate number %d of %s is valid from %s on, and it is %s here. Clients refuse it until then.\n\nWait, or mend the clock of this machine.", i+1, c.name(), date(cert.NotBefore), date(now))}
		case now.After(cert.NotAfter):
			return diag.List{c.errorf(codeCertDates, "Certificate out of its dates",
				"Certificate number %d of %s was valid until %s, and it is %s here. Every client refuses it.\n\nRenew it.", i+1, c.name(), date(cert.NotAfter), date(now))}
		}
	}
	leaf := c.chain[0]
	// Lifetimes shrink (Let's Encrypt: 45 days in 2028), so the alarm is relative.
	if left := leaf.NotAfter.Sub(now); left < min(soon, leaf.NotAfter.Sub(leaf.NotBefore)/3) {
		return diag.List{diag.Warningf(codeCertSoon, c.at, "Certificate expires soon",
			"%s is valid until %s. Nothing renews it but its owner, and from then on every client refuses the stack.\n\nRenew it, and build again.", c.name(), date(leaf.NotAfter))}
	}
	if life := leaf.NotAfter.Sub(leaf.NotBefore); life > longest && !leaf.IsCA {
		return diag.List{diag.Warningf(codeCertLong, c.at, "Certificate valid for too long",
			"%s is valid for %d days. Apple's systems refuse more than 825, whoever signed it, and a key that gets lost serves its finder that long.\n\nRequest one for 90 days, or a year at most, and renew it.", c.name(), int(life.Hours()/24))}
	}
	return nil
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

func (c *brought) checkStrength() diag.List {
	for i, cert := range c.chain {
		problem := ""
		switch key := cert.PublicKey.(type) {
		case *rsa.PublicKey:
			if key.N.BitLen() < minRSABits {
				problem = fmt.Sprintf("has an RSA key of %d bits; the least that counts as safe is %d", key.N.BitLen(), minRSABits)
			}
		case *ecdsa.PublicKey:
			if key.Curve.Params().BitSize < minECBits {
				problem = "has a key on the curve " + key.Curve.Params().Name + ", which browsers refuse"
			}
		case ed25519.PublicKey:
			problem = "has an Ed25519 key, which browsers refuse and which breaks PostgreSQL's password login over TLS"
		default:
			problem = "has a key of a kind that servers do not take"
		}
		root := i > 0 && bytes.Equal(cert.RawIssuer, cert.RawSubject) // trusted by its key, not its signature
		if !root && !slices.Contains(strongSignatures(), cert.SignatureAlgorithm) {
			problem = "is signed with " + cert.SignatureAlgorithm.String() + ", which can be forged or which clients do not know"
		}
		if problem != "" {
			return diag.List{c.errorf(codeCertWeak, "Weak certificate",
				"Certificate number %d of %s %s.\n\nMake a new key and request a new certificate:\n\n    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out request.pem", i+1, c.name(), problem)}
		}
	}
	return nil
}

func strongSignatures() []x509.SignatureAlgorithm {
	return []x509.SignatureAlgorithm{
		x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512, x509.PureEd25519,
	}
}

func (c *brought) checkUsage() diag.List {
	leaf := c.chain[0]
	problem := ""
	if leaf.IsCA && !bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
		problem = "is that of an authority, which clients refuse for a server"
	}
	if len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) > 0 {
		allowed := false
		for _, use := range leaf.ExtKeyUsage {
			allowed = allowed || use == x509.ExtKeyUsageServerAuth || use == x509.ExtKeyUsageAny
		}
		if !allowed {
			problem = "may not be used for a server: its extended key usage lacks serverAuth"
		}
	}
	if problem == "" {
		return nil
	}
	return diag.List{c.errorf(codeCertUsage, "Certificate for another use",
		"The first certificate of %s %s.\n\nRequest a certificate for a TLS server.", c.name(), problem)}
}

// rangeOf points at an argument, or at the secret when that has no place.
func rangeOf(v ir.String, s *ir.Secret) source.Range {
	if v.Range.IsZero() {
		return s.Origin.Range
	}
	return v.Range
}
