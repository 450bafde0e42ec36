# A stack with everything that the rules look at.

stack "shop" {
  domain = "example.com"
}

environment "prod" {}

environment "dev" {
  posture = "development"
}

secret "jwt_key" {
  kind = "jwt"
}

postgres "main" {
  databases = ["app", "audit"]

  roles = {
    app     = { database = "app" }
    report  = { database = "app", access = "read_only" }
    migrate = { database = "app", access = "migrate" }
    backup  = { database = "audit", access = "backup" }
    monitor = { database = "audit", access = "monitor" }
  }
}

redis "cache" {}

service "api" {
  image = "ghcr.io/acme/api:1.4.2"

  port "http" {
    container = 8080
  }

  env = {
    LOG_LEVEL = "info"
  }

  secrets = {
    DATABASE_URL = postgres.main.roles["app"].url
    REDIS_URL    = redis.cache.url
    JWT_KEY      = secret.jwt_key
  }

  route {
    host      = "api.${stack.domain}"
    websocket = true
  }

  route {
    host         = "api.${stack.domain}"
    path         = "/files"
    strip_prefix = true

    rate_limit {
      requests = 10
      window   = "60s"
    }

    headers = {
      X-Frame-Options             = "DENY"
      Access-Control-Allow-Origin = "https://www.example.com"
      Permissions-Policy          = ""
    }
  }

  route {
    host       = "api.${stack.domain}"
    path       = "/admin"
    allow_from = ["203.0.113.0/24", "2001:db8::/32"]
  }

  route {
    host = "*.pages.${stack.domain}"
  }

  healthcheck {
    http = "/healthz"
  }
}

ingress {
  image           = "nginx:1.30.4"
  trusted_proxies = ["192.0.2.0/24"]

  tls {
    profile = stack.environment == "prod" ? "intermediate" : "guide"

    certificate {
      files {
        certificate = "/etc/ssl/shop/fullchain.pem"
        private_key = "/etc/ssl/shop/privkey.pem"
      }
    }
  }
}

firewall {
  ssh {
    port = 22
    from = ["203.0.113.0/24", "2001:db8:100::/48"]
  }

  allow "vpn" {
    port     = 51820
    protocol = "udp"
  }
}
