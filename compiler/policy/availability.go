package policy

import "nselfc/compiler/ir"

func noHealthCheck() Rule {
	return Rule{
		Code: "NS315", Title: "No health check", Production: Warning,
		Theme: Resources, Severity: Medium, Held: ByCheck, Waivable: true,
		References: []string{"CIS Docker Benchmark 4.6 and 5.27"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			if s.Health != nil || s.Job {
				return
			}
			report(about(s, s.Origin.Range,
				"%s has no health check. A process that hangs counts as running, and services that need this one start before it can answer. "+
					"Add one:\n\n    healthcheck {\n      http = \"/healthz\"\n    }", s.Address))
		}),
	}
}

func noLimit() Rule {
	return Rule{
		Code: "NS316", Title: "Service without limits", Production: Error, Development: Error,
		Theme: Resources, Severity: Medium, Held: ByDefault,
		References: []string{"CIS Docker Benchmark 5.11, 5.12 and 5.29", "OWASP Docker D7"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			missing := ""
			switch {
			case s.Memory.V <= 0:
				missing = "memory"
			case s.CPUs.V <= 0:
				missing = "cpus"
			case s.Pids.V <= 0:
				missing = "pids"
			default:
				return
			}
			report(about(s, s.Origin.Range,
				"%s has no limit on %s. One fault in it, or one client, can then take the whole host down. Set it:\n\n"+
					"    resources {\n      cpus   = 1\n      memory = \"512M\"\n      pids   = 256\n    }", s.Address, missing))
		}),
	}
}
