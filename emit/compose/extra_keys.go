package compose

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// extraKey is the judgement on one key of a Compose service.
type extraKey struct {
	// fits checks the value of an allowed key; nil refuses the key.
	fits func(cty.Value) bool
	// say ends a sentence: for an allowed key the form "must be …", for a
	// refused one the reason and what to use instead.
	say string
}

// extraKeys judges every key that a service has in the Compose specification.
// What touches isolation, exposure, limits, storage, secrets or the start order
// is refused, and so is what a Compose of 2024 (2.26) does not know; a key that
// is missing here is refused as unknown.
var extraKeys = map[string]extraKey{
	// Harmless: they change how the process sees its own container.
	"attach":          {isBool, "true or false"},
	"cpu_shares":      {wholeNumber(2, 262144), "a whole number from 2 to 262144"},
	"cpuset":          {text("0123456789,-"), "a list of CPUs such as \"0-3\" or \"0,2\""},
	"dns_opt":         {listOf(isVisibleText), "a list of resolver options such as [\"ndots:1\"]"},
	"dns_search":      {listOf(isHostName), "a list of domain names"},
	"domainname":      {isHostName, "a domain name"},
	"hostname":        {isHostName, "a host name: letters, digits, hyphens and dots"},
	"labels":          {isLabels, "an object of strings whose names begin with none of \"io.nselfc.\", \"com.docker.\" and \"x-\""},
	"mem_reservation": {isSize, "a size such as \"256m\""},
	"oom_score_adj":   {wholeNumber(0, 1000), "a whole number from 0 to 1000: a service may ask to be killed first, never last"},
	"platform":        {text("abcdefghijklmnopqrstuvwxyz0123456789/_"), "a platform such as \"linux/amd64\""},
	"pull_policy":     {oneOf("always", "never", "missing", "if_not_present", "build"), "one of \"always\", \"missing\", \"never\", \"if_not_present\" and \"build\""},
	"shm_size":        {isSize, "a size such as \"64m\""},
	"stop_signal":     {text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-"), "a signal such as \"SIGINT\""},
	"sysctls":         {isSysctls, "an object whose names are among those that act inside the container alone: " + strings.Join(sysctls, ", ")},
	"ulimits":         {isUlimits, "an object such as { nofile = 65536 } or { nofile = { soft = 1024, hard = 65536 } }, with whole numbers for core, memlock, nofile, nproc and stack, of which soft is not above hard; -1 is no limit, for memlock alone"},
	"working_dir":     {isPath, "an absolute path"},

	// Written by the compiler from arguments of the service.
	"build":             {say: "it replaces what the compiler checked. Use the build block."},
	"cap_add":           {say: "every capability is a part of root's power. Use the argument capabilities, which policy sees."},
	"command":           {say: "it would be written twice. Use the argument command."},
	"configs":           {say: "files are mounted read-only from the output directory. Use a config block."},
	"depends_on":        {say: "the order of start follows from references. Refer to the other service."},
	"deploy":            {say: "it holds the limits and replicas. Use the resources block and the argument replicas."},
	"entrypoint":        {say: "it would be written twice. Use the argument entrypoint."},
	"env_file":          {say: "variables from a file that the compiler does not know may hold secrets in plain sight. Use env and secrets."},
	"environment":       {say: "it would be written twice. Use the argument env."},
	"expose":            {say: "ports are declared once, for routes and the firewall alike. Use a port block."},
	"healthcheck":       {say: "dependants wait for it. Use the healthcheck block."},
	"image":             {say: "it would be written twice. Use the argument image."},
	"init":              {say: "it would be written twice. Use the argument init."},
	"networks":          {say: "a service reaches what it refers to, and nothing else. Refer to the other service, or set egress = true for a way out."},
	"ports":             {say: "only the ingress publishes ports. Use a route block."},
	"read_only":         {say: "a writable root lets an intruder settle. Use the argument read_only, or a writable block for one path."},
	"restart":           {say: "it would be written twice. Use the argument restart."},
	"secrets":           {say: "the compiler makes the files and their modes. Use the argument secrets."},
	"stop_grace_period": {say: "it would be written twice. Use the argument stop_grace."},
	"tmpfs":             {say: "memory file systems are sized and noexec. Use a writable block."},
	"user":              {say: "root in a container is root on the kernel. Use the argument user."},
	"volumes":           {say: "host paths and the Docker socket give the host away. Use a volume block."},

	// Undo a limit.
	"blkio_config":     {say: "it names devices of the host. There is no argument for it."},
	"cpu_count":        {say: "it is for Windows. Use resources { cpus = … }."},
	"cpu_percent":      {say: "it is for Windows. Use resources { cpus = … }."},
	"cpu_period":       {say: "it replaces the CPU limit, and Docker refuses both together. Use resources { cpus = … }."},
	"cpu_quota":        {say: "it replaces the CPU limit, and Docker refuses both together. Use resources { cpus = … }."},
	"cpu_rt_period":    {say: "a real-time service can starve the host. Use resources { cpus = … }."},
	"cpu_rt_runtime":   {say: "a real-time service can starve the host. Use resources { cpus = … }."},
	"cpus":             {say: "it replaces the CPU limit. Use resources { cpus = … }."},
	"mem_limit":        {say: "it replaces the memory limit. Use resources { memory = … }."},
	"mem_swappiness":   {say: "services do not swap at all. Use resources { memory = … }."},
	"memswap_limit":    {say: "swap would make the memory limit void. Use resources { memory = … }."},
	"oom_kill_disable": {say: "a service above its memory limit would hang for ever. Use resources { memory = … }."},
	"pids_limit":       {say: "it replaces the limit of processes. Use resources { pids = … }."},
	"scale":            {say: "it would be written twice. Use the argument replicas."},
	"storage_opt":      {say: "its meaning depends on the host's storage driver. There is no argument for it."},

	// Undo isolation.
	"annotations":         {say: "runtimes read annotations to change the isolation of a container. Use labels."},
	"cap_drop":            {say: "every capability is dropped already."},
	"cgroup":              {say: "the host's control groups are the host's. There is no argument for it."},
	"cgroup_parent":       {say: "another parent has other limits, or none. Use the resources block."},
	"credential_spec":     {say: "it is for Windows."},
	"device_cgroup_rules": {say: "devices belong to the host. There is no argument for it."},
	"devices":             {say: "devices belong to the host. There is no argument for it."},
	"dns":                 {say: "a foreign name server learns every name that the service asks for. Services find each other by Docker's own."},
	"external_links":      {say: "it reaches containers of other projects. Use a route of the other stack."},
	"extra_hosts":         {say: "it can send a service's credentials to another machine, or open the host by host-gateway. Refer to services by their references."},
	"gpus":                {say: "devices belong to the host. There is no argument for it."},
	"group_add":           {say: "a group of the host, such as docker, can be root. Use the argument user."},
	"ipc":                 {say: "shared memory of the host or of another service is a way into it. Use shm_size for more memory of its own."},
	"isolation":           {say: "it is for Windows."},
	"links":               {say: "a service reaches what it refers to, and nothing else. Refer to the other service."},
	"logging":             {say: "logs are rotated, so that they cannot fill the disk, and kept, so that an incident can be told."},
	"mac_address":         {say: "an address of the network is not the service's to choose."},
	"models":              {say: "the Compose releases of 2024, which this file is for, do not know the key."},
	"network_mode":        {say: "the host's network, or another container's, has no isolation at all. Refer to services, or set egress = true for a way out."},
	"pid":                 {say: "the host's processes, or another service's, would be in reach. There is no argument for it."},
	"privileged":          {say: "a privileged container is the host. Use the argument capabilities for the one that is needed."},
	"runtime":             {say: "another runtime isolates in another way. Set it as the daemon's default, where the host's owner decides."},
	"security_opt":        {say: "it switches off no-new-privileges, seccomp or AppArmor. There is no argument for it."},
	"use_api_socket":      {say: "the Docker socket gives the host away. There is no argument for it."},
	"userns_mode":         {say: "the host's user namespace makes root in the container root on the host. There is no argument for it."},
	"uts":                 {say: "the host's name is the host's. Use hostname for the container's own."},
	"volumes_from":        {say: "it takes over every mount of another service. Use a volume that both name."},

	// Change what the project is made of, or when it runs.
	"container_name":     {say: "two stacks or replicas would claim one name. Compose names containers PROJECT-SERVICE-NUMBER."},
	"develop":            {say: "it copies files into running containers. Build an image instead."},
	"extends":            {say: "the other file is not checked. Use a module or for_each."},
	"label_file":         {say: "the file is not checked. Use labels."},
	"post_start":         {say: "hooks may run as root and privileged. Put the work into the image's entrypoint."},
	"pre_start":          {say: "hooks may run as root and privileged. Put the work into the image's entrypoint."},
	"pre_stop":           {say: "hooks may run as root and privileged. Handle the stop signal in the service."},
	"profiles":           {say: "a service that does not start breaks those that depend on it. Use an environment or for_each."},
	"provider":           {say: "it runs a program on the host. There is no argument for it."},
	"pull_refresh_after": {say: "the Compose releases of 2024, which this file is for, do not know the key. Use pull_policy."},
	"stdin_open":         {say: "a service has no one at its keyboard. Use docker compose run -i for a session."},
	"tty":                {say: "a service has no terminal, and one would spoil its log. Use docker compose run -it for a session."},
	"umask":              {say: "the Compose releases of 2024, which this file is for, do not know the key. Set it in the image's entrypoint."},
}

