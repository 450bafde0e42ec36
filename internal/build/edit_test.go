package build_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// edit draws a change of a stack's text. Some stacks do not compile afterwards:
// whoever asks takes another edit then.
func edit(t *rapid.T, blocks []string) []string {
	blocks = slices.Clone(blocks)
	i := rapid.IntRange(0, len(blocks)-1).Draw(t, "block")
	for j := range blocks { // most of what can be edited is a service's
		if strings.HasPrefix(blocks[j], "service ") && rapid.Bool().Draw(t, "service") {
			i = j
		}
	}
	switch rapid.IntRange(0, 8).Draw(t, "edit") {
	case 0: // a block that was not there
		name := rapid.SampledFrom([]string{"new", "extra", "aaa", "zzz"}).Draw(t, "new")
		return append(blocks, rapid.SampledFrom(newBlocks(name)).Draw(t, "what"))
	case 1:
		return slices.Delete(blocks, i, i+1)
	case 2: // a block with another label, with whoever refers to it
		if m := regexp.MustCompile(`^(\w+) "([^"]+)"`).FindStringSubmatch(blocks[i]); m != nil {
			to := rapid.SampledFrom([]string{"renamed", "b2", "other"}).Draw(t, "to")
			reference := regexp.MustCompile(`\b` + m[1] + `\.` + regexp.QuoteMeta(m[2]) + `\b`)
			for j := range blocks {
				blocks[j] = reference.ReplaceAllString(blocks[j], m[1]+"."+to)
			}
			blocks[i] = strings.Replace(blocks[i], `"`+m[2]+`"`, `"`+to+`"`, 1)
		}
	case 3: // a service twice
		if strings.HasPrefix(blocks[i], "service ") {
			copied := regexp.MustCompile(`^service "[^"]+"`).ReplaceAllString(blocks[i], `service "copy"`)
			return append(blocks, strings.ReplaceAll(copied, `host = "`, `host = "copy.`))
		}
	case 4, 5: // an argument or a block inside that is gone
		parts := inner(blocks[i])
		if len(parts) > 0 {
			p := rapid.SampledFrom(parts).Draw(t, "part")
			blocks[i] = strings.Replace(blocks[i], p, "", 1)
		}
	case 6: // one that was not there
		if strings.HasPrefix(blocks[i], "service ") {
			part := rapid.SampledFrom(newParts).Draw(t, "part")
			blocks[i] = strings.TrimSuffix(blocks[i], "}\n") + part + "}\n"
		}
	default: // another value
		s := rapid.SampledFrom(swaps).Draw(t, "swap")
		if rapid.Bool().Draw(t, "back") {
			s[0], s[1] = s[1], s[0]
		}
		j := slices.IndexFunc(blocks, func(b string) bool { return strings.Contains(b, s[0]) })
		if j >= 0 {
			blocks[j] = strings.Replace(blocks[j], s[0], s[1], 1)
		}
	}
	return blocks
}

// inner gives the arguments and blocks that stand in a block.
func inner(block string) []string {
	var out []string
	part, open := "", false
	for line := range strings.Lines(block) {
		switch {
		case open:
			part += line
			if line == "  }\n" {
				out, open = append(out, part), false
			}
		case strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "   "):
			part = line
			if open = strings.HasSuffix(line, "{\n"); !open {
				out = append(out, part)
			}
		}
	}
	return out
}

func newBlocks(name string) []string {
	return []string{
		fmt.Sprintf("service %q {\n  image = \"ghcr.io/acme/new:1.0.0\"\n  env = { A = \"b\", sensitive = \"no\" }\n}\n", name),
		fmt.Sprintf("service %q {\n  image = \"ghcr.io/acme/new:1.0.0\"\n  env = { sensitive = \"no\" }\n  port \"http\" {\n    container = 80\n  }\n  route {\n    host = \"%s.example.com\"\n  }\n}\n", name, name),
		fmt.Sprintf("redis %q {\n  max_memory = \"64M\"\n}\n", name),
		fmt.Sprintf("postgres %q {\n  databases = [\"app\", \"b\"]\n  roles = {\n    x = { database = \"b\", access = \"read_only\" }\n  }\n}\n", name),
		fmt.Sprintf("secret %q {\n  kind = \"password\"\n}\n", name),
		fmt.Sprintf("volume %q {}\n", name),
		fmt.Sprintf("config %q {\n  content = \"x\"\n}\n", name),
	}
}

