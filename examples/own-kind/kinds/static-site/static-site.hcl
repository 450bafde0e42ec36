# Serves one page, and says which site it is. The variables are the arguments of
# the block; the outputs are what others can refer to.

variable "host" {
  type = string
  doc  = "Host name of the site."
}

variable "title" {
  type    = string
  default = "Documentation"
  doc     = "Title of the site."
}

variable "version" {
  type    = string
  default = "1.30.4"
  doc     = "Tag of the nginx image."
}

service "main" {
  image = "nginx:${var.version}"
  user  = "101:101"

  port "http" {
    container = 8080
  }

  writable "/var/cache/nginx" {}

  config "nginx.conf" {
    path     = "/etc/nginx/nginx.conf"
    template = "nginx.conf.tmpl"
  }

  config "index.html" {
    path    = "/srv/site/index.html"
    content = "<!doctype html><title>${var.title}</title><h1>${var.title}</h1>\n"
  }

  healthcheck {
    http = "/"
  }

  route {
    host = var.host
  }
}

output "host" {
  value = service.main.host
  doc   = "Host name inside the stack."
}
