stack "t" {}

# One variable that fails, and everything that stands on it.
variable "bad" {
  type    = number
  default = "x" # ERROR NS210: Incorrect value type
}
variable "on_it" {
  default = 1

  validation {
    condition = var.on_it > var.bad
    message   = "x"
  }
}
locals {
  a = var.bad + 1
  b = { x = local.a, y = 2 }
  c = local.b.y
  d = [for v in [1] : local.a if v == var.bad]
  e = try(var.bad, 1)
  f = can(var.bad)
  g = true ? 1 : var.bad
  h = "${local.a}${local.b.x}${local.c}${local.d[0]}${local.e}${local.f}${local.g}${var.on_it}"
}
secret "s" {
  bytes = var.bad
}
secret "cert" {
  kind  = "x509"
  hosts = [var.bad]
}
postgres "db" {
  databases = ["app"]
  cpus      = var.bad
  roles     = { app = { database = "app", connections = var.bad } }
}
redis "r" {
  for_each   = toset([var.bad])
  max_memory = var.bad
}
module "m" {
  source = var.bad
}
volume "v" {
  for_each = { a = var.bad }
}
config "c" {
  path    = "/c"
  content = local.h
}
service "a" {
  image    = "x:${var.bad}"
  command  = [var.bad]
  replicas = var.bad
  env      = { A = var.bad, B = local.h, C = postgres.db.roles.app.url }
  secrets  = { D = redis.r["x"].url, E = module.m.url, F = secret.s }

  port "http" {
    container = var.bad
  }
  volume "v" {
    path   = "/v"
    source = volume.v["a"]
  }
  config "c" {
    source = config.c
  }
  healthcheck {
    http     = "/${var.bad}"
    interval = var.bad
  }
  resources {
    cpus = var.bad
  }
  route {
    for_each = toset([var.bad])
    host     = each.key
  }
  route {
    host = var.bad
    rate_limit {
      requests = var.bad
    }
  }
}
service "b" {
  for_each = { x = var.bad }
  image    = "x:1"
}
service "c" {
  image = "x:1"
  env   = { A = service.a.ports.http, B = service.b["x"].host, C = service.b["y"].host }
}
ingress {
  http_port = var.bad
  tls {
    certificate {
      files {
        certificate = "/a-${var.bad}"
        private_key = "/b-${var.bad}"
      }
    }
  }
}
firewall {
  ssh {
    port = var.bad
    from = [var.bad]
  }
}
service "Bad_Name" { # ERROR NS108: Invalid name
  image = "x:1"
}
servcie "typo" { # ERROR NS104: Unsupported block
}
locals {
  _i = service.Bad_Name.host
  _j = service.typo.host
}
