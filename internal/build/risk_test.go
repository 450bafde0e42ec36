package build_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"nselfc/internal/build"
)

// riskStack is what the edits of TestRisks are made on.
const riskStack = `stack "shop" {
  domain = "shop.example.com"
}

variable "level" {
  type    = string
  default = "info"
}

locals {
  image = "ghcr.io/acme/api:1.4.2"
}

secret "key" {
  kind  = "hex"
  bytes = 32
}

secret "word" {
  kind   = "password"
  length = 30
}

postgres "main" {
  version   = "17.6"
  databases = ["app", "logs"]
  roles = {
    app    = { database = "app", access = "read_write" }
    report = { database = "app", access = "read_only" }
    save   = { database = "app", access = "backup" }
  }
}

redis "cache" {
  persistent = true
}

module "pair" {
  source = "./pair"
}

service "api" {
  image        = local.image
  user         = "1000:1000"
  capabilities = ["NET_BIND_SERVICE"]
  env          = { LEVEL = var.level, WORD = "x" }
  secrets      = { URL = postgres.main.roles.app.url, KEY = secret.key, WORD = secret.word }

  port "http" {
    container = 8080
  }

  port "admin" {
    container = 9090
  }

  healthcheck {
    http = "/healthz"
    port = "http"
  }

  resources {
    cpus   = 2
    memory = "1G"
    pids   = 100
  }

  volume "data" {
    path = "/data"
  }

  volume "site" {
    path = "/site"
    host = "./site"
  }

  writable "/tmp" {}

  route {
    host       = "shop.example.com"
    port       = "http"
    allow_from = ["203.0.113.0/24", "2001:db8::/32"]
    headers    = { X-Frame-Options = "DENY" }

    rate_limit {
      requests = 10
      window   = "60s"
    }
  }
}

service "worker" {
  image   = "ghcr.io/acme/worker:1.0.0@sha256:abababababababababababababababababababababababababababababababab"
  secrets = { CACHE = redis.cache.url }
}

service "back" {
  image = "ghcr.io/acme/back:1.0.0"

  port "http" {
    container = 8000
  }
}

ingress {
  trusted_proxies = ["198.18.0.0/24"]

  rate_limit {
    requests = 100
    window   = "60s"
  }

  tls {
    profile = "guide"

    hsts {
      max_age            = "730d"
      include_subdomains = true
    }

    certificate {
      files {
        certificate = "./c.pem"
        private_key = "./k.pem"
      }
    }
  }
}

firewall {
  ssh {
    from = ["203.0.113.0/24"]
  }

  allow "vpn" {
    port     = 51820
    protocol = "udp"
    from     = ["203.0.113.0/24"]
  }
}
`

const pairModule = `variable "upstream" {
  type    = string
  default = ""
}

service "front" {
  image = "ghcr.io/acme/front:1.0.0"
  env   = { UPSTREAM = var.upstream }
}
`

// riskCase is an edit of riskStack: pairs of texts. want lists what the plan finds,
// each with the line of the stack that it names; "safer" stands for the severity of
// what gets safer.
type riskCase struct {
	name string
	edit []string
	want string
}

func TestRisks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := func(t *testing.T, name, text string) *build.Compiled {
		t.Helper()
		at := filepath.Join(dir, name)
		put(t, filepath.Join(at, "nself.hcl"), text)
		put(t, filepath.Join(at, "pair", "pair.hcl"), pairModule)
		put(t, filepath.Join(at, "site", "index.html"), "")
		put(t, filepath.Join(at, "other", "index.html"), "")
		c, diags := build.Compile(t.Context(), at, build.Options{})
		if diags.HasErrors() {
			var b strings.Builder
			for _, d := range diags {
				if d.Severity.String() == "error" {
					fmt.Fprintln(&b, d.Subject, d.Summary, d.Detail)
				}
			}
			t.Fatalf("%s does not compile: %s", name, b.String())
		}
		return c
	}
	for i, tc := range slices.Concat(riskCases, secretRiskCases) {
		if i%5 != 0 && !thorough {
			continue
		}
		t.Run(tc.name, func(t *testing.T) {
			text := riskStack
			before := text
			for j := 0; j < len(tc.edit); j += 2 {
				from, to := tc.edit[j], tc.edit[j+1]
				both := strings.HasPrefix(from, "both:")
				from = strings.TrimPrefix(from, "both:")
				if !strings.Contains(text, from) {
					t.Fatalf("the stack has no %q", from)
				}
				text = strings.Replace(text, from, to, 1)
				if both { // of the state before, too
					before = strings.Replace(before, from, to, 1)
				}
			}
			p := between(t, state(t, fmt.Sprint(i, "a"), before), state(t, fmt.Sprint(i, "b"), text))
			lines := strings.Split(text, "\n")
			var got strings.Builder
			for _, e := range p.Environments {
				for n, list := range [][]outsidersRisk{e.Risks, e.Safer} {
					for _, k := range list {
						if n == 1 {
							k.Severity = "safer"
						}
						at := "nowhere"
						if k.Range != nil {
							at = filepath.Base(k.Range.Filename)
							if at == "nself.hcl" {
								at = strings.TrimSpace(lines[k.Range.Start.Line-1])
							}
						}
						fmt.Fprintf(&got, "%s %s %s: %s\n", k.Severity, k.Code, k.Address, at)
						if os.Getenv("SHOW") != "" {
							fmt.Fprintf(os.Stderr, "%s | %s %s %s: %s   # %s\n", tc.name, k.Severity, k.Code, k.Address, at, k.Detail)
						}
					}
				}
			}
			if os.Getenv("SHOW") != "" && got.Len() == 0 {
				fmt.Fprintf(os.Stderr, "%s | nothing\n", tc.name)
			}
			if diff := gocmp.Diff(strings.TrimSpace(tc.want), strings.TrimSpace(got.String())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
