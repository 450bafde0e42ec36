# A server of each version that the lab has, and a service that uses it.

stack "versions" {}

environment "dev" {
  posture = "development"
}

locals {
  trial = "ghcr.io/acme/api:1.4.2"
}

postgres "pg15" {
  version   = "15"
  databases = ["app"]
  roles = {
    app     = { database = "app" }
    migrate = { database = "app", access = "migrate" }
    dump    = { database = "app", access = "backup" }
  }
}

postgres "pg17" {
  version   = "17"
  databases = ["app"]
  roles = {
    app     = { database = "app" }
    migrate = { database = "app", access = "migrate" }
    dump    = { database = "app", access = "backup" }
  }
}

postgres "pg18" {
  version   = "18"
  databases = ["app"]
  preload   = ["pg_stat_statements"]
  roles = {
    app     = { database = "app" }
    migrate = { database = "app", access = "migrate" }
    dump    = { database = "app", access = "backup" }
  }
}

redis "valkey" {
  image = "valkey/valkey:9.1"
}

service "on15" {
  image   = local.trial
  command = ["serve"]
  port "http" {
    container = 8080
  }
  secrets = {
    DATABASE_URL = postgres.pg15.roles.app.url
    MIGRATE_URL  = postgres.pg15.roles.migrate.url
    DUMP_URL     = postgres.pg15.roles.dump.url
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

service "on17" {
  image   = local.trial
  command = ["serve"]
  port "http" {
    container = 8080
  }
  secrets = {
    DATABASE_URL = postgres.pg17.roles.app.url
    MIGRATE_URL  = postgres.pg17.roles.migrate.url
    DUMP_URL     = postgres.pg17.roles.dump.url
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

service "on18" {
  image   = local.trial
  command = ["serve"]
  port "http" {
    container = 8080
  }
  secrets = {
    DATABASE_URL = postgres.pg18.roles.app.url
    MIGRATE_URL  = postgres.pg18.roles.migrate.url
    DUMP_URL     = postgres.pg18.roles.dump.url
    REDIS_URL    = redis.valkey.url
  }
  healthcheck {
    command = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz?deep=1"]
  }
}
