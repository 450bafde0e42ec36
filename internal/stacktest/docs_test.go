package stacktest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// blocksOf gives the HCL blocks of a page.
func blocksOf(t *testing.T, page string) []string {
	t.Helper()
	b, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```hcl\n(.*?)^```").FindAllStringSubmatch(string(b), -1) {
		out = append(out, m[1])
	}
	return out
}

const documented = `stack "docs" {
  domain = var.domain
}
variable "domain" {
  default = "shop.localhost"
  validation {
    condition = !endswith(var.domain, ".example")
    message   = "It is a placeholder."
  }
}
variable "image" {
  default = "ghcr.io/acme/web:1"
}
environment "prod" {
  posture = "development"
}
service "web" {
  image = var.image
  port "http" {
    container = 8080
  }
  route {
    host = stack.domain
  }
}
ingress {
  tls {
    certificate {
      local {}
    }
  }
}
`

// TestPages runs the rule of docs/rules-of-your-own.md, its examples, and the tests of
// docs/testing.md.
func TestPages(t *testing.T) {
	rules, tests := blocksOf(t, "rules-of-your-own.md"), blocksOf(t, "testing.md")
	if len(rules) != 2 || len(tests) != 1 {
		t.Fatalf("%d and %d blocks", len(rules), len(tests))
	}
	lines, diags := run(t, map[string]string{"nself.hcl": documented, "rules.hcl": rules[0], "a.nselftest.hcl": tests[0]}, "")
	if len(diags) > 0 || len(lines) != 5 {
		t.Fatalf("%v %v", lines, diags)
	}
	for _, line := range lines {
		if !strings.HasSuffix(line, ":") {
			t.Error(line)
		}
	}
	// The module of the page.
	shared := "variable \"registry\" {\n  type = string\n}\n" + strings.ReplaceAll(rules[0], `"ghcr.io/acme/")`, "var.registry)")
	lines, diags = run(t, map[string]string{"nself.hcl": documented + rules[1], "policy/org/rules.hcl": shared}, "")
	if len(diags) > 0 || len(lines) != 2 || !strings.HasSuffix(lines[0], ":") {
		t.Errorf("%v %v", lines, diags)
	}
}
