package policy

import (
	"cmp"
	"fmt"
	"net/netip"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

func publishedPort() Rule {
	return Rule{
		Code: "NS317", Title: "Port published past the ingress", Production: Error, Development: Error,
		Theme: Network, Severity: Critical, Held: ByDefault,
		References: []string{"CIS Docker Benchmark 5.14", "OWASP Docker D5a", "moby#45610"},
		Check: eachPublished(func(stack *ir.Stack, s *ir.Service, p ir.Publish, report func(Finding)) {
			loopback := isLoopback(p.HostIP.V)
			switch {
			case isIngress(stack, s), loopback && stack.Posture == ir.Development && s.Store.V == "":
			case loopback && s.Store.V == "":
				report(about(s, p.Host.Range,
					"%s publishes a port on the host's loopback address. Every user and process of the server can reach it past the ingress, and on "+
						"Docker before 28 its neighbours on the network can too. Publish it in development only, or give the service a route:\n\n"+
						"    route {\n      host = \"api.example.com\"\n    }", s.Address))
			default:
				report(about(s, p.Host.Range,
					"%s publishes port %d of the host. Only the ingress may: it has TLS, rate limits and a log, and the firewall knows it. "+
						"This is a bug in nselfc, which has no way to ask for it: please report it.", s.Address, p.Host.V))
			}
		}),
	}
}

func eachPublished(check func(stack *ir.Stack, s *ir.Service, p ir.Publish, report func(Finding))) func(*ir.Stack, func(Finding)) {
	return func(stack *ir.Stack, report func(Finding)) {
		for _, s := range stack.Services {
			for _, p := range s.Publish {
				check(stack, s, p, report)
			}
		}
	}
}

func isIngress(stack *ir.Stack, s *ir.Service) bool {
	return stack.Ingress != nil && stack.Ingress.Service == s.Name
}

func isLoopback(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.IsLoopback()
}

func localCertificate() Rule {
	return Rule{
		Code: "NS340", Title: "Local certificate in production", Production: Error,
		Theme: TLS, Severity: High, Held: ByCheck, Waivable: true,
		References: []string{"Mozilla, Server Side TLS 6.0", "OWASP Transport Layer Security"},
		Check: func(s *ir.Stack, report func(Finding)) {
			if s.Ingress == nil || s.Ingress.Certificate.Source != "local" {
				return
			}
			at := s.Ingress.Certificate.Origin.Range
			if at.IsZero() {
				at = s.Ingress.Origin.Range
			}
			report(Finding{At: at, Address: "ingress", Detail: "The ingress would serve a certificate of the stack's own authority. No browser trusts it; people who " +
				"learn to click the warning away cannot tell an attacker from you. Bring a certificate:\n\n    tls {\n      certificate {\n" +
				"        files {\n          certificate = \"/etc/ssl/shop/fullchain.pem\"\n          private_key = \"/etc/ssl/shop/privkey.pem\"\n" +
				"        }\n      }\n    }\n\nor say that this environment is for development:\n\n    environment \"dev\" {\n      posture = \"development\"\n    }"})
		},
	}
}

func noFirewall() Rule {
	return Rule{
		Code: "NS341", Title: "Published ports without a firewall", Production: Warning,
		Theme: Firewall, Severity: High, Held: ByCheck, Waivable: true,
		References: []string{"Docker, Packet filtering and firewalls", "CIS Debian Linux Benchmark 3.5"},
		Check: func(s *ir.Stack, report func(Finding)) {
			if s.Firewall != nil || s.Ingress == nil {
				return
			}
			report(Finding{At: s.Ingress.Origin.Range, Address: "ingress", Detail: "The stack publishes ports and has no firewall. Ports that Docker publishes go past ufw's own " +
				"rules, and every other process of the host is reachable besides. Add one; ssh stays open by default:\n\n    firewall {\n      ssh {\n        port = 22\n      }\n    }"})
		},
	}
}

// trustedGateway: Docker hands connections by IPv6, and those of the host
// itself, to the ingress in the name of its edge network's gateway.
func trustedGateway() Rule {
	return Rule{
		Code: "NS354", Title: "Trusted proxies include Docker's own address", Production: Error, Development: Warning,
		Theme: Edge, Severity: High, Held: ByCheck, Waivable: true,
		References: []string{"RFC 7239, 8.1", "nginx, ngx_http_realip_module"},
		Check: func(s *ir.Stack, report func(Finding)) {
			for _, n := range s.Networks {
				if n.Purpose != "edge" || !isIngress(s, serviceAt(s, n.Owner)) {
					continue
				}
				for _, subnet := range [...]string{n.Subnet, n.Subnet6} {
					edge, err := netip.ParsePrefix(subnet)
					if err != nil {
						continue
					}
					for _, t := range s.Ingress.TrustedProxy {
						if proxies, err := netip.ParsePrefix(t.V); err == nil && proxies.Overlaps(edge) && !isTooWide(proxies) {
							report(believesDocker(t, subnet))
						}
					}
				}
			}
		},
	}
}

// trustedWorld: the widest network that somebody has to himself, and whose proxies he can
// vouch for, is a /8 of IPv4 or the private addresses of IPv6.
func trustedWorld() Rule {
	return Rule{
		Code: "NS356", Title: "Trusted proxies that are other people's", Production: Error, Development: Error,
		Theme: Edge, Severity: Critical, Held: ByCheck,
		References: []string{"RFC 7239, 8.1", "nginx, ngx_http_realip_module", "CWE-348"},
		Check: func(s *ir.Stack, report func(Finding)) {
			if s.Ingress == nil {
				return
			}
			for _, t := range s.Ingress.TrustedProxy {
				if p, err := netip.ParsePrefix(t.V); err == nil && isTooWide(p) {
					report(Finding{At: t.Range, Address: "ingress", Detail: fmt.Sprintf("%s is so much of the internet that anybody's machine lies in it. "+
						"Whoever connects from there is believed whatever X-Forwarded-For he sends, and so chooses his own address for rate limits, "+
						"logs and allow_from. Name the networks of the load balancer, which its provider publishes; without one in front, "+
						"leave trusted_proxies out:\n\n    trusted_proxies = [\"203.0.113.0/24\"]", t.V)})
				}
			}
		},
	}
}

// isTooWide tells a network that belongs to many: wider than /8 of IPv4, or /16 of IPv6
// outside of its private addresses.
func isTooWide(p netip.Prefix) bool {
	switch {
	case p.Addr().Is4():
		return p.Bits() < 8
	case p.Addr().IsPrivate():
		return p.Bits() < 7
	}
	return p.Bits() < 16
}

func believesDocker(t ir.String, subnet string) Finding {
	return Finding{At: t.Range, Address: "ingress", Detail: fmt.Sprintf("%s holds %s, the network on which Docker hands clients of IPv6 to the ingress, in its own name. "+
		"All of them would be believed whatever X-Forwarded-For they send: any address for rate limits, logs and allow_from. Name the "+
		"proxies' own networks:\n\n    trusted_proxies = [\"10.1.2.0/24\"]\n\nor, if they are that wide, let the stack's networks lie elsewhere:\n\n"+
		"    stack \"shop\" {\n      subnet_pool = \"172.28.0.0/14\"\n    }", t.V, subnet)}
}

// serviceAt gives the service of an address, or one without a name.
func serviceAt(s *ir.Stack, address string) *ir.Service {
	for _, one := range s.Services {
		if one.Address == address {
			return one
		}
	}
	return &ir.Service{}
}

// unguarded are ports whose services are attacked as soon as they are found, and
// what listens there.
func unguarded(port int) string {
	switch port {
	case 2375, 2376:
		return "a Docker engine"
	case 3306:
		return "MySQL"
	case 5432:
		return "PostgreSQL"
	case 6379:
		return "Redis"
	case 9200, 9300:
		return "Elasticsearch"
	case 11211:
		return "memcached"
	case 27017:
		return "MongoDB"
	}
	return ""
}

func openDatabase() Rule {
	return Rule{
		Code: "NS319", Title: "Database port open to the world", Production: Error, Development: Warning,
		Theme: Firewall, Severity: Critical, Held: ByCheck,
		References: []string{"CIS Debian Linux Benchmark 3.5", "CWE-668"},
		Check: func(s *ir.Stack, report func(Finding)) {
			if s.Firewall == nil {
				return
			}
			for _, p := range s.Firewall.Open {
				what, at, open := unguarded(p.Port.V), p.Port.Range, true
				if len(p.From) > 0 {
					at, open = everywhere(p.From)
				}
				if what == "" || p.Container || !open {
					continue
				}
				report(Finding{At: cmp.Or(at, p.Origin.Range), Address: "firewall", Detail: fmt.Sprintf("The rule %q opens port %d, where %s listens, to everybody. Such ports are found and attacked "+
					"within minutes. Say who may connect:\n\n    from = [\"203.0.113.0/24\"]", p.ID, p.Port.V, what)})
			}
		},
	}
}

// everywhere gives the place of the first network that is all addresses of a family.
func everywhere(from []source.Value[string]) (at source.Range, ok bool) {
	for _, f := range from {
		if p, err := netip.ParsePrefix(f.V); err == nil && p.Bits() == 0 {
			return f.Range, true
		}
	}
	return source.Range{}, false
}
