package policy

import (
	"strings"

	"nselfc/compiler/ir"
)

func writableRoot() Rule {
	return Rule{
		Code: "NS312", Title: "Writable root file system", Production: Warning,
		Theme: Isolation, Severity: Medium, Held: ByDefault, Waivable: true,
		References: []string{"CIS Docker Benchmark 5.13", "OWASP Docker D8", "Checkov CKV_K8S_22"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			if s.ReadOnly.V {
				return
			}
			report(about(s, s.ReadOnly.Range,
				"The root file system of %s can be written. Whoever breaks in can change the program and leave tools behind, and what the "+
					"service writes there is lost with the container. Take read_only out and name the paths that it writes:\n\n"+
					"    writable \"/var/run/app\" {}", s.Address))
		}),
	}
}

func rootUser() Rule {
	return Rule{
		Code: "NS313", Title: "Service runs as root", Production: Error, Development: Warning,
		Theme: Isolation, Severity: High, Held: ByDefault, Waivable: true,
		References: []string{"CIS Docker Benchmark 4.1", "OWASP Docker D2", "Checkov CKV_K8S_23", "CWE-250"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			uid, _, _ := strings.Cut(s.User.V, ":")
			if uid != "0" {
				return
			}
			report(about(s, s.User.Range,
				"%s runs as root. A fault in the kernel or in Docker then makes whoever breaks into the service root on the host. Write the "+
					"user that the image is made for, or any other number:\n\n    user = \"10001:10001\"", s.Address))
		}),
	}
}

// dangerous says what each capability of the never-list gives away.
func dangerous(capability string) string {
	switch capability {
	case "ALL", "SYS_ADMIN":
		return "is nearly root on the host"
	case "NET_ADMIN":
		return "can change addresses, routes and firewall rules of the container, and listen to its neighbours"
	case "NET_RAW":
		return "can forge packets and take over its neighbours' addresses"
	case "SYS_PTRACE", "PERFMON":
		return "can read the memory of other processes"
	case "SYS_MODULE", "BPF":
		return "can load code into the kernel"
	case "SYS_RAWIO", "SYS_BOOT", "SYS_TIME", "SYSLOG":
		return "can reach hardware, clock or log of the host"
	case "DAC_READ_SEARCH":
		return "can read any file, and files of the host through handles"
	case "MAC_ADMIN", "MAC_OVERRIDE", "SETFCAP":
		return "can take the confinement of programs away"
	case "MKNOD":
		return "can make device files"
	}
	return ""
}

func dangerousCapability() Rule {
	return Rule{
		Code: "NS314", Title: "Dangerous capability", Production: Error, Development: Error,
		Theme: Isolation, Severity: High, Held: ByDefault,
		References: []string{"CIS Docker Benchmark 5.4", "OWASP Docker D3", "Checkov CKV_K8S_39", "capabilities(7)", "CWE-250"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			for _, c := range s.CapAdd {
				if why := dangerous(c.V); why != "" {
					report(about(s, c.Range, "%s asks for the capability %s: a process with it %s. No service of a stack needs that. Remove it. "+
						"Ports below 1024 need no capability: Docker lets every user of a container listen there.", s.Address, c.V, why))
				}
			}
		}),
	}
}

func writableBind() Rule {
	return Rule{
		Code: "NS318", Title: "Writable host folder", Production: Warning,
		Theme: Volumes, Severity: Medium, Held: ByDefault, Waivable: true,
		References: []string{"OWASP Docker D8", "CWE-732"},
		Check: eachService(func(s *ir.Service, report func(Finding)) {
			for _, v := range s.Volumes {
				if v.Volume == "" && !v.ReadOnly.V {
					report(about(s, v.ReadOnly.Range,
						"%s can write to a folder of the host, next to the stack's own sources. What it puts there is deployed, and perhaps run, "+
							"with the next build. Use a volume:\n\n    volume \"data\" {\n      path = \"%s\"\n    }", s.Address, v.Target.V))
				}
			}
		}),
	}
}
