stack "t" {}

service "api" {
  image    = ["x"]  # ERROR NS210: Incorrect value type
  replicas = "many" # ERROR NS210: Incorrect value type
  init     = "yes"  # ERROR NS210: Incorrect value type
  env      = ["A"]  # ERROR NS210: Incorrect value type
  stop_grace = "30" # ERROR NS214: Invalid duration
  capabilities = "NET_BIND_SERVICE" # ERROR NS210: Incorrect value type
  command = [] # ERROR NS211: Unsupported value
  route {
    host       = "t.example.com"
    allow_from = [] # ERROR NS211: Unsupported value
  }
  port "http" {
    container = 80800 # ERROR NS212: Number out of range
    protocol  = "sctp" # ERROR NS211: Unsupported value
  }
  port "b" {
    container = 1.5 # ERROR NS210: Incorrect value type
  }
  resources {
    memory = "lots" # ERROR NS213: Invalid size
    cpus   = 0      # ERROR NS212: Number out of range
  }
  volume "data" {
    path   = "/data"
    source = "volume.x" # ERROR NS210: Incorrect value type
  }
}
locals {
  admins = []
}
ingress {}
firewall {
  ssh {
    from = [for a in local.admins : a] # ERROR NS211: Unsupported value
  }
  allow "metrics" {
    port = 9100
    from = [] # ERROR NS211: Unsupported value
  }
}
secret "a" {
  rotate_after = "36h" # ERROR NS214: Invalid duration
  bytes        = 8     # ERROR NS212: Number out of range
}
secret "b" {
  kind      = "x509"
  hosts     = ["a"]
  signed_by = secret.a # ERROR NS210: Incorrect value type
}
