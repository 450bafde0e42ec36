# Blocks that the design has and this release has not.
stack "t" {}

ingress {
  tls {
    certificate {
      acme { # ERROR NS104: Unsupported block
        email = "ops@example.com"
      }
    }
  }
}
alerts { # ERROR NS104: Unsupported block
  email = "security@example.com"
}
test "own-registry" { # ERROR NS104: Unsupported block
  assert {
    condition = true
    message   = "x"
  }
}
