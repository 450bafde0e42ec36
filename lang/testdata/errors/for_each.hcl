stack "t" {}

service "a" {
  for_each = ["x"] # ERROR NS215: Invalid for_each value
  image    = "x:1"
}
service "b" {
  for_each = toset(["X Y"]) # ERROR NS215: Invalid for_each value
  image    = "x:1"
}
service "c" {
  for_each = toset(["eu", "us"])
  image    = each.val # ERROR NS201: Unknown name
}
service "d" {
  for_each = { eu = "x:1" }
  image    = each.value
}
locals {
  _a = service.d["us"].host # ERROR NS203: Unsupported attribute
  _b = each.key             # ERROR NS201: Unknown name
  _c = service.d["eu"].host
  _d = service.d.eu.host
}
