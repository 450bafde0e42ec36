test "the site is reached through the ingress alone" {
  environment = "dev"

  assert {
    condition = alltrue([for p in published : p.service == "ingress"])
    message   = "Something but the ingress opens a port of the host."
  }

  assert {
    condition = [for r in values(routes) : r.service if r.host == stack.domain] == ["web"]
    message   = "The domain does not lead to web."
  }

  assert {
    condition = strcontains(artefacts["docker-compose.yml"], "no-new-privileges") && compose.services.web.cap_drop[0] == "ALL"
    message   = "web could gain rights."
  }
}

test "a placeholder is refused" {
  variables    = { domain = "shop.example" }
  expect_error = ["NS218"]
}

test "the host carries three copies" {
  variables      = { replicas = 4 }
  expect_finding = ["RULED-001"]
}
