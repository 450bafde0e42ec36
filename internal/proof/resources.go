package proof

import (
	"slices"
	"strconv"
	"strings"

	"nselfc/internal/proof/yaml"
)

// resourceRules are proved on limits, restarts, health checks and the start order.
func resourceRules() []Rule {
	return []Rule{
		eachService("NS1101", func(s *service, report Report) {
			if n := s.At("deploy", "resources", "limits", "memory"); size(n) < 6<<20 {
				report(s.at(n), "The memory of the service %s is limited to %q.", s.Key, n.Value())
			}
		}),
		eachService("NS1102", func(s *service, report Report) {
			n := s.At("deploy", "resources", "limits", "cpus")
			if cpus, err := strconv.ParseFloat(n.Value(), 64); err != nil || !(cpus > 0 && cpus <= 512) {
				report(s.at(n), "The processors of the service %s are limited to %q.", s.Key, n.Value())
			}
		}),
		eachService("NS1103", func(s *service, report Report) {
			if n := s.At("deploy", "resources", "limits", "pids"); !n.Number() || !within(n, 1, 1<<22) {
				report(s.at(n), "The processes of the service %s are limited to %q.", s.Key, n.Value())
			}
		}),
		eachService("NS1104", func(s *service, report Report) {
			n, memory := s.Get("memswap_limit"), s.At("deploy", "resources", "limits", "memory")
			if n.Value() != memory.Value() {
				report(s.at(n), "The service %s may use %q of memory and swap, and %q of memory.", s.Key, n.Value(), memory.Value())
			}
		}),
		eachService("NS1105", unboundLimit),
		eachService("NS1106", restartPolicy),
		eachService("NS1107", func(s *service, report Report) {
			h := s.Get("healthcheck")
			first, count := "", 0
			for c := range h.Get("test").All() {
				if count++; count == 1 {
					first = c.Value()
				}
			}
			if h != nil && (h.Get("disable") != nil || count < 2 || first != "CMD" && first != "CMD-SHELL") {
				report(s.at(h), "The health check of the service %s runs %s.", s.Key, listed(h.Get("test")))
			}
		}),
		eachService("NS1108", func(s *service, report Report) {
			h := s.Get("healthcheck")
			for _, key := range [...]string{"interval", "timeout", "retries"} {
				if n := h.Get(key); h != nil && (n == nil || strings.Trim(n.Value(), "0hmsu") == "") {
					report(s.at(n), "The health check of the service %s has no %s.", s.Key, key)
				}
			}
		}),
		{"NS1109", eachDependency(waitsTooLittle)},
		{"NS1110", eachDependency(waitsForEver)},
		eachService("NS1111", logRotation),
		eachService("NS1112", func(s *service, report Report) {
			if n := s.Get("stop_grace_period"); n.Value() == "" {
				report(s.at(n), "The service %s does not say how long its end may take.", s.Key)
			}
		}),
		eachService("NS1114", func(s *service, report Report) {
			if n := s.At("deploy", "replicas"); n != nil && !within(n, 0, 100) {
				report(s.at(n), "The service %s runs %s containers.", s.Key, n.Value())
			}
			if n := otherThan(s.Get("deploy"), "replicas", "resources"); n != nil {
				report(s.at(n), "The service %s has the key deploy.%s.", s.Key, n.Key)
			}
		}),
		eachService("NS1115", func(s *service, report Report) {
			for _, n := range s.rare {
				if n.Key == "mem_reservation" && size(n) > size(s.At("deploy", "resources", "limits", "memory")) {
					report(s.at(n), "The service %s reserves %s of memory, more than its limit.", s.Key, n.Value())
				}
			}
		}),
		eachService("NS1116", func(s *service, report Report) {
			for _, n := range s.rare {
				if n.Key == "oom_score_adj" && !within(n, 0, 1000) {
					report(s.at(n), "The service %s has an oom_score_adj of %s.", s.Key, n.Value())
				}
			}
		}),
	}
}

