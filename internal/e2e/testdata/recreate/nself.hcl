# A stack whose every part is changed once, while it runs.

stack "recreate" {
  domain = "recreate.localhost"
}

environment "dev" {
  posture = "development"
}

secret "shared" {}

secret "seen" {}

secret "word" {
  kind = "password"
}

secret "authority" {
  kind  = "x509"
  ca    = true
  hosts = ["internal"]
}

secret "front" {
  kind      = "x509"
  signed_by = secret.authority
  hosts     = ["front.internal"]
}

postgres "db" {
  version   = "17.12"
  databases = ["app"]
  roles = {
    app = { database = "app", access = "read_write" }
    # in roles
  }
}

redis "cache" {
  version = "8.2.9"
}

service "api" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
  port "http" {
    container = 8080
  }
  secrets = {
    DATABASE_URL = postgres.db.roles.app.url
  }
  route {
    host = "api.${stack.domain}"
  }
}

service "web" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
  port "http" {
    container = 8080
  }
  route {
    host = "web.${stack.domain}"
    # in the route of web
  }
  # in web
}

# Refers to nothing, and nothing to it.
service "plain" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
  env = {
    A = "1"
    B = "2"
  }
  # in plain
}

# One text, rendered for two services.
config "page" {
  path    = "/etc/page"
  content = "first"
}

service "left" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
  config "page" {
    source = config.page
  }
}

service "right" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
  config "page" {
    source = config.page
  }
}

service "region" {
  for_each = toset(["eu"])

  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
}

# Serves TLS with a certificate of its own.
service "front" {
  image = "nginx:1.30.4"
  user  = "101:101"
  port "https" {
    container = 8443
  }
  secrets = {
    CERTIFICATE = secret.front.certificate
    KEY         = secret.front.private_key
  }
  writable "/tmp" {}
  config "nginx.conf" {
    path    = "/etc/nginx/nginx.conf"
    content = <<-EOT
      pid /tmp/nginx.pid;
      events {}
      http {
        access_log off;
        client_body_temp_path /tmp/body;
        proxy_temp_path /tmp/proxy;
        fastcgi_temp_path /tmp/fastcgi;
        uwsgi_temp_path /tmp/uwsgi;
        scgi_temp_path /tmp/scgi;
        server {
          listen 8443 ssl;
          ssl_certificate /run/secrets/CERTIFICATE;
          ssl_certificate_key /run/secrets/KEY;
          return 204;
        }
      }
    EOT
  }
}

# In the stack, and then in a module.
service "mover" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
}

service "built" {
  build {
    context = "./built"
    args    = { EDITION = "first" }
  }
  command = ["serve"]
}

ingress {
  # in ingress
  tls {
    # in tls
    certificate {
      local {}
    }
  }
}
