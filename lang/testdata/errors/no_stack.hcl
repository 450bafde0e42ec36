service "api" { # ERROR NS123: No stack block
  image = "x:1"
}
