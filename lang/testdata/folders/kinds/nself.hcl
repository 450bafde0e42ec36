stack "t" {}

# A kind of the project's own, used twice: what is wrong inside is said once.
mine "a" {
  port = 80
}
mine "b" {
  port = 80800
}
mine "c" {
  prot = 80 # ERROR NS102: Unsupported argument
}
mine { # ERROR NS105: Wrong number of labels
}
# The project's own redis stands in for the built-in one.
redis "r" {
  own = "x"
}
redis "s" {
  max_memory = "1G" # ERROR NS102: Unsupported argument
}
yours "x" { # ERROR NS104: Unsupported block
}
min "y" { # ERROR NS104: Unsupported block
}
locals {
  _a = redis.r.own
  _b = redis.r.url # ERROR NS203: Unsupported attribute
  _c = yours.x.url # a consequence
  _d = min.y.url   # a consequence
  _e = mine.y.url  # a consequence: min was meant to be mine
}
