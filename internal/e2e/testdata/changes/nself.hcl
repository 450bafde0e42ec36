# A stack to change while it runs.

stack "changes" {
  domain = "changes.localhost"
}

environment "dev" {
  posture = "development"
}

locals {
  image = "ghcr.io/acme/api:1.4.2"
}

secret "seen" {}

secret "hidden" {}

postgres "db" {
  version   = "17.12"
  databases = ["app"]
  roles = {
    migrate = { database = "app", access = "migrate" }
    app     = { database = "app", access = "read_write" }
    former  = { database = "app", access = "read_write" }
  }
}

redis "cache" {
  version = "8.2.9"
}

service "migrator" {
  image   = local.image
  command = ["serve"]
  port "http" {
    container = 8080
  }
  secrets = {
    DATABASE_URL = postgres.db.roles.migrate.url
  }
  route {
    host = "migrator.${stack.domain}"
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

service "api" {
  image   = local.image
  command = ["serve"]
  port "http" {
    container = 8080
  }
  secrets = {
    DATABASE_URL = postgres.db.roles.app.url
    REDIS_URL    = redis.cache.url
  }
  route {
    host = "api.${stack.domain}"
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

# The former role has a service of its own, which goes with it.
service "former" {
  image   = local.image
  command = ["serve"]
  secrets = { DATABASE_URL = postgres.db.roles.former.url }
}

service "web" {
  image    = local.image
  command  = ["serve"]
  replicas = 2
  port "http" {
    container = 8080
  }
  route {
    host    = "web.${stack.domain}"
    headers = { "X-Edition" = "first" }
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

service "region" {
  for_each = toset(["eu", "us"])

  image   = local.image
  command = ["serve"]
  port "http" {
    container = 8080
  }
  route {
    host = "${each.key}.${stack.domain}"
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

# One secret in the environment, which is warned of, and one in a file.
service "teller" {
  image   = local.image
  command = ["serve"]
  env     = { SEEN = secret.seen }
  secrets = { HIDDEN = secret.hidden }
}

ingress {
  tls {
    certificate {
      local {}
    }
  }
}
