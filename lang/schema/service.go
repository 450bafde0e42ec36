package schema

func service() *Block {
	return &Block{
		Name: "service", Labels: []string{"name"}, ForEach: true,
		Doc: "One container, or several replicas of it. Hardened by default: read-only root, no capabilities, no privilege escalation, an unprivileged user, limits on memory, processors and processes. It reaches what it refers to and nothing else: `service.NAME.host`, `service.NAME.ports.PORT` and the outputs of kinds make the dependency and the network path.",
		Args: []Argument{
			{Name: "image", Type: String, Doc: "Image with a version tag; in production, with a digest too.", Example: `image = "ghcr.io/acme/api:1.4.2@sha256:…"`},
			{Name: "command", Type: Command, Doc: "Arguments for the image's entrypoint."},
			{Name: "entrypoint", Type: Command, Doc: "Replaces the image's entrypoint."},
			{Name: "user", Type: String, Default: "10001:10001", Doc: "Numeric user and group."},
			{Name: "env", Type: TextMap, Doc: "Environment variables. One that holds a secret goes through a git-ignored file, with a warning: everybody who may run `docker inspect` can read it."},
			{Name: "secrets", Type: TextMap, Doc: "Secret files: NAME becomes `/run/secrets/NAME`, and the variable NAME_FILE says so.", Example: "secrets = {\n  DATABASE_URL = postgres.main.roles.app.url\n}"},
			{Name: "replicas", Type: Integer, Default: "1", Doc: "Containers of this service, 0 to 100."},
			{Name: "restart", Type: String, Default: "unless-stopped", Doc: "When Docker starts the container again: `no`, `always`, `unless-stopped`, `on-failure`, or `on-failure:5`, with 1 to 100 tries.", Example: `restart = "on-failure:5"`},
			{Name: "stop_grace", Type: Duration, Default: "30s", Doc: "How long the process has to end before it is killed."},
			{Name: "init", Type: Bool, Default: "true", Doc: "Whether a small init process reaps children and passes signals on."},
			{Name: "read_only", Type: Bool, Default: "true", Doc: "Whether the root file system is read-only. `false` is reported in production."},
			{Name: "egress", Type: Bool, Default: "false", Doc: "Whether the service may open connections to the internet."},
			{Name: "capabilities", Type: Strings, Doc: "Linux capabilities to add, without CAP_. All others are dropped. Docker gives them to root alone, and ports below 1024 need none.", Example: `capabilities = ["NET_BIND_SERVICE"]`},
			{Name: "store", Type: String, Doc: "Says that the service stores data, and which kind: it can then never be published, nor share a volume that it writes to.", Example: `store = "postgres"`},
			{Name: "extra_compose", Type: Any, Doc: "Compose attributes that the language has no argument for. Merged, checked against compose's schema, and reported; what would undo a hardening is an error."},
		},
		Blocks: []Nested{
			{Block: buildBlock(), Max: 1},
			{Block: &Block{
				Name: "port", Labels: []string{"name"},
				Doc: "A port that the container listens on. It is never published: routes go through the ingress.",
				Args: []Argument{
					{Name: "container", Type: Integer, Required: true, Doc: "Port number, 1 to 65535.", Example: "container = 8080"},
					{Name: "protocol", Type: String, Default: "tcp", Enum: []string{"tcp", "udp"}, Doc: "Transport."},
				},
			}},
			{Block: &Block{
				Name: "publish", Labels: []string{"port"},
				Doc:  "Publishes a port on the loopback address of a developer's machine. Refused in production and for stores.",
				Args: []Argument{{Name: "host", Type: Integer, Required: true, Doc: "Port number on 127.0.0.1."}},
			}},
			{Block: &Block{
				Name: "volume", Labels: []string{"name"},
				Doc: "Mounts a named volume, or a folder of the stack.",
				Args: []Argument{
					{Name: "path", Type: String, Required: true, Doc: "Where it stands in the container. A new volume takes content and owner of the folder that the image has there; where the image has none, the volume is root's, and an unprivileged `user` cannot write to it."},
					{Name: "source", Type: Ref, Doc: "A volume declared at the top; without it the volume is the service's own.", Example: "source = volume.uploads"},
					{Name: "host", Type: String, Doc: "A folder or file below the stack's folder, mounted read-only unless `read_only = false`.", Example: `host = "./site"`},
					{Name: "read_only", Type: Bool, Doc: "`false` by default for a volume, `true` for a folder of the host."},
				},
			}},
			{Block: configFile()},
			{Block: &Block{
				Name: "writable", Labels: []string{"path"},
				Doc: "A path that stays writable on the read-only root, in memory: what is there is gone when the container stops.",
				Args: []Argument{
					{Name: "size", Type: Size, Default: "64M", Doc: "Largest size."},
					{Name: "exec", Type: Bool, Default: "false", Doc: "Whether programs may be run from there."},
				},
			}},
			{Block: health(), Max: 1},
			{Block: &Block{
				Name: "resources", Doc: "Limits.",
				Args: []Argument{
					{Name: "cpus", Type: Number, Default: "1", Doc: "Processors, 0.01 to 512. Docker starts no container that may use more than the host has."},
					{Name: "memory", Type: Size, Default: "512M", Doc: "Memory, swap included; 6 MiB (Docker's least) or more."},
					{Name: "pids", Type: Integer, Default: "256", Doc: "Processes and threads."},
				},
			}, Max: 1},
			{Block: route()},
		},
		Example: "service \"api\" {\n  image = \"ghcr.io/acme/api:1.4.2\"\n\n  port \"http\" {\n    container = 8080\n  }\n}",
	}
}

