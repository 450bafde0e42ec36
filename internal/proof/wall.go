package proof

// wallRules are proved on the scripts and rules of the firewall.
func wallRules() []Rule { return nil }
