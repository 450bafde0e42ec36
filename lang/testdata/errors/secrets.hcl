stack "t" {}

secret "key" {}
secret "tls" {
  kind  = "x509"
  hosts = ["a"]
}

locals {
  _a = upper(secret.key)                        # ERROR NS220: Secret value inspected
  _b = secret.key == "x"                        # ERROR NS220: Secret value inspected
  _c = secret.key != "" ? 1 : 2                 # ERROR NS220: Secret value inspected
  _d = { (secret.key) = 1 }                     # ERROR NS220: Secret value inspected
  _e = { a = 1 }[secret.key]                    # ERROR NS220: Secret value inspected
  _f = [for s in [secret.key] : s == "x"]       # ERROR NS220: Secret value inspected
  _g = { for s in [secret.key] : s => 1 }       # ERROR NS220: Secret value inspected
  _h = substr(secret.key, 0, 3)                 # ERROR NS220: Secret value inspected
  _i = length(secret.key)                       # ERROR NS220: Secret value inspected
  _j = split(",", "a,${secret.key}")            # ERROR NS220: Secret value inspected
  _k = contains([secret.key], "x")              # ERROR NS220: Secret value inspected
  _l = secret.tls.certificate == secret.key     # ERROR NS220: Secret value inspected
  _m = sort([secret.key, "a"])                  # ERROR NS220: Secret value inspected
  _n = replace(secret.key, "a", "b")            # ERROR NS220: Secret value inspected
  _o = format("%s", secret.key)                 # ERROR NS220: Secret value inspected
  _p = toset([secret.key])                      # ERROR NS220: Secret value inspected
  _q = [for r in [{ u = "a", s = secret.key }] : r.u if r.s != ""] # ERROR NS220: Secret value inspected

  _ok1 = "postgres://a:${url_encode(secret.key)}@b"
  _ok2 = jsonencode({ key = secret.key })
  _ok3 = join(":", ["a", secret.key])
  _ok4 = true ? "a" : secret.key
  _ok5 = [for r in [{ u = "a", s = secret.key }] : r.s if r.u == "a"]
  _ok6 = length([secret.key])
  _ok7 = bcrypt(secret.key)
  _ok8 = scram_verifier("${secret.key}")
}

service "api" {
  image   = "x:${secret.key}"     # ERROR NS221: Secret in a plain argument
  command = ["serve", secret.key] # ERROR NS221: Secret in a plain argument
  secrets = {
    A = secret.key
    B = upper(secret.key) # ERROR NS220: Secret value inspected
  }
  route {
    host    = "a.example.com"
    headers = { X = secret.key } # ERROR NS221: Secret in a plain argument
  }
  build {
    context = "./api"
    args    = { K = secret.key } # ERROR NS221: Secret in a plain argument
  }
}

secret "wrong" {
  kind   = "hex"
  length = 40 # ERROR NS113: Conflicting arguments
}

secret "stripe" {
  kind    = "input"
  max_age = "90m" # ERROR NS212: Number out of range
  bits    = 3072 # ERROR NS113: Conflicting arguments
}

secret "pair" {
  kind = "rsa"
  bits = 1024 # ERROR NS212: Number out of range
}

service "signer" {
  image   = "nginx:1.30.4"
  secrets = {
    A = secret.pair.private_key
    B = secret.pair.public_key_ssh
    C = secret.pair.public # ERROR NS203: Unsupported attribute
  }
}
