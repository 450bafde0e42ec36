package policy

// isolationRules are about what a container can reach of its host.
func isolationRules() []Rule {
	return []Rule{
		reported("NS301", "Invalid user", Isolation, Medium, ByCheck, Error, Error, "CIS Docker Benchmark 4.1", "OWASP Docker D2"),
		reported("NS302", "Unknown capability", Isolation, Low, ByCheck, Error, Error, "capabilities(7)"),
		reported("NS309", "Invalid environment variable name", Isolation, Low, ByCheck, Error, Error, "POSIX.1-2017, 8.1", "OWASP Docker D1"),
		writableRoot(),
		rootUser(),
		dangerousCapability(),
		reported("NS361", "Key is not allowed in extra_compose", Isolation, High, ByCheck, Error, Error, "CIS Docker Benchmark 5.4 to 5.31", "CWE-1188"),
		constructed("NS1001", "Privileged container", Isolation, Critical, "CIS Docker Benchmark 5.5", "KICS privileged_containers", "CWE-250", "Checkov CKV_K8S_16", "NIST SP 800-190, 4.4.3"),
		constructed("NS1002", "Container engine's socket in a container", Isolation, Critical, "CIS Docker Benchmark 5.32", "KICS d6355c88", "OWASP Docker D1", "Checkov CKV_K8S_27"),
		constructed("NS1003", "Container is pointed at a container engine", Isolation, Critical, "CIS Docker Benchmark 2.7", "OWASP Docker D1"),
		constructed("NS1004", "Network of the host or of another container", Isolation, High, "CIS Docker Benchmark 5.10", "KICS 071a71ff", "Checkov CKV_K8S_19"),
		constructed("NS1005", "Processes of the host in reach", Isolation, High, "CIS Docker Benchmark 5.16", "KICS 4f31dd9f", "Checkov CKV_K8S_17"),
		constructed("NS1006", "Shared memory of the host in reach", Isolation, High, "CIS Docker Benchmark 5.17", "KICS baa3890f", "Checkov CKV_K8S_18"),
		constructed("NS1007", "Host name of the host in reach", Isolation, High, "CIS Docker Benchmark 5.21"),
		constructed("NS1008", "User namespace of the host", Isolation, High, "CIS Docker Benchmark 5.31", "KICS 8af7162d"),
		constructed("NS1009", "Control group of the host", Isolation, Medium, "CIS Docker Benchmark 5.25", "KICS 4d9f44c6"),
		constructed("NS1010", "Capabilities are not dropped", Isolation, High, "CIS Docker Benchmark 5.4", "KICS ce76b7d0", "OWASP Docker D3", "Checkov CKV_K8S_37"),
		constructed("NS1011", "Process can gain privileges", Isolation, High, "CIS Docker Benchmark 5.26", "KICS 27fcc7d6", "OWASP Docker D4", "Checkov CKV_K8S_20"),
		constructed("NS1012", "Filter of system calls switched off", Isolation, High, "CIS Docker Benchmark 5.22", "KICS 404fde2c", "OWASP Docker D6", "Checkov CKV_K8S_31"),
		constructed("NS1013", "Confinement by the kernel switched off", Isolation, Medium, "CIS Docker Benchmark 5.2 and 5.3", "OWASP Docker D6"),
		constructed("NS1014", "User is not a number", Isolation, High, "CIS Docker Benchmark 4.1", "OWASP Docker D2", "Checkov CKV_K8S_40"),
		constructed("NS1015", "Device of the host in a container", Isolation, High, "CIS Docker Benchmark 5.18"),
		constructed("NS1016", "Kernel parameter out of the container's own", Isolation, Medium, "Docker, docker run: configure namespaced kernel parameters", "CWE-732"),
		constructed("NS1017", "Name that leads out of the stack", Isolation, Low, "Docker, docker run: --add-host", "CWE-441"),
		constructed("NS1019", "Service with a terminal", Isolation, Info, "Compose specification, tty and stdin_open"),
		constructed("NS1020", "Command beside the container's own", Isolation, Low, "CIS Docker Benchmark 5.23 and 5.24"),
		constructed("NS1021", "Group of the host", Isolation, High, "OWASP Docker D2", "CWE-250"),
		constructed("NS1022", "Mounts of another container", Isolation, Medium, "Compose specification, volumes_from", "CWE-668"),
		constructed("NS1023", "Other runtime", Isolation, Medium, "CIS Docker Benchmark 5.2 and 5.3", "CWE-693"),
		constructed("NS1024", "Key of a service that no rule knows", Isolation, Medium, "CWE-1188"),
	}
}
