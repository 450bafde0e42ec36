stack "t" {}
stack "u" {} # ERROR NS106: Duplicate block

secret "a" {}
secret "a" {} # ERROR NS109: Duplicate declaration

locals {
  _x = 1
}
locals {
  _x = 2 # ERROR NS109: Duplicate declaration
}

service "api" {
  image = "x:1"
  port "http" {
    container = 80
  }
  port "http" { # ERROR NS109: Duplicate declaration
    container = 81
  }
  resources {
  }
  resources { # ERROR NS106: Duplicate block
  }
  env = {
    B = "1"
    A = "1"
    A = "2" # ERROR NS107: Duplicate name in a map
  }
}
redis "api" {}
redis "api" {} # ERROR NS109: Duplicate declaration
ingress {}
ingress {} # ERROR NS109: Duplicate declaration
