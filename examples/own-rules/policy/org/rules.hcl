# Rules that every stack of the organisation has: a module that makes nothing.

variable "registry" {
  type = string
  doc  = "What the name of every image begins with."
}

rule "ORG-001" {
  title    = "Image from a foreign registry"
  severity = "high"
  for_each = services

  assert {
    condition = each.value.build != null || each.value.kind != "" || each.key == "ingress" || startswith(each.value.image, var.registry)
    message   = "${each.value.image} comes from ${each.value.registry}, where nobody scans it. Mirror it, and write\n    image = \"${var.registry}…\""
  }

  doc = "Images are scanned and kept for seven years in ${var.registry}. Others may be gone when they are needed."
  ref = ["CIS Docker Benchmark 4.2"]

  example "our registry" {
    passes = <<-HCL
      service "api" {
        image = "${var.registry}api:1.4.2"
      }
    HCL
  }

  example "another registry" {
    fails = <<-HCL
      service "api" {
        image = "quay.io/acme/api:1.4.2"
      }
    HCL
  }

  example "a kind brings its own" {
    passes = <<-HCL
      redis "cache" {}
    HCL
  }
}

rule "ORG-002" {
  title    = "Secret that is never rotated"
  severity = "low"
  for_each = secrets

  assert {
    condition = each.value.rotation.class == "manual" || each.value.certificate != null || try(each.value.rotation.after <= 365, false)
    message   = "${each.key} is used until somebody remembers it. Say when it is due:\n    rotate_after = \"90d\""
  }

  example "a year is the most" {
    fails = <<-HCL
      secret "key" {
        rotate_after = "400d"
      }
      service "api" {
        image   = "ghcr.io/acme/api:1.4.2"
        secrets = { KEY = secret.key }
      }
    HCL
  }
}
