package policy

// isolationRules are about what a container can reach of its host.
func isolationRules() []Rule {
	return []Rule{
		reported(Isolation, "NS301", "Invalid user", Medium, "CIS Docker Benchmark 4.1", "OWASP Docker D2"),
		reported(Isolation, "NS302", "Unknown capability", Low, "capabilities(7)"),
		reported(Isolation, "NS309", "Invalid environment variable name", Low, "POSIX.1-2017, 8.1", "OWASP Docker D1"),
		writableRoot(),
		rootUser(),
		dangerousCapability(),
		reported(Isolation, "NS361", "Key is not allowed in extra_compose", High, "CIS Docker Benchmark 5.4 to 5.31", "CWE-1188"),
		proved(Isolation, "NS1001", "Privileged container", Critical, "CIS Docker Benchmark 5.5", "KICS privileged_containers", "CWE-250", "Checkov CKV_K8S_16", "NIST SP 800-190, 4.4.3"),
		proved(Isolation, "NS1002", "Container engine's socket in a container", Critical, "CIS Docker Benchmark 5.32", "KICS d6355c88", "OWASP Docker D1", "Checkov CKV_K8S_27"),
		proved(Isolation, "NS1003", "Container is pointed at a container engine", Critical, "CIS Docker Benchmark 2.7", "OWASP Docker D1"),
		proved(Isolation, "NS1004", "Network of the host or of another container", High, "CIS Docker Benchmark 5.10", "KICS 071a71ff", "Checkov CKV_K8S_19"),
		proved(Isolation, "NS1005", "Processes of the host in reach", High, "CIS Docker Benchmark 5.16", "KICS 4f31dd9f", "Checkov CKV_K8S_17"),
		proved(Isolation, "NS1006", "Shared memory of the host in reach", High, "CIS Docker Benchmark 5.17", "KICS baa3890f", "Checkov CKV_K8S_18"),
		proved(Isolation, "NS1007", "Host name of the host in reach", High, "CIS Docker Benchmark 5.21"),
		proved(Isolation, "NS1008", "User namespace of the host", High, "CIS Docker Benchmark 5.31", "KICS 8af7162d"),
		proved(Isolation, "NS1009", "Control group of the host", Medium, "CIS Docker Benchmark 5.25", "KICS 4d9f44c6"),
		proved(Isolation, "NS1010", "Capabilities are not dropped", High, "CIS Docker Benchmark 5.4", "KICS ce76b7d0", "OWASP Docker D3", "Checkov CKV_K8S_37"),
		proved(Isolation, "NS1011", "Process can gain privileges", High, "CIS Docker Benchmark 5.26", "KICS 27fcc7d6", "OWASP Docker D4", "Checkov CKV_K8S_20"),
		proved(Isolation, "NS1012", "Filter of system calls switched off", High, "CIS Docker Benchmark 5.22", "KICS 404fde2c", "OWASP Docker D6", "Checkov CKV_K8S_31"),
		proved(Isolation, "NS1013", "Confinement by the kernel switched off", Medium, "CIS Docker Benchmark 5.2 and 5.3", "OWASP Docker D6"),
		proved(Isolation, "NS1014", "User is not a number", High, "CIS Docker Benchmark 4.1", "OWASP Docker D2", "Checkov CKV_K8S_40"),
		proved(Isolation, "NS1015", "Device of the host in a container", High, "CIS Docker Benchmark 5.18"),
		proved(Isolation, "NS1016", "Kernel parameter out of the container's own", Medium, "Docker, docker run: configure namespaced kernel parameters", "CWE-732"),
		proved(Isolation, "NS1017", "Name that leads out of the stack", Low, "Docker, docker run: --add-host", "CWE-441"),
		proved(Isolation, "NS1019", "Service with a terminal", Info, "Compose specification, tty and stdin_open"),
		proved(Isolation, "NS1020", "Command beside the container's own", Low, "CIS Docker Benchmark 5.23 and 5.24"),
		proved(Isolation, "NS1021", "Group of the host", High, "OWASP Docker D2", "CWE-250"),
		proved(Isolation, "NS1022", "Mounts of another container", Medium, "Compose specification, volumes_from", "CWE-668"),
		proved(Isolation, "NS1023", "Other runtime", Medium, "CIS Docker Benchmark 5.2 and 5.3", "CWE-693"),
		proved(Isolation, "NS1024", "Key of a service that no rule knows", Medium, "CWE-1188"),
	}
}
