package build_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// world is a stack as drawn: its text, and what the output must say by the
// drawing alone.
type world struct {
	blocks []string          // of the root folder
	files  map[string]string // modules, kinds and templates, by path
	env    string            // the environment, or "" for the nameless one
	dev    bool              // posture

	services map[string]*drawn // by compose name, without the ingress
	order    []string          // compose names as drawn
	hosts    map[string][]target
	secrets  []string // expressions that hold a secret
	ssh      []string // sources of ssh, empty for everywhere
	sshPort  int
	allow    []opening
	firewall bool
	http     int
	https    int
	address  string // of the ingress
}

// drawn is one service as it must come out.
type drawn struct {
	store    bool
	refs     map[string]bool // compose names of what it refers to
	host     string          // expression of its host name; "" where nothing may refer to it
	secret   string          // expression of a secret that leads to it, or ""
	egress   bool
	writable bool // read_only = false
	health   bool
	replicas int
	publish  []int
	env      map[string]string // plain variables
	envKeys  []string          // variables that hold a secret
	files    []string          // names below /run/secrets
	sealed   []string          // paths of configuration files that hold a secret
	configs  map[string]string // plain configuration files by path
	command  []string
	volumes  []string // targets
}

// target is where a route leads.
type target struct {
	path    string // decoded
	service string
	headers map[string]string
}

type opening struct {
	port     int
	protocol string
	from     []string
}

// reserved are names that YAML reads as something else where it is not watched.
var reserved = []string{"yes", "no", "on", "off", "null", "true", "y", "n", "default", "host", "none", "localhost", "services", "a", "nan"}

func drawWorld(t *rapid.T) *world {
	w := &world{
		files: map[string]string{}, services: map[string]*drawn{}, hosts: map[string][]target{}, http: 80, https: 443, sshPort: 22,
	}
	w.env = rapid.SampledFrom([]string{"", "prod", "dev"}).Draw(t, "environment")
	stack := "stack \"drawn\" {\n  domain = \"drawn.example.com\"\n"
	if rapid.Bool().Draw(t, "pool") {
		stack += "  subnet_pool = \"10.64.0.0/14\"\n"
	}
	w.blocks = append(w.blocks, stack+"}\n")
	if w.env != "" {
		w.dev = w.env == "dev"
		posture := map[bool]string{true: "development", false: "production"}[w.dev]
		w.blocks = append(w.blocks, fmt.Sprintf("environment %q {\n  posture = %q\n}\n", w.env, posture))
	}
	w.drawSecrets(t)
	w.blocks = append(w.blocks, "volume \"shared\" {}\n", "config \"common\" {\n  content = \"common\\n\"\n}\n")
	names := append(slices.Clone(reserved), "web", "api", "b-c", "worker", "z9")
	names = rapid.Permutation(names).Draw(t, "names")
	for _, name := range names[:rapid.IntRange(1, 12).Draw(t, "services")] {
		switch rapid.IntRange(0, 9).Draw(t, "kind of "+name) {
		case 0:
			w.postgres(t, name)
		case 1:
			w.redis(t, name)
		case 2:
			w.ownKind(t, name)
		case 3:
			w.module(t, name)
		case 4:
			w.repeated(t, name)
		default:
			w.service(t, name)
		}
	}
	w.drawEdge(t)
	return w
}

func (w *world) add(name string, d *drawn) {
	w.services[name] = d
	w.order = append(w.order, name)
}

// drawSecrets declares secrets, one of them for a map whose keys are hostile.
func (w *world) drawSecrets(t *rapid.T) {
	kinds := []string{"hex", "base64url", "password", "jwt"}
	for i := range rapid.IntRange(1, 3).Draw(t, "secrets") {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		w.blocks = append(w.blocks, fmt.Sprintf("secret \"key%d\" {\n  kind = %q\n}\n", i, kind))
		w.secrets = append(w.secrets, fmt.Sprintf("secret.key%d", i))
	}
	if rapid.Bool().Draw(t, "certificates") {
		w.blocks = append(w.blocks, "secret \"ca\" {\n  kind = \"x509\"\n  ca = true\n  hosts = [\"drawn.internal\"]\n}\n",
			"secret \"leaf\" {\n  kind = \"x509\"\n  signed_by = secret.ca\n  hosts = [\"drawn.internal\"]\n}\n")
		w.secrets = append(w.secrets, "secret.leaf.certificate", "secret.leaf.private_key", "secret.leaf.ca_certificate")
	}
	if key := hostile.Draw(t, "key"); rapid.Bool().Draw(t, "keyed") {
		w.blocks = append(w.blocks, "secret \"each\" {\n  for_each = toset(["+quote(t, key)+"])\n}\n")
		w.secrets = append(w.secrets, "secret.each["+quote(t, key)+"]")
	}
}