// sysctls are those of a container's own network namespace that tune it and
// cannot make it a router or answer for other addresses.
var sysctls = []string{
	"net.core.somaxconn",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl",
	"net.ipv4.tcp_keepalive_probes",
	"net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_max_syn_backlog",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.tcp_tw_reuse",
}

func isBool(v cty.Value) bool { return v.Type() == cty.Bool }

func isString(v cty.Value) bool { return v.Type() == cty.String && !v.IsNull() }

func isPath(v cty.Value) bool {
	return isVisibleText(v) && strings.HasPrefix(v.AsString(), "/")
}

func isVisibleText(v cty.Value) bool {
	return isString(v) && v.AsString() != "" && isVisible(v.AsString())
}

// text accepts a string of the given characters, at least one.
func text(allowed string) func(cty.Value) bool {
	return func(v cty.Value) bool {
		return isString(v) && v.AsString() != "" && strings.Trim(v.AsString(), allowed) == ""
	}
}

func oneOf(words ...string) func(cty.Value) bool {
	return func(v cty.Value) bool {
		return isString(v) && slices.Contains(words, v.AsString())
	}
}

var isHostText = text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")

// isHostName accepts what RFC 1123 calls a host name, up to 253 characters.
func isHostName(v cty.Value) bool {
	if !isHostText(v) || len(v.AsString()) > 253 {
		return false
	}
	for label := range strings.SplitSeq(v.AsString(), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// isSize accepts what go-units' RAMInBytes reads without surprises.
func isSize(v cty.Value) bool {
	_, ok := sizeOf(v)
	return ok
}

// sizeOf reads a whole number and a unit, in bytes.
func sizeOf(v cty.Value) (int64, bool) {
	if !isString(v) {
		return 0, false
	}
	s := strings.ToLower(v.AsString())
	number := strings.TrimRight(s, "bkmg")
	shift, ok := map[string]int{"": 0, "b": 0, "k": 10, "kb": 10, "m": 20, "mb": 20, "g": 30, "gb": 30}[s[len(number):]]
	n, err := strconv.ParseUint(number, 10, 32)
	return int64(n) << shift, ok && err == nil
}

func wholeNumber(from, to int64) func(cty.Value) bool {
	return func(v cty.Value) bool {
		if v.Type() != cty.Number || v.IsNull() {
			return false
		}
		n, accuracy := v.AsBigFloat().Int64()
		return accuracy == big.Exact && from <= n && n <= to
	}
}

func listOf(fits func(cty.Value) bool) func(cty.Value) bool {
	return func(v cty.Value) bool {
		if ty := v.Type(); !ty.IsTupleType() && !ty.IsListType() && !ty.IsSetType() {
			return false
		}
		seen := map[string]bool{}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			if !fits(e) || seen[e.AsString()] {
				return false
			}
			seen[e.AsString()] = true
		}
		return len(seen) > 0
	}
}

// entries calls fits for every attribute of an object, and wants at least one.
func entries(v cty.Value, fits func(key string, v cty.Value) bool) bool {
	if ty := v.Type(); !ty.IsObjectType() && !ty.IsMapType() {
		return false
	}
	n := 0
	for it := v.ElementIterator(); it.Next(); n++ {
		k, e := it.Element()
		if !fits(k.AsString(), e) {
			return false
		}
	}
	return n > 0
}

// isLabels keeps the names that nselfc and Docker read themselves: Compose
// finds its containers by com.docker.compose.*, and drops names that begin
// with x-.
func isLabels(v cty.Value) bool {
	return entries(v, func(key string, v cty.Value) bool {
		return key != "" && isVisible(key) && isString(v) &&
			!strings.HasPrefix(key, "io.nselfc.") && !strings.HasPrefix(key, "com.docker.") && !strings.HasPrefix(key, "x-")
	})
}

func isSysctls(v cty.Value) bool {
	value := text("0123456789 ")
	number := wholeNumber(0, 1<<31-1)
	return entries(v, func(key string, v cty.Value) bool {
		return slices.Contains(sysctls, key) && (value(v) || number(v))
	})
}

func isUlimits(v cty.Value) bool {
	return entries(v, func(key string, v cty.Value) bool {
		limit := wholeNumber(0, 1<<31-1)
		switch key {
		case "core", "nofile", "nproc", "stack":
		case "memlock": // in bytes; what is locked counts towards the memory limit
			limit = wholeNumber(-1, 1<<44)
		default:
			return false
		}
		if limit(v) {
			return true
		}
		of := map[string]int64{}
		fits := entries(v, func(key string, v cty.Value) bool {
			if (key == "soft" || key == "hard") && limit(v) {
				of[key], _ = v.AsBigFloat().Int64()
			}
			_, known := of[key]
			return known
		})
		soft, hard := of["soft"], of["hard"]
		return fits && len(of) == 2 && (hard < 0 || 0 <= soft && soft <= hard)
	})
}
