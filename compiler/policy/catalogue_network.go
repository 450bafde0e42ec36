package policy

// networkRules are about who reaches whom.
func networkRules() []Rule {
	return []Rule{
		publishedPort(),
		reported(Network, "NS320", "Two services with one name", Low, "dclint no-duplicate-container-names"),
		reported(Network, "NS321", "Host port used twice", Low, "dclint no-duplicate-exported-ports"),
		reported(Network, "NS322", "Store is published", Critical, "NIST SP 800-190, 4.4.2"),
		reported(Network, "NS324", "Invalid subnet pool", Medium, "RFC 1918", "RFC 6598"),
		reported(Network, "NS325", "Subnet pool is full", Low, "RFC 1918"),
		reported(Network, "NS328", "Unknown port", Low, "CIS Docker Benchmark 5.9"),
		proved(Network, "NS1401", "Port that is not one port", Medium, "CIS Docker Benchmark 5.14", "dclint no-unbound-port-interfaces"),
		proved(Network, "NS1402", "Port on an address that is none", Medium, "CIS Docker Benchmark 5.14", "OWASP Docker D5a"),
		proved(Network, "NS1403", "Store publishes a port", Critical, "NIST SP 800-190, 4.4.2", "CIS Docker Benchmark 5.14"),
		proved(Network, "NS1404", "Remote shell of a container is published", High, "CIS Docker Benchmark 5.7", "Checkov CKV_DOCKER_1", "KICS exposing_port_22"),
		proved(Network, "NS1405", "Ingress listens on a privileged port", Medium, "CIS Docker Benchmark 5.8", "KICS bc2908f3"),
		proved(Network, "NS1406", "Published port that is not declared", Medium, "CIS Docker Benchmark 5.9"),
		proved(Network, "NS1407", "Network that is not the stack's own", Medium, "CIS Docker Benchmark 5.30", "OWASP Docker D5"),
		proved(Network, "NS1408", "Network with a way out that services share", High, "OWASP Docker D5", "NIST SP 800-190, 4.3.3"),
		proved(Network, "NS1409", "Service on a network that it does not need", High, "OWASP Docker D5", "NIST SP 800-190, 4.3.3"),
		proved(Network, "NS1410", "Port of an internal network would listen everywhere", Low, "Docker, bridge network driver: host_binding_ipv4"),
		proved(Network, "NS1411", "Bridge that firewall rules cannot name", Low, "Docker, bridge network driver: bridge name", "netdevice(7), IFNAMSIZ"),
		proved(Network, "NS1412", "Subnet that others use", Medium, "RFC 1918", "RFC 6598"),
		proved(Network, "NS1413", "IPv6 by a way that nobody looks at", Medium, "RFC 4193", "Docker, IPv6 networking"),
		proved(Network, "NS1414", "Container with a fixed name", Low, "dclint no-duplicate-container-names"),
		proved(Network, "NS1415", "Link past the networks", Medium, "Docker, legacy container links", "OWASP Docker D5"),
		proved(Network, "NS1416", "Network out of Docker's hands", Low, "Compose specification, dns and mac_address", "CWE-350"),
		proved(Network, "NS1417", "Service on the default network", Medium, "CIS Docker Benchmark 5.30", "OWASP Docker D5"),
		proved(Network, "NS1418", "Service answers to another's name", High, "CWE-350", "Compose specification, networks: aliases"),
		proved(Network, "NS1419", "Network without a declaration or a member", Low, "Compose specification, networks"),
	}
}
