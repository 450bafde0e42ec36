stack "t" {}

locals {
  a = local.b # ERROR NS204: Dependency cycle
  b = local.c
  c = "${local.a}"
  d = local.d # ERROR NS204: Dependency cycle
  _e = local.nope # ERROR NS201: Unknown name
}
