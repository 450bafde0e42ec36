package shape

func service() []Attribute {
	return []Attribute{
		address("service.api"),
		{Name: "name", Kind: String, Sample: "api", Doc: "The name in docker-compose.yml, and the host name on its networks."},
		{Name: "kind", Kind: String, Optional: true, Sample: "postgres", Doc: "The kind that brings it, or `module`; `\"\"` for a service block of the stack's own."},
		{Name: "image", Kind: String, Optional: true, Sample: "registry.example.com/acme/api:1.4.2", Doc: "The image as it is written; `\"\"` where it is built without a name."},
		{Name: "registry", Kind: String, Optional: true, Sample: "registry.example.com", Doc: "Host of the image's registry, `docker.io` where none is written; `\"\"` without an image."},
		{Name: "tag", Kind: String, Optional: true, Sample: "1.4.2", Doc: "Tag of the image; `\"\"` where there is none."},
		{Name: "digest", Kind: String, Optional: true, Sample: "sha256:0", Doc: "Digest of the image; `\"\"` where there is none."},
		{Name: "build", Kind: Object, Optional: true, Doc: "Where the image is built from; null for one that is pulled.", Of: []Attribute{
			{Name: "context", Kind: String, Doc: "The folder, seen from the output directory."},
			{Name: "dockerfile", Kind: String, Optional: true, Doc: "The Dockerfile, when one is named."},
			{Name: "target", Kind: String, Optional: true, Doc: "The stage, when one is named."},
			{Name: "args", Kind: StringMap, Doc: "Arguments of the build."},
		}},
		{Name: "entrypoint", Kind: Strings, Doc: "Replaces the image's entry point; empty for the image's."},
		{Name: "command", Kind: Strings, Doc: "Replaces the image's command; empty for the image's."},
		{Name: "user", Kind: String, Optional: true, Sample: "1000:1000", Doc: "Numeric `uid:gid`; `\"\"` for the image's."},
		{Name: "job", Kind: Bool, Doc: "Whether it ends by itself."},
		{Name: "store", Kind: String, Optional: true, Sample: "postgres", Doc: "What it stores data as; `\"\"` for a service that is no store."},
		{Name: "ports", Kind: Objects, Doc: "Ports that the container listens on. None of them is published.", Of: []Attribute{
			{Name: "name", Kind: String, Sample: "http", Doc: "Its name."},
			{Name: "container", Kind: Number, Doc: "Its number."},
			protocol(),
		}},
		{Name: "publish", Kind: Objects, Doc: "Ports of the host that it opens.", Of: ports()},
		{Name: "env", Kind: StringMap, Doc: "Variables that hold no secret."},
		{Name: "secret_env", Kind: StringsMap, Doc: "Variables that hold a secret: the addresses of the secrets in each."},
		{Name: "secrets", Kind: Objects, Doc: "Files with secrets that it mounts.", Of: files()},
		{Name: "configs", Kind: Objects, Doc: "Other files that it mounts.", Of: files()},
		{Name: "volumes", Kind: Objects, Doc: "Volumes and folders of the stack that it mounts.", Of: []Attribute{
			{Name: "target", Kind: String, Sample: "/data", Doc: "Path in the container."},
			{Name: "volume", Kind: String, Optional: true, Sample: "api-data", Doc: "Name of the volume; `\"\"` for a folder."},
			{Name: "bind", Kind: String, Optional: true, Sample: "../data", Doc: "The folder, seen from the output directory; `\"\"` for a volume."},
			{Name: "read_only", Kind: Bool, Doc: "Whether it cannot be written to."},
		}},
		{Name: "tmpfs", Kind: Objects, Doc: "Paths that are writable, in memory.", Of: []Attribute{
			{Name: "target", Kind: String, Sample: "/tmp", Doc: "Path in the container."},
			{Name: "size", Kind: Number, Doc: "Bytes."},
			{Name: "mode", Kind: String, Sample: "01777", Doc: "Permissions, octal."},
			{Name: "exec", Kind: Bool, Doc: "Whether a file in it can be run."},
		}},
		{Name: "healthcheck", Kind: Object, Optional: true, Doc: "How its health is found out; null where nothing does.", Of: []Attribute{
			{Name: "test", Kind: Strings, Sample: "CMD", Doc: "The command, `CMD` or `CMD-SHELL` first."},
			{Name: "interval", Kind: String, Sample: "30s", Doc: "Time between two checks."},
			{Name: "timeout", Kind: String, Sample: "5s", Doc: "Time that a check may take."},
			{Name: "retries", Kind: Number, Doc: "Failures in a row that make it unhealthy."},
			{Name: "start_period", Kind: String, Optional: true, Sample: "10s", Doc: "Time in which failures do not count."},
		}},
		{Name: "cpus", Kind: Number, Optional: true, Doc: "The most cores that it may use; null for no limit."},
		{Name: "memory", Kind: Number, Optional: true, Doc: "The most bytes of memory; null for no limit."},
		{Name: "pids", Kind: Number, Optional: true, Doc: "The most processes; null for no limit."},
		{Name: "replicas", Kind: Number, Doc: "Number of containers."},
		{Name: "restart", Kind: String, Sample: "unless-stopped", Doc: "Compose's policy."},
		{Name: "stop_grace", Kind: String, Optional: true, Sample: "30s", Doc: "Time to end before it is killed."},
		{Name: "init", Kind: Bool, Doc: "Whether a small init process reaps its children."},
		{Name: "read_only", Kind: Bool, Doc: "Whether its root file system cannot be written to."},
		{Name: "capabilities", Kind: Strings, Sample: "NET_BIND_SERVICE", Doc: "Capabilities that it keeps; every other is dropped."},
		{Name: "networks", Kind: Strings, Sample: "api", Doc: "Names of the networks that it is on."},
		{Name: "depends_on", Kind: StringMap, Sample: "api", Doc: "Services that must be up before it, and the condition that each must meet."},
		{Name: "extra_compose", Kind: Strings, Sample: "labels", Doc: "Names of what extra_compose adds."},
	}
}

func files() []Attribute {
	return []Attribute{
		{Name: "target", Kind: String, Sample: "/run/secrets/KEY", Doc: "Path in the container."},
		{Name: "uses", Kind: Strings, Sample: "secret.key", Doc: "Addresses of the secrets in it."},
	}
}

func protocol() Attribute {
	return Attribute{Name: "protocol", Kind: String, Enum: []string{"tcp", "udp"}, Doc: "The protocol."}
}

func ports() []Attribute {
	return []Attribute{
		{Name: "host_ip", Kind: String, Optional: true, Sample: "127.0.0.1", Doc: "Address of the host; `\"\"` for every address."},
		{Name: "host", Kind: Number, Doc: "Port of the host."},
		{Name: "container", Kind: Number, Doc: "Port of the container."},
		protocol(),
	}
}

func published() []Attribute {
	return append([]Attribute{
		address("service.api"),
		{Name: "service", Kind: String, Sample: "api", Doc: "Name of the service."},
	}, ports()...)
}
