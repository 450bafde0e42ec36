package proof

import (
	"net/netip"
	"strings"

	"nselfc/internal/proof/yaml"
)

// portRules are proved on published ports.
func portRules() []Rule {
	return []Rule{
		eachPort("NS317", func(s *service, p *yaml.Node, report Report) {
			if !s.ingress() && !onLoopback(p) {
				report(s.at(p), "The service %s publishes port %s to whoever reaches the host.", s.Key, p.Get("published").Value()+p.Value())
			}
		}),
		eachPort("NS1401", func(s *service, p *yaml.Node, report Report) {
			protocol := p.Get("protocol").Value()
			if portNumber(p.Get("target").Value()) == 0 || portNumber(p.Get("published").Value()) == 0 || protocol != "tcp" && protocol != "udp" ||
				otherThan(p, "target", "published", "protocol", "host_ip") != nil {
				report(s.at(p), "The service %s publishes %q, which is not one port.", s.Key, p.Get("published").Value()+p.Value())
			}
		}),
		eachPort("NS1402", func(s *service, p *yaml.Node, report Report) {
			n := p.Get("host_ip")
			if _, err := netip.ParseAddr(n.Value()); n != nil && err != nil {
				report(s.at(n), "The service %s publishes a port on %q, which is no address.", s.Key, n.Value())
			}
		}),
		{"NS1403", func(a *Artefacts, report Report) {
			for _, s := range a.compose().services {
				for p := range s.Get("ports").All() {
					if !s.ingress() && isStore(a, s) {
						report(s.at(p), "The store %s publishes port %s.", s.Key, p.Get("published").Value())
					}
				}
			}
		}},
		eachPort("NS1404", func(s *service, p *yaml.Node, report Report) {
			if n := p.Get("target"); n.Value() == "22" && !onLoopback(p) {
				report(s.at(n), "The service %s publishes a remote shell.", s.Key)
			}
		}),
		eachPort("NS1405", func(s *service, p *yaml.Node, report Report) {
			if n := p.Get("target"); s.ingress() && n.Value() != "22" && portNumber(n.Value()) < 1024 {
				report(s.at(n), "The ingress listens on port %s, for which it would need more than its user may.", n.Value())
			}
		}),
		eachPort("NS1406", func(s *service, p *yaml.Node, report Report) {
			target := p.Get("target").Value()
			if p.Get("protocol").Value() == "udp" {
				target += "/udp"
			}
			for c := range s.Get("expose").All() {
				if c.Value() == target {
					return
				}
			}
			report(s.at(p), "The service %s publishes port %s, which it does not declare.", s.Key, target)
		}),
	}
}

// eachPort makes a rule of a check that looks at every published port.
func eachPort(code string, check func(s *service, p *yaml.Node, report Report)) Rule {
	return eachService(code, func(s *service, report Report) {
		for p := range s.Get("ports").All() {
			check(s, p, report)
		}
	})
}

// onLoopback tells a port that only the host itself can reach.
func onLoopback(p *yaml.Node) bool {
	a, err := netip.ParseAddr(p.Get("host_ip").Value())
	return err == nil && a.IsLoopback()
}

// isStore tells a service that keeps data, as the model has it: a project's own kind
// may be called like one of the catalog and be no store. One that the model does not
// know is judged by the name of its kind.
func isStore(a *Artefacts, s *service) bool {
	var told struct {
		Store string `json:"store"`
	}
	if a.described(s.address, "service", &told) {
		return told.Store != ""
	}
	return strings.HasPrefix(s.address, "postgres.") || strings.HasPrefix(s.address, "redis.")
}
