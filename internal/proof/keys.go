package proof

import "slices"

// commonKeys is how many keys most services have.
const commonKeys = 28

// common gives the place of a key that most services have and that rules ask for one
// by one, or -1.
func common(key string) int {
	switch key {
	case "image":
		return 0
	case "build":
		return 1
	case "depends_on":
		return 2
	case "volumes":
		return 3
	case "secrets":
		return 4
	case "environment":
		return 5
	case "env_file":
		return 6
	case "ports":
		return 7
	case "networks":
		return 8
	case "network_mode":
		return 9
	case "command":
		return 10
	case "entrypoint":
		return 11
	case "working_dir":
		return 12
	case "restart":
		return 13
	case "healthcheck":
		return 14
	case "logging":
		return 15
	case "labels":
		return 16
	case "user":
		return 17
	case "cap_add":
		return 18
	case "cap_drop":
		return 19
	case "deploy":
		return 20
	case "expose":
		return 21
	case "init":
		return 22
	case "memswap_limit":
		return 23
	case "read_only":
		return 24
	case "security_opt":
		return 25
	case "stop_grace_period":
		return 26
	case "tmpfs":
		return 27
	}
	return -1
}

// isHarmless tells the keys that the author of a stack may add, by extra_compose:
// they change how a process sees its own container.
func isHarmless(key string) bool {
	switch key {
	case "attach", "cpu_shares", "cpuset", "dns_opt", "dns_search", "domainname", "hostname", "mem_reservation", "oom_score_adj",
		"platform", "pull_policy", "shm_size", "stop_signal", "sysctls", "ulimits":
		return true
	}
	return false
}

// forbiddenRules are those that a key alone breaks, whatever its value.
func forbiddenRules() []Rule {
	var out []Rule
	for _, f := range forbidden() {
		out = append(out, without(f.code, f.why, f.keys...))
	}
	return out
}

type forbiddance struct {
	code string
	keys []string
	why  string
}

// forbidden are the keys that no service may have, by the rule that they break.
func forbidden() []forbiddance {
	return []forbiddance{
		{"NS1001", []string{"privileged"}, "a privileged container is the host"},
		{"NS1005", []string{"pid"}, "processes of the host, or of another container, would be in its reach"},
		{"NS1006", []string{"ipc"}, "shared memory of the host, or of another container, would be in its reach"},
		{"NS1007", []string{"uts"}, "it could change the name of the host"},
		{"NS1008", []string{"userns_mode"}, "root in it would be root on the host, wherever the daemon keeps the two apart"},
		{"NS1009", []string{"cgroup", "cgroup_parent"}, "another control group has other limits, or none"},
		{"NS1017", []string{"extra_hosts"}, "a name could lead its credentials to another machine, or open the host"},
		{"NS1019", []string{"stdin_open", "tty"}, "a service has nobody at its keyboard"},
		{"NS1020", []string{"post_start", "pre_start", "pre_stop"}, "such a command may run as root and privileged"},
		{"NS1021", []string{"group_add"}, "a group of the host, such as docker, can be root"},
		{"NS1022", []string{"volumes_from"}, "it would take over every mount of another container"},
		{"NS1023", []string{"annotations", "credential_spec", "isolation", "runtime"}, "another runtime isolates in another way, or not at all"},
		{"NS1113", []string{
			"blkio_config", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpus",
			"mem_limit", "mem_swappiness", "oom_kill_disable", "pids_limit", "storage_opt",
		}, "it sets aside a limit that deploy.resources has set"},
		{"NS1414", []string{"container_name"}, "two stacks, or two containers of one service, would claim one name"},
		{"NS1415", []string{"external_links", "links"}, "it reaches a container past the networks"},
		{"NS1416", []string{"dns", "mac_address"}, "it takes a part of the network out of Docker's hands"},
		{"NS2161", []string{
			"configs", "develop", "extends", "label_file", "models", "profiles", "provider", "pull_refresh_after", "scale", "umask",
		}, "what runs would no longer be what this file says, or not on every release of Compose"},
	}
}

// isForbidden tells a key that one of the rules above, or one with a look at its
// value, reports.
func isForbidden(key string) bool {
	switch key {
	case "use_api_socket", "devices", "device_cgroup_rules", "gpus":
		return true
	}
	for _, f := range forbidden() {
		if slices.Contains(f.keys, key) {
			return true
		}
	}
	return false
}