// size reads a number of bytes with a unit of 1024, or gives -1.
func size(n *yaml.Node) int64 {
	s := strings.TrimSuffix(strings.ToLower(n.Value()), "b")
	if s == "" {
		return -1
	}
	shift := 0
	switch s[len(s)-1] {
	case 'k':
		shift = 10
	case 'm':
		shift = 20
	case 'g':
		shift = 30
	}
	if shift > 0 {
		s = s[:len(s)-1]
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 0 || v > 1<<50>>shift {
		return -1
	}
	return v << shift
}

// within tells whether a node is a whole number from low to high.
func within(n *yaml.Node, low, high int) bool {
	v, err := strconv.Atoi(n.Value())
	return err == nil && low <= v && v <= high
}

// unboundLimit: of the ulimits that a service may ask for, one alone may be without
// a bound: locked memory counts towards the memory limit.
func unboundLimit(s *service, report Report) {
	for _, n := range s.rare {
		if n.Key != "ulimits" {
			continue
		}
		for u := range n.All() {
			values := slices.DeleteFunc([]*yaml.Node{u, u.Get("soft"), u.Get("hard")}, func(n *yaml.Node) bool { return n.Value() == "" })
			low := 0
			if u.Key == "memlock" {
				low = -1
			}
			if !slices.Contains([]string{"core", "memlock", "nofile", "nproc", "stack"}, u.Key) || len(values) == 0 ||
				slices.ContainsFunc(values, func(n *yaml.Node) bool { return !within(n, low, 1<<44) }) {
				report(s.at(u), "The service %s sets the limit %s without a bound.", s.Key, u.Key)
			}
		}
	}
}

func restartPolicy(s *service, report Report) {
	n := s.Get("restart")
	name, tries, counted := strings.Cut(n.Value(), ":")
	count, err := strconv.Atoi(tries)
	switch {
	case name == "on-failure" && counted && err == nil && 1 <= count && count <= 100:
	case !counted && slices.Contains([]string{"no", "always", "on-failure", "unless-stopped"}, name):
	default:
		report(s.at(n), "The service %s has the restart policy %q.", s.Key, n.Value())
	}
}

// eachDependency makes a check of one that looks at what a service waits for; the
// provider is nil where it does not exist.
func eachDependency(check func(s, provider *service, name, condition *yaml.Node, report Report)) func(*Artefacts, Report) {
	return func(a *Artefacts, report Report) {
		c := a.compose()
		for _, s := range c.services {
			for d := range s.Get("depends_on").All() {
				check(s, c.named[d.Key], d, d.Get("condition"), report)
			}
		}
	}
}

func waitsTooLittle(s, provider *service, name, condition *yaml.Node, report Report) {
	healthy := provider != nil && provider.Get("healthcheck") != nil
	if condition == nil || healthy && condition.Value() == "service_started" || otherThan(name, "condition") != nil {
		report(s.at(name), "The service %s does not wait until %s can answer.", s.Key, name.Key+name.Value())
	}
}

// waitsForEver: Compose would not start the service, today or ever.
func waitsForEver(s, provider *service, name, condition *yaml.Node, report Report) {
	switch {
	case provider == nil:
		if name.Key != "" {
			report(s.at(name), "The service %s waits for %s, which does not exist.", s.Key, name.Key)
		}
	case condition.Value() == "service_healthy" && provider.Get("healthcheck") == nil:
		report(s.at(name), "The service %s waits for the health of %s, which nothing checks.", s.Key, name.Key)
	case condition.Value() == "service_completed_successfully" && !ends(provider):
		report(s.at(name), "The service %s waits for the end of %s, which is started again whenever it ends.", s.Key, name.Key)
	}
}

// ends tells whether a service may end for good.
func ends(s *service) bool {
	restart := s.Get("restart").Value()
	return restart == "no" || strings.HasPrefix(restart, "on-failure")
}

func logRotation(s *service, report Report) {
	n := s.Get("logging")
	most := size(n.At("options", "max-size"))
	if n.Get("driver").Value() != "json-file" || most < 1 || most > 100<<20 || !within(n.At("options", "max-file"), 1, 20) {
		report(s.at(n), "The log of the service %s has no bound.", s.Key)
	}
}
