package lang_test

import (
	"slices"
	"testing"

	"nselfc/lang"
)

// What is named here stands in every stack of TestUses.
const stores = `
redis "one" {}
redis "two" {}
redis "many" {
  for_each = toset(["eu", "us"])
}
postgres "db" {
  databases = ["app"]
  roles     = { app = { database = "app" }, web = { database = "app" } }
}
service "plain" {
  image = "x:1"
  port "http" {
    container = 80
  }
}
service "each" {
  for_each = toset(["eu", "us"])
  image    = "x:1"
}
locals {
  _by_name  = { one = redis.one.url, two = redis.two.url }
  _nested   = { deep = { one = redis.one.url, two = redis.two.url } }
  _computed = { for k in ["eu", "us"] : k => redis.many[k].url }
  _all      = { for k, r in redis.many : k => r.url }
  _list     = [redis.one.url, redis.two.url]
  _merged   = merge(local._by_name, { three = service.plain.host })
  _hop      = local._by_name.one
}
`

// TestUses: references make the topology, so a service must use exactly what its
// values are made of, no matter by which way they come.
func TestUses(t *testing.T) {
	const (
		oneR, twoR = "redis.one.service.main", "redis.two.service.main"
		eu, us     = `redis.many["eu"].service.main`, `redis.many["us"].service.main`
		db         = "postgres.db.service.main"
		plain      = "service.plain"
	)
	for expr, want := range map[string][]string{
		`"x"`:                                          nil,
		`redis.one.url`:                                {oneR},
		`redis.one.host`:                               {oneR},
		`redis.one.password`:                           nil, // a secret leads nowhere
		`redis.one.user`:                               nil,
		`"${redis.one.url} ${redis.two.url}"`:          {oneR, twoR},
		`service.plain.host`:                           {plain},
		`service.plain.ports.http`:                     {plain},
		`service.each["eu"].host`:                      {`service.each["eu"]`},
		`postgres.db.roles.app.url`:                    {db},
		`postgres.db.roles["web"].password`:            nil,
		`redis.many["eu"].url`:                         {eu},
		`redis.many.us.url`:                            {us},
		`jsonencode(redis.many)`:                       {eu, us},
		`local._by_name.one`:                           {oneR},
		`local._by_name["two"]`:                        {twoR},
		`local._nested.deep["one"]`:                    {oneR},
		`local._computed["eu"]`:                        {eu},
		`local._all["us"]`:                             {us},
		`local._all["u${"s"}"]`:                        {us},
		`local._list[1]`:                               {twoR},
		`local._hop`:                                   {oneR},
		`local._merged.three`:                          {plain},
		`local._merged["one"]`:                         {oneR},
		`jsonencode(local._by_name)`:                   {oneR, twoR},
		`join(",", local._list)`:                       {oneR, twoR},
		`join(",", [for u in local._list : u])`:        {oneR, twoR},
		`join(",", keys(local._by_name))`:              nil, // names, not addresses
		`length(local._list)`:                          nil,
		`lookup(local._by_name, "one", "")`:            {oneR},
		`values(local._by_name)[0]`:                    {oneR},
		`element(local._list, 1)`:                      {twoR},
		`true ? redis.one.url : redis.two.url`:         {oneR},
		`false ? redis.one.url : redis.two.url`:        {twoR},
		`redis.one.host == "x" ? "a" : "b"`:            {oneR}, // its host decides
		`try(redis.many["asia"].url, redis.one.url)`:   {oneR},
		`try(redis.one.url, redis.two.url)`:            {oneR},
		`coalesce(null, redis.one.url)`:                {oneR},
		`upper(redis.one.host)`:                        {oneR},
		`url_encode(redis.one.url)`:                    {oneR},
		`"%{ for k, u in local._all }${u}%{ endfor }"`: {eu, us},
		`"%{ if true }${redis.one.url}%{ endif }"`:     {oneR},
		`[for k, u in local._all : u if k == "us"][0]`: {us},
		`join("", local._list[*])`:                     {oneR, twoR},
		`{ a = redis.one.url, b = "x" }.b`:             nil,
		`{ a = redis.one.url, b = "x" }.a`:             {oneR},
		`{ (redis.one.host) = "x" }["one"]`:            {oneR},
	} {
		t.Run(expr, func(t *testing.T) {
			st := sound(t, one(stores+"service \"x\" {\n  image = \"x:1\"\n  secrets = {\n    A = "+expr+"\n  }\n}\n"))
			if got := uses(service(t, st, "service.x")); !slices.Equal(got, want) {
				t.Errorf("uses %v, want %v", got, want)
			}
		})
	}
}

func uses(s *lang.Service) []string {
	var out []string
	for _, u := range s.Uses {
		out = append(out, u.Service)
	}
	return out
}

