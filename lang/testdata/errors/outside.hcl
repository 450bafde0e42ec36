domain = "x" # ERROR NS112: Argument outside a block
stack "t" {}
