package policy

// The rules that the language, a phase of the compiler or the work on secrets
// reports itself, under codes that they had before there was a catalogue.

func reportedEdge() []Rule {
	return []Rule{
		reported("NS331", "Two routes for one host and path", Edge, Medium, ByCheck, Error, Error, "CWE-694"),
		reported("NS332", "Invalid route path", Edge, Medium, ByCheck, Error, Error, "RFC 3986, 3.3", "CWE-22"),
		reported("NS336", "Invalid rate limit", Edge, Low, ByCheck, Error, Error, "nginx, ngx_http_limit_req_module", "CWE-770"),
		reported("NS344", "Invalid response header", Edge, Medium, ByCheck, Error, Error, "RFC 9110, 5.5", "CWE-113"),
		reported("NS370", "nginx release too old", Edge, Medium, ByCheck, Error, Error, "nginx.org, security advisories"),
		reported("NS376", "Routes that nginx cannot tell apart", Edge, Medium, ByCheck, Error, Error, "CWE-436"),
	}
}

func reportedTLS() []Rule {
	return []Rule{
		reported("NS342", "HSTS preload without its conditions", TLS, Medium, ByCheck, Error, Error, "RFC 6797, 12.3", "hstspreload.org, submission requirements"),
		reported("NS420", "Invalid certificate declaration", TLS, Medium, ByCheck, Error, Error, "RFC 5280, 4.2"),
		reported("NS422", "Key of a certificate authority in a file", TLS, High, ByCheck, Error, Error, "NIST SP 800-57 part 1, 6.2", "CWE-522"),
		reported("NS431", "Certificate and key do not fit", TLS, High, ByCheck, Error, Error, "OWASP Transport Layer Security"),
		reported("NS432", "Broken certificate chain", TLS, High, ByCheck, Error, Error, "RFC 8446, 4.4.2", "CWE-296"),
		reported("NS433", "Host that the certificate does not cover", TLS, High, ByCheck, Error, Error, "RFC 9525", "CWE-297"),
		reported("NS434", "Certificate out of its dates", TLS, High, ByCheck, Error, Error, "RFC 5280, 4.1.2.5", "CWE-298"),
		reported("NS435", "Certificate expires soon", TLS, Medium, ByCheck, Warning, Warning, "Let's Encrypt, Integration Guide: when to renew"),
		reported("NS436", "Weak certificate", TLS, High, ByCheck, Error, Error, "Mozilla, Server Side TLS 6.0", "CWE-326"),
		reported("NS437", "Certificate for another use", TLS, Medium, ByCheck, Error, Error, "RFC 5280, 4.2.1.12"),
		reported("NS438", "Private key open to other users", TLS, High, ByCheck, Warning, Warning, "OWASP Transport Layer Security: protect the private key", "CWE-732"),
		reported("NS439", "Self-signed certificate", TLS, High, ByCheck, Error, Warning, "OWASP Transport Layer Security", "CWE-295"),
		reported("NS440", "Certificate chain may be incomplete", TLS, Medium, ByCheck, Warning, Warning, "RFC 8446, 4.4.2"),
		reported("NS441", "Certificate of a trial authority", TLS, High, ByCheck, Error, Error, "Let's Encrypt, Staging Environment", "CWE-295"),
		reported("NS442", "Certificate valid for too long", TLS, Low, ByCheck, Warning, Warning, "CA/Browser Forum, Baseline Requirements 6.3.2"),
		reported("NS466", "Impossible certificate", TLS, Medium, ByCheck, Error, Error, "RFC 5280, 4.2.1.9"),
	}
}

func reportedFirewall() []Rule {
	return []Rule{
		reported("NS343", "Conflicting firewall rule", Firewall, Medium, ByCheck, Error, Error, "CWE-694"),
		reported("NS380", "Published port is the ssh port", Firewall, Critical, ByCheck, Error, Error, "Docker, Packet filtering and firewalls"),
		reported("NS381", "Allowed port is the ssh port", Firewall, High, ByCheck, Warning, Warning, "ufw(8)"),
	}
}

func reportedSecrets() []Rule {
	return []Rule{
		reported("NS363", "Secret in extra_compose", Secrets, High, ByCheck, Error, Error, "OWASP Secrets Management 5.1", "CWE-312"),
		reported("NS404", "Weak secret", Secrets, High, ByCheck, Error, Warning, "CWE-1392", "CWE-521", "NIST SP 800-63B, 5.1.1.2"),
		reported("NS405", "Secret in a committed file", Secrets, Critical, ByCheck, Error, Error, "OWASP Secrets Management", "CWE-798", "CWE-540"),
		reported("NS407", "Secret file edited by hand", Secrets, Low, ByCheck, Warning, Warning, "OWASP Secrets Management"),
		reported("NS408", "File in .secrets.d that nselfc did not write", Secrets, Medium, ByCheck, Warning, Warning, "CWE-552"),
		reported("NS451", "Secret without a value", Secrets, Medium, ByCheck, Error, Error, "OWASP Secrets Management"),
		reported("NS453", "One value for two secrets", Secrets, High, ByCheck, Error, Warning, "OWASP Secrets Management 2.7.1", "CWE-1391"),
		reported("NS454", "Secret is due for replacement", Secrets, Medium, ByCheck, Warning, Warning, "OWASP Secrets Management 2.7.2", "CWE-262"),
		reported("NS455", "Record of secrets is ignored by git", Secrets, Low, ByCheck, Warning, Warning, "gitignore(5)"),
		reported("NS460", "Secret in the environment", Secrets, Medium, ByDefault, Warning, Warning, "OWASP Secrets Management 5.1", "OWASP Docker D12", "CWE-526"),
		reported("NS461", "Secret where it would be seen", Secrets, High, ByCheck, Error, Error, "CIS Docker Benchmark 4.10", "CWE-200"),
		reported("NS465", "Weak or oversized secret", Secrets, High, ByCheck, Error, Error, "OWASP Secrets Management 2.7.1", "RFC 7518, 3.2", "CWE-326"),
		reported("NS467", "Reserved secret name", Secrets, Medium, ByCheck, Error, Error, "CWE-426"),
		reported("NS485", "Rotation that reaches no server", Secrets, Medium, ByCheck, Error, Error, "OWASP Secrets Management 2.7.2"),
		reported("NS486", "Login of a secret without a pair", Secrets, Medium, ByCheck, Error, Error, "OWASP Secrets Management 2.7.2"),
	}
}
