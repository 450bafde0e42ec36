package lang_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nselfc/lang/diag"
	"nselfc/lang/schema"
)

// probe is one block in the table, with all the blocks around it.
type probe struct {
	path   []*schema.Block // from the top
	module bool            // it can only stand in a module
}

func (p probe) name() string {
	var names []string
	for _, b := range p.path {
		names = append(names, b.Name)
	}
	return strings.Join(names, ".")
}

func probes() []probe {
	var out []probe
	var walk func(path []*schema.Block, module bool)
	walk = func(path []*schema.Block, module bool) {
		out = append(out, probe{slices.Clone(path), module})
		for _, n := range path[len(path)-1].Blocks {
			walk(append(path, n.Block), module)
		}
	}
	for _, n := range schema.Get().Root.Blocks {
		walk([]*schema.Block{n.Block}, false)
	}
	if n, ok := schema.Get().Module.Nested("output"); ok {
		walk([]*schema.Block{n.Block}, true)
	}
	return out
}

// around are the arguments that an argument needs beside it to have a meaning.
var around = map[string]string{
	"healthcheck":          `http = "/"`,
	"healthcheck.http":     "",
	"healthcheck.tcp":      "",
	"healthcheck.command":  "",
	"config":               "path = \"/x\"\ncontent = \"x\"",
	"config.path":          `content = "x"`,
	"config.content":       `path = "/x"`,
	"config.template":      `path = "/x"`,
	"config.source":        `path = "/x"`,
	"config.vars":          "path = \"/x\"\ntemplate = \"x.tmpl\"",
	"secret.length":        `kind = "password"`,
	"secret.ca":            "kind = \"x509\"\nhosts = [\"a\"]",
	"secret.signed_by":     "kind = \"x509\"\nhosts = [\"a\"]",
	"secret.pattern":       "kind = \"input\"",
	"secret.max_age":       "kind = \"input\"",
	"secret.min_length":    "kind = \"input\"",
	"secret.bits":          "kind = \"rsa\"",
	"secret.common_name":   "kind = \"x509\"\nhosts = [\"a\"]",
	"secret.hosts":         "kind = \"x509\"",
	"secret.days":          "kind = \"x509\"\nhosts = [\"a\"]",
	"secret.client":        "kind = \"x509\"\nhosts = [\"a\"]",
	"rotation.class":       "service = service.main\nfile = \"f\"\napply = [\"a\"]\nprove = [\"a\"]\nuser = \"u\"",
	"rotation.service":     "class = \"dual\"\nfile = \"f\"\napply = [\"a\"]\nprove = [\"a\"]\nuser = \"u\"",
	"rotation.file":        "class = \"dual\"\nservice = service.main\napply = [\"a\"]\nprove = [\"a\"]\nuser = \"u\"",
	"rotation.apply":       "class = \"dual\"\nservice = service.main\nfile = \"f\"\nprove = [\"a\"]\nuser = \"u\"",
	"rotation.prove":       "class = \"dual\"\nservice = service.main\nfile = \"f\"\napply = [\"a\"]\nuser = \"u\"",
	"rotation.user":        "class = \"dual\"\nservice = service.main\nfile = \"f\"\napply = [\"a\"]\nprove = [\"a\"]",
	"rate_limit":           "requests = 10",
	"rate_limit.requests":  "",
	"rate_limit.off":       "requests = 10",
	"certificate":          "local {}",
	"certificate.files":    "",
	"variable.type":        "default = 1",
	"variable":             "default = 1",
	"variable.default":     "",
	"validation.condition": `message = "x"`,
	"validation.message":   "condition = false",
	"validation":           "condition = true\nmessage = \"x\"",
	"locals":               "",
	"module":               `source = "./m"`,
	"module.source":        "",
	"files":                "certificate = \"/a\"\nprivate_key = \"/b\"",
	"route":                `host = "a.example.com"`,
	"route.host":           "",
	"port":                 "container = 80",
	"port.container":       "",
	"publish":              "host = 8080",
	"publish.host":         "",
	"build":                `context = "./api"`,
	"build.context":        "",
	"service.volume":       `path = "/data"`,
	"service.volume.path":  "",
	"allow":                "port = 80",
	"allow.port":           "",
	"output":               `value = "x"`,
	"output.value":         "",
	"age":                  `recipients = ["age1x"]`,
	"age.recipients":       "",
	"vault":                `address = "https://vault.example.com"`,
	"vault.address":        "",
	"kubernetes.store":     `form = "ExternalSecret"`,
	"kubernetes.path":      "form = \"ExternalSecret\"\nstore = \"vault\"",
	"exec":                 `command = ["pass"]`,
	"exec.command":         "",
	"waive":                "reason = \"The image of the vendor writes.\"\nowner = \"ops\"\nuntil = \"2027-03-01\"",
	"waive.reason":         "owner = \"ops\"\nuntil = \"2027-03-01\"",
	"waive.owner":          "reason = \"The image of the vendor writes.\"\nuntil = \"2027-03-01\"",
	"waive.until":          "reason = \"The image of the vendor writes.\"\nowner = \"ops\"",
	"files.certificate":    `private_key = "/b"`,
	"files.private_key":    `certificate = "/a"`,
	"rule":                 "severity = \"low\"\nassert {\n condition = true\n message = \"x\"\n}",
	"rule.severity":        "assert {\n condition = true\n message = \"x\"\n}",
	"rule.for_each":        "severity = \"low\"\nassert {\n condition = true\n message = \"x\"\n}",
	"rule.assert":          "severity = \"low\"\nfor_each = services",
	"assert.condition":     `message = "x"`,
	"assert.message":       "condition = true",
	"rule.example":         "severity = \"low\"\nassert {\n condition = true\n message = \"x\"\n}",
	"rule.example.passes":  "",
	"rule.example.fails":   "",
}

