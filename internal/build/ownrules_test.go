package build_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/internal/bench"
	"nselfc/internal/build"
	"nselfc/lang/diag"
	sarif "nselfc/lang/diag/render"
)

const ruledStack = `stack "shop" {
  domain = "shop.example.com"
}
secret "key" {}
locals {
  dsn = "x-${secret.key}"
}
redis "cache" {
  max_memory = "64M"
}
service "api" {
  image = "ghcr.io/acme/api:1.4.2"
  secrets = { KEY = secret.key, URL = redis.cache.url, DSN = local.dsn }
  port "http" {
    container = 8080
  }
  route {
    host = stack.domain
  }
  healthcheck {
    http = "/"
  }
  resources {
    memory = "1G"
  }
}
ingress {
  tls {
    profile = "intermediate"
    certificate {
      files {
        certificate = "/etc/ssl/a.pem"
        private_key = "/etc/ssl/b.pem"
      }
    }
  }
}
firewall {
  ssh {
    port = 22
  }
}
`

// TestOwnRulesPointAtTheArgument: the finding of a stack's own rule stands where its
// condition looked: at the argument, at what set it, or at the block.
func TestOwnRulesPointAtTheArgument(t *testing.T) {
	const api = "for_each = { for n, s in services : n => s if n == \"api\" }\n"
	lines := strings.Split(ruledStack, "\n")
	lineOf := func(text string) int {
		return 1 + slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, text) })
	}
	for condition, want := range map[string]string{
		api + `condition = coalesce(each.value.memory, 0) == 1`:                                                             `memory = "1G"`,
		api + `condition = each.value.tag == "2"`:                                                                           `image =`,
		api + `condition = !contains(keys(each.value.secret_env), "x") && each.value.store != ""`:                           `service "api"`,
		api + `condition = false`:                                                                                           `service "api"`,
		"for_each = services\ncondition = each.key != \"cache\" || coalesce(each.value.memory, 0) == 1":                     `redis "cache"`,
		"condition = ingress.tls.profile == \"modern\" || ingress == null":                                                  `profile = "intermediate"`,
		"for_each = ingress[*]\ncondition = each.value.tls.profile == \"modern\"":                                           `profile = "intermediate"`,
		"for_each = routes\ncondition = length(each.value.allow_from) > 0":                                                  "route {",
		"for_each = firewall[*]\ncondition = each.value.ssh.port != 22":                                                     "port = 22",
		"for_each = { for a, s in secrets : a => s if a == \"secret.key\" }\ncondition = each.value.rotation.after != null": `secret "key"`,
		"condition = length(services) == 0":                                                                                 `stack "shop"`,
		"condition = coalesce(services[\"api\"].memory, 0) == 1":                                                            `memory = "1G"`,
	} {
		forEach, condition, found := strings.Cut(condition, "\n")
		if !found {
			forEach, condition = "", forEach
		}
		rule := fmt.Sprintf("rule \"ORG-001\" {\n  title = \"Told\"\n  severity = \"medium\"\n  %s\n  assert {\n    %s\n    message = \"broken\"\n  }\n}\n", forEach, condition)
		dir := t.TempDir()
		writeAll(t, dir, map[string]string{"nself.hcl": ruledStack, "rules.hcl": rule})
		_, diags := build.Compile(context.Background(), dir, build.Options{})
		var got []*diag.Diagnostic
		for _, d := range diags {
			if d.Code == "ORG-001" || d.Severity == diag.Error {
				got = append(got, d)
			}
		}
		if len(got) != 1 {
			t.Errorf("%s: %d findings:\n%s", condition, len(got), show(diags))
			continue
		}
		d := got[0]
		if d.Subject.File != "nself.hcl" || int(d.Subject.Start.Line) != lineOf(want) {
			t.Errorf("%s: the finding is at %s, not at %s (line %d)", condition, d.Subject, want, lineOf(want))
		}
		if d.Severity != diag.Warning || d.Summary != "Told" || d.Detail != "broken" || !strings.HasPrefix(d.Page, "# ORG-001: Told\n") {
			t.Errorf("%s: %+v", condition, d)
		}
		if !slices.ContainsFunc(d.Related, func(r diag.Related) bool {
			return r.Range.File == "rules.hcl" && strings.HasPrefix(r.Message, "ORG-001 asserts this of ")
		}) {
			t.Errorf("%s: no word of the rule: %+v", condition, d.Related)
		}
	}
}

