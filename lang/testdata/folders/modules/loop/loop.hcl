module "again" { # ERROR NS142: Module within itself
  source = "."
}
