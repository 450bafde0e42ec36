package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/diag"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

func rangeOf(a *hclsyntax.Attribute) source.Range { return source.FromHCL(a.NameRange) }

func contains(words, word string) bool {
	return slices.Contains(strings.Fields(words), word)
}

// ingress reads the ingress block.
func (x *instance) ingress(b *hclsyntax.Block, spec *schema.Block, posture string) *Ingress {
	r := x.read(b, spec, x.sc)
	in := &Ingress{
		Declared: Declared{Address: "ingress", Range: r.at},
		Image:    r.str("image"), Version: r.str("version"), HTTPPort: r.integer("http_port", 1, 65535), HTTPSPort: r.integer("https_port", 1, 65535),
		Address: r.str("address"), BodySize: r.size("body_size", 1<<10, 1<<40), TrustedProxy: r.strings("trusted_proxies"), IPv6: r.boolean("ipv6"),
	}
	for _, tb := range r.blocks("tls") {
		t := x.read(tb, r.nested("tls"), x.sc)
		in.Profile = t.str("profile")
		for _, cb := range t.blocks("certificate") {
			in.Certificate = x.certificate(cb, t.nested("certificate"), posture)
		}
		for _, hb := range t.blocks("hsts") {
			h := x.read(hb, t.nested("hsts"), x.sc)
			in.HSTS = &HSTS{
				Range: h.at, MaxAge: h.wholeUnits("max_age", second, "seconds", 0, 10*365*86400),
				IncludeSubDomains: h.boolean("include_subdomains"), Preload: h.boolean("preload"),
			}
		}
	}
	for _, lb := range r.blocks("rate_limit") {
		in.RateLimit = x.rateLimit(lb, r.nested("rate_limit"), x.sc)
	}
	for _, rb := range r.blocks("resources") {
		n := x.read(rb, r.nested("resources"), x.sc)
		in.CPUs, in.Memory = n.float("cpus", 0.01, 512), n.size("memory", 6<<20, 1<<44)
	}
	return in
}

// certificate reads where the certificate comes from. A block with both sources
// means local in development and files in production.
func (x *instance) certificate(cb *hclsyntax.Block, spec *schema.Block, posture string) *Certificate {
	r := x.read(cb, spec, x.sc)
	var local, files *Certificate
	for _, b := range r.blocks("local") {
		local = &Certificate{Range: x.read(b, r.nested("local"), x.sc).at, Source: "local"}
	}
	for _, b := range r.blocks("files") {
		n := x.read(b, r.nested("files"), x.sc)
		files = &Certificate{Range: n.at, Source: "files", Certificate: n.str("certificate"), PrivateKey: n.str("private_key")}
	}
	switch {
	case local != nil && (files == nil || posture == "development"):
		return local
	case files != nil:
		return files
	}
	if r.strange {
		return nil
	}
	x.ev.Report(diag.Errorf("NS103", r.at, "Missing argument",
		"A certificate block says where the certificate comes from, as in\n    files {\n      certificate = \"/etc/ssl/shop/fullchain.pem\"\n      private_key = \"/etc/ssl/shop/privkey.pem\"\n    }\nand, for development,\n    local {}"))
	return &Certificate{Range: r.at}
}

// firewall reads the firewall block.
func (x *instance) firewall(b *hclsyntax.Block, spec *schema.Block) *Firewall {
	r := x.read(b, spec, x.sc)
	f := &Firewall{Declared: Declared{Address: "firewall", Range: r.at}, SSHRange: r.at}
	for _, sb := range r.blocks("ssh") {
		n := x.read(sb, r.nested("ssh"), x.sc)
		f.SSHRange, f.SSHPort, f.SSHFrom, f.SSHLimit = n.at, n.integer("port", 1, 65535), n.networks("from"), n.boolean("limit")
	}
	seen := map[string]source.Range{}
	for _, ab := range r.blocks("allow") {
		n := x.read(ab, r.nested("allow"), x.sc)
		name := ab.Labels[0]
		if !dnsName.MatchString(name) {
			x.ev.Report(invalidName(ab, "allow rule", true))
			continue
		}
		if first, dup := seen[name]; dup {
			x.ev.Report(duplicate(n.at, "allow rule", name, first))
			continue
		}
		seen[name] = n.at
		f.Allow = append(f.Allow, Allow{
			Range: n.at, Name: name, Port: n.integer("port", 1, 65535),
			Protocol: n.str("protocol"), From: n.networks("from"),
		})
	}
	return f
}
