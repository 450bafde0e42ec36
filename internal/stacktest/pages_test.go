package stacktest_test

import (
	"regexp"
	"strings"
	"testing"

	"nselfc/lang/diag"
)

var pageExample = regexp.MustCompile("(?s)\n## (Wrong|Right)\n.*?```hcl\n(.*?)```")

// TestPagesOfTests runs the examples of the pages on tests and on the examples of rules,
// beside a stack that they fit: what stands below "Wrong" gives the code, and what
// stands below "Right" passes.
func TestPagesOfTests(t *testing.T) {
	prod := "environment \"prod\" {\n  variables = { domain = \"shop.example.com\" }\n}\n"
	single := strings.Replace(stack, prod, "", 1) // the environment dev is then the only one
	several := stack + `ingress {
  image = "nginx:1.30.4"
  tls {
    certificate {
      files {
        certificate = "/etc/ssl/shop/fullchain.pem"
        private_key = "/etc/ssl/shop/privkey.pem"
      }
    }
  }
}
service "web" {
  image = "ghcr.io/acme/web:1.4.2"
  port "http" {
    container = 8080
  }
  healthcheck {
    http = "/healthz"
  }
  route {
    host = "shop.example.com"
  }
}
firewall {
  ssh {
    port = 22
  }
}
`
	ran := 0
	for _, code := range diag.Codes() {
		if code != "NS2204" && !diag.CodeIn(code, "NS2300", "NS2400") {
			continue
		}
		page, _ := diag.Page(code)
		for _, m := range pageExample.FindAllStringSubmatch(page, -1) {
			ran++
			t.Run(code+"/"+m[1], func(t *testing.T) {
				files := map[string]string{"nself.hcl": single}
				filter := ""
				if code == "NS2305" {
					files["nself.hcl"] = several
				}
				if strings.HasPrefix(m[2], "test ") {
					files["a.nselftest.hcl"] = m[2]
				} else {
					files["nself.hcl"] = strings.Replace(single, "  example \"ours\" {", m[2]+"  example \"ours\" {", 1)
					filter = "ORG-001: " + regexp.MustCompile(`example "(.*)" {`).FindStringSubmatch(m[2])[1]
				}
				lines, diags := run(t, files, filter)
				said := strings.Join(lines, "\n")
				for _, d := range diags {
					said += "\n" + d.Code + ": " + d.Detail
				}
				if raised := strings.Contains(said, code); raised != (m[1] == "Wrong") || m[1] == "Right" && strings.Contains(said, "NS") {
					t.Errorf("%s\n%s", said, m[2])
				}
			})
		}
	}
	if ran < 16 {
		t.Errorf("only %d examples were run", ran)
	}
}