// TestSeverityIsTheLevel in every posture.
func TestSeverityIsTheLevel(t *testing.T) {
	got := map[string]string{}
	for _, severity := range []string{"critical", "high", "medium", "low", "info"} {
		dir := t.TempDir()
		writeAll(t, dir, map[string]string{"nself.hcl": "stack \"t\" {}\nrule \"A\" {\n  severity = \"" + severity + "\"\n  assert {\n    condition = false\n    message = \"m\"\n  }\n}\n"})
		_, diags := build.Compile(context.Background(), dir, build.Options{})
		for _, d := range diags {
			got[severity] += d.Code + " " + d.Severity.String()
		}
	}
	want := map[string]string{"critical": "A error", "high": "A error", "medium": "A warning", "low": "A note", "info": "A note"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestInstancesAreToldApart: of two instances that one line makes, each breaks the rule
// by itself, whatever the message says, and is waived by itself.
func TestInstancesAreToldApart(t *testing.T) {
	dir := t.TempDir()
	writeAll(t, dir, map[string]string{"nself.hcl": `stack "t" {}
rule "ORG-001" {
  severity = "medium"
  for_each = services
  assert {
    condition = each.value.registry == "ghcr.io"
    message   = "The image is foreign."
  }
}
service "web" {
  for_each = toset(["asia", "eu", "us"])
  image    = "quay.io/acme/web:1"
}
policy {
  waive "ORG-001" {
    on     = service.web["eu"]
    reason = "The vendor's image is theirs until release two."
    owner  = "ops@example.com"
    until  = "2027-03-01"
  }
}
`})
	_, diags := build.Compile(context.Background(), dir, build.Options{})
	var got []string
	for _, d := range diags {
		if d.Code == "ORG-001" {
			got = append(got, d.Address+" "+d.Related[len(d.Related)-1].Message+" "+d.Severity.String())
		}
	}
	slices.Sort(got)
	want := []string{
		`service.web["asia"] ORG-001 asserts this of service.web["asia"] warning`,
		`service.web["eu"] ORG-001 asserts this of service.web["eu"] note`,
		`service.web["us"] ORG-001 asserts this of service.web["us"] warning`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFingerprintsOfOwnRulesStay: code scanning knows a finding again when lines move,
// are written otherwise, or go to another file, and knows two services apart.
func TestFingerprintsOfOwnRulesStay(t *testing.T) {
	const rule = "rule \"ORG-001\" {\n  severity = \"medium\"\n  for_each = services\n  assert {\n    condition = each.value.registry == \"ghcr.io\"\n    message = \"${each.value.image} is foreign\"\n  }\n}\n"
	service := func(name, tag string) string {
		return "service \"" + name + "\" {\n  image = \"quay.io/acme/api:" + tag + "\"\n}\n"
	}
	prints := func(files map[string]string) []string {
		dir := t.TempDir()
		writeAll(t, dir, files)
		c, diags := build.Compile(context.Background(), dir, build.Options{})
		own := slices.DeleteFunc(diags, func(d *diag.Diagnostic) bool { return d.Code != "ORG-001" })
		var b strings.Builder
		if err := sarif.SARIF(&b, sarif.New(own, c.Files(), c.DisplayName), "1"); err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`"nselfc/v1": "(\w+)"`).FindAllString(b.String(), -1)
		slices.Sort(found)
		return found
	}
	before := prints(map[string]string{"nself.hcl": "stack \"t\" {}\n" + rule + service("a", "1") + service("b", "1")})
	after := prints(map[string]string{"nself.hcl": "# Moved.\n\n" + service("b", "2") + "stack \"t\" {}\n", "other.hcl": "\n\n" + service("a", "1") + rule})
	if diff := cmp.Diff(before, after); diff != "" || len(before) != 2 || before[0] == before[1] {
		t.Errorf("%q (-before +after):\n%s", before, diff)
	}
}

func writeAll(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// manyRules are twenty rules over services.
func manyRules(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `rule "ORG-%d" {
  severity = "medium"
  for_each = services
  assert {
    condition = startswith(each.value.image, "x") || each.value.memory == null || each.value.memory > %d
    message   = "${each.key} has ${each.value.image}"
  }
  assert {
    condition = alltrue([for p in each.value.publish : p.host_ip != ""]) || each.value.store != ""
    message   = "${each.key} is published"
  }
}
`, i, i)
	}
	return b.String()
}

// BenchmarkOwnRules compiles a stack with and without twenty rules of its own.
func BenchmarkOwnRules(b *testing.B) {
	for _, services := range []int{100, 1000, 5000} {
		for _, rules := range []int{0, 20} {
			b.Run(fmt.Sprintf("%d/%d", services, rules), func(b *testing.B) {
				dir := b.TempDir()
				writeAll(b, dir, map[string]string{"nself.hcl": string(bench.Stack(services)), "rules.hcl": manyRules(rules) + "locals {\n  _x = 1\n}\n"})
				for b.Loop() {
					c, diags := build.Compile(context.Background(), dir, build.Options{})
					if diags.HasErrors() || len(c.Environments) != 1 {
						b.Fatal(diags.Count(diag.Error), "errors")
					}
				}
			})
		}
	}
}

// FuzzOwnRule: no rule, however it is written, crashes, hangs, opens a file that is
// none of the stack's, or prints a secret.
func FuzzOwnRule(f *testing.F) {
	for _, seed := range []string{
		"condition = length(services) > 0\n message = \"x\"",
		"condition = false\n message = local.dsn",
		"condition = false\n message = jsonencode([for s in services : s])",
		"condition = false\n message = join(\",\", keys(services[\"api\"].secret_env))",
		"condition = local.dsn == \"x\"\n message = \"x\"",
		"condition = try(local.dsn.x, false)\n message = can(local.dsn.x) ? local.dsn : \"${local.dsn}\"",
		"condition = alltrue([for a in range(1000) : alltrue([for b in range(1000) : alltrue([for c in range(1000) : true])])])\n message = \"x\"",
		"condition = length(flatten([for a in services : [for b in services : [for c in services : [a, b, c]]]])) == 0\n message = \"x\"",
		"condition = templatefile(\"canary.txt\")\n message = file(\"canary.txt\")",
		"condition = regex(\"^(a+)+$\", \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\") == \"\"\n message = \"x\"",
		"condition = { a = local.dsn }[\"a\"] != null\n message = format(\"%s\", { (local.dsn) = 1 })",
		"condition = each.value\n message = each.key",
		"condition = redis.cache.url == secret.key\n message = redis.cache.url",
		"condition = false\n message = \"${upper(replace(redis.cache.url, \"redis\", \"\"))}\"",
	} {
		f.Add(seed, "services")
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, assert, forEach string) {
		if len(assert)+len(forEach) > 4<<10 {
			return // long texts are the parser's fuzzing, which guards them
		}
		rule := "rule \"A\" {\n severity = \"low\"\n"
		if forEach != "" {
			rule += " for_each = " + forEach + "\n"
		}
		rule += " assert {\n" + assert + "\n }\n}\n"
		dir := t.TempDir()
		const canary = "canary-in-a-file"
		writeAll(t, dir, map[string]string{"nself.hcl": ruledStack, "rules.hcl": rule, "canary.txt": canary})
		start := time.Now()
		c, diags := build.Compile(context.Background(), dir, build.Options{})
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		for _, d := range diags {
			text := d.Summary + d.Detail
			for _, r := range d.Related {
				text += r.Message
			}
			if strings.ContainsRune(text, 0) || strings.Contains(text, canary) {
				t.Errorf("a finding holds a token or a file: %q", text)
			}
		}
		for name := range c.Files() {
			if name != "nself.hcl" && name != "rules.hcl" && !strings.HasPrefix(name, "catalog/") {
				t.Errorf("%s was read", name)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "out")); !errors.Is(err, fs.ErrNotExist) {
			t.Error("something was written")
		}
	})
}
