package proof

import (
	"slices"
	"strings"
)

// isolationRules are proved on what a service says of its container.
func isolationRules() []Rule {
	return append(
		forbiddenRules(),
		eachService("NS314", dangerousCapability),
		eachService("NS1002", engineSocket),
		eachService("NS1003", engineVariable),
		eachService("NS1004", foreignNetwork),
		eachService("NS1010", keptCapabilities),
		eachService("NS1011", newPrivileges),
		eachService("NS1012", securityOption("seccomp", "the filter of system calls")),
		eachService("NS1013", confinement),
		eachService("NS1014", namedUser),
		eachService("NS1015", hostDevice),
		eachService("NS1016", kernelParameter),
	)
}

// never are the capabilities that are root by another name, or that reach the
// neighbours of a container.
var never = []string{
	"ALL", "BPF", "DAC_READ_SEARCH", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_RAW", "PERFMON", "SETFCAP",
	"SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "SYS_TIME",
}

func dangerousCapability(s *service, report Report) {
	for c := range s.Get("cap_add").All() {
		if name := strings.TrimPrefix(strings.ToUpper(c.Value()), "CAP_"); slices.Contains(never, name) {
			report(s.at(c), "The service %s is given the capability %s.", s.Key, c.Value())
		}
	}
}

func engineSocket(s *service, report Report) {
	for _, n := range s.rare {
		if n.Key == "use_api_socket" {
			report(s.at(n), "The service %s asks for the engine's socket.", s.Key)
		}
	}
	for m := range s.Get("volumes").All() {
		source := m.Get("source")
		base := source.Value()[strings.LastIndexByte(source.Value(), '/')+1:]
		if base == "docker.sock" || base == "containerd.sock" || base == "podman.sock" || base == "crio.sock" {
			report(s.at(source), "The service %s mounts %s, the socket of a container engine.", s.Key, source.Value())
		}
	}
}

func engineVariable(s *service, report Report) {
	for v := range s.Get("environment").All() {
		if strings.HasPrefix(v.Key, "COMPOSE_") || strings.HasPrefix(v.Key, "DOCKER_") && slices.Contains(engineVariables, v.Key) {
			report(s.at(v), "The service %s has the variable %s, by which Docker's tools are told which engine to command.", s.Key, v.Key)
		}
	}
}

var engineVariables = []string{
	"DOCKER_API_VERSION", "DOCKER_CERT_PATH", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_HOST", "DOCKER_TLS", "DOCKER_TLS_VERIFY",
}

func foreignNetwork(s *service, report Report) {
	if n := s.Get("network_mode"); n != nil && n.Value() != "none" {
		report(s.at(n), "The service %s is on the network %q, which is not its own.", s.Key, n.Value())
	}
}

func keptCapabilities(s *service, report Report) {
	if n := s.Get("cap_drop"); !holdsOnly(n, "ALL") {
		report(s.at(n), "The service %s drops %s, and not just ALL.", s.Key, listed(n))
	}
}

func newPrivileges(s *service, report Report) {
	n, found := s.Get("security_opt"), false
	for c := range n.All() {
		if strings.HasPrefix(c.Value(), "no-new-privileges") && c.Value() != "no-new-privileges:true" {
			found = false // the last one counts
			break
		}
		found = found || c.Value() == "no-new-privileges:true"
	}
	if !found {
		report(s.at(n), "The service %s does not have no-new-privileges:true, and no other, among its security options.", s.Key)
	}
}

// securityOption makes a check that no option of a kind stands there: the engine's
// own default is the one that confines.
func securityOption(kind, what string) func(*service, Report) {
	return func(s *service, report Report) {
		for c := range s.Get("security_opt").All() {
			if strings.HasPrefix(c.Value(), kind) {
				report(s.at(c), "The service %s sets %s to %q.", s.Key, what, c.Value())
			}
		}
	}
}

func confinement(s *service, report Report) {
	for c := range s.Get("security_opt").All() {
		if !strings.HasPrefix(c.Value(), "no-new-privileges") && !strings.HasPrefix(c.Value(), "seccomp") {
			report(s.at(c), "The service %s has the security option %q.", s.Key, c.Value())
		}
	}
}

// namedUser wants the user stated, and by numbers: that root is accepted is for
// policy to say, but nothing may hide it.
func namedUser(s *service, report Report) {
	n := s.Get("user")
	uid, gid, both := strings.Cut(n.Value(), ":")
	if !n.String() || !isDigits(uid) || both && !isDigits(gid) {
		report(s.at(n), "The service %s runs as %q, which the image has to translate.", s.Key, n.Value())
	}
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func hostDevice(s *service, report Report) {
	for _, n := range s.rare {
		if n.Key == "devices" || n.Key == "device_cgroup_rules" || n.Key == "gpus" {
			report(s.at(n), "The service %s has the key %s.", s.Key, n.Key)
		}
	}
	if n := s.At("deploy", "resources", "reservations", "devices"); n != nil {
		report(s.at(n), "The service %s reserves devices of the host.", s.Key)
	}
}

// ownParameters are those of a container's own network that tune it, and can make
// it neither a router nor answer for others.
var ownParameters = []string{
	"net.core.somaxconn", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_tw_reuse",
}

func kernelParameter(s *service, report Report) {
	for _, n := range s.rare {
		if n.Key != "sysctls" {
			continue
		}
		for p := range n.All() {
			if !slices.Contains(ownParameters, p.Key) {
				report(s.at(p), "The service %s sets the kernel parameter %q.", s.Key, p.Key+p.Value())
			}
		}
	}
}
