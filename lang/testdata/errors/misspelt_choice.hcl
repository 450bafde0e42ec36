# What a block must say one of is not missed when it is there, misspelt.
stack "t" {}

secret "cert" {
  kind = "x509"
  host = ["a.example.com"] # ERROR NS102: Unsupported argument
}
service "api" {
  image = "x:1"
  port "http" {
    container = 80
  }
  healthcheck {
    htpp = "/" # ERROR NS102: Unsupported argument
  }
  config "x" {
    path     = "/x"
    contents = "a" # ERROR NS102: Unsupported argument
  }
  config "y" {
    file    = "/y" # ERROR NS102: Unsupported argument
    content = "a"
  }
  route {
    host = "a.example.com"
    rate_limit {
      request = 10 # ERROR NS102: Unsupported argument
    }
  }
}
ingress {
  tls {
    certificate {
      file { # ERROR NS104: Unsupported block
      }
    }
  }
}
