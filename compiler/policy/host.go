package policy

// onHost is a rule that only the host can tell: nselfc doctor looks there.
func onHost(code, title string, severity Severity, references ...string) Rule {
	level := Error
	switch severity {
	case Info:
		level = Note
	case Low, Medium:
		level = Warning
	case High, Critical:
	}
	return Rule{Code: code, Title: title, Theme: Operations, Severity: severity, Production: level, Development: level, Held: OnHost, References: references}
}

// onServer is a rule for a host that serves others, and not for a laptop.
func onServer(code, title string, severity Severity, references ...string) Rule {
	r := onHost(code, title, severity, references...)
	r.Development = Off
	return r
}

func operationsRules() []Rule {
	return []Rule{
		onHost("NS2001", "Secrets that other users can read", Critical, "CWE-732", "OWASP Secrets Management 5.1"),
		onHost("NS2002", "Secrets that git has", Critical, "CWE-540", "OWASP Secrets Management 8"),
		onHost("NS2003", "Secrets are not as declared", High, "OWASP Secrets Management 2.7"),
		onHost("NS2004", "Weak secret in use", High, "CWE-521", "CWE-1392"),
		onHost("NS2005", "Secret that serves twice", High, "CWE-1391", "OWASP Secrets Management 2.7.1"),
		onHost("NS2006", "Secret is overdue for rotation", Medium, "OWASP Secrets Management 2.7.2"),
		onHost("NS2007", "Copies of secrets", Medium, "CWE-538"),
		onHost("NS2008", "Output that other users can write", High, "CWE-732"),
		onHost("NS2009", "Output is not what the stack compiles to", High, "CWE-353"),

		onHost("NS2010", "Database reachable from outside", Critical, "CWE-668", "OWASP Docker D5a"),
		onHost("NS2011", "Undeclared published port", High, "CIS Docker Benchmark 5.14", "CWE-668"),
		onServer("NS2012", "Undeclared listening process", Medium, "CIS Debian Linux Benchmark 2.2"),
		onHost("NS2013", "Declared port is not published", High, "nselfc, docs/doctor.md"),
		onHost("NS2014", "Docker's interface on the network", Critical, "CIS Docker Benchmark 2.7", "OWASP Docker D1", "CWE-306"),

		onServer("NS2020", "Firewall is off", Critical, "CIS Debian Linux Benchmark 3.5.1", "CWE-284"),
		onServer("NS2021", "Firewall lets in by default", Critical, "CIS Debian Linux Benchmark 3.5.1.7", "CWE-1188"),
		onServer("NS2022", "IPv6 is not filtered", High, "CIS Debian Linux Benchmark 3.5.1"),
		onServer("NS2023", "Rules for containers are not in force", Critical, "Docker, Packet filtering and firewalls", "moby#4737"),
		onServer("NS2024", "Another rule decides first", High, "Docker, Packet filtering and firewalls"),
		onServer("NS2025", "Docker does not use iptables", Critical, "CIS Docker Benchmark 2.4", "Docker, firewall backends"),
		onServer("NS2026", "Rule that ufw does not show", High, "CIS Debian Linux Benchmark 3.5.1.6", "ufw-framework(8)"),
		onServer("NS2027", "ssh answers at another port", Critical, "ufw(8): remote management"),
		onServer("NS2028", "Firewall rule is missing", High, "CIS Debian Linux Benchmark 3.5.1.6"),
		onServer("NS2029", "Undeclared firewall rule", Medium, "CIS Debian Linux Benchmark 3.5.1.6"),

		onServer("NS2030", "root logs in with a password", High, "CIS Debian Linux Benchmark 5.2.7"),
		onServer("NS2031", "ssh takes passwords", Low, "CIS Debian Linux Benchmark 5.2", "CWE-307"),
		onHost("NS2032", "Docker has known faults", High, "CVE-2024-41110", "CIS Docker Benchmark 1.2.2", "OWASP Docker D0"),
		onServer("NS2033", "Loopback ports reachable by neighbours", Medium, "moby#45610"),
		onHost("NS2034", "Registry without TLS", High, "CIS Docker Benchmark 2.5", "CWE-494"),
		onHost("NS2035", "Strangers share the default bridge", Low, "CIS Docker Benchmark 2.2"),
		onServer("NS2036", "Containers stop with Docker", Info, "CIS Docker Benchmark 2.15"),
		onHost("NS2037", "Docker Compose is too old", Medium, "nselfc, docs/doctor.md"),

		onHost("NS2040", "Container is less confined than declared", Critical, "CIS Docker Benchmark 5.4, 5.5, 5.22 and 5.26", "OWASP Docker D3 and D4"),
		onHost("NS2041", "Container without its limits", Medium, "CIS Docker Benchmark 5.11", "CWE-770"),
		onHost("NS2042", "Container on another network", High, "OWASP Docker D5", "NIST SP 800-190, 4.3.3"),
		onHost("NS2043", "Undeclared container of the stack", High, "NIST SP 800-190, 4.4.5"),
		onHost("NS2044", "Service is not running", High, "nselfc, docs/doctor.md"),
		onHost("NS2045", "Container runs another image", High, "CIS Docker Benchmark 4.5", "CWE-494"),
		onHost("NS2046", "Container of an older build", Medium, "nselfc, docs/doctor.md"),
		onHost("NS2047", "Container sees the host's files", High, "CIS Docker Benchmark 5.6", "CWE-668"),
		onHost("NS2048", "Powerful container beside the stack", High, "CIS Docker Benchmark 5.5 and 5.32", "CWE-250"),
		onHost("NS2049", "Container of a floating image", Medium, "CIS Docker Benchmark 5.28", "OWASP Docker D13"),

		onHost("NS2050", "Image past its end of support", High, "NIST SP 800-190, 4.1.1", "CWE-1104"),
		onHost("NS2051", "Image older than the first safe release", Critical, "CWE-1395", "OWASP Docker D0"),
		onHost("NS2052", "Image with a known fault", High, "Open Source Vulnerability format", "CWE-1395"),
		onHost("NS2053", "Scanner finds a fault in an image", High, "NIST SP 800-190, 4.1.1", "CWE-1395"),
		onHost("NS2054", "Table of releases is old", Low, "nselfc, docs/doctor.md"),
		onHost("NS2055", "Default password is accepted", Critical, "CWE-1392", "OWASP ASVS 2.10.2"),
		onHost("NS2056", "Retired password is accepted", High, "CWE-324", "NIST SP 800-57 part 1, 5.3"),

		onHost("NS2060", "Certificate is not valid today", Critical, "CWE-298"),
		onServer("NS2061", "Certificate expires soon", High, "CWE-298"),
		onHost("NS2062", "Certificate does not cover a host", High, "CWE-297", "RFC 9525"),
		onServer("NS2063", "Certificate that clients do not trust", High, "CWE-295"),
		onServer("NS2064", "Certificate for development", High, "OWASP Transport Layer Security"),
		onHost("NS2065", "Certificate with a weak key", High, "CWE-326", "NIST SP 800-57 part 1, 5.6"),
		onHost("NS2066", "Key of another certificate", Critical, "RFC 8446, 4.4.3"),
		onHost("NS2067", "Another certificate is served", High, "CWE-298"),
		onHost("NS2068", "TLS beyond the profile", High, "Mozilla, Server Side TLS 6.0", "CWE-327"),
		onHost("NS2069", "Unknown name is answered", Medium, "nginx, ssl_reject_handshake"),
		onHost("NS2070", "Host without TLS", High, "CWE-319"),
		onServer("NS2071", "Clock follows no other", Medium, "CIS Debian Linux Benchmark 2.1"),
		onHost("NS2072", "Disk is nearly full", High, "CWE-400"),
		onHost("NS2073", "Container ran out of memory", Medium, "CWE-770"),
		onServer("NS2075", "No backup is known", High, "NIST SP 800-53 rev. 5, CP-9"),
		onServer("NS2076", "Backup is stale", High, "NIST SP 800-53 rev. 5, CP-9"),
		onServer("NS2077", "Backup was never restored", Medium, "NIST SP 800-53 rev. 5, CP-9(1)"),
		onServer("NS2078", "Nobody is told", Medium, "NIST SP 800-53 rev. 5, SI-4(5)"),
	}
}
