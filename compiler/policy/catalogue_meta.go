package policy

// metaRules are about the compose file as a whole.
func metaRules() []Rule {
	return []Rule{
		reported("NS350", "Text cannot be written to docker-compose.yml", Meta, Low, ByCheck, Error, Error, "YAML 1.2.2"),
		reported("NS353", "Name begins with x-", Meta, Low, ByCheck, Error, Error, "Compose specification, extension"),
		reported("NS360", "Keys are passed to Compose as written", Meta, Low, ByCheck, Warning, Warning, "CWE-1188"),
		reported("NS362", "Value does not have the form that Compose expects", Meta, Low, ByCheck, Error, Error, "Compose specification"),
		constructed("NS2101", "Value depends on the host's environment", Meta, High, "Compose specification, interpolation", "CWE-15"),
		constructed("NS2102", "Project without a name", Meta, Low, "dclint require-project-name-field", "Compose specification, name"),
		constructed("NS2103", "Section that no rule knows", Meta, Medium, "dclint no-version-field", "Compose specification"),
		constructed("NS2104", "File that can be read in two ways", Meta, Medium, "YAML 1.2.2", "CWE-436"),
		constructed("NS2105", "Part of the stack is missing", Meta, High, "Compose specification, include"),
		constructed("NS2106", "File is out of order", Meta, Low, "dclint services-alphabetical-order", "dclint top-level-properties-order"),
		constructed("NS2107", "Generated file does not say so", Meta, Low, "Go, generated code convention"),
		constructed("NS2108", "Service does not say where it comes from", Meta, Low, "Compose specification, labels", "CWE-290"),
		constructed("NS2109", "One service in two parts", Meta, High, "Compose specification, include"),
		constructed("NS2110", "Variable that is no text", Meta, Low, "Compose specification, environment", "CWE-15"),
		constructed("NS2111", "Service that is not what the file says", Meta, Medium, "Compose specification, profiles, extends and provider"),
	}
}
