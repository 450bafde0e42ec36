stack "t" {}

variable "a" { # WARNING NS230: Unused declaration
  default = 1
}
locals {
  b = 1 # WARNING NS230: Unused declaration
  _c = 2
}
volume "v" { # WARNING NS230: Unused declaration
}
