stack "t" {}

module "a" {
  source = "./inner"
  image  = ["x"] # ERROR NS210: Incorrect value type
}
module "b" {
  source = "./inner"
  imge   = "x:1" # ERROR NS102: Unsupported argument
}
module "c" { # ERROR NS217: Missing value for a variable
  source = "./inner"
}
module "d" {
  source = "./loop"
}
module "e" {
  source = "./broken"
}
module "f" {
  source = "./empty" # ERROR NS141: Module not found
}
module "g" { # ERROR NS142: Module within itself
  source = "."
}
module "h" {
  source = "../.."   # ERROR NS140: Module outside the stack
}
module "i" {
  source = "/etc"    # ERROR NS140: Module outside the stack
}
module "j" {
  source = "catalog/redis" # ERROR NS140: Module outside the stack
}
module "k" {
  source = var.none  # ERROR NS201: Unknown name
}
module "l" {
  for_each = toset(["one"])
  source   = "./inner"
  image    = "x:${each.key}"
}
module "m" {
  source = "./inner"
  image  = "x:1"
  size   = "huge" # ERROR NS218: Invalid value for a variable
}
locals {
  _a = module.l["one"].hots # ERROR NS203: Unsupported attribute
  _b = module.l["two"].host # ERROR NS203: Unsupported attribute
  _c = module.e.x           # a consequence
  _d = module.f.x           # a consequence
  _e = module.c.host        # a consequence? no: the host does not need the image
  _f = module.a.image       # a consequence
}
