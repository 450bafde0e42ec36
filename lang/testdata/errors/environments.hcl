stack "t" {}

variable "_size" {
  type    = number
  default = 1
}
environment "dev" {
  posture   = "developement" # ERROR NS211: Unsupported value
  variables = { _size = 2 }
}
environment "prod" {
  variables = {
    _size = "big" # ERROR NS210: Incorrect value type
    _sise = 3     # ERROR NS201: Unknown name
  }
}
environment "prod" { # ERROR NS109: Duplicate declaration
}