// secretText draws an expression that holds a secret, whole or within a text.
func (w *world) secretText(t *rapid.T) string {
	s := rapid.SampledFrom(w.secrets).Draw(t, "secret")
	switch rapid.IntRange(0, 3).Draw(t, "use") {
	case 0:
		f := rapid.SampledFrom([]string{"url_encode", "base64encode", "json", "scram_verifier", "redis_acl_hash", "shell_quote"}).Draw(t, "function")
		return f + "(" + s + ")"
	case 1:
		before := strings.TrimSuffix(quote(t, hostile.Draw(t, "before")+"."), `"`) // "$" in front of "${" would escape it
		return before + "${" + s + "}" + strings.TrimPrefix(quote(t, hostile.Draw(t, "after")), `"`)
	}
	return s
}

func (w *world) postgres(t *rapid.T, name string) {
	access := rapid.SampledFrom([]string{"read_write", "read_only", "migrate", "monitor", "backup"}).Draw(t, "access")
	version := rapid.SampledFrom([]string{"15.1", "17.6", "18.0", "17.6-alpine"}).Draw(t, "version")
	w.blocks = append(w.blocks, fmt.Sprintf("postgres %q {\n  version = %q\n  databases = [\"app\"]\n  roles = {\n    app = { database = \"app\", access = %q }\n  }\n}\n", name, version, access))
	w.add(name, &drawn{
		store: true, health: true, host: "postgres." + name + ".host", secret: "postgres." + name + ".roles.app.url",
		sealed: []string{"/etc/postgresql/roles.sql", "/run/secrets/SERVER_TLS"},
	})
}

// redis declares one, or one for each of two keys.
func (w *world) redis(t *rapid.T, name string) {
	args, each := "", [][2]string{{"", ""}}
	if rapid.Bool().Draw(t, "each") {
		args, each = "  for_each = { eu = true, no = false }\n", [][2]string{{"-eu", `["eu"]`}, {"-no", `["no"]`}}
	}
	w.blocks = append(w.blocks, fmt.Sprintf("redis %q {\n%s  persistent = %v\n}\n", name, args, rapid.Bool().Draw(t, "persistent")))
	for _, k := range each {
		address := "redis." + name + k[1]
		w.add(name+k[0], &drawn{store: true, health: true, host: address + ".host", secret: address + ".url", sealed: []string{"/etc/redis/users.acl"}})
	}
}

// ownKind uses a kind of the stack's own, with a template and a secret.
func (w *world) ownKind(t *rapid.T, name string) {
	text := hostile.Draw(t, "text")
	w.files["kinds/box/box.hcl"] = `variable "text" {
  type = string
}

secret "token" {}

service "main" {
  image = "ghcr.io/acme/box:1.0.0"
  store = "box"
  env   = { TEXT = var.text }

  port "api" {
    container = 9000
  }

  config "box.conf" {
    path     = "/etc/box.conf"
    template = "box.conf.tmpl"
    vars     = { text = var.text }
  }

  healthcheck {
    tcp = true
  }
}

output "host" {
  value = service.main.host
}

output "url" {
  value = "box://${url_encode(secret.token)}@${service.main.host}:${service.main.ports.api}"
}
`
	w.files["kinds/box/box.conf.tmpl"] = "# ${self.name}\ntext=${json(vars.text)}\nraw=${vars.text}\n"
	w.blocks = append(w.blocks, fmt.Sprintf("box %q {\n  text = %s\n}\n", name, quote(t, text)))
	w.add(name, &drawn{
		store: true, health: true, host: "box." + name + ".host", secret: "box." + name + ".url",
		env: map[string]string{"TEXT": text},
		configs: map[string]string{
			"/etc/box.conf": "# " + name + "\ntext=" + jsonText(text) + "\nraw=" + text + "\n",
		},
	})
}

