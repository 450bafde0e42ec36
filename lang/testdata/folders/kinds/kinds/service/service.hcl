service "x" {} # ERROR NS108: Invalid name
