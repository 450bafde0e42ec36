//go:build lab && linux

package e2e

const (
	inPlain = "  # in plain\n"
	inWeb   = "  # in web\n"
	inRoute = "    # in the route of web\n"
	inEdge  = "  # in ingress\n"
	inTLS   = "    # in tls\n"
	inRoles = "    # in roles\n"

	plainHead = "service \"plain\" {\n  image   = \"ghcr.io/acme/api:1.4.2\"\n  command = [\"serve\"]\n"
)

// put writes text before a mark; take removes it again, and swap replaces it.
func put(mark, text string) edit            { return edit{mark, text + mark} }
func take(text string) edit                 { return edit{text, ""} }
func swap(before, after string) edit        { return edit{before, after} }
func one(name string, edits ...edit) step   { return step{name: name, edits: edits} }
func quick(name string, edits ...edit) step { return step{name: name, edits: edits, quick: true} }

// containerSteps change what one container is made of.
var containerSteps = []step{
	one("comments and white space", swap("# Refers to nothing, and nothing to it.\n", "\n# Another comment.\n\n\n")),
	one("blocks in another order", take("secret \"seen\" {}\n\n"), put("# One text,", "secret \"seen\" {}\n\n")),
	one("image tag", swap(plainHead, "service \"plain\" {\n  image   = \"ghcr.io/acme/api:1.4.3\"\n  command = [\"serve\"]\n")),
	one("image digest", swap("api:1.4.3\"", "api:1.4.3@sha256:"+digest+"\"")),
	one("env added", swap("    B = \"2\"\n", "    B = \"2\"\n    C = \"3\"\n")),
	one("env changed", swap("    C = \"3\"\n", "    C = \"4\"\n")),
	one("env in another order", swap("    A = \"1\"\n    B = \"2\"\n    C = \"4\"\n", "    C = \"4\"\n    B = \"2\"\n    A = \"1\"\n")),
	one("env removed", take("    C = \"4\"\n")),
	one("entrypoint", put(inPlain, "  entrypoint = [\"/app\"]\n")),
	one("command", swap("  command = [\"serve\"]\n  env = {\n    B", "  command = [\"worker\"]\n  env = {\n    B")),
	one("user", put(inPlain, "  user = \"10002:10002\"\n")),
	one("memory", put(inPlain, "  resources {\n    memory = \"128M\"\n  }\n")),
	one("cpus", swap("    memory = \"128M\"\n", "    memory = \"128M\"\n    cpus = 0.5\n")),
	one("pids", swap("    cpus = 0.5\n", "    cpus = 0.5\n    pids = 64\n")),
	one("limits in other words", swap("    memory = \"128M\"\n    cpus = 0.5\n", "    cpus = 0.50\n    memory = \"131072K\"\n")),
	one("health check", put(inPlain, "  healthcheck {\n    command  = [\"/app\", \"healthcheck\", \"http://127.0.0.1:8080/healthz\"]\n    interval = \"1s\"\n    start_period = \"0s\"\n  }\n")),
	one("health check in other words", swap("    interval = \"1s\"\n", "    interval = \"1000ms\"\n")),
	one("health check changed", swap("    interval = \"1000ms\"\n", "    interval = \"2s\"\n")),
	one("health check removed", take("  healthcheck {\n    command  = [\"/app\", \"healthcheck\", \"http://127.0.0.1:8080/healthz\"]\n    interval = \"2s\"\n    start_period = \"0s\"\n  }\n")),
	one("port", put(inPlain, "  port \"http\" {\n    container = 8080\n  }\n")),
	one("port renamed", swap("  port \"http\" {\n    container = 8080\n  }\n"+inPlain, "  port \"main\" {\n    container = 8080\n  }\n"+inPlain)),
	one("port with two names", put(inPlain, "  port \"second\" {\n    container = 8080\n  }\n")),
	one("port number", swap("  port \"second\" {\n    container = 8080\n  }\n", "  port \"second\" {\n    container = 8081\n  }\n")),
	one("capability", put(inPlain, "  capabilities = [\"NET_BIND_SERVICE\"]\n")),
	one("capability removed", take("  capabilities = [\"NET_BIND_SERVICE\"]\n")),
	one("writable", put(inPlain, "  writable \"/scratch\" {\n    size = \"4M\"\n  }\n")),
	one("size of a writable path", swap("    size = \"4M\"\n", "    size = \"8M\"\n")),
	one("writable root", put(inPlain, "  read_only = false\n")),
	one("read-only root", take("  read_only = false\n")),
	one("volume", put(inPlain, "  volume \"data\" {\n    path = \"/data\"\n  }\n")),
	one("read-only volume", swap("    path = \"/data\"\n", "    path = \"/data\"\n    read_only = true\n")),
	one("volume renamed", swap("  volume \"data\" {\n    path", "  volume \"other\" {\n    path")),
	one("volume removed", take("  volume \"other\" {\n    path = \"/data\"\n    read_only = true\n  }\n")),
	one("folder", put(inPlain, "  volume \"site\" {\n    path = \"/site\"\n    host = \"./site\"\n  }\n")),
	one("another folder", swap("\"./site\"", "\"./other\"")),
	one("more replicas", put(inPlain, "  replicas = 3\n")),
	one("fewer replicas", swap("  replicas = 3\n", "  replicas = 2\n")),
	one("replicas and more", swap("  replicas = 2\n", "  replicas = 3\n"), swap("    A = \"1\"\n", "    A = \"2\"\n")),
	{name: "no replica", edits: []edit{swap("  replicas = 3\n", "  replicas = 0\n")}, loses: true},
	{name: "change while there is no replica", edits: []edit{swap("    A = \"2\"\n", "    A = \"1\"\n")}, loses: true},
	one("a replica again", take("  replicas = 0\n")),
	one("restart", put(inPlain, "  restart = \"always\"\n")),
	one("time to stop", put(inPlain, "  stop_grace = \"60s\"\n")),
	one("time to stop in other words", swap("\"60s\"\n"+inPlain, "\"1m\"\n"+inPlain)),
	one("init", put(inPlain, "  init = false\n")),
	one("extra setting", put(inPlain, "  extra_compose = {\n    stop_signal = \"SIGINT\"\n  }\n")),
	one("extra setting changed", swap("SIGINT", "SIGQUIT")),
	one("extra setting that Compose does not compare", swap("  extra_compose = {\n", "  extra_compose = {\n    pull_policy = \"missing\"\n")),
	one("egress", put(inPlain, "  egress = true\n")),
	one("egress taken back", take("  egress = true\n")),
	one("address", swap("service \"mover\" {\n  image   = \"ghcr.io/acme/api:1.4.2\"\n  command = [\"serve\"]\n}", "module \"mover\" {\n  source = \"./modules/mover\"\n}")),
	one("element", swap("toset([\"eu\"])", "toset([\"eu\", \"us\"])")),
	one("element removed", swap("toset([\"eu\", \"us\"])", "toset([\"us\"])")),
	{name: "build argument", edits: []edit{swap(`"first" }`, `"second" }`)}, build: true},
	{name: "build argument that changes nothing", edits: []edit{swap(`"second" }`, `"second", UNUSED = "x" }`)}, build: true, sameImage: true},
	{name: "build argument without a build", edits: []edit{swap(`"second", UNUSED`, `"third", UNUSED`)}, sameImage: true},
}

