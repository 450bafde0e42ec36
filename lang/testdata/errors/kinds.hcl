stack "t" {}

redis "cache" {
  max_mem  = "1G"        # ERROR NS102: Unsupported argument
  eviction = "sometimes" # ERROR NS218: Invalid value for a variable
}
postgres "main" { # ERROR NS217: Missing value for a variable
}
postgres "two" {
  databases = ["app"]
  roles = { # ERROR NS218: Invalid value for a variable
    a = { database = "nope" }
  }
  tls { # ERROR NS104: Unsupported block
  }
}
module "m" {
  source = "../outside" # ERROR NS140: Module outside the stack
}
module "n" {
  source = "./missing" # ERROR NS141: Module not found
}