// newParts are what a service of none of them may have.
var newParts = []string{
	"  egress = true\n", "  replicas = 2\n", "  read_only = false\n", "  user = \"1001:1001\"\n", "  init = false\n", "  stop_grace = \"40s\"\n",
	"  restart = \"always\"\n", "  command = [\"a\", \"b\"]\n", "  entrypoint = [\"a\"]\n", "  env = { sensitive = \"x\" }\n", "  secrets = { A = secret.key0 }\n",
	"  env = { A = secret.key0 }\n", "  capabilities = [\"CHOWN\"]\n", "  store = \"box\"\n",
	"  port \"more\" {\n    container = 7000\n  }\n", "  port \"udp\" {\n    container = 7000\n    protocol = \"udp\"\n  }\n",
	"  healthcheck {\n    tcp = true\n    port = \"http\"\n    retries = 9\n    interval = \"11s\"\n    timeout = \"6s\"\n    start_period = \"9s\"\n  }\n",
	"  healthcheck {\n    command = [\"a\"]\n  }\n", "  healthcheck {\n    command = [\"a\"]\n    retries = 8\n  }\n", "  healthcheck {\n    command = [\"a\"]\n    interval = \"11s\"\n  }\n",
	"  healthcheck {\n    command = [\"a\"]\n    timeout = \"6s\"\n  }\n", "  healthcheck {\n    command = [\"a\"]\n    start_period = \"6s\"\n  }\n",
	"  writable \"/tmp/x\" {\n    size = \"2M\"\n    exec = true\n  }\n", "  writable \"/tmp/x\" {\n    size = \"2M\"\n  }\n", "  writable \"/tmp/x\" {}\n",
	"  volume \"more\" {\n    path = \"/more\"\n  }\n", "  volume \"more\" {\n    path = \"/more\"\n    read_only = true\n  }\n", "  volume \"more\" {\n    path = \"/less\"\n  }\n",
	"  volume \"more\" {\n    path = \"/more\"\n    host = \"./site\"\n  }\n", "  volume \"more\" {\n    path = \"/more\"\n    host = \"./site\"\n    read_only = false\n  }\n",
	"  resources {\n    memory = \"77M\"\n  }\n", "  resources {\n    cpus = 0.7\n  }\n", "  resources {\n    pids = 77\n  }\n",
	"  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    body_size = \"3M\"\n  }\n", "  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    read_timeout = \"99s\"\n  }\n",
	"  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    connect_timeout = \"9s\"\n  }\n", "  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    send_timeout = \"9s\"\n  }\n",
	"  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    websocket = true\n  }\n", "  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    path = \"/p\"\n    strip_prefix = true\n  }\n",
	"  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    path = \"/p\"\n  }\n", "  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    allow_from = [\"203.0.113.0/24\"]\n  }\n",
	"  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    headers = { X-A = \"\", sensitive = \"x\" }\n  }\n", "  route {\n    host = \"more.example.com\"\n    port = \"http\"\n    rate_limit {\n      off = true\n    }\n  }\n",
	"  config \"more\" {\n    path = \"/etc/more\"\n    content = \"more ${secret.key0}\"\n  }\n", "  config \"more\" {\n    path = \"/etc/more\"\n    content = \"more ${secret.key1}\"\n  }\n",
	"  config \"more\" {\n    path = \"/etc/more\"\n    content = \"more\"\n    executable = true\n  }\n", "  config \"more\" {\n    path = \"/etc/more\"\n    content = \"more\"\n  }\n",
	"  extra_compose = {\n    hostname = \"other\"\n    labels = { sensitive = \"x\", null = \"y\" }\n  }\n", "  extra_compose = {\n    labels = { sensitive = \"x\" }\n  }\n",
	"  build {\n    context = \"./site\"\n  }\n", "  build {\n    context = \"./site\"\n    dockerfile = \"D\"\n  }\n", "  build {\n    context = \"./site\"\n    target = \"t\"\n  }\n",
	"  build {\n    context = \"./site\"\n    dockerfile = \"D\"\n    target = \"t\"\n    args = { A = \"b\", sensitive = \"c\" }\n  }\n",
}

// swaps are texts that may stand for one another.
var swaps = [][2]string{
	{"1.4.2", "1.4.3"},
	{"container = 8080", "container = 8081"},
	{"cpus = 0.5", "cpus = 0.75"},
	{"memory = \"100M\"", "memory = \"1G\""},
	{"pids = 64", "pids = 65"},
	{"tcp = true", `http = "/ok"`},
	{"websocket = true", "websocket = false"},
	{"off = true", "requests = 7\n      window = \"1m\""},
	{"\"guide\"", "\"modern\""},
	{"\"intermediate\"", "\"guide\""},
	{"window = \"60s\"", "window = \"30s\""},
	{"203.0.113.0/24", "203.0.112.0/23"},
	{"size = \"1M\"", "size = \"2M\""},
	{"persistent = true", "persistent = false"},
	{"access = \"read_only\"", "access = \"read_write\""},
	{"version = \"17.6\"", "version = \"18.0\""},
	{"kind = \"hex\"", "kind = \"password\""},
	{"domain = \"drawn.example.com\"", "domain = \"other.example.com\""},
	{"limit = true", "limit = false"},
	{"port = 22", "port = 2222"},
	{"http_port = 8000", "http_port = 8002"},
	{"read_only = false", "read_only = true"},
	{"stack \"drawn\"", "stack \"redrawn\""},
	{"posture = \"development\"", "posture = \"production\""},
	{"subnet_pool = \"10.64.0.0/14\"", "subnet_pool = \"10.128.0.0/14\""},
	{"content = \"common\\n\"", "content = \"another\\n\""},
	{"X-Frame-Options = \"DENY\"", "X-Frame-Options = \"SAMEORIGIN\""},
	{"strip_prefix = true", "strip_prefix = false"},
	{"\"eu\"", "\"ap\""},
	{"X-Drawn", "X-Other"},
	{"box:1.0.0", "box:1.0.1"},
	{"ACME", "acme"},
	{"host = \"./site\"", "host = \"./other\""},
	{"hosts = [\"drawn.internal\"]", "hosts = [\"drawn.internal\", \"b.internal\"]"},
	{"capabilities = [\"NET_BIND_SERVICE\"]", "capabilities = [\"CHOWN\", \"NET_BIND_SERVICE\"]"},
}
