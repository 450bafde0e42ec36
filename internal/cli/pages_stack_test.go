package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// folder is what stands beside the examples.
var folder = map[string]string{
	"modules/edge/edge.hcl":   "locals {\n  _a = 1\n}\n",
	"modules/inner/inner.hcl": "locals {\n  _a = 1\n}\n",
	"seed.sql":                "SELECT 1;\n",
	"site/index.html":         "",
	"api/Dockerfile":          "FROM scratch\n",
	"data/.keep":              "",
}

// within says in which block a fragment stands.
var within = []struct {
	first         *regexp.Regexp
	before, after string
}{
	{regexp.MustCompile(`^(#.*\n)?(port|env|healthcheck|resources|secrets|route|stop_grace|for_each|volume "[a-z]+" \{\n +path|config)\b`), "service \"api\" {\n", "}\n"},
	{regexp.MustCompile(`^rate_limit\b`), "ingress {\n", "}\n"},
	{regexp.MustCompile(`^certificate\b`), "ingress {\n  tls {\n", "  }\n}\n"},
	{regexp.MustCompile(`^content\b`), "service \"api\" {\n  config \"motd\" {\n    path = \"/etc/motd\"\n", "  }\n}\n"},
}

// without are the blocks that an example must do without, as that is its point.
var without = map[string]string{
	"NS123 Wrong": "stack", "NS333 Wrong": "ingress", "NS334 Wrong": "routes", "NS341 Wrong": "firewall", "NS347 Wrong": "image",
}

// beside are the blocks that an example leaves to its reader's imagination.
var beside = map[string]string{
	"NS126 Wrong": "variable \"customer\" {\n  default = \"\"\n}\n" + manyEnvironments(),
	"NS133 Right": "variable \"width\" {\n  default = 1\n}\n",
	"NS135 Right": "variable \"a\" {\n  default = 1\n}\n",
	"NS343":       "service \"api\" {\n  route {\n    host = \"api.example.com\"\n  }\n}\n",
	"NS422":       "secret \"ca\" {\n  kind  = \"x509\"\n  ca    = true\n  hosts = [\"api\"]\n}\n",
}

// manyEnvironments are those that the page of NS126 only counts.
func manyEnvironments() string {
	var b strings.Builder
	for i := 2; i <= 100; i++ {
		fmt.Fprintf(&b, "environment \"customer-%03d\" {}\n", i)
	}
	return b.String()
}

var (
	digest  = strings.Repeat("0123456789abcdef", 4)
	elided  = regexp.MustCompile(`(?m)^\s*(?:#\s*)?…\s*$\n?`)
	named   = regexp.MustCompile(`\b(postgres|redis|secret|service)\.([a-z_-]+)`)
	declare = map[string]string{
		"postgres": "postgres \"NAME\" {\n  databases = [\"app\"]\n  roles = {\n    app = { database = \"app\" }\n  }\n}\n",
		"redis":    "redis \"NAME\" {}\n",
		"secret":   "secret \"NAME\" {}\n",
		"service":  "service \"NAME\" {\n  image = \"ghcr.io/acme/NAME:1.0.0\"\n}\n",
	}
)

// completed makes a stack of an example: it adds the block that a fragment
// stands in, what the example refers to, and what every stack needs.
func completed(code, heading, example string) string {
	missing := without[code+" "+heading]
	example = strings.ReplaceAll(example, "ingress {}", "ingress {\n}")
	text := elided.ReplaceAllString(strings.ReplaceAll(example, "@sha256:…", "@sha256:"+digest), "")
	for _, in := range within {
		if in.first.MatchString(text) {
			text = in.before + text + in.after
			break
		}
	}
	text += beside[code+" "+heading] + beside[code]
	text = furnished(text, missing)
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, m[1]+` "`+m[2]+`"`) {
			text += "\n" + strings.ReplaceAll(declare[m[1]], "NAME", m[2])
		}
	}
	add := func(block, body string) {
		if missing != block && !regexp.MustCompile(`(?m)^`+block+`\b`).MatchString(text) {
			text += "\n" + body
		}
	}
	add("stack", "stack \"shop\" {}\n")
	if regexp.MustCompile(`(?m)^\s*route\b`).MatchString(text) {
		add("ingress", furnished("ingress {\n}\n", ""))
	}
	if regexp.MustCompile(`(?m)^ingress\b`).MatchString(text) {
		add("firewall", "firewall {\n  ssh {\n    port = 22\n  }\n}\n")
		if missing != "routes" && !strings.Contains(text, "route {") {
			text += furnished("service \"routed\" {\n  image = \"ghcr.io/acme/routed:1.0.0\"\n  route {\n    host = \"routed.example.com\"\n  }\n}\n", "")
		}
	}
	return text
}

// furnished gives each service its image and ports, and the ingress its
// certificate, where they are left out. A text that does not parse is left alone.
func furnished(text, missing string) string {
	f, diags := hclwrite.ParseConfig([]byte(text), "example.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		return text
	}
	for _, b := range f.Body().Blocks() {
		body := b.Body()
		switch b.Type() {
		case "service":
			if missing != "image" && body.GetAttribute("image") == nil && len(blocks(body, "build")) == 0 {
				body.SetAttributeValue("image", cty.StringVal("ghcr.io/acme/api:1.4.2@sha256:"+digest))
			}
			if len(blocks(body, "port")) == 0 {
				for _, port := range ports(body) {
					body.AppendNewBlock("port", []string{port.name}).Body().SetAttributeValue("container", cty.NumberIntVal(port.number))
				}
			}
		case "ingress":
			tls := blocks(body, "tls")
			if len(tls) == 0 {
				tls = []*hclwrite.Body{body.AppendNewBlock("tls", nil).Body()}
			}
			if len(blocks(tls[0], "certificate")) == 0 {
				files := tls[0].AppendNewBlock("certificate", nil).Body().AppendNewBlock("files", nil).Body()
				files.SetAttributeValue("certificate", cty.StringVal("/etc/ssl/shop/fullchain.pem"))
				files.SetAttributeValue("private_key", cty.StringVal("/etc/ssl/shop/privkey.pem"))
			}
		}
	}
	return string(f.Bytes())
}

type port struct {
	name   string
	number int64
}

// ports are those that a service names without declaring one.
func ports(body *hclwrite.Body) []port {
	var out []port
	use := func(name string) {
		if !slices.ContainsFunc(out, func(p port) bool { return p.name == name }) {
			out = append(out, port{name, 8080 + int64(len(out))})
		}
	}
	for _, b := range body.Blocks() {
		switch {
		case b.Type() == "publish" && len(b.Labels()) == 1:
			use(b.Labels()[0])
		case b.Type() == "healthcheck" && b.Body().GetAttribute("http") != nil, b.Type() == "route":
			name := "http"
			if a := b.Body().GetAttribute("port"); a != nil {
				name = strings.Trim(strings.TrimSpace(string(a.Expr().BuildTokens(nil).Bytes())), `"`)
			}
			use(name)
		}
	}
	return out
}

func blocks(body *hclwrite.Body, kind string) []*hclwrite.Body {
	var out []*hclwrite.Body
	for _, b := range body.Blocks() {
		if b.Type() == kind {
			out = append(out, b.Body())
		}
	}
	return out
}
