# PostgreSQL with TLS from a certificate authority of its own, SCRAM verifiers
# instead of passwords in SQL, and two logins for each declared role that take
# turns, so that its password is replaced while services are at work. They may do
# what the role's access says and nothing else. The superuser has no way in but
# the socket inside the container, and no password.

variable "version" {
  type    = string
  default = "17"
  doc     = "Tag of the official postgres image, 15 to 18. One major version does not read the data of another: see docs/stores.md."

  validation {
    condition = can(regex("^(15|16|17|18)(\\.[0-9]+)?(-[a-z0-9.]+)?(@sha256:[0-9a-f]{64})?$", var.version))
    message   = "The version is a tag of the official postgres image, 15 to 18, as in \"17\", \"17.6\" or \"17-alpine\"."
  }
}

variable "image" {
  type    = string
  default = null
  doc     = "Image to use instead of the official one; it must behave like the one that `version` names, so that `version = \"17-alpine\"` goes with an image that is built on that one."

  validation {
    condition = var.image == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._/:@-]*$", var.image))
    message   = "image is the reference of an image, as in \"pgvector/pgvector:pg17\"."
  }
}

variable "databases" {
  type = list(string)
  doc  = "Databases to create."

  validation {
    condition = length(var.databases) > 0 && alltrue([
      for d in var.databases : can(regex("^[a-z][a-z0-9_]{0,39}$", d)) && !contains(["postgres", "template0", "template1"], d)
    ])
    message = "Databases are named by 1 to 40 lower-case letters, digits and underscores, beginning with a letter; postgres, template0 and template1 are PostgreSQL's own."
  }

  validation {
    condition = length(distinct(var.databases)) == length(var.databases)
    message   = "A database is listed twice."
  }
}

variable "roles" {
  type = map(object({
    database    = string
    access      = optional(string, "read_write")
    connections = optional(number, 50)
  }))
  default = {}
  doc     = "Who may log in. The logins of a role `app` are `app_a` and `app_b`, which take turns when its password is rotated. `access` is one of `read_write`, `read_only`, `migrate` (owns the tables and may change them), `monitor` (statistics) and `backup` (reads everything, to dump it)."

  validation {
    condition = alltrue([
      for name, r in var.roles :
      can(regex("^[a-z][a-z0-9_]{0,39}$", name)) && !startswith(name, "pg_") && !contains(["postgres", "public", "none", "pg"], name)
    ])
    message = "Roles are named by 1 to 40 lower-case letters, digits and underscores, beginning with a letter, and not with pg_; postgres is the superuser, public and none are words of PostgreSQL, and the logins of pg would begin with pg_."
  }

  validation {
    condition = alltrue([for name in keys(var.roles) : !contains(keys(var.roles), "${name}_a") && !contains(keys(var.roles), "${name}_b")])
    message   = "A role cannot be called after another one and _a or _b: these are the two logins of that role."
  }

  validation {
    condition = alltrue(flatten([
      for d in var.databases : [for group in ["owner", "read_write", "read_only"] : !contains(keys(var.roles), "${d}_${group}")]
    ]))
    message = "A role cannot be called after a database and _owner, _read_write or _read_only: these are the groups that hold the privileges, and a login of that name would be one of them."
  }

  validation {
    condition = alltrue([for r in var.roles : contains(var.databases, r.database)])
    message   = "The database of a role is one of the databases of the server."
  }

  validation {
    condition = alltrue([for r in var.roles : contains(["read_write", "read_only", "migrate", "monitor", "backup"], r.access)])
    message   = "The access of a role is one of: read_write, read_only, migrate, monitor, backup."
  }

  validation {
    condition = alltrue([for r in var.roles : r.connections == floor(r.connections) && r.connections >= 1 && r.connections <= 10000])
    message   = "The connections of a role are between 1 and 10000."
  }
}

variable "max_connections" {
  type    = number
  default = 100
  doc     = "Connections that the server takes."

  validation {
    condition = var.max_connections == floor(var.max_connections) && var.max_connections >= 10 && var.max_connections <= 10000
    message   = "max_connections is between 10 and 10000."
  }
}

variable "memory" {
  type    = string
  default = "1G"
  doc     = "Memory of the container, 128M at least."

  validation {
    condition = can(regex("^[0-9]{1,6}(\\.[0-9]{1,3})?[MmGg]$", var.memory))
    message   = "memory is a number and one of the units M and G, as in \"2G\"."
  }

  validation {
    condition = try(tonumber(regex("^[0-9.]+", var.memory)) * (endswith(lower(var.memory), "g") ? 1024 : 1) >= 128, true)
    message   = "memory is 128M at least: PostgreSQL does not start with less."
  }
}

variable "shared_buffers" {
  type    = string
  default = null
  doc     = "Memory for shared buffers; a quarter of `memory` by default, half of it at most."

  validation {
    condition = var.shared_buffers == null || can(regex("^[1-9][0-9]{0,5}(MB|GB)$", var.shared_buffers))
    message   = "shared_buffers is a whole number and one of the units MB and GB, as in \"256MB\"."
  }

  validation {
    condition = try(
      parseint(regex("^[0-9]+", var.shared_buffers), 10) * (endswith(var.shared_buffers, "GB") ? 1024 : 1) <=
      tonumber(regex("^[0-9.]+", var.memory)) * (endswith(lower(var.memory), "g") ? 512 : 0.5),
      true,
    )
    message = "shared_buffers is half of `memory` at most: sessions and the cache of the kernel need the rest, and a container that exceeds its memory is killed."
  }
}

