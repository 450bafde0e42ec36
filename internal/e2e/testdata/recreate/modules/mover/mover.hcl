service "main" {
  image   = "ghcr.io/acme/api:1.4.2"
  command = ["serve"]
}
