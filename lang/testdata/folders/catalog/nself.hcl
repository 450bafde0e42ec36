stack "t" {}

postgres "memory" {
  databases = ["app"]
  memory    = "lots" # ERROR NS218: Invalid value for a variable
}
postgres "cpus" {
  databases = ["app"]
  cpus      = 1000 # ERROR NS212: Number out of range
}
postgres "type" {
  databases = "app" # ERROR NS210: Incorrect value type
}
postgres "image" {
  databases = ["app"]
  image     = secret.key # ERROR NS220: Secret value inspected
}
postgres "names" {
  databases = ["app"]
  roles = {
    app = { databse = "app" } # ERROR NS203: Unsupported attribute
  }
}
redis "cache" {
  max_memory = 128 # ERROR NS218: Invalid value for a variable
}
redis "ports" {
  port "x" { # ERROR NS104: Unsupported block
  }
}
redis "secret" {
  version = secret.key # ERROR NS220: Secret value inspected
}
secret "key" {}
