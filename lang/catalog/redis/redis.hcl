# Redis: a cache or queue that only its consumers reach. Passwords are checked
# against hashes in an ACL file; the default user is off. While the password is
# rotated the server takes two.

variable "version" {
  type    = string
  default = "8.2"
  doc     = "Tag of the official redis image, 7 or 8."

  validation {
    condition = can(regex("^(7|8)(\\.[0-9]+){0,2}(-[a-z0-9.]+)?(@sha256:[0-9a-f]{64})?$", var.version))
    message   = "The version is a tag of the official redis image, 7 or 8, as in \"8.2\" or \"8.2-alpine\"."
  }
}

variable "image" {
  type    = string
  default = null
  doc     = "Image to use instead of the official one, such as `valkey/valkey:8.1`; it must behave like the one that `version` names."

  validation {
    condition = var.image == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._/:@-]*$", var.image))
    message   = "image is the reference of an image, as in \"valkey/valkey:8.1\"."
  }
}

variable "max_memory" {
  type    = string
  default = "256M"
  doc     = "Memory for data; above it, keys are evicted by `eviction`."

  validation {
    condition = can(regex("^[1-9][0-9]{0,5}[KMG]$", var.max_memory))
    message   = "max_memory is a whole number and one of the units K, M and G, as in \"256M\"."
  }
}

variable "memory" {
  type    = string
  default = null
  doc     = "Memory of the container, for `max_memory`, buffers, and the copy that a snapshot needs: twice `max_memory` by default, and 128M at least."

  validation {
    condition = var.memory == null || can(regex("^[0-9]{1,8}(\\.[0-9]{1,3})?[KMGkmg]$", var.memory))
    message   = "memory is a number and one of the units K, M and G, as in \"512M\"."
  }

  validation {
    condition = try(
      tonumber(regex("^[0-9.]+", var.memory)) * { K = 4, M = 4096, G = 4194304 }[upper(regex("[KMGkmg]", var.memory))] >=
      parseint(regex("^[0-9]+", var.max_memory), 10) * { K = 5, M = 5120, G = 5242880 }[regex("[KMG]", var.max_memory)],
      true,
    )
    message = "memory is a quarter more than `max_memory` at least: buffers and copies need it, and a container that exceeds its memory is killed."
  }
}

variable "cpus" {
  type    = number
  default = 1
  doc     = "Processors."
}

variable "eviction" {
  type    = string
  default = "allkeys-lru"
  doc     = "What happens when `max_memory` is reached; `noeviction` for a queue."

  validation {
    condition = contains([
      "noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random",
      "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
    ], var.eviction)
    message = "eviction is one of: noeviction, allkeys-lru, allkeys-lfu, allkeys-random, volatile-lru, volatile-lfu, volatile-random, volatile-ttl."
  }
}

variable "persistent" {
  type    = bool
  default = true
  doc     = "Whether data is kept in an append-only file, and so survives a restart."
}

variable "rotate_after" {
  type    = string
  default = null
  doc     = "Age after which the password is due for rotation, as in \"90d\"; see `nselfc secrets rotate --due`."

  validation {
    condition = var.rotate_after == null || can(regex("^[1-9][0-9]{0,3}d$", var.rotate_after))
    message   = "rotate_after is a whole number of days, as in \"90d\"."
  }
}

locals {
  image = var.image == null ? "redis:${var.version}" : var.image
  data  = parseint(regex("^[0-9]+", var.max_memory), 10) * { K = 1, M = 1024, G = 1048576 }[regex("[KMG]", var.max_memory)] # KiB
}

secret "app" {
  kind         = "base64url"
  bytes        = 32
  rotate_after = var.rotate_after

  rotation {
    class   = "dual"
    service = service.main
    file    = "users.acl"
    apply   = ["/usr/local/bin/nself-redis", "apply"]
    prove   = ["/usr/local/bin/nself-redis", "prove"]
    user    = "app"
  }
}

service "main" {
  image      = local.image
  user       = strcontains(var.version, "alpine") || try(strcontains(var.image, "alpine"), false) ? "999:1000" : "999:999"
  store      = "redis"
  entrypoint = ["/usr/local/bin/nself-redis"]
  command    = ["redis-server", "/etc/redis/redis.conf"]

  port "redis" {
    container = 6379
  }

  volume "data" {
    path = "/data"
  }

  # Passwords of users that nobody outside of the container needs, and the ACL file
  # with them.
  writable "/run/nself" {
    size = "1M"
  }

  config "entrypoint" {
    path       = "/usr/local/bin/nself-redis"
    template   = "entrypoint.sh.tmpl"
    executable = true
  }

  config "redis.conf" {
    path     = "/etc/redis/redis.conf"
    template = "redis.conf.tmpl"
  }

  config "users.acl" {
    path     = "/etc/redis/users.acl"
    template = "users.acl.tmpl"
  }

  # The password reaches redis-cli by its environment, never by its arguments,
  # which every process of the host can read.
  healthcheck {
    command      = "REDISCLI_AUTH=\"$(cat /run/nself/health)\" redis-cli --user health ping | grep -q PONG"
    interval     = "10s"
    start_period = "20s"
  }

  resources {
    cpus   = var.cpus
    memory = var.memory == null ? "${max(131072, 2 * local.data)}K" : var.memory
    pids   = 128
  }
}

output "host" {
  value = service.main.host
  doc   = "Host name."
}

output "port" {
  value = service.main.ports.redis
  doc   = "Port number."
}

output "user" {
  value = "app"
  doc   = "User name."
}

output "password" {
  value = secret.app
  doc   = "Password of the user."
}

output "url" {
  value = "redis://app:${url_encode(secret.app)}@${service.main.host}:${service.main.ports.redis}/0"
  doc   = "Connection URL, credentials included."
}
