//go:build lab && linux

package e2e

import (
	"strings"
	"testing"
	"testing/fstest"

	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
)

const ipv6Stack = `stack "six" {
  domain = "six.example.com"
}

environment "prod" {
  posture = "production"
}

service "web" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]

  port "http" {
    container = 8080
  }

  route {
    host = "open.${stack.domain}"
  }

  route {
    host = "limited.${stack.domain}"

    rate_limit {
      requests = 1
      window   = "60s"
    }
  }

  route {
    host       = "inner.${stack.domain}"
    allow_from = ["fd5e:1ab::20", "fd00::/8"]
  }

  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

ingress {
  ipv6 = true

  tls {
    certificate {
      files {
        certificate = "certs/fullchain.pem"
        private_key = "certs/privkey.pem"
      }
    }
  }
}

firewall {}
`

// TestIPv6 gives the ingress an IPv6 network, on an engine that translates IPv6
// (as Docker does by itself since 27) and on one that does not: there, nobody is
// taken for somebody else.
func TestIPv6(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		daemon map[string]any
		known  bool
	}{
		{"translated", map[string]any{"experimental": true, "ip6tables": true}, true},
		{"through Docker's proxy", map[string]any{"ip6tables": false}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			testIPv6(t, lab.Start(t, lab.Options{Daemon: tc.daemon}), tc.known)
		})
	}
}

func testIPv6(t *testing.T, engine *lab.Engine, known bool) {
	engine.RequireMachines(t)
	files := fstest.MapFS{"nself.hcl": {Data: []byte(ipv6Stack), Mode: 0o644}}
	s := &shop{stack: newStack(t, engine, files, "six", "prod", "six.example.com"), client: lab.Place(engine.Client)}
	s.public(t, chainFile, keyFile, s.host("open"), s.host("limited"), s.host("inner"))
	s.build(t)
	s.up(t)
	ask := func(host, connect string) attack.Response {
		t.Helper()
		r := s.request(host, "/")
		r.Connect = connect
		return s.client.HTTP(t, r)
	}
	v4, v6 := lab.HostIPv4+":443", "["+lab.HostIPv6+"]:443"
	check := func(t *testing.T) {
		t.Helper()
		for _, connect := range []string{v4, v6} {
			if r := ask("open", connect); r.Status != 200 {
				t.Errorf("by way of %s: %+v", connect, r)
			}
		}
		if r := ask("inner", v4); r.Status != 403 {
			t.Errorf("by IPv4, a route for networks of IPv6: %+v", r)
		}
		want := 403 // the gateway is in fd00::/8, and stands for all the world
		if known {
			want = 200
		}
		if r := ask("inner", v6); r.Status != want {
			t.Errorf("by IPv6, the client that the route is for: %+v", r)
		}
	}
	check(t)
	// What docs/security.md warns of, and why this is not the default.
	if r := engine.Host("cat", "/proc/sys/net/ipv6/conf/all/forwarding").Must(t); strings.TrimSpace(r) != "1" {
		t.Errorf("Docker leaves the host's IPv6 forwarding at %s", r)
	}
	s.firewall(t, "--apply").Must(t)
	s.firewall(t, "--confirm").Must(t)
	t.Run("behind the firewall", check)
	scan(t, s.client, lab.HostIPv6, 22, 80, 443)
	inside := engine.Docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}", s.container(t, "ingress").Name).Must(t)
	if inside = strings.TrimSpace(inside); s.client.Connect(t, "["+inside+"]:8443").Open {
		t.Errorf("the container itself answers at %s", inside)
	}
	if !s.beside("ingress").Connect(t, "["+inside+"]:8443").Open {
		t.Errorf("the control: nothing listens at %s", inside)
	}

	// One client uses up its own allowance. Where Docker hides who it is, that of all.
	first := ask("limited", v6)
	defer s.speak(t, "-6", "fd5e:1ab:0:1::20/64", lab.HostIPv6)()
	if second := ask("limited", v6); first.Status != 200 || second.Status != map[bool]int{true: 200, false: 429}[known] {
		t.Errorf("two networks of IPv6 and a limit of one: %d, then %d", first.Status, second.Status)
	}
}
