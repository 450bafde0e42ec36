package secrets

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

const summaryX509 = "Invalid certificate declaration"

// maxCommonName is ub-common-name of RFC 5280, appendix A.
const maxCommonName = 64

// certSpec is what a certificate of the stack's own must say.
type certSpec struct {
	secret   *ir.Secret
	ca       bool
	client   bool
	signedBy string
	name     string // common name
	days     int
	dns      []string       // names of a leaf; permitted subtrees of an authority
	nets     []netip.Prefix // addresses of a leaf; permitted ranges of an authority
}

// certificateSpecs reads the declarations and refuses those that no certificate
// can fulfil. An authority without hosts is limited to the names of what it
// signs, so that its key is worth nothing elsewhere.
func (b *book) certificateSpecs() ([]*certSpec, diag.List) {
	var specs []*certSpec
	var diags diag.List
	byAddress := map[string]*certSpec{}
	for _, s := range b.stack.Secrets {
		if s.Kind.V != kindX509 {
			continue
		}
		spec, more := b.certSpec(s)
		diags = append(diags, more...)
		if spec != nil {
			specs = append(specs, spec)
			byAddress[s.Address] = spec
		}
	}
	bare := map[*certSpec]bool{}
	for _, spec := range specs {
		bare[spec] = spec.ca && len(spec.dns) == 0 && len(spec.nets) == 0
	}
	for _, leaf := range specs {
		if leaf.signedBy == "" {
			continue
		}
		ca := byAddress[leaf.signedBy]
		switch {
		case ca == nil || !ca.ca:
			diags = append(diags, refuseX509(leaf.secret.Origin.Range, "%s is signed by %s, which is not an authority of this stack.\n\nDeclare that secret with\n\n    kind = \"x509\"\n    ca   = true", leaf.secret.Address, leaf.signedBy))
		case bare[ca]:
			ca.dns = append(ca.dns, leaf.subtrees()...)
			ca.nets = append(ca.nets, leaf.nets...)
		default:
			for _, host := range leaf.subtrees() {
				if !slices.ContainsFunc(ca.dns, func(tree string) bool { return host == tree || strings.HasSuffix(host, "."+tree) }) {
					diags = append(diags, leaf.outside(ca, host))
				}
			}
			for _, addr := range leaf.nets {
				if !slices.ContainsFunc(ca.nets, func(p netip.Prefix) bool { return p.Contains(addr.Addr()) }) {
					diags = append(diags, leaf.outside(ca, addr.Addr().String()))
				}
			}
		}
	}
	for _, spec := range specs {
		spec.tidy()
	}
	return specs, diags
}