func surroundings(p probe, arg string) string {
	path := p.name()
	last := path[strings.LastIndexByte(path, '.')+1:]
	if last == "volume" {
		last = path // at the top a volume takes nothing
	}
	if path == "service" {
		return ""
	}
	for _, key := range []string{path + "." + arg, last + "." + arg, path, last} {
		if text, ok := around[key]; ok {
			return text
		}
	}
	return ""
}

// write gives a stack in which the probed block stands with the lines in it, and
// the number of the first of them.
func (p probe) write(arg, lines string) (f files, line int) {
	var b strings.Builder
	count := func() int { return strings.Count(b.String(), "\n") + 1 }
	if p.path[0].Name != "stack" {
		b.WriteString("stack \"t\" {}\nvariable \"x\" {\n default = 1\n}\nlocals {\n _x = var.x\n}\nservice \"main\" {\n image = \"x:1\"\n}\n")
	}
	for i, block := range p.path {
		b.WriteString(block.Name)
		for range block.Labels {
			switch block.Name {
			case "writable":
				b.WriteString(` "/tmp/x"`)
			case "rule":
				b.WriteString(` "ORG-001"`)
			default:
				b.WriteString(` "http"`)
			}
		}
		b.WriteString(" {\n")
		if i < len(p.path)-1 {
			b.WriteString(surroundings(probe{path: p.path[:i+1]}, p.path[i+1].Name) + "\n")
			if block.Name == "service" {
				b.WriteString("image = \"x:1\"\n")
				if p.path[i+1].Name != "port" {
					b.WriteString("port \"http\" {\n container = 80\n}\n")
				}
			}
		}
	}
	b.WriteString(surroundings(p, arg) + "\n")
	line = count()
	b.WriteString(lines + "\n" + strings.Repeat("}\n", len(p.path)))
	f = files{"x.tmpl": "x", "m/m.hcl": "output \"o\" { value = 1 }\n"}
	if p.module {
		f["nself.hcl"] = "stack \"t\" {}\nmodule \"m\" {\n source = \"./m\"\n}\n"
		f["m/m.hcl"] = strings.TrimPrefix(b.String(), "stack \"t\" {}\n")
		return f, line - 1
	}
	f["nself.hcl"] = b.String()
	return f, line
}

