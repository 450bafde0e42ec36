# One service behind TLS. Build it with
#     nselfc build examples/minimal/nself.hcl --env dev

stack "minimal" {
  domain = "minimal.localhost"
}

environment "dev" {
  posture = "development"
}

service "web" {
  image = "ghcr.io/acme/api:1.4.2"

  port "http" {
    container = 8080
  }

  route {
    host = stack.domain
  }

  healthcheck {
    command = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
  }
}

ingress {
  tls {
    certificate {
      local {}
    }
  }
}
