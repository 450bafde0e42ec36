stack "t" {}

locals {
  _a = uper("x")                 # ERROR NS205: Unknown function
  _b = parseint("twelve", 10)    # ERROR NS208: Invalid function argument
  _c = format("%10000000s", "x") # ERROR NS208: Invalid function argument
  _d = upper()                   # ERROR NS207: Invalid expression
  _e = "a" + 1                   # ERROR NS207: Invalid expression
  _f = "\u0000"                  # ERROR NS206: NUL character in a string
  _g = "x${"\u0000"}y"           # ERROR NS206: NUL character in a string
  _h = jsondecode("\"\\u0000\"") # ERROR NS206: NUL character in a string
  _i = regex("(", "a")           # ERROR NS208: Invalid function argument
}
