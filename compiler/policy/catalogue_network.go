package policy

// networkRules are about who reaches whom.
func networkRules() []Rule {
	return []Rule{
		publishedPort(),
		reported("NS320", "Two services with one name", Network, Low, ByCheck, Error, Error, "dclint no-duplicate-container-names"),
		reported("NS321", "Host port used twice", Network, Low, ByCheck, Error, Error, "dclint no-duplicate-exported-ports"),
		reported("NS322", "Store is published", Network, Critical, ByCheck, Error, Error, "OWASP Docker D5a", "CWE-668"),
		reported("NS324", "Invalid subnet pool", Network, Medium, ByCheck, Error, Error, "RFC 1918", "RFC 6598"),
		reported("NS325", "Subnet pool is full", Network, Low, ByCheck, Error, Error, "RFC 1918"),
		reported("NS328", "Unknown port", Network, Low, ByCheck, Error, Error, "CIS Docker Benchmark 5.9"),
		constructed("NS1401", "Port that is not one port", Network, Medium, "CIS Docker Benchmark 5.14", "dclint no-unbound-port-interfaces"),
		constructed("NS1402", "Port on an address that is none", Network, Medium, "CIS Docker Benchmark 5.14", "OWASP Docker D5a"),
		constructed("NS1403", "Store publishes a port", Network, Critical, "CIS Docker Benchmark 5.14", "CWE-668"),
		constructed("NS1404", "Remote shell of a container is published", Network, High, "CIS Docker Benchmark 5.7", "Checkov CKV_DOCKER_1", "KICS exposing_port_22"),
		constructed("NS1405", "Ingress listens on a privileged port", Network, Medium, "CIS Docker Benchmark 5.8", "KICS bc2908f3"),
		constructed("NS1406", "Published port that is not declared", Network, Medium, "CIS Docker Benchmark 5.9"),
		constructed("NS1407", "Network that is not the stack's own", Network, Medium, "CIS Docker Benchmark 5.30", "OWASP Docker D5"),
		constructed("NS1408", "Network with a way out that services share", Network, High, "OWASP Docker D5", "NIST SP 800-190, 4.3.3"),
		constructed("NS1409", "Service on a network that it does not need", Network, High, "OWASP Docker D5", "NIST SP 800-190, 4.3.3"),
		constructed("NS1410", "Port of an internal network would listen everywhere", Network, Low, "Docker, bridge network driver: host_binding_ipv4"),
		constructed("NS1411", "Bridge that firewall rules cannot name", Network, Low, "Docker, bridge network driver: bridge name", "netdevice(7), IFNAMSIZ"),
		constructed("NS1412", "Subnet that others use", Network, Medium, "RFC 1918", "RFC 6598"),
		constructed("NS1413", "IPv6 by a way that nobody looks at", Network, Medium, "RFC 4193", "Docker, IPv6 networking"),
		constructed("NS1414", "Container with a fixed name", Network, Low, "dclint no-duplicate-container-names"),
		constructed("NS1415", "Link past the networks", Network, Medium, "Docker, legacy container links", "OWASP Docker D5"),
		constructed("NS1416", "Network out of Docker's hands", Network, Low, "Compose specification, dns and mac_address", "CWE-923"),
		constructed("NS1417", "Service on the default network", Network, Medium, "CIS Docker Benchmark 5.30", "OWASP Docker D5"),
		constructed("NS1418", "Service answers to another's name", Network, High, "CWE-923", "Compose specification, networks: aliases"),
		constructed("NS1419", "Network without a declaration or a member", Network, Low, "Compose specification, networks"),
	}
}
