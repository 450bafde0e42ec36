# What a policy block refuses before any rule is asked.
stack "t" {}

variable "level" {
  type    = string
  default = "x"
}

secret "word" {}

service "legacy" {
  image   = "a:1"
  env     = { LEVEL = var.level }
  secrets = { WORD = secret.word }
}

service "web" {
  for_each = toset(["eu", "us"])
  image    = "a:1"
}

postgres "main" {
  version   = "17"
  databases = ["app"]
}

policy {
  max_waiver_days = 367 # ERROR NS212: Number out of range
  max_days        = 3 # ERROR NS102: Unsupported argument

  waive "NS312" {
    on     = service.legacy
    reason = "The vendor's image writes to /opt."
    owner  = "ops@example.com"
    until  = "2027-03-01"
    ticket = "OPS-42"
  }
  waive "NS312" {
    on     = service.web["eu"]
    reason = "  The vendor's   image writes.  "
    owner  = "ops"
    until  = "2027-03-01"
  }
  waive "NS312" {
    on     = postgres.main.service.main
    reason = "Der Hersteller schreibt nach /opt."
    owner  = "Éva"
    until  = "2027-03-01"
  }
  waive "NS341" {
    on     = ingress
    reason = "供应商的镜像会在启动时将插件解压缩到这个目录中"
    owner  = "运维"
    until  = "2027-03-01"
  }
  waive "NS312" {
    on     = stack
    reason = "The vendor's image writes to /opt."
    owner  = "ops@example.com"
    until  = "2027-03-01"
  }
  waive "NS312" {
    reason = "The vendor's image writes to /opt."
    owner  = "ops@example.com"
    until  = "2027-03-01"
  }
  waive "NS312" { # ERROR NS2109: Same waiver twice
    reason = "The vendor's image writes to /opt."
    owner  = "dev@example.com"
    until  = "2027-02-01"
  }
  waive "NS312" { # ERROR NS2109: Same waiver twice
    on     = service.legacy
    reason = "The vendor's image writes to /opt."
    owner  = "dev@example.com"
    until  = "2027-02-01"
  }
  waive "NS310" { # ERROR NS103: Missing argument
    on    = service.legacy
    owner = "ops@example.com"
    until = "2027-03-01"
  }
  waive "NS310" { # ERROR NS103: Missing argument
    on     = service.web
    reason = "The vendor's image writes to /opt."
    until  = "2027-03-01"
  }
  waive "NS310" { # ERROR NS103: Missing argument
    on     = service.web["us"]
    reason = "The vendor's image writes to /opt."
    owner  = "ops@example.com"
  }
  waive "NS311" {
    on     = service.legcy # ERROR NS201: Unknown name
    reason = "too short" # ERROR NS2110: Reason that says nothing
    owner  = "nobody" # ERROR NS2111: Owner whom nobody can ask
    until  = "2027-02-29" # ERROR NS211: Unsupported value
  }
  waive "NS311" {
    on     = "service.legacy" # ERROR NS210: Incorrect value type
    reason = "aaaaaaaaaaaaaaaaaaaaaaaaaa" # ERROR NS2110: Reason that says nothing
    owner  = "TODO" # ERROR NS2111: Owner whom nobody can ask
    until  = "01.03.2027" # ERROR NS211: Unsupported value
  }
  waive "NS311" {
    on     = service[var.level] # ERROR NS210: Incorrect value type
    reason = "TODO: write down why this is so" # ERROR NS2110: Reason that says nothing
    owner  = "n/a" # ERROR NS2111: Owner whom nobody can ask
    until  = var.level # ERROR NS211: Unsupported value
  }
  waive "NS311" {
    on     = redis.cache # ERROR NS201: Unknown name
    reason = "because because because because" # ERROR NS2110: Reason that says nothing
    owner  = secret.word # ERROR NS221: Secret in a plain argument
    until  = ""  # ERROR NS211: Unsupported value
  }
  waive "NS311" {
    on     = var.level # ERROR NS201: Unknown name
    reason = "https://example.com/issues/42" # ERROR NS2110: Reason that says nothing
    owner  = "-" # ERROR NS2111: Owner whom nobody can ask
    until  = 20270301 # ERROR NS211: Unsupported value
  }
  waive "NS311" {
    on     = alerts # ERROR NS201: Unknown name
    reason = "                                    " # ERROR NS2110: Reason that says nothing
    owner  = "ops@example.com"
    until  = "2027-03-01"
    expiry = "2027-03-01" # ERROR NS102: Unsupported argument
  }
  waive { # ERROR NS105: Wrong number of labels
    reason = "The vendor's image writes to /opt."
  }
  ignore "NS312" {} # ERROR NS104: Unsupported block
}

policy { # ERROR NS109: Duplicate declaration
}
