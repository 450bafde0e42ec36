package secrets

import (
	"crypto/x509/pkix"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
)

// checkTrial refuses, in production, certificates of authorities that sign for
// trials and laptops. Whoever has their key, or asks them, gets a certificate for
// any name, which is why no browser knows them. An organisation's own authority is
// none of those: clients may know it.
func (c *brought) checkTrial() diag.List {
	if c.stack.Posture == ir.Development {
		return nil
	}
	for _, cert := range c.chain {
		name, ok := trialAuthority(cert.Issuer)
		if cert.Issuer.CommonName == c.stack.Name.V+ir.LocalAuthority {
			name, ok = cert.Issuer.CommonName, true
		}
		if ok {
			return diag.List{c.errorf(codeCertTrial, "Certificate of a trial authority",
				"%s is signed by %q, an authority for development and trials. No browser trusts it; people who learn to click the warning away cannot tell an attacker from you.\n\n"+
					"Use a certificate of an authority that the clients trust; with certbot, request it again without --staging or --test-cert.", c.name(), name)}
		}
	}
	return nil
}

// trialAuthority gives the name of an authority that is known for trials: those of
// mkcert, Caddy, minica and Pebble, and Let's Encrypt's staging environment.
func trialAuthority(issuer pkix.Name) (name string, ok bool) {
	for _, name := range append([]string{issuer.CommonName}, issuer.Organization...) {
		lower := strings.ToLower(name)
		for _, beginning := range [...]string{
			"mkcert development ca", "caddy local authority", "minica root ca", "pebble intermediate ca", "pebble root ca", "(staging) ", "fake le ",
		} {
			if strings.HasPrefix(lower, beginning) {
				return name, true
			}
		}
	}
	return "", false
}
