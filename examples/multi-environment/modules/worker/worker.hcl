# A worker that takes jobs from a queue.

variable "image" {
  type = string
}

variable "queue" {
  type = string
}

service "worker" {
  image   = var.image
  command = ["worker"]

  port "health" {
    container = 8080
  }

  secrets = {
    REDIS_URL = var.queue
  }

  healthcheck {
    command = ["/app", "healthcheck", "http://127.0.0.1:8080/healthz"]
  }
}

output "host" {
  value = service.worker.host
}
