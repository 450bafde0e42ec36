package policy

// resourceRules are about limits, restarts and the start order.
func resourceRules() []Rule {
	return []Rule{
		reported("NS303", "Invalid restart policy", Resources, Low, ByCheck, Error, Error, "CIS Docker Benchmark 5.15"),
		reported("NS308", "Value out of range", Resources, Low, ByCheck, Error, Error, "CIS Docker Benchmark 5.11, 5.12 and 5.29", "CWE-770"),
		noHealthCheck(),
		noLimit(),
		reported("NS323", "Services wait for each other", Resources, Medium, ByCheck, Error, Error, "Compose specification, depends_on"),
		reported("NS326", "More containers than a bridge carries", Resources, Low, ByCheck, Warning, Warning, "Linux, net/bridge/br_private.h: BR_MAX_PORTS"),
		reported("NS327", "Invalid health check", Resources, Medium, ByCheck, Error, Error, "CIS Docker Benchmark 4.6 and 5.27"),
		reported("NS348", "Start order too dense for Docker Compose", Resources, Low, ByCheck, Warning, Warning, "Compose specification, depends_on"),
		constructed("NS1101", "Memory is not limited", Resources, Medium, "CIS Docker Benchmark 5.11", "KICS bb9ac4f7", "OWASP Docker D7", "Checkov CKV_K8S_13"),
		constructed("NS1102", "Processors are not limited", Resources, Low, "CIS Docker Benchmark 5.12", "KICS 6b610c50", "Checkov CKV_K8S_11"),
		constructed("NS1103", "Processes are not limited", Resources, Medium, "CIS Docker Benchmark 5.29", "KICS 221e0658", "CWE-770"),
		constructed("NS1104", "Memory limit spills into swap", Resources, Low, "CIS Docker Benchmark 5.11", "Docker, resource constraints: --memory-swap"),
		constructed("NS1105", "Resource limit without a bound", Resources, Low, "CIS Docker Benchmark 5.19", "OWASP Docker D7"),
		constructed("NS1106", "Restart policy that Docker does not know", Resources, Low, "CIS Docker Benchmark 5.15", "KICS 2fc99041"),
		constructed("NS1107", "Health check that checks nothing", Resources, Medium, "CIS Docker Benchmark 4.6 and 5.27", "KICS 698ed579"),
		constructed("NS1108", "Health check without bounds", Resources, Low, "CIS Docker Benchmark 5.27", "Docker, Dockerfile: HEALTHCHECK"),
		constructed("NS1109", "Start does not wait for health", Resources, Low, "Compose specification, depends_on", "CWE-696"),
		constructed("NS1110", "Service waits for what never comes", Resources, Medium, "Compose specification, depends_on"),
		constructed("NS1111", "Log without a bound", Resources, Low, "CIS Docker Benchmark 2.13", "Docker, JSON File logging driver: max-size and max-file", "CWE-770"),
		constructed("NS1112", "Time to stop is not stated", Resources, Info, "Compose specification, stop_grace_period", "PostgreSQL, Shutting Down the Server"),
		constructed("NS1113", "Key that sets a limit aside", Resources, Medium, "CIS Docker Benchmark 5.11, 5.12 and 5.29", "CWE-770"),
		constructed("NS1114", "Number of containers without a bound", Resources, Low, "CWE-770"),
		constructed("NS1115", "Reservation above the limit", Resources, Low, "Docker, resource constraints: --memory-reservation"),
		constructed("NS1116", "Service asks to be ended last", Resources, Low, "Docker, resource constraints: --oom-score-adj", "CWE-770"),
	}
}
