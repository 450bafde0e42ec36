package policy

// provedSecrets are the rules of secrets, proved on every file.
func provedSecrets() []Rule {
	return []Rule{
		constructed("NS1801", "Secret outside of .secrets.d", Secrets, Critical,
			"OWASP Secrets Management 5.1", "CWE-312", "CWE-798"),
		constructed("NS1802", "Secret file open to others", Secrets, High,
			"OWASP Secrets Management", "Docker Compose, secrets from files", "CWE-732"),
		constructed("NS1803", "File that others may write", Secrets, High,
			"CWE-732", "CWE-276"),
		constructed("NS1804", "Secrets that git would take", Secrets, Critical,
			"OWASP Secrets Management 3.2", "gitignore(5)", "CWE-540"),
		constructed("NS1805", "Output hidden from review", Secrets, Medium,
			"GitHub, Customizing how changed files appear", "gitattributes(5)"),
		constructed("NS1806", "Key that can be guessed", Secrets, High,
			"RFC 7518, 3.2", "OWASP Secrets Management 2.7.1", "CWE-326", "CWE-521"),
		constructed("NS1807", "Script whose files are open", Secrets, Medium,
			"CWE-377", "CWE-732"),
		constructed("NS1808", "Script that prints what it runs", Secrets, High,
			"CWE-532", "CWE-214"),
		constructed("NS1809", "Key of an authority in a container", Secrets, High,
			"NIST SP 800-57 part 1, 6.2", "CWE-522"),
	}
}