// TestUsesOfInstances: an instance uses what its own key leads to.
func TestUsesOfInstances(t *testing.T) {
	st := sound(t, files{
		"nself.hcl": "stack \"t\" {}\n" + stores + `
service "by-key" {
  for_each = toset(["eu", "us"])
  image    = "x:1"
  secrets  = { URL = redis.many[each.key].url }
}
service "by-value" {
  for_each = { a = redis.one.url, b = redis.two.url, c = "none" }
  image    = "x:1"
  secrets  = { URL = each.value }
}
service "by-node" {
  for_each = redis.many
  image    = "x:1"
  secrets  = { URL = each.value.url }
}
service "by-local" {
  for_each = toset(["one", "two"])
  image    = "x:1"
  secrets  = { URL = local._by_name[each.key] }
}
module "m" {
  for_each = { a = redis.one.url, b = redis.two.url }
  source   = "./m"
  url      = each.value
  options  = { other = redis.many["eu"].url, mine = "x" }
}
service "of-module" {
  image   = "x:1"
  secrets = { A = module.m["a"].host, B = module.m["a"].passed }
}
service "of-route" {
  image = "x:1"
  port "http" {
    container = 80
  }
  route {
    for_each = { a = redis.one.host }
    host     = "${each.value}.example.com"
  }
}
config "shared" {
  path    = "/x"
  content = redis.two.url
}
service "of-config" {
  image = "x:1"
  config "x" {
    source = config.shared
  }
  config "y" {
    path     = "/y"
    template = "y.tmpl"
    vars     = { url = redis.one.url }
  }
}
`,
		"y.tmpl": "${vars.url} ${service.plain.host}",
		"m/m.hcl": `
variable "url" { type = string }
variable "options" { type = map(string) }
service "inner" {
  image   = "x:1"
  secrets = { URL = var.url, MINE = var.options.mine }
}
output "host" { value = service.inner.host }
output "passed" { value = var.url }
`,
	})
	for address, want := range map[string][]string{
		`service.by-key["eu"]`:        {`redis.many["eu"].service.main`},
		`service.by-key["us"]`:        {`redis.many["us"].service.main`},
		`service.by-value["a"]`:       {"redis.one.service.main"},
		`service.by-value["b"]`:       {"redis.two.service.main"},
		`service.by-value["c"]`:       nil,
		`service.by-node["eu"]`:       {`redis.many["eu"].service.main`},
		`service.by-local["two"]`:     {"redis.two.service.main"},
		`module.m["a"].service.inner`: {"redis.one.service.main"},
		`module.m["b"].service.inner`: {"redis.two.service.main"},
		"service.of-module":           {`module.m["a"].service.inner`, "redis.one.service.main"},
		"service.of-route":            {"redis.one.service.main"},
		"service.of-config":           {"redis.one.service.main", "redis.two.service.main", "service.plain"},
	} {
		if got := uses(service(t, st, address)); !slices.Equal(got, want) {
			t.Errorf("%s uses %v, want %v", address, got, want)
		}
	}
}

// TestUsesSayWhere: a use points at the reference that made it.
func TestUsesSayWhere(t *testing.T) {
	text := `redis "a" {}
redis "b" {}
service "x" {
  image = "x:1"
  env = {
    BOTH = join(",", [
      redis.a.host,
      redis.b.host,
    ])
  }
}
`
	st := sound(t, one(text))
	for i, u := range service(t, st, "service.x").Uses {
		if got := int(u.Range.Start.Line); got != 8+i {
			t.Errorf("%s is used on line %d, want %d", u.Service, got, 8+i)
		}
	}
}

// TestCompanionFiles: whoever refers to an output gets the files that come with
// it, once, and two files of one name are an error.
func TestCompanionFiles(t *testing.T) {
	st := sound(t, one(stores+`
service "x" {
  image   = "x:1"
  secrets = { A = postgres.db.roles.app.url, B = postgres.db.roles.web.url }
}
service "y" {
  image   = "x:1"
  secrets = { A = local._one }
}
locals {
  _one = "${postgres.db.roles.app.user}-${redis.one.url}"
}
`))
	for _, address := range []string{"service.x", "service.y"} {
		s := service(t, st, address)
		if len(s.Files) != 1 || s.Files[0].Name != "db-ca.crt" || s.Files[0].Text.V.String() != "${postgres.db.secret.ca#ca_certificate}" {
			t.Errorf("%s gets the files %v", address, s.Files)
		}
	}
	_, diags := evaluated(t, files{
		"nself.hcl": `stack "t" {}
mine "a" {}
mine "b" {}
service "x" {
  image   = "x:1"
  secrets = {
    A = mine.a.out
    B = mine.b.out
  }
}
`,
		"kinds/mine/mine.hcl": `
secret "ca" {}
output "out" {
  value = "x"
  files = { "ca.crt" = secret.ca }
}
`,
	})
	if len(diags) != 1 || diags[0].Code != "NS107" || diags[0].Subject.Start.Line != 8 {
		t.Errorf("two files of one name: %v", diags)
	}
}
