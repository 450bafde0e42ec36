# Added to the shop for its trial: the same service under other roles, and one
# that refers to nothing.

locals {
  trial = "ghcr.io/acme/api:1.4.2"
}

service "migrator" {
  image   = local.trial
  command = ["serve"]
  port "http" {
    container = 8080
  }
  secrets = {
    DATABASE_URL = postgres.main.roles.migrate.url
  }
  route {
    host = "migrator.${stack.domain}"
    rate_limit {
      off = true
    }
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

service "reporter" {
  image   = local.trial
  command = ["serve"]
  port "http" {
    container = 8080
  }
  secrets = {
    DATABASE_URL = postgres.main.roles.report.url
  }
  route {
    host = "reporter.${stack.domain}"
    rate_limit {
      off = true
    }
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

service "loner" {
  image   = local.trial
  command = ["serve"]
  port "http" {
    container = 8080
  }
  route {
    host = "loner.${stack.domain}"
    rate_limit {
      off = true
    }
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

service "caller" {
  image   = local.trial
  command = ["serve"]
  egress  = true
  port "http" {
    container = 8080
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}

# For the people of an internal network alone.
service "inner" {
  image   = local.trial
  command = ["serve"]
  port "http" {
    container = 8080
  }
  route {
    host       = "inner.${stack.domain}"
    allow_from = ["10.0.0.0/8", "fd5e:1ab::99/128"]
    rate_limit {
      off = true
    }
  }
  healthcheck {
    command  = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
    interval = "3s"
  }
}
