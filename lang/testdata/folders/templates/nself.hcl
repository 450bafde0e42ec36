stack "t" {}

secret "key" {}

service "a" {
  image = "x:1"
  config "broken" {
    path     = "/a"
    template = "broken.tmpl"
  }
  config "again" {
    path     = "/b"
    template = "broken.tmpl"
  }
  config "names" {
    path     = "/c"
    template = "sub/names.tmpl"
    vars     = { port = 80, key = secret.key }
  }
  config "missing" {
    path     = "/d"
    template = "missing.tmpl" # ERROR NS122: File cannot be read
  }
  config "outside" {
    path     = "/e"
    template = "../x.tmpl" # ERROR NS143: Path outside the stack
  }
  config "catalog" {
    path     = "/f"
    template = "catalog/redis/users.acl.tmpl" # ERROR NS143: Path outside the stack
  }
  config "folder" {
    path     = "/g"
    template = "sub" # ERROR NS122: File cannot be read
  }
  config "vars" {
    path     = "/h"
    template = "sub/fine.tmpl"
    vars     = ["x"] # ERROR NS210: Incorrect value type
  }
  config "null" {
    path    = "/i"
    content = null # ERROR NS103: Missing argument
  }
  config "both" { # ERROR NS113: Conflicting arguments
    path     = "/j"
    content  = ""
    template = "sub/fine.tmpl"
  }
  config "vars-of-content" {
    path    = "/k"
    content = "x"
    vars    = { a = 1 } # ERROR NS113: Conflicting arguments
  }
  config "shared" {
    source  = config.top
    content = "x" # ERROR NS113: Conflicting arguments
  }
  config "fine" {
    source = config.top
  }
}
config "top" {
  path     = "/top"
  template = "sub/fine.tmpl"
}
config "top-source" {
  path   = "/top"
  source = config.top # ERROR NS102: Unsupported argument
}