// module uses a module of two services, one of which refers to the other and to
// what is handed in.
func (w *world) module(t *rapid.T, name string) {
	text := hostile.Draw(t, "text")
	w.files["modules/pair/pair.hcl"] = `variable "text" {
  type = string
}

variable "upstream" {
  type    = string
  default = ""
}

service "front" {
  image = "ghcr.io/acme/front:1.0.0"
  env   = { TEXT = var.text, BACK = service.back.host }
}

service "back" {
  image = "ghcr.io/acme/back:1.0.0"
  env   = { UPSTREAM = var.upstream }
}

output "host" {
  value = service.front.host
}
`
	upstream, refs := "", map[string]bool{}
	if p := w.provider(t); p != "" {
		upstream, refs[p] = "  upstream = "+w.services[p].host+"\n", true
	}
	args, each := "", [][2]string{{"", ""}}
	if rapid.Bool().Draw(t, "each") {
		args, each = "  for_each = toset([\"on\", \"us\"])\n", [][2]string{{"-on", `["on"]`}, {"-us", `["us"]`}}
	}
	w.blocks = append(w.blocks, fmt.Sprintf("module %q {\n%s  source = \"./modules/pair\"\n  text = %s\n%s}\n", name, args, quote(t, text), upstream))
	for _, k := range each {
		back := name + k[0] + "-back"
		w.add(back, &drawn{refs: refs})
		w.add(name+k[0]+"-front", &drawn{
			refs: map[string]bool{back: true}, host: "module." + name + k[1] + ".host",
			env: map[string]string{"TEXT": text, "BACK": back},
		})
	}
}

// repeated declares a service for several keys.
func (w *world) repeated(t *rapid.T, name string) {
	keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"eu", "us", "no", "k8"}), 1, 3, rapid.ID[string]).Draw(t, "keys")
	p := w.provider(t)
	body, refs := "", map[string]bool{}
	if p != "" {
		body, refs[p] = "    UPSTREAM = "+w.services[p].host+"\n", true
	}
	quoted := make([]string, len(keys))
	for i, k := range keys {
		quoted[i] = strconv.Quote(k)
		host := k + "." + name + ".example.com"
		w.hosts[host] = []target{{path: "/", service: name + "-" + k}}
		w.add(name+"-"+k, &drawn{
			refs: refs, host: fmt.Sprintf("service.%s[%q].host", name, k), env: map[string]string{"KEY": k},
		})
	}
	w.blocks = append(w.blocks, fmt.Sprintf(`service %q {
  for_each = toset([%s])
  image    = "ghcr.io/acme/%s:1.0.0"
  env = {
    KEY = each.key
%s  }
  port "http" {
    container = 8080
  }
  route {
    host = "${each.key}.%s.example.com"
  }
}
`, name, strings.Join(quoted, ", "), name, body, name))
}

// provider draws a service that was drawn before, or "".
func (w *world) provider(t *rapid.T) string {
	var can []string
	for _, name := range w.order {
		if w.services[name].host != "" {
			can = append(can, name)
		}
	}
	if len(can) == 0 || rapid.IntRange(0, 3).Draw(t, "alone") == 0 {
		return ""
	}
	return rapid.SampledFrom(can).Draw(t, "provider")
}

// drawEdge draws the ingress and the firewall. An ingress without routes is
// fine, and makes nothing.
func (w *world) drawEdge(t *rapid.T) {
	cert := "local {}"
	if !w.dev {
		cert = "files {\n        certificate = \"./certs/chain.pem\"\n        private_key = \"./certs/key.pem\"\n      }"
	}
	args := ""
	if rapid.Bool().Draw(t, "ports") {
		w.http, w.https = 8000, 8001
		args += "  http_port = 8000\n  https_port = 8001\n"
	}
	if w.dev {
		w.address = "127.0.0.1"
	}
	if a := rapid.SampledFrom([]string{"", "127.0.0.1", "203.0.113.9", "::1"}).Draw(t, "address"); a != "" {
		w.address = a
		args += "  address = " + strconv.Quote(a) + "\n"
	}
	if rapid.Bool().Draw(t, "limit") {
		args += "  rate_limit {\n    requests = 100\n    window = \"60s\"\n  }\n"
	}
	profile := rapid.SampledFrom([]string{"guide", "intermediate", "modern"}).Draw(t, "profile")
	w.blocks = append(w.blocks, fmt.Sprintf("ingress {\n%s  tls {\n    profile = %q\n    certificate {\n      %s\n    }\n  }\n}\n", args, profile, cert))
	if w.firewall = rapid.Bool().Draw(t, "firewall"); w.firewall {
		w.drawFirewall(t)
	}
}

