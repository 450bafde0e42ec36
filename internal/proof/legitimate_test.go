package proof_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"nselfc/internal/proof"
)

// TestLegitimateStacks: what an author may write, however rare, breaks no rule: a
// finding would stop the build, and call it a bug.
func TestLegitimateStacks(t *testing.T) {
	for name, archive := range map[string]string{
		"a Dockerfile beside its context": `
-- nself.hcl --
stack "s" {}
service "api" {
  build {
    context    = "./api"
    dockerfile = "../docker/Dockerfile"
  }
}
-- api/main --
-- docker/Dockerfile --
FROM scratch
`,
		"a kind of one's own that is called like a store": `
-- nself.hcl --
stack "s" {}
environment "dev" {
  posture = "development"
}
redis "viewer" {}
-- kinds/redis/redis.hcl --
service "main" {
  image = "ghcr.io/acme/viewer:1.0.0"
  port "http" {
    container = 8080
  }
  publish "http" {
    host = 8080
  }
}
`,
		"every store that there is": `
-- nself.hcl --
stack "s" {}
postgres "a" {
  version         = "18-alpine"
  databases       = ["one", "two_2"]
  max_connections = 500
  shared_buffers  = "1GB"
  memory          = "4.5G"
  preload         = ["pg_stat_statements", "pg-x"]
}
postgres "b" {
  version   = "15"
  image     = "pgvector/pgvector:pg15"
  databases = ["one"]
  memory    = "128m"
  roles = {
    r    = { database = "one", access = "read_only", connections = 1 }
    dump = { database = "one", access = "backup" }
    m    = { database = "one", access = "monitor" }
    up   = { database = "one", access = "migrate" }
  }
}
redis "c" {
  max_memory = "300K"
  persistent = false
  eviction   = "noeviction"
}
redis "d" {
  version    = "7-alpine"
  image      = "valkey/valkey:8.1-alpine"
  max_memory = "2G"
  eviction   = "volatile-ttl"
}
`,
		"an edge with whatever a route may say": `
-- nself.hcl --
stack "s" {}
environment "old" {}
environment "dev" {
  posture = "development"
}
service "api" {
  image    = "ghcr.io/acme/api:1.0.0"
  replicas = 2
  port "http" {
    container = 8080
  }
  route {
    host      = "a-b.example.com"
    websocket = true
    rate_limit {
      requests = 600
      window   = "60s"
      burst    = 1
    }
    headers = {
      "X-Cost"                      = "$5 \\ \"quoted\" 'x' {;}"
      "Content-Security-Policy"     = "default-src 'none'"
      "x-content-type-options"      = "nosniff"
      "Referrer-Policy"             = "unsafe-url"
      "Cross-Origin-Opener-Policy"  = ""
      "Strict-Transport-Security"   = "max-age=0"
      "Access-Control-Allow-Origin" = "*"
    }
  }
  route {
    host         = "*.apps.example.com"
    path         = "/a.b/$x/%C3%A9"
    strip_prefix = true
    allow_from   = ["0.0.0.0/0", "2001:db8::1"]
    body_size    = "1500K"
    rate_limit {
      requests = 50
      window   = "1s"
    }
  }
  route {
    host      = "example.com"
    path      = "/api"
    body_size = "2G"
  }
  healthcheck {
    http = "/"
  }
  extra_compose = {
    attach       = false
    cpu_shares   = 512
    cpuset       = "0-1"
    dns_opt      = ["ndots:1"]
    dns_search   = ["example.com"]
    domainname   = "example.com"
    hostname     = "api"
    oom_score_adj = 10
    platform     = "linux/amd64"
    pull_policy  = "always"
    shm_size     = "64m"
    stop_signal  = "SIGINT"
    working_dir  = "/srv"
    labels       = { "com.example.empty" = "", "com.example.yes" = "true" }
    sysctls      = { "net.core.somaxconn" = 1024 }
    ulimits      = { nofile = 65536, core = { soft = 0, hard = 0 } }
  }
}
ingress {
  image           = stack.environment == "old" ? "nginx:1.31.3-alpine" : "nginx:1.30.4-bookworm"
  trusted_proxies = ["2001:db8::/32", "192.0.2.1"]
  rate_limit {
    requests = 100
    window   = "60s"
  }
  tls {
    hsts {
      max_age            = "730d"
      include_subdomains = true
      preload            = true
    }
    profile = stack.environment == "old" ? "modern" : "guide"
    certificate {
      files {
        certificate = "/etc/ssl/c.pem"
        private_key = "/etc/ssl/k.pem"
      }
    }
  }
}
firewall {
  ssh {
    port = 2222
    from = ["2001:db8::1", "203.0.113.7"]
  }
  allow "mail-in" {
    port = 25
    from = ["198.51.100.0/24"]
  }
}
`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range txtar.Parse([]byte(archive)).Files {
				path := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for environment, files := range compiled(t, dir) {
				for _, f := range proof.Check(files) {
					t.Errorf("%s: %+v", environment, f)
				}
			}
		})
	}
}
