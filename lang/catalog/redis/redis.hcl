# Redis: a cache or queue that only its consumers reach. Passwords are checked
# against hashes in an ACL file; the default user is off.

variable "version" {
  type    = string
  default = "8.2"
  doc     = "Tag of the official redis image, 7 or newer."

  validation {
    condition = can(regex("^(7|8)(\\.[0-9]+){0,2}(-[a-z0-9.]+)?(@sha256:[0-9a-f]{64})?$", var.version))
    message   = "The version is a tag of the official redis image, 7 or newer, as in \"8.2\" or \"8.2-alpine\"."
  }
}

variable "image" {
  type    = string
  default = null
  doc     = "Image to use instead of the official one; it must behave like the one that `version` names."
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
  default = "512M"
  doc     = "Memory of the container: `max_memory`, buffers, and the copy that a snapshot needs."
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

secret "app" {
  kind  = "base64url"
  bytes = 32
}

secret "health" {
  kind  = "base64url"
  bytes = 32
}

service "main" {
  image   = var.image == null ? "redis:${var.version}" : var.image
  user    = strcontains(var.version, "alpine") ? "999:1000" : "999:999"
  store   = "redis"
  command = ["redis-server", "/etc/redis/redis.conf"]

  secrets = {
    REDIS_HEALTH = secret.health
  }

  port "redis" {
    container = 6379
  }

  volume "data" {
    path = "/data"
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
    command      = "REDISCLI_AUTH=\"$(cat /run/secrets/REDIS_HEALTH)\" redis-cli --user health ping | grep -q PONG"
    interval     = "10s"
    start_period = "20s"
  }

  resources {
    cpus   = var.cpus
    memory = var.memory
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
