package policy

// resourceRules are about limits, restarts and the start order.
func resourceRules() []Rule {
	return []Rule{
		reported(Resources, "NS303", "Invalid restart policy", Low, "CIS Docker Benchmark 5.15"),
		reported(Resources, "NS308", "Value out of range", Low, "CIS Docker Benchmark 5.11, 5.12 and 5.29", "CWE-770"),
		noHealthCheck(),
		noLimit(),
		reported(Resources, "NS323", "Services wait for each other", Medium, "Compose specification, depends_on"),
		warned(Resources, "NS326", "More containers than a bridge carries", Low, "Linux, net/bridge/br_private.h: BR_MAX_PORTS"),
		reported(Resources, "NS327", "Invalid health check", Medium, "CIS Docker Benchmark 4.6 and 5.27"),
		warned(Resources, "NS348", "Start order too dense for Docker Compose", Low, "Compose specification, depends_on"),
		proved(Resources, "NS1101", "Memory is not limited", Medium, "CIS Docker Benchmark 5.11", "KICS bb9ac4f7", "OWASP Docker D7", "Checkov CKV_K8S_13"),
		proved(Resources, "NS1102", "Processors are not limited", Low, "CIS Docker Benchmark 5.12", "KICS 6b610c50", "Checkov CKV_K8S_11"),
		proved(Resources, "NS1103", "Processes are not limited", Medium, "CIS Docker Benchmark 5.29", "KICS 221e0658", "CWE-770"),
		proved(Resources, "NS1104", "Memory limit spills into swap", Low, "CIS Docker Benchmark 5.11", "Docker, resource constraints: --memory-swap"),
		proved(Resources, "NS1105", "Resource limit without a bound", Low, "CIS Docker Benchmark 5.19", "OWASP Docker D7"),
		proved(Resources, "NS1106", "Restart policy that Docker does not know", Low, "CIS Docker Benchmark 5.15", "KICS 2fc99041"),
		proved(Resources, "NS1107", "Health check that checks nothing", Medium, "CIS Docker Benchmark 4.6 and 5.27", "KICS 698ed579"),
		proved(Resources, "NS1108", "Health check without bounds", Low, "CIS Docker Benchmark 5.27", "Docker, Dockerfile: HEALTHCHECK"),
		proved(Resources, "NS1109", "Start does not wait for health", Low, "Compose specification, depends_on", "CWE-696"),
		proved(Resources, "NS1110", "Service waits for what never comes", Medium, "Compose specification, depends_on"),
		proved(Resources, "NS1111", "Log without a bound", Low, "CIS Docker Benchmark 2.13", "OWASP Docker D10", "CWE-770"),
		proved(Resources, "NS1112", "Time to stop is not stated", Info, "Compose specification, stop_grace_period", "PostgreSQL, Shutting Down the Server"),
		proved(Resources, "NS1113", "Key that sets a limit aside", Medium, "CIS Docker Benchmark 5.11, 5.12 and 5.29", "CWE-770"),
		proved(Resources, "NS1114", "Number of containers without a bound", Low, "CWE-770"),
		proved(Resources, "NS1115", "Reservation above the limit", Low, "Docker, resource constraints: --memory-reservation"),
		proved(Resources, "NS1116", "Service asks to be ended last", Low, "Docker, resource constraints: --oom-score-adj", "CWE-770"),
	}
}