// TestEveryArgumentIsRead sets each argument of the table to a name that is not
// declared. It must be reported, at that place, and nothing else may be: an
// argument that is not read would be ignored silently, and a second error would
// be a consequence of the first.
func TestEveryArgumentIsRead(t *testing.T) {
	count := 0
	for _, p := range probes() {
		block := p.path[len(p.path)-1]
		for _, arg := range block.Args {
			count++
			t.Run(p.name()+"."+arg.Name, func(t *testing.T) {
				f, line := p.write(arg.Name, arg.Name+" = nope.nope")
				_, diags := evaluated(t, f)
				code := "NS201"
				if arg.Type == schema.TypeExpr {
					code = "NS216"
				}
				if len(diags) != 1 || diags[0].Code != code || int(diags[0].Subject.Start.Line) != line {
					t.Errorf("want one %s on line %d, got:%s\n%s", code, line, list(diags), numbered(f))
				}
			})
		}
	}
	if count < 90 {
		t.Errorf("only %d arguments were tried", count)
	}
}

// TestEveryTypeIsChecked sets each argument to a value of a type that it does not
// take.
func TestEveryTypeIsChecked(t *testing.T) {
	for _, p := range probes() {
		for _, arg := range p.path[len(p.path)-1].Args {
			wrong := `{ a = [] }`
			if arg.Type == schema.Any || arg.Type == schema.Expr || arg.Type == schema.TypeExpr {
				continue // they take it, or say what they take elsewhere
			}
			t.Run(p.name()+"."+arg.Name, func(t *testing.T) {
				f, line := p.write(arg.Name, arg.Name+" = "+wrong)
				_, diags := evaluated(t, f)
				if len(diags) != 1 || diags[0].Code != "NS210" || int(diags[0].Subject.Start.Line) != line {
					t.Errorf("want one NS210 on line %d, got:%s\n%s", line, list(diags), numbered(f))
				}
			})
		}
	}
}

// TestEveryExampleEvaluates holds the examples of the reference against the
// language itself.
func TestEveryExampleEvaluates(t *testing.T) {
	const declared = `
variable "domain" { default = "shop.example.com" }
secret "ca" {
  kind  = "x509"
  ca    = true
  hosts = ["a"]
}
volume "uploads" {}
config "app" {
  path    = "/x"
  content = "x"
}
postgres "main" {
  databases = ["app"]
  roles     = { app = { database = "app" } }
}
service "legacy" {
  image = "x:1"
}
`
	for _, p := range probes() {
		block := p.path[len(p.path)-1]
		if block.Example != "" {
			t.Run(p.name(), func(t *testing.T) {
				text := declared + block.Example
				if block.Name == "variable" || block.Name == "volume" {
					text = block.Example
				}
				if block.Name != "stack" {
					text = "stack \"t\" {\n domain = \"x\"\n}\n" + text
				}
				_, diags := evaluated(t, files{"nself.hcl": text})
				if diags.HasErrors() {
					t.Errorf("%s\n%s", list(diags), text)
				}
			})
		}
		for _, arg := range block.Args {
			if arg.Example == "" {
				continue
			}
			t.Run(p.name()+"."+arg.Name, func(t *testing.T) {
				f, _ := p.write(arg.Name, arg.Example)
				f["examples.hcl"] = declared
				f["modules/edge/edge.hcl"] = "variable \"x\" { default = 1 }\nlocals { _x = var.x }\n"
				if p.path[0].Name == "variable" || p.path[0].Name == "environment" {
					f["examples.hcl"] = "variable \"domain\" { default = \"x\" }\n" + declared[strings.Index(declared, "service"):]
				}
				if p.module {
					f["m/secret.hcl"] = declared[strings.Index(declared, "secret"):strings.Index(declared, "volume")]
				}
				_, diags := evaluated(t, f)
				if diags.HasErrors() {
					t.Errorf("%s\n%s", list(diags), numbered(f))
				}
			})
		}
	}
}

func list(diags diag.List) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "\n  %s %s %s: %s", d.Subject, d.Severity, d.Code, d.Detail)
	}
	return b.String()
}

func numbered(f files) string {
	var b strings.Builder
	for i, line := range strings.Split(f["nself.hcl"], "\n") {
		fmt.Fprintf(&b, "%3d %s\n", i+1, line)
	}
	return b.String()
}
