package schema

// serviceHints are the words of Compose, of `docker run` and of Kubernetes that people
// write in a service block. Every key that Compose's specification has for a service is
// here or is an argument (a test holds this): what would open the host says what it
// opens, and each says what to write instead.
var serviceHints = map[string]string{
	// Exposure and the network.
	"ports":          "Docker would open the port on every address of the host, past its firewall. Name the port that the process listens on with a port block, and publish it over TLS with a route block.",
	"expose":         "Name the port that the process listens on with a port block.",
	"links":          "There is nothing to write: a service reaches what its expressions refer to.",
	"external_links": "It reaches into another project, whose services may be anybody's by then. Use a route of the other stack.",
	"networks":       "There is nothing to write: a service reaches what its expressions refer to, over networks of their own, and nothing else.",
	"network":        "There is nothing to write: a service reaches what its expressions refer to, over networks of their own, and nothing else.",
	"network_mode":   "A service cannot share the host's network: every port of the host would be its own. It reaches what its expressions refer to; egress = true lets it reach the internet.",
	"dns":            "A foreign name server learns every name that the service asks for, and answers what it likes. Services find each other by Docker's own: service.NAME.host.",
	"extra_hosts":    "It sends a service's passwords to whatever address stands there, or opens the host by host-gateway. Refer to services, as in service.api.host.",
	"add_host":       "It sends a service's passwords to whatever address stands there, or opens the host by host-gateway. Refer to services, as in service.api.host.",
	"mac_address":    "An address of the network is not the service's to choose: with another's it takes that one's traffic. There is nothing to write.",
	"cors":           corsHint,
	"host":           "A host name belongs to a route block.",
	"domain":         "A host name belongs to a route block.",

	// Privileges.
	"privileged":                 "No service is privileged: it would have every device and every capability, and so own the host. Ask for single capabilities with the argument capabilities.",
	"cap_add":                    "Each capability is a part of root's power; ALL and SYS_ADMIN are nearly all of it. All are dropped. Name the one that the program needs in the argument capabilities.",
	"cap_drop":                   "There is nothing to write: every capability is dropped that the argument capabilities does not name.",
	"security_opt":               securityHint,
	"security_context":           securityHint,
	"seccomp":                    securityHint,
	"apparmor":                   securityHint,
	"allow_privilege_escalation": securityHint,
	"no_new_privileges":          "There is nothing to write: it is set for every service.",
	"group_add":                  "A group of the host can be root: who is in docker starts a container that has the whole disk. Write the group that the image's files belong to behind the user:\n\n    user = \"1000:1000\"",
	"credential_spec":            "It is for Windows.",
	"isolation":                  "It is for Windows.",
	"runtime":                    "Another runtime isolates in another way, or not at all. The owner of the host sets it, as the daemon's default.",
	"annotations":                "Runtimes read annotations to change the isolation of a container. Labels are for extra_compose.",

	// What is the host's.
	"pid":                 "With the host's processes in reach, a service reads the variables and the memory of every other, passwords included, and may end them. Who watches processes runs on the host; for a process that dies inside, write a healthcheck block.",
	"ipc":                 "With the host's memory segments in reach, a service reads what other programs share there, such as a database's buffers. For more memory of its own:\n\n    extra_compose = { shm_size = \"256m\" }",
	"uts":                 "With the host's name in reach, a service could change it. For a name of its own:\n\n    extra_compose = { hostname = \"api\" }",
	"userns_mode":         userNamespaceHint,
	"userns":              userNamespaceHint,
	"cgroup":              cgroupHint,
	"cgroup_parent":       cgroupHint,
	"devices":             deviceHint,
	"device_cgroup_rules": deviceHint,
	"gpus":                deviceHint,
	"blkio_config":        "It names devices of the host, which differ from host to host. There is no argument for it.",
	"use_api_socket":      "Whoever can talk to the container engine is root on the host. There is no way to mount its socket. What a service wants to know of its neighbours, it refers to: service.api.host.",
	"docker_socket":       "Whoever can talk to the container engine is root on the host. There is no way to mount its socket. What a service wants to know of its neighbours, it refers to: service.api.host.",
	"provider":            "It would run a program on the host. There is no argument for it.",
	"models":              "The releases of Compose that hosts have do not know the key, and some provider on the host would have to run it. A model is served by a service like any other.",

	// Files.
	"volumes":      "Write a volume block for each: volume \"data\" { path = \"/data\" }. The Docker socket and the host's own folders can never be mounted.",
	"mounts":       "Write a volume block for each: volume \"data\" { path = \"/data\" }. The Docker socket and the host's own folders can never be mounted.",
	"volumes_from": "It takes over every mount of another service, secrets included. Declare a volume at the top, and name it in both services: source = volume.uploads.",
	"tmpfs":        "Write a writable block for each path: writable \"/var/cache\" { size = \"64M\" }.",
	"configs":      "Write a config block for each file.",
	"storage_opt":  "What it means depends on the storage of the host. Paths that grow are volumes, or writable blocks with a size.",

	// Variables and secrets.
	"environment": "Environment variables are the argument env. What is in it stands in docker-compose.yml, in git and in docker inspect: passwords go into the argument secrets.",
	"env_file":    "A file of variables is committed one day, and docker inspect shows each of them. Environment variables are the argument env; passwords go into the argument secrets.",
	"password":    passwordHint,
	"label_file":  "What stands in the file is not checked. Labels are for extra_compose.",
	"labels":      "Labels are for extra_compose.",

	// Limits.
	"deploy":           "Limits are in a resources block; replicas is an argument.",
	"scale":            "The argument is replicas.",
	"limits":           "Limits are in a resources block: resources { memory = \"512M\" }.",
	"mem_limit":        "Limits are in a resources block: resources { memory = \"512M\" }.",
	"memory":           "Limits are in a resources block: resources { memory = \"512M\" }.",
	"cpus":             "Limits are in a resources block: resources { cpus = 1 }.",
	"cpu_count":        "Limits are in a resources block: resources { cpus = 1 }.",
	"cpu_percent":      "Limits are in a resources block: resources { cpus = 1 }.",
	"cpu_period":       "Limits are in a resources block: resources { cpus = 1 }.",
	"cpu_quota":        "Limits are in a resources block: resources { cpus = 1 }.",
	"cpu_rt_period":    "A service in real time can starve the host. Limits are in a resources block: resources { cpus = 1 }.",
	"cpu_rt_runtime":   "A service in real time can starve the host. Limits are in a resources block: resources { cpus = 1 }.",
	"pids":             "Limits are in a resources block: resources { pids = 256 }.",
	"pids_limit":       "Without a limit, or with -1, one loop of forks takes the host down. Limits are in a resources block: resources { pids = 256 }.",
	"mem_swappiness":   "Services do not swap at all: a limit of memory would mean little. Limits are in a resources block: resources { memory = \"512M\" }.",
	"memswap_limit":    "Swap would make the limit of memory void, and slow down the host for everybody. Limits are in a resources block: resources { memory = \"512M\" }.",
	"oom_kill_disable": "A service above its limit of memory would hang for ever instead of being started again. Give it more: resources { memory = \"1G\" }.",
	"logging":          "There is nothing to write: logs are rotated, so that they cannot fill the disk, and kept, so that an incident can be told.",

	// What a container is called, when it starts and how it ends.
	"build_args":        "Build arguments are args in the build block. They stay in the image's history, for everybody who can pull it: no secrets.",
	"container_name":    "There is nothing to write: containers are named after the stack and the service.",
	"hostname":          "There is nothing to write: the host name is the service's name, service.NAME.host.",
	"depends_on":        "There is nothing to write: a service waits for what its expressions refer to, as in service.api.host or redis.cache.url.",
	"restart_policy":    "The argument is restart.",
	"working_dir":       "Write it in the image, or in extra_compose.",
	"stop_signal":       "Write it in the image, or in extra_compose.",
	"stop_grace_period": "The argument is stop_grace.",
	"profiles":          "A service that does not start breaks those that wait for it. What differs from place to place is an environment, or for_each over what it has.",
	"extends":           "What is in the other file would be checked by nobody. What several services have in common is a module, a kind of your own, or for_each.",
	"develop":           "It copies files into running containers. Build an image instead, with a build block.",
	"post_start":        hookHint,
	"pre_start":         hookHint,
	"pre_stop":          hookHint,
	"stdin_open":        "A service has no one at its keyboard. Use docker compose run -i for a session.",
	"tty":               "A service has no terminal, and one would spoil its log. Use docker compose run -it for a session.",
	"umask":             "The releases of Compose that hosts have do not know the key. Set it in the image's entrypoint.",

	// Harmless, and not the language's.
	"attach":             extraHint,
	"cpu_shares":         extraHint,
	"cpuset":             extraHint,
	"dns_opt":            extraHint,
	"dns_search":         extraHint,
	"domainname":         extraHint,
	"mem_reservation":    extraHint,
	"oom_score_adj":      extraHint,
	"platform":           extraHint,
	"pull_policy":        extraHint,
	"pull_refresh_after": "The releases of Compose that hosts have do not know the key. Write pull_policy in extra_compose.",
	"shm_size":           extraHint,
	"sysctls":            "Those that act inside the container alone may stand in extra_compose; what tunes the kernel tunes the host, which its owner does.",
	"ulimits":            extraHint,
}

const (
	securityHint      = "Without the filters of the kernel (seccomp, AppArmor, no-new-privileges) a fault in a system call that the program never needs is a way to the host. There is nothing to write: all of them stay on."
	userNamespaceHint = "In the host's user namespace, root in the container is root on the host, also where the daemon maps it to nobody. There is nothing to write."
	cgroupHint        = "In another control group the limits are others, or none. Limits are in a resources block: resources { memory = \"512M\" }."
	deviceHint        = "A device is the host's: with a disk, a service reads and writes the files of everything else. There is no argument for it."
	hookHint          = "Hooks may run as root and privileged, whatever the service is. Put the work into the image's entrypoint."
	extraHint         = "It stands in extra_compose, which is checked and reported."
	passwordHint      = "A password in this file is in git, and the same in every environment. Declare secret \"password\" {}, which nselfc makes, and hand it over in the argument secrets: secrets = { PASSWORD = secret.password }."
	corsHint          = "Which origins may read answers is the program's to decide, as it knows who is logged in. Where one origin may: in the route, headers = { \"Access-Control-Allow-Origin\" = \"https://app.example.com\" }. Never \"*\" beside credentials: every page that a user visits could read the user's data."
)
