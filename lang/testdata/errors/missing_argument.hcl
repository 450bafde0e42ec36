stack "t" {}

service "api" {
  image = "x:1"
  port "http" { # ERROR NS103: Missing argument
  }
  route { # ERROR NS103: Missing argument
  }
  config "a" { # ERROR NS103: Missing argument
    content = "x"
  }
}

secret "cert" { # ERROR NS103: Missing argument
  kind = "x509"
}

ingress {
  rate_limit { # ERROR NS103: Missing argument
  }
  tls {
    certificate { # ERROR NS103: Missing argument
    }
  }
}
