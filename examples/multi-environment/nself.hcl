# Three environments of one stack. Files of the folder belong together: see
# services.hcl beside this one.

stack "crm" {
  domain = var.domain
}

variable "domain" {
  type = string
  doc  = "Domain of this environment."
}

variable "regions" {
  type    = set(string)
  default = ["eu"]
  doc     = "One web service for each."
}

variable "database" {
  type = object({
    memory  = string
    buffers = optional(string, "128MB")
  })
  default = { memory = "512M" }
  doc     = "Size of the database."

  validation {
    condition = can(regex("^[0-9]+[MG]$", var.database.memory))
    message   = "Memory is a whole number and M or G, as in \"2G\"."
  }
}

environment "dev" {
  posture   = "development"
  variables = { domain = "crm.localhost" }
}

environment "staging" {
  variables = { domain = "staging.crm.example.com" }
}

environment "prod" {
  variables = {
    domain   = "crm.example.com"
    regions  = ["eu", "us"]
    database = { memory = "4G", buffers = "1GB" }
  }
}
