package lang_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/lang"
)

// TestExpansion holds what modules, kinds and for_each, one inside the other,
// become: addresses, names, and whose call it was.
func TestExpansion(t *testing.T) {
	st := sound(t, files{
		"nself.hcl": `stack "t" {
  domain = "example.com"
}
service "plain" {
  image = "x:1"
}
service "web" {
  for_each = { eu = "Europe", us = "America" }
  image    = "x:1"
  env      = { AREA = each.value }
  port "http" {
    container = 80
  }
  route {
    host = "${each.key}.example.com"
  }
  route {
    for_each = toset(["a", "b"])
    host     = "${each.key}.${stack.domain}"
  }
}
volume "data" {
  for_each = toset(["x", "y"])
}
config "conf" {
  for_each = { one = "1", two = "2" }
  path     = "/etc/${each.key}"
  content  = each.value
}
secret "key" {
  for_each = toset(["a b", "\"quoted\", (odd)+#"])
  bytes    = 16
}
service "uses" {
  image   = "x:1"
  secrets = { A = secret.key["a b"], B = secret.key["\"quoted\", (odd)+#"] }
  volume "data" {
    path   = "/data"
    source = volume.data["x"]
  }
  config "one" {
    source = config.conf["one"]
  }
  config "two" {
    source     = config.conf.two
    path       = "/elsewhere"
    executable = true
  }
}
single "cache" {}
single "many" {
  for_each = toset(["eu"])
}
double "pair" {}
module "outer" {
  for_each = toset(["p", "q"])
  source   = "./outer"
  name     = each.key
}
service "last" {
  image = "x:1"
  env   = { A = module.outer["p"].name, B = module.outer["q"].inner, C = double.pair.b, D = single.cache.self }
}
`,
		"outer/outer.hcl": `variable "name" {}
module "inner" {
  source = "../inner"
  prefix = "${var.name}-${self.name}"
}
output "name" { value = var.name }
output "inner" { value = module.inner.prefix }
volume "shared" {}
service "s" {
  image = "x:1"
  volume "v" {
    path   = "/v"
    source = volume.shared
  }
}
`,
		"inner/inner.hcl":         "variable \"prefix\" {}\noutput \"prefix\" { value = var.prefix }\nsecret \"deep\" {}\nsingle \"nested\" {}\n",
		"kinds/single/single.hcl": "service \"main\" { image = \"x:1\" }\noutput \"self\" { value = \"${self.name} ${service.main.host} ${stack.name}\" }\n",
		"kinds/double/double.hcl": "service \"a\" { image = \"x:1\" }\nservice \"b\" { image = \"x:1\" }\noutput \"b\" { value = service.b.name }\n",
	})
	var services, volumes, secrets []string
	for _, s := range st.Services {
		services = append(services, s.Address+" = "+s.Name)
	}
	for _, v := range st.Volumes {
		volumes = append(volumes, v.Address+" = "+v.Name)
	}
	for _, s := range st.Secrets {
		secrets = append(secrets, s.Address)
	}
	check := func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("services", []string{
		"service.plain = plain", `service.web["eu"] = web-eu`, `service.web["us"] = web-us`, "service.uses = uses",
		"single.cache.service.main = cache", `single.many["eu"].service.main = many-eu`,
		"double.pair.service.a = pair-a", "double.pair.service.b = pair-b",
		`module.outer["p"].module.inner.single.nested.service.main = outer-p-inner-nested`, `module.outer["p"].service.s = outer-p-s`,
		`module.outer["q"].module.inner.single.nested.service.main = outer-q-inner-nested`, `module.outer["q"].service.s = outer-q-s`,
		"service.last = last",
	}, services)
	check("volumes", []string{`volume.data["x"] = data-x`, `volume.data["y"] = data-y`, `module.outer["p"].volume.shared = outer-p-shared`, `module.outer["q"].volume.shared = outer-q-shared`}, volumes)
	check("secrets", []string{`secret.key["\"quoted\", (odd)+#"]`, `secret.key["a b"]`, `module.outer["p"].module.inner.secret.deep`, `module.outer["q"].module.inner.secret.deep`}, secrets)

	web := service(t, st, `service.web["us"]`)
	var routes []string
	for _, r := range web.Routes {
		routes = append(routes, r.Address+" "+r.Host.V)
	}
	check("routes", []string{`service.web["us"].route[0] us.example.com`, `service.web["us"].route[1]["a"] a.example.com`, `service.web["us"].route[1]["b"] b.example.com`}, routes)
	check("each.value", "America", web.Env[0].Value.V.String())

	u := service(t, st, "service.uses")
	check("secrets of hostile keys", []string{`${secret.key["a b"]}`, `${secret.key["\"quoted\", (odd)+#"]}`}, []string{u.Secrets[0].Value.V.String(), u.Secrets[1].Value.V.String()})
	check("volume", `volume.data["x"]`, u.Volumes[0].Volume)
	check("shared config", []string{"/etc/one 1 0", "/elsewhere 2 493"}, configs(u))
	check("volume in a module", `module.outer["q"].volume.shared`, service(t, st, `module.outer["q"].service.s`).Volumes[0].Volume)

	last := map[string]string{}
	for _, e := range service(t, st, "service.last").Env {
		last[e.Name] = e.Value.V.String()
	}
	check("outputs", map[string]string{"A": "p", "B": "q-outer-q", "C": "pair-b", "D": "cache cache t"}, last)

	deep := service(t, st, `module.outer["q"].module.inner.single.nested.service.main`)
	var calls []string
	for _, c := range deep.Calls {
		calls = append(calls, c.Address+" "+c.Range.String())
	}
	check("calls", []string{`module.outer["q"] nself.hcl:55`, `module.outer["q"].module.inner outer/outer.hcl:2`, `module.outer["q"].module.inner.single.nested inner/inner.hcl:4`}, calls)
}

func configs(s *lang.Service) []string {
	var out []string
	for _, c := range s.Configs {
		text, _ := c.Content.V.Plain()
		out = append(out, c.Path.V+" "+text+" "+strconv.Itoa(c.Mode.V))
	}
	return out
}

// TestOwnKindStandsInForTheBuiltIn: a folder kinds/redis is what redis means in
// this stack, whole: nothing of the built-in one is left.
func TestOwnKindStandsInForTheBuiltIn(t *testing.T) {
	f := one(`redis "cache" {
  size = 3
}
service "x" {
  image = "x:1"
  env   = { URL = redis.cache.url }
}
`)
	f["kinds/redis/mine.hcl"] = "variable \"size\" { type = number }\nservice \"main\" { image = \"mine:${var.size}\" }\noutput \"url\" { value = service.main.host }\n"
	st := sound(t, f)
	if s := service(t, st, "redis.cache.service.main"); s.Image.V != "mine:3" || len(st.Secrets) != 0 {
		t.Errorf("%s, %d secrets", s.Image.V, len(st.Secrets))
	}
}