func buildBlock() *Block {
	return &Block{
		Name: "build", Doc: "Builds the image from a folder of the stack, instead of `image` or beside it.",
		Args: []Argument{
			{Name: "context", Type: String, Required: true, Doc: "Folder below the stack's folder.", Example: `context = "./api"`},
			{Name: "dockerfile", Type: String, Default: "Dockerfile", Doc: "File, as seen from the context; below the stack's folder."},
			{Name: "target", Type: String, Doc: "Stage to build."},
			{Name: "args", Type: TextMap, Doc: "Build arguments. They stay in the image's history: no secrets."},
		},
	}
}

func health() *Block {
	return &Block{
		Name: "healthcheck", Doc: "How Docker tells that the service works. Exactly one of `http`, `tcp` and `command`.",
		Args: []Argument{
			{Name: "http", Type: String, Doc: "Path, perhaps with a query, that must answer with a status below 400. The image needs a shell with `wget`, `curl` or `bash`.", Example: `http = "/healthz"`},
			{Name: "tcp", Type: Bool, Doc: "Whether a connection to the port is enough. The image needs a shell with `bash` or `grep`."},
			{Name: "command", Type: Command, Doc: "A list, run as it is, or one text for the shell; exit status 0 is healthy."},
			{Name: "port", Type: String, Doc: "Name of the port; may be left out when there is just one."},
			{Name: "interval", Type: Duration, Default: "10s", Doc: "Time between checks."},
			{Name: "timeout", Type: Duration, Default: "5s", Doc: "Time after which a check has failed."},
			{Name: "retries", Type: Integer, Default: "5", Doc: "Failures in a row that make the service unhealthy."},
			{Name: "start_period", Type: Duration, Default: "30s", Doc: "Time to start, in which failures do not count."},
		},
	}
}

func route() *Block {
	return &Block{
		Name: "route", ForEach: true,
		Doc: "Publishes the service, or a path of it, through the ingress over TLS.",
		Args: []Argument{
			{Name: "host", Type: String, Required: true, Doc: "Host name, in lower case."},
			{Name: "path", Type: String, Default: "/", Doc: "Path prefix, matched by whole segments: `/api` is `/api` and `/api/…`, not `/apix`."},
			{Name: "port", Type: String, Doc: "Name of the port; may be left out when there is just one."},
			{Name: "strip_prefix", Type: Bool, Default: "false", Doc: "Whether the service sees the path without the prefix."},
			{Name: "websocket", Type: Bool, Default: "false", Doc: "Whether connections may be upgraded to WebSocket."},
			{Name: "body_size", Type: Size, Default: "1M", Doc: "Largest request body; larger ones are answered 413."},
			{Name: "connect_timeout", Type: Duration, Default: "5s", Doc: "Time to connect to the service."},
			{Name: "read_timeout", Type: Duration, Default: "60s", Doc: "Longest pause in the service's answer."},
			{Name: "send_timeout", Type: Duration, Default: "60s", Doc: "Longest pause in sending the request to the service."},
			{Name: "headers", Type: TextMap, Doc: "Response headers that replace or add to the standard set; an empty text removes one.", Example: "headers = { \"Content-Security-Policy\" = \"default-src 'self'\" }"},
			{Name: "allow_from", Type: Strings, Doc: "Networks (CIDR) that may use the route; everybody else is answered 403. An empty list is refused.", Example: `allow_from = ["203.0.113.0/24"]`},
		},
		Blocks: []Nested{{Block: rateLimit(), Max: 1}},
	}
}

func rateLimit() *Block {
	return &Block{
		Name: "rate_limit", Doc: "Requests that one client address may make. `burst` of them at once pass and the next is answered 429; `requests` in a `window` is the rate that can be kept up.",
		Args: []Argument{
			{Name: "requests", Type: Integer, Doc: "Requests in a window. Required unless `off`."},
			{Name: "window", Type: Duration, Default: "60s", Doc: "Length of the window, in whole seconds."},
			{Name: "burst", Type: Integer, Doc: "Requests at once; `requests` by default."},
			{Name: "off", Type: Bool, Default: "false", Doc: "Whether there is no limit here, whatever the ingress says."},
		},
	}
}
