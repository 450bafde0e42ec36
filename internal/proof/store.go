package proof

// storeRules are proved on the configuration and the SQL of the stores, and on secret files.
func storeRules() []Rule { return nil }
