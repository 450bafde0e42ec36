# A stack with rules of its own: two that the organisation shares, and one that only
# this stack has. Run its tests, and the examples of the rules, with
#     nselfc test examples/own-rules

stack "ruled" {
  domain = var.domain
}

variable "domain" {
  type    = string
  default = "ruled.localhost"

  validation {
    condition = !endswith(var.domain, ".example")
    message   = "The domain ${var.domain} is a placeholder."
  }
}

variable "replicas" {
  type    = number
  default = 1
}

environment "dev" {
  posture = "development"
}

module "org" {
  source   = "./policy/org"
  registry = "ghcr.io/acme/"
}

rule "RULED-001" {
  title    = "More copies than the host carries"
  severity = "medium"
  for_each = services

  assert {
    condition = each.value.replicas <= 3
    message   = "${each.key} has ${each.value.replicas} copies, and the host has four cores. Write\n    replicas = 3"
  }

  doc = "The host was bought for three copies of each service."
}

service "web" {
  image    = "ghcr.io/acme/api:1.4.2"
  replicas = var.replicas

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
