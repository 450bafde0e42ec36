stack "t" {}

secret "simple" {
  rotation {
    class = "manual"
  }
}

secret "nothing" {
  rotation {} # ERROR NS103: Missing argument
}

secret "strange" {
  rotation {
    class = "triple" # ERROR NS211: Unsupported value
  }
}

secret "twice" {
  rotation {
    class = "manual"
  }
  rotation { # ERROR NS106: Duplicate block
    class = "restart"
  }
}

secret "argument" {
  rotation = "manual" # ERROR NS102: Unsupported argument
}

secret "misspelt" {
  rotation {
    class  = "manual"
    servce = service.db # ERROR NS102: Unsupported argument
  }
}

secret "short" {
  rotation { # ERROR NS103: Missing argument; ERROR NS103: Missing argument
    class   = "pair"
    service = service.db
    file    = "roles.sql"
    apply   = ["apply"]
  }
}

secret "useless" {
  rotation {
    class   = "restart"
    service = service.db # ERROR NS113: Conflicting arguments
    user    = "app"      # ERROR NS113: Conflicting arguments
  }
}

secret "certificate" {
  kind  = "x509"
  ca    = true
  hosts = [service.db.host]
  rotation {
    class = "restart" # ERROR NS113: Conflicting arguments
  }
}

secret "plain" {
  rotation {
    class = "overlap" # ERROR NS113: Conflicting arguments
  }
}

secret "half" {
  kind      = "x509"
  signed_by = secret.certificate
  hosts     = [service.db.host]
  rotation { # ERROR NS103: Missing argument; ERROR NS103: Missing argument
    class = "overlap"
    apply = ["reload"]
  }
}

secret "wrong" {
  rotation {
    class   = "dual"
    service = service.db.host  # ERROR NS210: Incorrect value type
    file    = "users.acl"
    apply   = []               # ERROR NS211: Unsupported value
    prove   = [secret.simple]  # ERROR NS221: Secret in a plain argument
    user    = "a\nb"           # ERROR NS108: Invalid name
  }
}

secret "app" {
  rotation {
    class   = "dual"
    service = service.db
    file    = "users.acl"
    apply   = ["apply"]
    prove   = ["prove"]
    user    = "app"
  }
}

locals {
  _a = login(secret.app)
  _b = login("${secret.app}")
  _c = login("x${secret.app}")           # ERROR NS208: Invalid function argument
  _d = postgres_login_a(secret.half.private_key) # ERROR NS208: Invalid function argument
  _e = postgres_login_b(url_encode(secret.app)) # ERROR NS208: Invalid function argument
}

service "db" {
  image = "db:1"
  port "db" {
    container = 1
  }
  config "users.acl" {
    path    = "/etc/users.acl"
    content = redis_acl_hash(secret.app)
  }
}
