package proof

import (
	"path"
	"strings"

	"nselfc/internal/proof/yaml"
)

// mountedSecretRules are proved on how services get their secrets.
func mountedSecretRules() []Rule {
	return []Rule{
		eachMounted("NS1821", func(s *service, m *yaml.Node, report Report) {
			target := m.Get("target")
			if m.Kind != yaml.Mapping || otherThan(m, "source", "target") != nil || path.Dir(target.Value()) != "/run/secrets" ||
				strings.HasPrefix(m.Get("source").Value(), s.Key+".") && m.Get("source").Value() != s.Key+"."+path.Base(target.Value()) {
				report(s.at(m), "The service %s gets the secret %q at %q.", s.Key, m.Value()+m.Get("source").Value(), target.Value())
			}
		}),
		{"NS1822", func(a *Artefacts, report Report) {
			c := a.compose()
			declared := map[string]bool{}
			for _, e := range c.secrets {
				declared[e.Key] = true
			}
			for _, s := range c.services {
				for m := range s.Get("secrets").All() {
					if n := m.Get("source"); n != nil && !declared[n.Value()] {
						report(s.at(n), "The service %s gets the secret %q, which is not declared.", s.Key, n.Value())
					}
				}
			}
		}},
		{"NS1823", func(a *Artefacts, report Report) {
			for _, e := range a.compose().secrets {
				file := e.Get("file").Value()
				if otherThan(e.Node, "file") != nil || !strings.HasPrefix(file, secretsBelow) || !isShortest(file) ||
					strings.Replace(strings.TrimPrefix(file, secretsBelow), "/", ".", 1) != e.Key {
					report(e.at(nil), "The secret %s comes from the file %q, or from elsewhere.", e.Key, file)
				}
			}
		}},
		eachService("NS1824", func(s *service, report Report) {
			for m := range s.Get("env_file").All() {
				file := m.Get("path").Value()
				if !strings.HasPrefix(file, secretsBelow) || !isShortest(file) || !m.Get("required").True() || otherThan(m, "path", "required") != nil {
					report(s.at(m), "The service %s takes variables from %q.", s.Key, file+m.Value())
				}
			}
		}),
		eachService("NS1825", foreignSecret),
	}
}

const secretsBelow = "./.secrets.d/"

// isShortest tells a relative path that is not written in a longer way.
func isShortest(p string) bool { return "./"+path.Clean(p) == p }

// eachMounted makes a rule of a check that looks at every secret of a service.
func eachMounted(code string, check func(s *service, m *yaml.Node, report Report)) Rule {
	return eachService(code, func(s *service, report Report) {
		for m := range s.Get("secrets").All() {
			check(s, m, report)
		}
	})
}

// foreignSecret: secrets bear the name of their service, and so do their folders.
func foreignSecret(s *service, report Report) {
	for m := range s.Get("secrets").All() {
		if n := m.Get("source"); n != nil && !strings.HasPrefix(n.Value(), s.Key+".") {
			report(s.at(n), "The service %s gets %s.", s.Key, n.Value())
		}
	}
	for m := range s.Get("volumes").All() {
		n := m.Get("source")
		if rest, ok := strings.CutPrefix(n.Value(), secretsBelow); ok && !strings.HasPrefix(rest, s.Key+"/") {
			report(s.at(n), "The service %s mounts %s.", s.Key, n.Value())
		}
	}
	for m := range s.Get("env_file").All() {
		n := m.Get("path")
		if rest, ok := strings.CutPrefix(n.Value(), secretsBelow); ok && rest != s.Key+".env" && !strings.HasPrefix(rest, s.Key+"/") {
			report(s.at(n), "The service %s takes variables from %s.", s.Key, n.Value())
		}
	}
}
