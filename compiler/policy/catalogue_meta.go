package policy

import "slices"

// metaRules are about the compose file as a whole, and about waivers.
func metaRules() []Rule {
	checked := []Rule{
		reported(Meta, "NS350", "Text cannot be written to docker-compose.yml", Low, "YAML 1.2.2"),
		reported(Meta, "NS353", "Name begins with x-", Low, "Compose specification, extension"),
		warned(Meta, "NS360", "Keys are passed to Compose as written", Low, "CWE-1188"),
		reported(Meta, "NS362", "Value does not have the form that Compose expects", Low, "Compose specification"),
	}
	return slices.Concat(checked, waiverRules(), []Rule{
		proved(Meta, "NS2151", "Value depends on the host's environment", High, "Compose specification, interpolation", "CWE-15"),
		proved(Meta, "NS2152", "Project without a name", Low, "dclint require-project-name-field", "Compose specification, name"),
		proved(Meta, "NS2153", "Section that no rule knows", Medium, "dclint no-version-field", "Compose specification"),
		proved(Meta, "NS2154", "File that can be read in two ways", Medium, "YAML 1.2.2", "CWE-436"),
		proved(Meta, "NS2155", "Part of the stack is missing", High, "Compose specification, include"),
		proved(Meta, "NS2156", "File is out of order", Low, "dclint services-alphabetical-order", "dclint top-level-properties-order"),
		proved(Meta, "NS2157", "Generated file does not say so", Low, "Go, generated code convention"),
		proved(Meta, "NS2158", "Service does not say where it comes from", Low, "Compose specification, labels", "CWE-290"),
		proved(Meta, "NS2159", "One service in two parts", High, "Compose specification, include"),
		proved(Meta, "NS2160", "Variable that is no text", Low, "Compose specification, environment", "CWE-15"),
		proved(Meta, "NS2161", "Service that is not what the file says", Medium, "Compose specification, profiles, extends and provider"),
	})
}
