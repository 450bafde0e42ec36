stack "t" { # ERROR NS103: Missing argument
}

locals {
  _a = var.domian         # ERROR NS201: Unknown name
  _b = locl.a             # ERROR NS201: Unknown name
  _c = service            # ERROR NS202: Incomplete reference
  _d = service.api.hots   # ERROR NS203: Unsupported attribute
  _e = redis.cache.urll   # ERROR NS203: Unsupported attribute
  _f = "x-${local.none}"  # ERROR NS201: Unknown name
  _g = local._obj.prot    # ERROR NS203: Unsupported attribute
  _obj = { port = 1 }
  _h = stack.domain
  _i = local._a           # a consequence: said once, above
  _j = redis["cache"].url
  _k = service[0]         # ERROR NS202: Incomplete reference
  _l = postgres.main      # ERROR NS201: Unknown name
}

variable "domain" {
  default = "d"
}

redis "cache" {}

service "api" {
  image = "x:1"
}
