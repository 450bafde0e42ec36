stack "rules" {}
secret "key" {}
locals {
  dsn = "postgres://${secret.key}@db"
}
rule "ORG-001" {
  severity = "high"
  for_each = services
  assert {
    condition = alltrue([for p in each.value.publish : p.hostip == "127.0.0.1"]) # ERROR NS203: Unsupported attribute
    message   = "typo in a loop"
  }
  assert {
    condition = each.value.replicas # ERROR NS210: Incorrect value type
    message   = "no condition"
  }
  assert {
    condition = stack.posture == "development" ? each.value.imag == "" : true # ERROR NS203: Unsupported attribute
    message   = "typo in a branch that this stack does not take"
  }
  assert {
    condition = try(each.value.imag, "") == ""
    message   = "what is tried may be missing"
  }
  assert {
    condition = services["api"].replicas > 1 && element(each.value.networks, 3) != ""
    message   = "an element of a collection may be there"
  }
  assert {
    condition = service["api"].replicas > 1 # ERROR NS201: Unknown name
    message   = "no block of this stack"
  }
}
rule "ORG-002" {
  severity = "low"
  assert {
    condition = ingress.tls.profile == "modern" # ERROR NS203: Unsupported attribute
    message   = "null where there is none"
  }
}
rule "ORG-003" {
  severity = "low"
  for_each = services
  assert {
    condition = each.value.healthcheck.retries > 1 # ERROR NS203: Unsupported attribute
    message   = "null where there is none"
  }
  assert {
    condition = each.value.memory == null || each.value.memory > 1
    message   = "tested first"
  }
}
rule "ORG-004" {
  severity = "low"
  for_each = ingress # ERROR NS215: Invalid for_each value
  assert {
    condition = true
    message   = "x"
  }
}
rule "ORG-005" {
  severity = "low"
  for_each = ingress[*]
  assert {
    condition = each.value.tls.profile == "modern" && local.dsn == "x" # ERROR NS220: Secret value inspected
    message   = "x"
  }
  assert {
    condition = true
    message   = "it is ${local.dsn}" # ERROR NS221: Secret in a plain argument
  }
}
rule "own-registry" { # ERROR NS2201: Invalid code of a rule
  severity = "low"
}
rule "NS-001" { # ERROR NS2201: Invalid code of a rule
  severity = "low"
}
rule "ORG-006" { # ERROR NS2202: Rule without an assert
  severity = "low"
}
rule "ORG-007" {
  severity = "grave" # ERROR NS211: Unsupported value
  assert {
    condition = true
    message   = "x"
  }
}
rule "ORG-008" {
  severity = "low"
  assert {
    condition = true
    message   = "x"
  }
  example "none" { # ERROR NS2204: Example with nothing to show
  }
}
rule "ORG-008" { # ERROR NS109: Duplicate declaration
  severity = "low"
}
rule "ORG-009" { # ERROR NS103: Missing argument
  assert {
    condition = true
    message   = "x"
  }
}
rule "ORG-010" {
  severity = "low"
  for_each = stack.name # ERROR NS215: Invalid for_each value
  assert {
    condition = true
    message   = "x"
  }
}
rule "ORG-012" {
  severity = "low"
  assert {
    condition = null # ERROR NS210: Incorrect value type
    message   = "x"
  }
}
rule "ORG-011" {
  severity = "low"
  assert { # ERROR NS103: Missing argument
    message = "x"
  }
}
