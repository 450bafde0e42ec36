variable "port" {
  type = number
}
service "main" {
  image = "x:1"
  port "http" {
    container = var.port # ERROR NS212: Number out of range
  }
  user = upper(secret.key) # ERROR NS220: Secret value inspected
}
secret "key" {}
