//go:build lab && linux

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"nselfc/internal/lab"
)

// example is one environment of an example, and the hosts that it answers for.
type example struct {
	folder, name, env, domain string
	hosts                     []string // below the domain
}

var examples = []example{
	{"minimal", "minimal", "dev", "minimal.localhost", []string{""}},
	{"own-kind", "own-kind", "dev", "docs.localhost", []string{"", "blog"}},
	{"own-rules", "ruled", "dev", "ruled.localhost", []string{""}},
	{"shop", "shop", "dev", "shop.localhost", []string{"api"}},
	{"multi-environment", "crm", "dev", "crm.localhost", []string{"eu"}},
	{"multi-environment", "crm", "prod", "crm.example.com", []string{"eu", "us"}},
}

// TestExamples brings every example up as its reader would, one after the other,
// and asks each of its hosts for a page.
func TestExamples(t *testing.T) {
	t.Parallel()
	engine := lab.Start(t, lab.Options{Images: standIns})
	engine.RequireMachines(t)
	tried := map[string]bool{}
	for _, ex := range examples {
		tried[ex.folder] = true
		t.Run(ex.folder+" in "+ex.env, func(t *testing.T) { ex.test(t, engine) })
	}
	stacks, err := filepath.Glob("../../examples/*/nself.hcl")
	if err != nil || len(stacks) < len(tried) {
		t.Fatalf("%v, %v", stacks, err)
	}
	for _, file := range stacks {
		if name := filepath.Base(filepath.Dir(file)); !tried[name] {
			t.Errorf("the example %s is not tried", name)
		}
	}
}

func (ex example) test(t *testing.T, engine *lab.Engine) {
	s := newStack(t, engine, os.DirFS("../../examples/"+ex.folder), ex.name, ex.env, ex.domain)
	ports := []int{22}
	if ex.env == "prod" {
		var hosts []string
		for _, h := range ex.hosts {
			hosts = append(hosts, s.host(h))
		}
		s.public(t, "certs/prod.pem", "certs/prod.key", hosts...)
		ports = []int{22, 80, 443} // also the control: what is published is seen
	}
	s.build(t)
	s.up(t)
	defer s.engine.Compose(s.out, "down", "--volumes", "--timeout", "5")

	for _, c := range engine.Containers(t, s.project) {
		if c.Health != "healthy" || c.UID == 0 || c.Bounding != 0 || !c.RootReadOnly {
			t.Errorf("%s is %s; hardened: %+v", c.Name, c.Health, c)
		}
	}
	for _, h := range ex.hosts {
		if r := s.get(t, h); r.Status != 200 || r.TLS != "TLS 1.3" {
			t.Errorf("%s: %+v", s.host(h), r)
		}
		stranger := s.request(h, "/")
		stranger.CA = ""
		if r := s.from.HTTP(t, stranger); r.Error == "" {
			t.Errorf("%s is trusted without its authority: %+v", s.host(h), r)
		}
	}
	client := lab.Place(engine.Client)
	for _, address := range []string{lab.HostIPv4, lab.HostIPv6} {
		scan(t, client, address, ports...)
	}
	if ex.env == "dev" {
		t.Run("authority", func(t *testing.T) { s.testLocalAuthority(t, s.host(ex.hosts[0])) })
	}
}
