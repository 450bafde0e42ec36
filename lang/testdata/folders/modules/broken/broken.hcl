service "x" { # ERROR NS110: Syntax error
