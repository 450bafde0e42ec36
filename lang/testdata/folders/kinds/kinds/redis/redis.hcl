variable "own" {
  type    = string
  default = ""
}
output "own" {
  value = var.own
}
