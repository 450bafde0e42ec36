stack "t" {}

service "api" {
  imge  = "x:1" # ERROR NS102: Unsupported argument
  port  = 1     # ERROR NS102: Unsupported argument
  image = "x:1"
  resources {
    ram = "1G" # ERROR NS102: Unsupported argument
  }
}
