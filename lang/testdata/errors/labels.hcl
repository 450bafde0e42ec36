stack {} # ERROR NS105: Wrong number of labels

service { # ERROR NS105: Wrong number of labels
  image = "x:1"
}

redis { # ERROR NS105: Wrong number of labels
}

ingress "a" { # ERROR NS105: Wrong number of labels
}
