package policy

// provedFirewall are the rules of the firewall, proved on its rules and scripts.
func provedFirewall() []Rule {
	return []Rule{
		constructed("NS1701", "Firewall file that cannot be read", Firewall, Critical,
			"ufw-framework(8)", "iptables-restore(8)"),
		constructed("NS1702", "Containers open by default", Firewall, Critical,
			"Docker, Packet filtering and firewalls", "moby#4737", "OWASP Docker D5a", "CWE-1188"),
		constructed("NS1703", "Way in closed", Firewall, Critical,
			"ufw(8): remote management", "CWE-1188"),
		constructed("NS1704", "Port behind the translation", Firewall, High,
			"Docker, Packet filtering and firewalls: match the original IP and ports", "moby#45610"),
		constructed("NS1705", "Rule without a port", Firewall, Critical,
			"CIS Debian Linux Benchmark 3.5", "CWE-284"),
		constructed("NS1706", "IPv6 left open", Firewall, High,
			"ufw(8): IPV6", "CIS Debian Linux Benchmark 3.5"),
		constructed("NS1707", "Rule that nobody knows again", Firewall, Medium,
			"ufw(8): comment"),
		constructed("NS1708", "Rules of others flushed", Firewall, Medium,
			"iptables-restore(8): -n", "Docker, Packet filtering and firewalls: DOCKER-USER"),
		constructed("NS1709", "Table tells otherwise", Firewall, Medium,
			"CWE-451"),
		constructed("NS1710", "Policy of the host not set", Firewall, Critical,
			"CIS Debian Linux Benchmark 3.5", "ufw(8): default"),
		constructed("NS1711", "Rules loaded untried", Firewall, Critical,
			"iptables-restore(8): --test", "ufw-framework(8)"),
		constructed("NS1712", "Change without a way back", Firewall, High,
			"iptables-apply(8)"),
		constructed("NS1713", "Files that do not belong together", Firewall, Medium,
			"CWE-353"),
		constructed("NS1714", "Log without a limit", Firewall, Low,
			"iptables-extensions(8): limit", "CWE-400"),
		constructed("NS1715", "Docker's firewall not looked at", Firewall, High,
			"Docker, Packet filtering and firewalls", "CIS Docker Benchmark 2.4"),
		constructed("NS1716", "Rule of the firewall that no rule knows", Firewall, High,
			"iptables-extensions(8)", "CWE-1188"),
	}
}