func (b *book) certSpec(s *ir.Secret) (*certSpec, diag.List) {
	at := s.Origin.Range
	if s.X509 == nil {
		return nil, diag.List{b.bug(at, "The certificate %s has no description.", s.Address)}
	}
	x := s.X509
	var diags diag.List
	spec := &certSpec{secret: s, ca: x.CA, client: x.Client, signedBy: x.SignedBy, name: x.CommonName.V, days: x.Days.V}
	most := maxLeafDays
	if x.CA {
		most = maxCADays
	}
	switch {
	case spec.days == 0 && x.CA:
		spec.days = defaultCADays
	case spec.days == 0:
		spec.days = defaultLeafDays
	case spec.days < 1 || spec.days > most:
		if !x.Days.Range.IsZero() {
			at = x.Days.Range
		}
		diags = append(diags, refuseX509(at, "%s is to live %d days. Clients refuse certificates of more than %d days, and an authority of more than %d outlives its key's worth.\n\nWrite\n\n    days = %d", s.Address, spec.days, maxLeafDays, maxCADays, min(most, defaultCADays)))
	}
	if x.CA && x.SignedBy != "" {
		diags = append(diags, refuseX509(at, "%s is an authority that %s signs. nselfc makes authorities of one level: clients then need one certificate and no chain.\n\nRemove signed_by.", s.Address, x.SignedBy))
	}
	for _, h := range x.Hosts {
		where := h.Range
		if where.IsZero() {
			where = at
		}
		if !spec.add(h.V) {
			diags = append(diags, refuseX509(where, "%s has the host %q, which is neither a DNS name in lower case (at most one * as its first label) nor an IP address.\n\nWrite the name as clients write it in a URL, without scheme, port and path; names beyond ASCII in their xn-- form.", s.Address, h.V))
		}
	}
	if !x.CA && !x.Client && len(x.Hosts) == 0 {
		diags = append(diags, refuseX509(at, "%s is a server certificate for no host: every client would refuse it.\n\nName the hosts that clients connect to:\n\n    hosts = [\"db.internal\"]", s.Address))
	}
	if spec.name == "" && len(x.Hosts) > 0 && !x.CA {
		spec.name = x.Hosts[0].V
	}
	if spec.name == "" {
		spec.name = s.Address
	}
	if len(spec.name) > maxCommonName {
		chosen := x.CommonName.Written() && !slices.ContainsFunc(x.Hosts, func(h ir.String) bool { return h.V == spec.name })
		if chosen {
			diags = append(diags, refuseX509(at, "%s has a common name of %d bytes; certificates hold %d (RFC 5280).\n\nShorten common_name. Hosts may be longer: they are kept elsewhere in the certificate.", s.Address, len(spec.name), maxCommonName))
		}
		spec.name = "nselfc" // hosts are what counts; clients ignore the common name
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return spec, nil
}

// add takes one host of the declaration.
func (c *certSpec) add(host string) bool {
	if p, err := netip.ParsePrefix(host); err == nil && c.ca {
		c.nets = append(c.nets, p.Masked())
		return true
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Zone() == "" {
		a = a.Unmap()
		c.nets = append(c.nets, netip.PrefixFrom(a, a.BitLen()))
		return true
	}
	if !validHost(host) {
		return false
	}
	if c.ca {
		host = strings.TrimPrefix(host, "*.")
	}
	c.dns = append(c.dns, host)
	return true
}

// subtrees lists the names that an authority must permit for this leaf. OpenSSL
// takes the common name of a certificate without other names for a host when it
// has two labels or more (cn2dnsid in crypto/x509/v3_ncons.c).
func (c *certSpec) subtrees() []string {
	var out []string
	for _, h := range c.dns {
		out = append(out, strings.TrimPrefix(h, "*."))
	}
	if _, err := netip.ParseAddr(c.name); err == nil {
		return out // an address has dots too, and is among the others
	}
	if len(c.dns) == 0 && validHost(c.name) && strings.Contains(c.name, ".") {
		out = append(out, c.name)
	}
	return out
}

func (c *certSpec) outside(ca *certSpec, host string) *diag.Diagnostic {
	return refuseX509(c.secret.Origin.Range, "%s is for %s, and %s may only sign for its own hosts: every client would refuse the certificate.\n\nAdd that host, or a domain above it, to the hosts of %s.",
		c.secret.Address, host, ca.secret.Address, ca.secret.Address).With(ca.secret.Origin.Range, "The authority is declared here.")
}

// tidy puts the names in an order that does not depend on that of declarations.
func (c *certSpec) tidy() {
	slices.Sort(c.dns)
	c.dns = slices.Compact(c.dns)
	slices.SortFunc(c.nets, func(a, b netip.Prefix) int { return strings.Compare(a.String(), b.String()) })
	c.nets = slices.Compact(c.nets)
}

// template is the certificate to be, but for its serial number.
func (c *certSpec) template(notBefore time.Time, parent *pair) *x509.Certificate {
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: c.name},
		NotBefore:             notBefore,
		NotAfter:              notBefore.Add(time.Duration(c.days)*24*time.Hour - time.Second), // both ends count
		BasicConstraintsValid: true,
		SignatureAlgorithm:    x509.ECDSAWithSHA256,
	}
	if parent != nil && t.NotAfter.After(parent.cert.NotAfter) {
		t.NotAfter = parent.cert.NotAfter
	}
	if !c.ca {
		t.KeyUsage = x509.KeyUsageDigitalSignature
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if c.client {
			t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}
		t.DNSNames = c.dns
		for _, n := range c.nets {
			t.IPAddresses = append(t.IPAddresses, n.Addr().AsSlice())
		}
		return t
	}
	// An authority that lands in a trust store must be worth nothing beyond its
	// stack: TLS only, for its hosts only (RFC 5280, 4.2.1.10).
	t.IsCA, t.MaxPathLenZero = true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	t.PermittedDNSDomainsCritical = true
	t.PermittedDNSDomains = c.dns
	if len(c.dns) == 0 {
		t.PermittedDNSDomains = []string{"invalid"} // reserved never to exist (RFC 2606)
	}
	for _, n := range c.nets {
		t.PermittedIPRanges = append(t.PermittedIPRanges, ipNet(n))
	}
	if len(c.nets) == 0 { // a list of none would permit all
		t.ExcludedIPRanges = []*net.IPNet{ipNet(netip.MustParsePrefix("0.0.0.0/0")), ipNet(netip.MustParsePrefix("::/0"))}
	}
	return t
}

