stack "everything" {
  domain = "shop.example.com"
}
secret "key" {
  rotate_after = "90d"
}
secret "ca" {
  kind  = "x509"
  ca    = true
  hosts = ["api.example.com"]
}
secret "leaf" {
  kind      = "x509"
  signed_by = secret.ca
  hosts     = ["api.example.com"]
}
volume "uploads" {}
postgres "main" {
  databases = ["app"]
  roles     = { app = { database = "app" } }
}
service "api" {
  image = "ghcr.io/acme/api:1.4.2"
  port "http" {
    container = 8080
  }
  env = {
    LOG_LEVEL = "info"
    RETRIES   = "3"
    DSN       = "${postgres.main.roles.app.url}?key=${secret.key}"
    ONE       = secret.key
  }
  secrets       = { KEY = secret.key }
  capabilities  = ["NET_BIND_SERVICE"]
  extra_compose = { labels = { tier = "web" } }
  egress        = true
  volume "uploads" {
    path   = "/uploads"
    source = volume.uploads
  }
  volume "data" {
    path = "/data"
  }
  config "app" {
    path    = "/etc/app.conf"
    content = "a = 1"
  }
  writable "/var/cache" {
    size = "64M"
  }
  healthcheck {
    http = "/healthz"
  }
  resources {
    cpus   = 0.5
    memory = "512M"
    pids   = 100
  }
  route {
    host       = stack.domain
    allow_from = ["203.0.113.0/24"]
    rate_limit {
      requests = 10
    }
  }
  route {
    host = stack.domain
    path = "/free/"
    rate_limit {
      off = true
    }
  }
}
service "worker" {
  build {
    context = "./worker"
  }
  secrets = { CERT = secret.leaf.certificate }
}
ingress {
  trusted_proxies = ["203.0.113.7/32"]
  tls {
    certificate {
      files {
        certificate = "/etc/ssl/fullchain.pem"
        private_key = "/etc/ssl/privkey.pem"
      }
    }
  }
}
firewall {
  ssh {
    port = 22
    from = ["203.0.113.0/24"]
  }
  allow "metrics" {
    port = 9100
    from = ["203.0.113.0/24"]
  }
}
