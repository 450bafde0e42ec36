package proof

import (
	"slices"

	"nselfc/internal/proof/yaml"
)

// unknownKey refuses the keys of a service, and those below them, that no rule knows,
// and values of another kind than a key has: a rule that looks for a list sees none
// where one word stands, and Compose may still take it.
func unknownKey(s *service, report Report) {
	for n := range s.All() {
		switch {
		case common(n.Key) >= 0 || isHarmless(n.Key):
			if !ofItsKind(n) {
				report(s.at(n), "The value of %s of the service %s is not of the kind that the key has.", n.Key, s.Key)
			}
		case !isForbidden(n.Key):
			report(s.at(n), "The service %s has the key %s, which no rule knows.", s.Key, n.Key)
		}
	}
	for _, below := range [...]struct {
		of   *yaml.Node
		keys []string
	}{
		{s.Get("healthcheck"), []string{"test", "interval", "timeout", "retries", "start_period", "disable"}}, // of which NS1107 speaks
		{s.Get("logging"), []string{"driver", "options"}},
		{s.At("logging", "options"), []string{"max-file", "max-size"}},
		{s.At("deploy", "resources"), []string{"limits", "reservations"}},
		{s.At("deploy", "resources", "reservations"), []string{"devices"}}, // of which NS1015 speaks
		{s.At("deploy", "resources", "limits"), []string{"cpus", "memory", "pids"}},
	} {
		if n := otherThan(below.of, below.keys...); n != nil {
			report(s.at(n), "The service %s has the key %s.%s, which no rule knows.", s.Key, below.of.Key, n.Key)
		}
	}
	for d := range s.Get("depends_on").All() {
		n := d.Get("condition")
		if n != nil && !slices.Contains([]string{"service_healthy", "service_started", "service_completed_successfully"}, n.Value()) {
			report(s.at(n), "The service %s waits for %s to be %q, which Compose does not know.", s.Key, d.Key, n.Value())
		}
	}
}

// ofItsKind tells whether a value is a list, a mapping, true or false, or one word, as
// its key wants it.
func ofItsKind(n *yaml.Node) bool {
	switch n.Key {
	case "cap_add", "cap_drop", "command", "dns_opt", "dns_search", "entrypoint", "env_file", "expose", "ports", "secrets", "security_opt",
		"tmpfs", "volumes":
		return n.Kind == yaml.Sequence
	case "build", "depends_on", "deploy", "environment", "healthcheck", "labels", "logging", "networks", "sysctls", "ulimits":
		return n.Kind == yaml.Mapping
	case "attach", "init", "read_only":
		return n.Bool()
	case "pull_policy":
		return slices.Contains([]string{"always", "never", "missing", "if_not_present", "build"}, n.Value())
	}
	return n.Kind == yaml.Scalar && n.Text != ""
}
