package policy

// mountedSecretRules are about secrets as services get them.
func mountedSecretRules() []Rule {
	return []Rule{
		constructed("NS1821", "Secret mounted in another form", Secrets, Medium, "OWASP Docker D12", "Compose specification, secrets"),
		constructed("NS1822", "Secret without a declaration", Secrets, Low, "Compose specification, secrets"),
		constructed("NS1823", "Secret that is no file of the stack", Secrets, High, "OWASP Docker D12", "OWASP Secrets Management 5.1", "CWE-526"),
		constructed("NS1824", "Variables from a file that anybody may read", Secrets, High, "OWASP Secrets Management 5.1", "CWE-312"),
		constructed("NS1825", "Service gets another's secret", Secrets, Critical, "OWASP Secrets Management 2.3", "OWASP Docker D12", "CWE-668"),
	}
}
