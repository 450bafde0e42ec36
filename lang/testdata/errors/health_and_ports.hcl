stack "t" {}

service "api" {
  image = "x:1"
  port "http" {
    container = 80
  }
  healthcheck { # ERROR NS113: Conflicting arguments
    http    = "/"
    command = "true"
  }
  route {
    host = "a.example.com"
    port = "htpp" # ERROR NS219: Unknown port
  }
  config "x" { # ERROR NS113: Conflicting arguments
    path     = "/x"
    content  = "a"
    template = "b.tmpl"
  }
  config "y" {
    path     = "/y"
    template = "missing.tmpl" # ERROR NS122: File cannot be read
  }
  volume "v" {
    path = "/v"
    host = "../v" # ERROR NS143: Path outside the stack
  }
  env = {
    A = "\u001b[31m" # ERROR NS111: Control character in a text
  }
}
