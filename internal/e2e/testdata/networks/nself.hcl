# Few subnets, of which two networks get the same one after the other.

stack "networks" {
  domain      = "networks.localhost"
  subnet_pool = "10.65.0.0/24"
}

environment "dev" {
  posture = "development"
}

service "store-a" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
  port "http" {
    container = 8080
  }
  publish "http" {
    host = 18080
  }
  volume "data" {
    path = "/data"
  }
}

service "user" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
  env     = { STORE = service.store-a.host }
}
