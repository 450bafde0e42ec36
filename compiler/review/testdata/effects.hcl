stack "shop" {
  domain = "shop.localhost"
}

environment "dev" {
  posture = "development"
}

secret "word" {
  kind = "password"
}

secret "number" {
  kind  = "hex"
  bytes = 32
}

secret "ca" {
  kind  = "x509"
  ca    = true
  hosts = ["internal"]
  days  = 300
}

secret "other_ca" {
  kind  = "x509"
  ca    = true
  hosts = ["internal"]
}

secret "tls" {
  kind      = "x509"
  signed_by = secret.ca
  hosts     = ["tls.internal"]
  days      = 397
}

postgres "db" {
  version   = "17.6"
  databases = ["app", "old"]
  roles = {
    app = { database = "app", access = "read_write" }
  }
}

service "api" {
  image = "ghcr.io/acme/api:1.4.2"
  env = {
    LEVEL = "info"
    MODE  = "x"
  }
  secrets = {
    URL    = postgres.db.roles.app.url
    WORD   = secret.word
    NUMBER = secret.number
  }
  port "http" {
    container = 8080
  }
  route {
    host = "api.${stack.domain}"
  }
  healthcheck {
    http     = "/"
    interval = "60s"
  }
  # in api
}

service "user" {
  image = "ghcr.io/acme/api:1.4.2"
  env   = { API = service.api.host }
  # in user
}

service "plain" {
  image = "ghcr.io/acme/api:1.4.2"
  extra_compose = {
    stop_signal = "SIGINT"
  }
  volume "data" {
    path = "/data"
  }
  replicas = 2
}

service "front" {
  image   = "ghcr.io/acme/api:1.4.2"
  secrets = { CERTIFICATE = secret.tls.certificate }
}

service "inner" {
  image   = "ghcr.io/acme/api:1.4.2"
  secrets = { CA = secret.tls.ca_certificate }
}

service "keyed" {
  image   = "ghcr.io/acme/api:1.4.2"
  secrets = { KEY = secret.tls.private_key, OTHER = secret.other_ca.certificate }
}

service "built" {
  build {
    context = "./built"
    args    = { EDITION = "1" }
  }
}

ingress {
  # in ingress
  tls {
    certificate {
      local {}
    }
  }
}
