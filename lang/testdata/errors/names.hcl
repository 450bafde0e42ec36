stack "Shop" {} # ERROR NS108: Invalid name

service "API_1" { # ERROR NS108: Invalid name
  image = "x:1"
}
secret "1a" {}      # ERROR NS108: Invalid name
variable "a b" {}   # ERROR NS108: Invalid name
environment "P" {   # ERROR NS108: Invalid name
}
