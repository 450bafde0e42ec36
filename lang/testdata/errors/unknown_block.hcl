stack "t" {}

servcie "api" { # ERROR NS104: Unsupported block
  image = "x:1"
}

service "web" {
  image = "x:1"
  env { # ERROR NS104: Unsupported block
    A = "b"
  }
  helthcheck { # ERROR NS104: Unsupported block
  }
}