variable "preload" {
  type    = list(string)
  default = []
  doc     = "Libraries that the server loads when it starts (shared_preload_libraries), for extensions that need it."

  validation {
    condition = alltrue([for l in var.preload : can(regex("^[a-z][a-z0-9_-]{0,62}$", l))])
    message   = "A library is named by lower-case letters, digits, hyphens and underscores, as in \"pg_stat_statements\"."
  }
}

variable "cpus" {
  type    = number
  default = 1
  doc     = "Processors. Docker starts no container that may use more than the host has."
}

variable "rotate_after" {
  type    = string
  default = null
  doc     = "Age after which the passwords of the roles are due for rotation, as in \"90d\"; see `nselfc secrets rotate --due`."

  validation {
    condition = var.rotate_after == null || can(regex("^[1-9][0-9]{0,3}d$", var.rotate_after))
    message   = "rotate_after is a whole number of days, as in \"90d\"."
  }
}

locals {
  major  = parseint(regex("^[0-9]+", var.version), 10)
  image  = var.image == null ? "postgres:${var.version}" : var.image
  alpine = strcontains(var.version, "alpine") || try(strcontains(var.image, "alpine"), false)
  ca     = "${self.name}-ca.crt"

  memory = floor(tonumber(regex("^[0-9.]+", var.memory)) * (endswith(lower(var.memory), "g") ? 1024 : 1)) # MiB
}

secret "role" {
  for_each = var.roles

  kind         = "base64url"
  bytes        = 32
  rotate_after = var.rotate_after

  rotation {
    class   = "pair"
    service = service.main
    file    = "roles.sql"
    apply   = ["/usr/local/bin/nself-postgres", "apply"]
    prove   = ["/usr/local/bin/nself-postgres", "prove", each.value.database]
    user    = each.key
  }
}

secret "ca" {
  kind        = "x509"
  ca          = true
  common_name = "${self.name} PostgreSQL CA"
  hosts       = [service.main.host]

  rotation {
    class   = "overlap"
    service = service.main
    file    = "SERVER_TLS"
    apply   = ["/usr/local/bin/nself-postgres", "reload"]
  }
}

secret "server" {
  kind      = "x509"
  signed_by = secret.ca
  hosts     = [service.main.host]

  rotation {
    class   = "overlap"
    service = service.main
    file    = "SERVER_TLS"
    apply   = ["/usr/local/bin/nself-postgres", "reload"]
  }
}

service "main" {
  image      = local.image
  user       = local.alpine ? "70:70" : "999:999"
  store      = "postgres"
  entrypoint = ["/usr/local/bin/nself-postgres"]
  command    = ["postgres", "-c", "config_file=/etc/postgresql/postgresql.conf"]
  stop_grace = "60s"

  env = {
    POSTGRES_INITDB_ARGS = "--auth-local=peer --auth-host=reject --data-checksums"
  }

  # Certificate and key in one file: the two are exchanged in one step.
  secrets = {
    SERVER_TLS = "${secret.server.certificate}${secret.server.private_key}"
  }

  port "postgres" {
    container = 5432
  }

  # Images from 18 on keep each major version's data in a folder of its own.
  volume "data" {
    path = local.major >= 18 ? "/var/lib/postgresql" : "/var/lib/postgresql/data"
  }

  writable "/var/run/postgresql" {
    size = "16M"
  }

  writable "/run/pgtls" {
    size = "1M"
  }

  # Parallel queries meet here, and fail when Docker's own 64M are full.
  writable "/dev/shm" {
    size = "${floor(local.memory / 4)}M"
  }

  config "entrypoint" {
    path       = "/usr/local/bin/nself-postgres"
    template   = "entrypoint.sh.tmpl"
    executable = true
  }

  config "postgresql.conf" {
    path     = "/etc/postgresql/postgresql.conf"
    template = "postgresql.conf.tmpl"
  }

  config "pg_hba.conf" {
    path     = "/etc/postgresql/pg_hba.conf"
    template = "pg_hba.conf.tmpl"
  }

  config "roles.sql" {
    path     = "/etc/postgresql/roles.sql"
    template = "roles.sql.tmpl"
  }

  # The socket, not TCP: the server that runs while the data directory is made
  # answers there too, so the mark of applied roles is asked for as well.
  healthcheck {
    command      = "test -e /run/pgtls/ready && pg_isready -q -h /var/run/postgresql"
    interval     = "5s"
    retries      = 12
    start_period = "60s"
  }

  resources {
    cpus   = var.cpus
    memory = var.memory
    pids   = max(512, var.max_connections + 128) # each connection is a process
  }
}

output "host" {
  value = service.main.host
  doc   = "Host name."
}

output "port" {
  value = service.main.ports.postgres
  doc   = "Port number."
}

output "ca_certificate" {
  value = secret.ca.ca_certificate
  doc   = "Certificate of the authority that signs the server's certificate, in PEM; two while it is rotated."
}

output "roles" {
  doc = "For each role `url`, `user` (the login whose turn it is), `password`, `database`, `host` and `port`. Whoever refers to it gets the CA certificate, which the URL names."

  value = {
    for name, r in var.roles : name => {
      url      = "postgres://${login(secret.role[name])}:${url_encode(secret.role[name])}@${service.main.host}:${service.main.ports.postgres}/${r.database}?sslmode=verify-full&sslrootcert=/run/secrets/${local.ca}"
      user     = login(secret.role[name])
      password = secret.role[name]
      database = r.database
      host     = service.main.host
      port     = service.main.ports.postgres
    }
  }

  files = {
    (local.ca) = secret.ca.ca_certificate
  }
}