// fileSteps change what containers read.
var fileSteps = []step{
	one("secret file", put(inPlain, "  secrets = {\n    SHARED = secret.shared\n  }\n")),
	one("secret file for another", put("  config \"page\" {\n    source = config.page\n  }\n}\n\nservice \"right\"", "  secrets = {\n    SHARED = secret.shared\n  }\n")),
	one("another secret in the same file", swap("    SHARED = secret.shared\n  }\n"+inPlain, "    SHARED = secret.word\n  }\n"+inPlain)),
	one("longer password", swap("kind = \"password\"\n", "kind   = \"password\"\n  length = 50\n")),
	one("secret in the environment", swap("    A = \"1\"\n", "    A = \"1\"\n    SEEN = secret.seen\n")),
	one("no secret in the environment", take("    SEEN = secret.seen\n")),
	one("text that two services read", swap("content = \"first\"", "content = \"second\"")),
	one("config", put(inPlain, "  config \"own\" {\n    path    = \"/etc/own\"\n    content = \"text\"\n  }\n")),
	one("mode of a config", swap("    content = \"text\"\n", "    content = \"text\"\n    executable = true\n")),
	one("secret in a config", swap("    content = \"text\"\n", "    content = \"text ${secret.seen}\"\n")),
	one("path of a config", swap("\"/etc/own\"", "\"/etc/other\"")),
	one("config removed", take("  config \"own\" {\n    path    = \"/etc/other\"\n    content = \"text ${secret.seen}\"\n    executable = true\n  }\n")),
	{name: "names of a certificate", edits: []edit{swap(`["front.internal"]`, `["front.internal", "also.internal"]`), swap(`["internal"]`, `["internal", "elsewhere"]`)}, then: testRefresh},
}

