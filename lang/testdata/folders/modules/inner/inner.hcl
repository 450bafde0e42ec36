variable "image" {
  type = string
}
variable "size" {
  type    = string
  default = "small"

  validation {
    condition = contains(["small", "large"], var.size)
    message   = "A size is small or large."
  }
}
locals {
  _size = var.size
}
service "main" {
  image = var.image
  typo  = 1 # ERROR NS102: Unsupported argument
}
output "host" {
  value = service.main.host
}
output "image" {
  value = var.image
}
