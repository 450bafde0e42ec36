package policy

// mountedSecretRules are about secrets as services get them.
func mountedSecretRules() []Rule {
	return []Rule{
		proved(Secrets, "NS1821", "Secret mounted in another form", Medium, "OWASP Docker D12", "Compose specification, secrets"),
		proved(Secrets, "NS1822", "Secret without a declaration", Low, "Compose specification, secrets"),
		proved(Secrets, "NS1823", "Secret that is no file of the stack", High, "OWASP Docker D12", "OWASP Secrets Management 5.1", "CWE-526"),
		proved(Secrets, "NS1824", "Variables from a file that anybody may read", High, "OWASP Secrets Management 5.1", "CWE-312"),
		proved(Secrets, "NS1825", "Service gets another's secret", Critical, "OWASP Secrets Management 2.3", "OWASP Docker D12", "CWE-668"),
	}
}
