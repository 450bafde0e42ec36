// Package bench makes the stacks that the benchmarks compile, and the floor
// that they are measured against. It knows nothing of the compiler.
package bench

import (
	"fmt"
	"strings"
)

// Stack writes a stack of n services, each of 25 lines with a route, references
// and secrets, over one database and one cache for each hundred services.
func Stack(n int) []byte {
	var b strings.Builder
	b.WriteString("stack \"bench\" {\n  domain = \"bench.localhost\"\n}\n\n")
	stores := (n + 99) / 100
	for i := range stores {
		fmt.Fprintf(&b, "postgres \"db%d\" {\n  version   = \"17.6\"\n  databases = [\"app\"]\n  roles = {\n    app = { database = \"app\" }\n  }\n}\n\n", i)
		fmt.Fprintf(&b, "redis \"cache%d\" {\n  max_memory = \"128M\"\n}\n\n", i)
	}
	for i := range n {
		fmt.Fprintf(&b, `service "svc%d" {
  image = "ghcr.io/acme/svc%d:1.4.%d"
  port "http" {
    container = 8080
  }
  env = {
    LOG_LEVEL = "info"
    REGION    = "eu"
    WORKERS   = "%d"
  }
  secrets = {
    DATABASE_URL = postgres.db%d.roles.app.url
    REDIS_URL    = redis.cache%d.url
  }
  route {
    host = "svc%d.bench.localhost"
    port = "http"
  }
  healthcheck {
    http = "/healthz"
  }
  resources {
    memory = "256M"
  }
}

`, i, i, i%10, i%16, i/100, i/100, i)
	}
	b.WriteString("ingress {\n  tls {\n    certificate {\n      files {\n        certificate = \"/etc/ssl/bench/fullchain.pem\"\n        private_key = \"/etc/ssl/bench/privkey.pem\"\n      }\n    }\n  }\n}\n\nfirewall {\n  ssh {\n    port = 22\n  }\n}\n")
	return []byte(b.String())
}
