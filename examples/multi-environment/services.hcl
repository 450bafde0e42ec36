locals {
  images = {
    web    = "ghcr.io/acme/api:1.4.2"
    worker = "ghcr.io/acme/worker:1.4.2"
  }
}

postgres "db" {
  version        = "17.12"
  databases      = ["crm"]
  memory         = var.database.memory
  shared_buffers = var.database.buffers
  roles = {
    web = { database = "crm" }
  }
}

service "web" {
  for_each = var.regions

  image   = local.images.web
  command = ["serve"]

  port "http" {
    container = 8080
  }

  env = {
    REGION = each.key
  }

  secrets = {
    DATABASE_URL = postgres.db.roles.web.url
  }

  route {
    host = "${each.key}.${stack.domain}"
  }

  healthcheck {
    command = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
  }
}

module "mail" {
  source = "./modules/worker"

  image = local.images.worker
  queue = redis.jobs.url
}

redis "jobs" {
  version  = "8.2.9"
  eviction = "noeviction"
}

ingress {
  tls {
    certificate {
      local {}

      files {
        certificate = "./certs/${stack.environment}.pem"
        private_key = "./certs/${stack.environment}.key"
      }
    }
  }
}

firewall {
  ssh {
    port = stack.posture == "production" ? 2222 : 22
  }
}