func (w *world) drawFirewall(t *rapid.T) {
	sources := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"203.0.113.0/24", "198.51.100.7", "2001:db8::/32", "10.0.0.0/8"}), 0, 3, rapid.ID[string])
	w.ssh = sources.Draw(t, "ssh")
	w.sshPort = rapid.SampledFrom([]int{22, 2222}).Draw(t, "sshd")
	b := fmt.Sprintf("firewall {\n  ssh {\n    port = %d\n    from = %s\n    limit = %v\n  }\n", w.sshPort, list(w.ssh), rapid.Bool().Draw(t, "ufw limit"))
	for i := range rapid.IntRange(0, 2).Draw(t, "allow") {
		o := opening{port: 51820 + i, protocol: rapid.SampledFrom([]string{"tcp", "udp"}).Draw(t, "protocol"), from: sources.Draw(t, "from")}
		w.allow = append(w.allow, o)
		b += fmt.Sprintf("  allow \"rule%d\" {\n    port = %d\n    protocol = %q\n    from = %s\n  }\n", i, o.port, o.protocol, list(o.from))
	}
	w.blocks = append(w.blocks, b+"}\n")
}

func list(words []string) string {
	if len(words) == 0 {
		return "null" // as good as no argument; an empty list is refused
	}
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strconv.Quote(w)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// route draws a route of the service, on a host and path of its own.
func (w *world) route(t *rapid.T, name string) string {
	host := rapid.SampledFrom([]string{"drawn.example.com", "api.drawn.example.com", "no.example.com", "xn--bcher-kva.example.com", "1.example.com"}).Draw(t, "host")
	segment := oneLine.Filter(func(s string) bool {
		return !strings.ContainsAny(s, "/\\\t") && s != "." && s != ".." && len(s) < 60
	}).Draw(t, "segment")
	path := "/" + segment
	for _, other := range w.hosts[host] {
		if strings.EqualFold(other.path, path) {
			return ""
		}
	}
	r := target{path: path, service: name, headers: map[string]string{}}
	var b strings.Builder
	fmt.Fprintf(&b, "  route {\n    host = %q\n    port = \"http\"\n    path = %s\n", host, quote(t, "/"+url.PathEscape(segment)))
	if rapid.Bool().Draw(t, "websocket") {
		b.WriteString("    websocket = true\n")
	}
	if rapid.Bool().Draw(t, "strip") {
		b.WriteString("    strip_prefix = true\n")
	}
	if rapid.Bool().Draw(t, "allow") {
		b.WriteString("    allow_from = [\"203.0.113.0/24\", \"2001:db8::/32\"]\n")
	}
	switch rapid.IntRange(0, 3).Draw(t, "rate") {
	case 0:
		b.WriteString("    rate_limit {\n      off = true\n    }\n")
	case 1:
		fmt.Fprintf(&b, "    rate_limit {\n      requests = %d\n      window = \"60s\"\n      burst = %d\n    }\n",
			rapid.IntRange(1, 9999).Draw(t, "requests"), rapid.IntRange(1, 9999).Draw(t, "burst"))
	}
	if rapid.Bool().Draw(t, "headers") {
		value := oneLine.Draw(t, "header")
		r.headers["X-Drawn"] = value
		fmt.Fprintf(&b, "    headers = {\n      X-Drawn = %s\n      X-Frame-Options = \"DENY\"\n    }\n", quote(t, value))
	}
	b.WriteString("  }\n")
	w.hosts[host] = append(w.hosts[host], r)
	return b.String()
}

// sortedKeys gives the names in a map, sorted.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