// edgeSteps change what the ingress does.
var edgeSteps = []step{
	quick("header of a route", put(inRoute, "    headers = { \"X-A\" = \"1\" }\n")),
	quick("rate limit of a route", put(inRoute, "    rate_limit {\n      requests = 5\n    }\n")),
	quick("addresses of a route", put(inRoute, "    allow_from = [\"127.0.0.0/8\"]\n")),
	quick("path of a route", put(inRoute, "    path = \"/web\"\n")),
	quick("TLS profile", put(inTLS, "    profile = \"modern\"\n")),
	one("HSTS, which development does not send", put(inTLS, "    hsts {\n      max_age = \"1d\"\n    }\n")),
	quick("port of the ingress", put(inEdge, "  https_port = 8443\n")),
	quick("rate limit", put(inEdge, "  rate_limit {\n    requests = 100\n  }\n")),
	quick("route for another service", put(inPlain, "  route {\n    host = \"plain.${stack.domain}\"\n    port = \"main\"\n  }\n")),
	quick("route to another service", take("  route {\n    host = \"plain.${stack.domain}\"\n    port = \"main\"\n  }\n"),
		take("    host = \"web.${stack.domain}\"\n    headers = { \"X-A\" = \"1\" }\n"), put(inPlain, "  route {\n    host = \"web.${stack.domain}\"\n    port = \"main\"\n  }\n"),
		put("    rate_limit {\n      requests = 5\n    }\n", "    host = \"other.${stack.domain}\"\n")),
	one("route removed", take("  route {\n    host = \"web.${stack.domain}\"\n    port = \"main\"\n  }\n")),
	one("firewall", put("ingress {\n", "firewall {\n  ssh {\n    port = 2222\n  }\n}\n\n")),
}

// topologySteps change who reaches whom, and the databases.
var topologySteps = []step{
	one("use of a database", swap("    A = \"1\"\n", "    A = \"1\"\n    DB = postgres.db.host\n")),
	one("no use of a database", take("    DB = postgres.db.host\n")),
	one("use of a service", swap("    A = \"1\"\n", "    A = \"1\"\n    API = service.api.host\n")),
	one("what a service waits for", put("  secrets = {\n    DATABASE_URL = postgres.db.roles.app.url\n", "  healthcheck {\n    command = [\"/app\", \"healthcheck\", \"http://127.0.0.1:8080/healthz\"]\n    interval = \"1s\"\n    start_period = \"0s\"\n  }\n")),
	quick("new service", put("ingress {\n", "service \"guest\" {\n  image   = \"ghcr.io/acme/api:1.4.2\"\n  command = [\"serve\"]\n  secrets = {\n    URL = redis.cache.url\n  }\n}\n\n")),
	one("service renamed", swap("service \"guest\"", "service \"visitor\"")),
	quick("service removed", take("service \"visitor\" {\n  image   = \"ghcr.io/acme/api:1.4.2\"\n  command = [\"serve\"]\n  secrets = {\n    URL = redis.cache.url\n  }\n}\n\n")),
	one("role", put(inRoles, "    report = { database = \"app\", access = \"read_only\" }\n")),
	one("access of a role", swap("\"read_only\" }\n", "\"read_write\" }\n")),
	one("role removed", take("    report = { database = \"app\", access = \"read_write\" }\n")),
	one("memory of the database", swap("  databases = [\"app\"]\n", "  databases = [\"app\"]\n  memory = \"512M\"\n")),
	quick("memory of the cache", swap("  version = \"8.2.9\"\n", "  version = \"8.2.9\"\n  max_memory = \"64M\"\n")),
}

// networkSteps change the definitions of networks.
var networkSteps = []step{
	{name: "subnet pool", edits: []edit{swap("  domain = \"recreate.localhost\"\n", "  domain = \"recreate.localhost\"\n  subnet_pool = \"10.64.0.0/16\"\n")}, then: testNames},
	{name: "IPv6", edits: []edit{put(inEdge, "  ipv6 = true\n")}, quick: true},
	{name: "network that outgrows its subnet", edits: []edit{put(inWeb, "  replicas = 11\n")}, then: testNames},
}
