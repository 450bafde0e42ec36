# A kind of the project's own: kinds/static-site is a folder of HCL, and becomes
# a block type like the built-in ones.

stack "own-kind" {
  domain = "docs.localhost"
}

environment "dev" {
  posture = "development"
}

static-site "docs" {
  host = stack.domain
}

static-site "blog" {
  host  = "blog.${stack.domain}"
  title = "Blog"
}

ingress {
  tls {
    certificate {
      local {}
    }
  }
}