// stale says why a certificate must be issued again, or "". It compares what the
// certificate says with what the declaration asks for now.
func (c *certSpec) stale(cert *x509.Certificate, key *ecdsa.PrivateKey, parent *pair, now time.Time) string {
	want := c.template(cert.NotBefore, parent)
	if public, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || !public.Equal(&key.PublicKey) {
		return "its key changed"
	}
	issuer := cert
	if parent != nil {
		issuer = parent.cert
	}
	if !bytes.Equal(cert.RawIssuer, issuer.RawSubject) || cert.CheckSignatureFrom(issuer) != nil && (parent != nil || c.ca) {
		return "its authority changed"
	}
	switch {
	case cert.IsCA != want.IsCA, !slices.Equal(cert.ExtKeyUsage, want.ExtKeyUsage), cert.KeyUsage != want.KeyUsage:
		return "its purpose changed"
	case cert.Subject.String() != want.Subject.String(), !slices.Equal(cert.DNSNames, want.DNSNames), !equalIPs(cert.IPAddresses, want.IPAddresses):
		return "its names changed"
	case !slices.Equal(cert.PermittedDNSDomains, want.PermittedDNSDomains), !equalNets(cert.PermittedIPRanges, want.PermittedIPRanges), !equalNets(cert.ExcludedIPRanges, want.ExcludedIPRanges):
		return "its names changed"
	}
	if left := cert.NotAfter.Sub(now); left < cert.NotAfter.Sub(cert.NotBefore)/3 {
		return "it expires on " + cert.NotAfter.UTC().Format(time.DateOnly)
	}
	if !cert.NotAfter.Equal(want.NotAfter) {
		return "its lifetime changed"
	}
	return ""
}

// issue signs the certificate of p, whose key is set.
func (c *certSpec) issue(p, parent *pair, now time.Time) error {
	t := c.template(now.UTC().Add(-backdate).Truncate(time.Second), parent)
	t.SerialNumber = new(big.Int).SetBytes(random(16)) // 128 bits, above the 64 of CA/B BR 7.1
	signer, signerKey := t, p.key
	if parent != nil {
		signer, signerKey = parent.cert, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, signer, &p.key.PublicKey, signerKey)
	if err != nil {
		return err
	}
	if p.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	p.certPEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return nil
}

// validHost takes a DNS name in lower case, its first label perhaps a star.
// Underscores are allowed: compose service names have them.
func validHost(host string) bool {
	host = strings.TrimPrefix(host, "*.")
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func equalIPs(a, b []net.IP) bool {
	return slices.EqualFunc(a, b, func(x, y net.IP) bool { return x.Equal(y) })
}

func equalNets(a, b []*net.IPNet) bool {
	return slices.EqualFunc(a, b, func(x, y *net.IPNet) bool { return x.String() == y.String() })
}

func refuseX509(at source.Range, detail string, args ...any) *diag.Diagnostic {
	return diag.Errorf(codeX509Declared, at, summaryX509, detail, args...)
}
