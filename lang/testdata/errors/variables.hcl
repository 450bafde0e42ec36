stack "t" {}

variable "_a" { # ERROR NS217: Missing value for a variable
  type = string
}
variable "_b" {
  type    = list(integer) # ERROR NS216: Invalid type
  default = []
}
variable "_c" {
  type    = number
  default = "x" # ERROR NS210: Incorrect value type
}
variable "_d" {
  default = 5 # ERROR NS218: Invalid value for a variable
  validation {
    condition = var._d > 10
    message   = "Too small."
  }
}
variable "_e" {
  default = local.x # ERROR NS201: Unknown name
}
variable "_f" {
  type    = object({ port = number, host = optional(string, "h") })
  default = { port = 1 }
}
locals {
  _f = var._f.host
}
