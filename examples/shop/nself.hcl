# A shop: an API and a worker over PostgreSQL and Redis, behind nginx.
#
#     nselfc build examples/shop/nself.hcl              # every environment
#     nselfc build examples/shop/nself.hcl --env prod   # on the host that runs it

stack "shop" {
  domain = var.domain
}

variable "domain" {
  type    = string
  default = "shop.localhost"
  doc     = "Domain of the shop; the API answers below it."
}

environment "dev" {
  posture = "development"
}

environment "prod" {
  posture = "production"
  variables = {
    domain = "shop.example.com"
  }
}

locals {
  api_host = "api.${stack.domain}"
}

secret "jwt_key" {
  kind         = "jwt"
  rotate_after = "90d"
}

postgres "main" {
  version   = "17.12"
  databases = ["app"]
  roles = {
    app     = { database = "app", access = "read_write" }
    report  = { database = "app", access = "read_only" }
    migrate = { database = "app", access = "migrate" }
  }
}

redis "cache" {
  version    = "8.2.9"
  max_memory = "128M"
}

service "api" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]

  port "http" {
    container = 8080
  }

  env = {
    LOG_LEVEL = "info"
    ISSUER    = "${stack.name}-${stack.environment}"
  }

  # Each becomes a file, /run/secrets/NAME, and a variable NAME_FILE that names it.
  secrets = {
    DATABASE_URL = postgres.main.roles.app.url
    REDIS_URL    = redis.cache.url
    JWT_KEY      = secret.jwt_key
  }

  route {
    host      = local.api_host
    websocket = true

    rate_limit {
      requests = 100
      window   = "60s"
    }
  }

  healthcheck {
    command = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
  }

  resources {
    cpus   = 2
    memory = "1G"
  }
}

service "worker" {
  image   = "ghcr.io/acme/worker:1.4.2"
  command = ["worker"]

  secrets = {
    DATABASE_URL = postgres.main.roles.app.url
    REDIS_URL    = redis.cache.url
  }

  port "health" {
    container = 8080
  }

  healthcheck {
    command = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
  }
}

ingress {
  rate_limit {
    requests = 100
    window   = "60s"
  }

  tls {
    # A certificate authority of the stack's own in development; in production
    # the certificate that you bring.
    certificate {
      local {}

      files {
        certificate = "./certs/fullchain.pem"
        private_key = "./certs/privkey.pem"
      }
    }
  }
}

firewall {
  ssh {
    port = 22
    from = ["203.0.113.0/24", "2001:db8:100::/48"]
  }
}
