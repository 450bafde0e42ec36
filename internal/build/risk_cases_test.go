package build_test

var riskCases = []riskCase{
	{"a comment", []string{"service \"api\" {\n", "# here\nservice \"api\" {\n  # and here\n"}, ``},
	{"a renamed local", []string{"  image = \"ghcr.io/acme/api:1.4.2\"", "  picture = \"ghcr.io/acme/api:1.4.2\"", "local.image", "local.picture"}, ``},
	{"a patch of an image", []string{"api:1.4.2", "api:1.4.3"}, ``},
	{"another digest", []string{"ababab", "cdcdcd"}, ``},
	{"a variable's default", []string{`"info"`, `"debug"`}, ``},
	{"a new port inside", []string{"  port \"admin\" {\n    container = 9090\n  }", "  port \"admin\" {\n    container = 9090\n  }\n\n  port \"extra\" {\n    container = 9091\n  }"}, ``},
	{"a new route", []string{"service \"back\" {\n", "service \"back\" {\n  route {\n    host = \"back.example.com\"\n  }\n"}, `
medium NS703 route["back.example.com/"]: route {`},
	{"a new restricted route", []string{"service \"back\" {\n", "service \"back\" {\n  route {\n    host = \"back.example.com\"\n    allow_from = [\"10.0.0.0/8\"]\n  }\n"}, `
medium NS703 route["back.example.com/"]: route {`},
	{"a route gone", []string{"both:service \"back\" {\n", "service \"back\" {\n  route {\n    host = \"back.example.com\"\n  }\n", "  route {\n    host = \"back.example.com\"\n  }\n", ""}, `
safer NS703 route["back.example.com/"]: stack "shop" {`},
	{"a route of another service", []string{"both:service \"back\" {\n", "service \"back\" {\n  route {\n    host = \"back.example.com\"\n  }\n", "  route {\n    host = \"back.example.com\"\n  }\n", "", "  writable \"/tmp\" {}\n", "  writable \"/tmp\" {}\n\n  route {\n    host = \"back.example.com\"\n    port = \"http\"\n  }\n"}, `
medium NS703 route["back.example.com/"]: route {
low NS703 route["back.example.com/"]: port = "http"`},
	{"a route on another port", []string{"    port       = \"http\"", "    port       = \"admin\""}, `
low NS703 route["shop.example.com/"]: port       = "admin"`},
	{"a route on another host", []string{"    host       = \"shop.example.com\"", "    host       = \"www.example.com\""}, `
medium NS703 route["www.example.com/"]: route {
safer NS703 route["shop.example.com/"]: stack "shop" {`},
	{"allow_from gone", []string{"    allow_from = [\"203.0.113.0/24\", \"2001:db8::/32\"]\n", ""}, `
high NS704 route["shop.example.com/"]: route {`},
	{"allow_from wider", []string{"\"203.0.113.0/24\", \"2001", "\"203.0.0.0/16\", \"2001"}, `
high NS704 route["shop.example.com/"]: allow_from = ["203.0.0.0/16", "2001:db8::/32"]`},
	{"allow_from wider in IPv6", []string{"2001:db8::/32", "2001::/16"}, `
high NS704 route["shop.example.com/"]: allow_from = ["203.0.113.0/24", "2001::/16"]`},
	{"allow_from narrower", []string{"\"203.0.113.0/24\", \"2001:db8::/32\"", "\"203.0.113.7\""}, `
safer NS704 route["shop.example.com/"]: allow_from = ["203.0.113.7"]`},
	{"allow_from in two halves", []string{"\"203.0.113.0/24\", \"2001", "\"203.0.113.0/25\", \"203.0.113.128/25\", \"2001"}, ``},
	{"allow_from of two halves", []string{"both:\"203.0.113.0/24\", \"2001", "\"203.0.113.0/25\", \"203.0.113.128/25\", \"2001", "\"203.0.113.0/25\", \"203.0.113.128/25\"", "\"203.0.113.0/24\""}, ``},
	{"memory limit raised", []string{"\"1G\"", "\"4G\""}, `
low NS706 service.api: memory = "4G"`},
	{"cpus raised", []string{"cpus   = 2", "cpus   = 8"}, `
low NS706 service.api: cpus   = 8`},
	{"resources gone", []string{"  resources {\n    cpus   = 2\n    memory = \"1G\"\n    pids   = 100\n  }\n", ""}, `
low NS706 service.api: service "api" {`},
	{"rate limit of a route raised", []string{"requests = 10\n", "requests = 90\n"}, `
low NS706 route["shop.example.com/"]: requests = 90`},
	{"rate limit of a route lowered", []string{"requests = 10\n", "requests = 5\n"}, `
safer NS706 route["shop.example.com/"]: rate_limit {`},
	{"rate limit of a route off", []string{"requests = 10\n      window   = \"60s\"\n", "off = true\n"}, `
medium NS706 route["shop.example.com/"]: rate_limit {`},
	{"rate limit of a route gone", []string{"    rate_limit {\n      requests = 10\n      window   = \"60s\"\n    }\n", ""}, `
medium NS706 route["shop.example.com/"]: route {`},
	{"rate limit of the ingress gone", []string{"  rate_limit {\n    requests = 100\n    window   = \"60s\"\n  }\n", ""}, ``},
	{"rate limit of the ingress raised", []string{"requests = 100\n", "requests = 1000\n"}, `
low NS706 ingress: requests = 1000`},
	{"rate limit of the ingress off", []string{"requests = 100\n    window   = \"60s\"\n", "off = true\n"}, `
medium NS706 ingress: ingress {`},
	{"rate limit of a new route's own", []string{"both:    rate_limit {\n      requests = 10\n      window   = \"60s\"\n    }\n", "", "    headers    =", "    rate_limit {\n      requests = 1000\n    }\n    headers    ="}, `
low NS706 route["shop.example.com/"]: requests = 1000`},
	{"rate limit of a route gone, which was looser", []string{"both:requests = 10\n", "requests = 1000\n", "    rate_limit {\n      requests = 1000\n      window   = \"60s\"\n    }\n", ""}, `
safer NS706 route["shop.example.com/"]: route {`},
	{"larger burst", []string{"requests = 10\n", "requests = 10\n      burst = 500\n"}, `
low NS706 route["shop.example.com/"]: burst = 500`},
	{"body size raised", []string{"    port       = \"http\"\n", "    port       = \"http\"\n    body_size = \"100M\"\n"}, `
low NS706 route["shop.example.com/"]: body_size = "100M"`},
	{"timeouts", []string{"    port       = \"http\"\n", "    port       = \"http\"\n    read_timeout = \"3600s\"\n    websocket = true\n"}, ``},
	{"strip prefix", []string{"both:    port       = \"http\"\n", "    port       = \"http\"\n    path = \"/p\"\n", "    path = \"/p\"\n", "    path = \"/p\"\n    strip_prefix = true\n"}, ``},
	{"health check gone", []string{"  healthcheck {\n    http = \"/healthz\"\n    port = \"http\"\n  }\n", ""}, `
medium NS707 service.api: service "api" {`},
	{"health check by connection", []string{"http = \"/healthz\"", "tcp = true"}, ``},
	{"health check of less", []string{"    http = \"/healthz\"\n    port = \"http\"\n", "    command = [\"true\"]\n"}, ``},
	{"tls intermediate", []string{"\"guide\"", "\"intermediate\""}, `
high NS705 ingress: profile = "intermediate"`},
	{"tls modern", []string{"\"guide\"", "\"modern\""}, `
safer NS705 ingress: profile = "modern"`},
	{"hsts shorter", []string{"\"730d\"", "\"30d\""}, `
medium NS705 ingress: max_age            = "30d"`},
	{"hsts without subdomains", []string{"include_subdomains = true", "include_subdomains = false"}, `
medium NS705 ingress: include_subdomains = false`},
	{"reaches a database", []string{"secrets = { CACHE = redis.cache.url }", "secrets = { CACHE = redis.cache.url, DB = postgres.main.roles.report.url }"}, `
medium NS708 service.worker: secrets = { CACHE = redis.cache.url, DB = postgres.main.roles.report.url }
low NS708 service.worker: secrets = { CACHE = redis.cache.url, DB = postgres.main.roles.report.url }`},
	{"reaches a database by a module", []string{"  source = \"./pair\"\n", "  source = \"./pair\"\n  upstream = postgres.main.host\n"}, `
medium NS708 module.pair.service.front: upstream = postgres.main.host
low NS708 module.pair.service.front: upstream = postgres.main.host`},
	{"reaches a service", []string{"secrets = { CACHE = redis.cache.url }", "secrets = { CACHE = redis.cache.url }\n  env = { BACK = service.back.host }"}, `
low NS708 service.worker: env = { BACK = service.back.host }`},
	{"reaches no database any more", []string{"secrets = { CACHE = redis.cache.url }", ""}, `
safer NS708 service.worker: service "worker" {`},
	{"renamed, and reaches a database", []string{"service \"worker\" {", "service \"runner\" {", "secrets = { CACHE = redis.cache.url }", "secrets = { CACHE = redis.cache.url, DB = postgres.main.roles.report.url }"}, `
medium NS708 service.runner: secrets = { CACHE = redis.cache.url, DB = postgres.main.roles.report.url }
low NS708 service.runner: secrets = { CACHE = redis.cache.url, DB = postgres.main.roles.report.url }`},
	{"renamed", []string{"service \"worker\" {", "service \"runner\" {"}, ``},
	{"egress", []string{"secrets = { CACHE = redis.cache.url }", "secrets = { CACHE = redis.cache.url }\n  egress = true"}, `
medium NS709 service.worker: egress = true`},
	{"egress gone", []string{"both:secrets = { CACHE = redis.cache.url }", "secrets = { CACHE = redis.cache.url }\n  egress = true", "  egress = true", ""}, `
safer NS709 service.worker: service "worker" {`},
	{"capability", []string{"[\"NET_BIND_SERVICE\"]", "[\"NET_BIND_SERVICE\", \"CHOWN\"]"}, `
high NS710 service.api: capabilities = ["NET_BIND_SERVICE", "CHOWN"]`},
	{"capability gone", []string{"  capabilities = [\"NET_BIND_SERVICE\"]\n", ""}, `
safer NS710 service.api: service "api" {`},
	{"writable root", []string{"  writable \"/tmp\" {}\n", "  writable \"/tmp\" {}\n  read_only = false\n"}, `
medium NS711 service.api: read_only = false`},
	{"another user", []string{"\"1000:1000\"", "\"1001:1001\""}, ``},
	{"group root", []string{"\"1000:1000\"", "\"1000:0\""}, ``},
	{"exec tmpfs", []string{"writable \"/tmp\" {}", "writable \"/tmp\" {\n    exec = true\n  }"}, `
low NS711 service.api: exec = true`},
	{"new tmpfs", []string{"writable \"/tmp\" {}", "writable \"/tmp\" {}\n\n  writable \"/run\" {}"}, ``},
	{"folder of the host", []string{"writable \"/tmp\" {}", "writable \"/tmp\" {}\n\n  volume \"more\" {\n    path = \"/more\"\n    host = \"./other\"\n  }"}, `
medium NS713 service.api: volume "more" {`},
	{"folder of the host writable", []string{"    host = \"./site\"\n", "    host = \"./site\"\n    read_only = false\n"}, `
high NS713 service.api: volume "site" {`},
	{"another folder of the host", []string{"\"./site\"", "\"./other\""}, `
medium NS713 service.api: volume "site" {`},
	{"floating image", []string{"both:variable \"level\" {", "environment \"e\" {\n  posture = \"development\"\n}\n\nvariable \"level\" {", "api:1.4.2", "api:latest"}, `
medium NS714 service.api: image = "ghcr.io/acme/api:latest"`},
	{"image without a digest", []string{"@sha256:abababababababababababababababababababababababababababababababab", ""}, `
medium NS714 service.worker: image   = "ghcr.io/acme/worker:1.0.0"`},
	{"image without a tag", []string{"both:variable \"level\" {", "environment \"e\" {\n  posture = \"development\"\n}\n\nvariable \"level\" {", "api:1.4.2", "api"}, `
medium NS714 service.api: image = "ghcr.io/acme/api"`},
	{"image with a digest", []string{"api:1.4.2", "api:1.4.2@sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"}, `
safer NS714 service.api: image = "ghcr.io/acme/api:1.4.2@sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"`},
	{"digest to floating", []string{"both:variable \"level\" {", "environment \"e\" {\n  posture = \"development\"\n}\n\nvariable \"level\" {", "worker:1.0.0@sha256:abababababababababababababababababababababababababababababababab", "worker:latest"}, `
medium NS714 service.worker: image   = "ghcr.io/acme/worker:latest"`},
	{"image of another name", []string{"ghcr.io/acme/api", "ghcr.io/evil/api"}, `
medium NS724 service.api: image = "ghcr.io/evil/api:1.4.2"`},
	{"image of another registry", []string{"ghcr.io/acme/api", "registry.example.com/acme/api"}, `
medium NS724 service.api: image = "registry.example.com/acme/api:1.4.2"`},
	{"image built here", []string{"  image        = local.image\n", "  build {\n    context = \"./site\"\n  }\n"}, `
medium NS724 service.api: build {`},
	{"older image", []string{"api:1.4.2", "api:1.3.0"}, ``},
	{"role read_write", []string{"access = \"read_only\"", "access = \"read_write\""}, `
high NS715 postgres.main: report = { database = "app", access = "read_write" }`},
	{"role backup", []string{"access = \"read_only\"", "access = \"backup\""}, `
high NS715 postgres.main: report = { database = "app", access = "backup" }`},
	{"role migrate", []string{"access = \"read_only\"", "access = \"migrate\""}, `
high NS715 postgres.main: report = { database = "app", access = "migrate" }`},
	{"role monitor", []string{"access = \"read_only\"", "access = \"monitor\""}, `
safer NS715 postgres.main: report = { database = "app", access = "monitor" }`},
	{"backup writes", []string{"access = \"backup\"", "access = \"read_write\""}, `
high NS715 postgres.main: save   = { database = "app", access = "read_write" }`},
	{"role on another database", []string{"report = { database = \"app\"", "report = { database = \"logs\""}, `
medium NS715 postgres.main: report = { database = "logs", access = "read_only" }`},
	{"role new", []string{"    save ", "    more   = { database = \"logs\" }\n    save "}, `
low NS715 postgres.main: more   = { database = "logs" }`},
	{"role gone", []string{"    save   = { database = \"app\", access = \"backup\" }\n", ""}, `
safer NS715 postgres.main: roles = {`},
	{"service takes another role", []string{"postgres.main.roles.app.url", "postgres.main.roles.report.url"}, `
safer NS715 service.api: secrets      = { URL = postgres.main.roles.report.url, KEY = secret.key, WORD = secret.word }`},
	{"service takes a wider role", []string{"postgres.main.roles.app.url", "postgres.main.roles.save.url"}, `
safer NS715 service.api: secrets      = { URL = postgres.main.roles.save.url, KEY = secret.key, WORD = secret.word }`},
	{"service takes a login to write, in a variable", []string{"both:secrets      = { URL = postgres.main.roles.app.url, ", "secrets      = { ", "both:WORD = \"x\"", "URL = postgres.main.roles.report.url", "roles.report.url", "roles.app.url"}, `
high NS715 service.api: env          = { LEVEL = var.level, URL = postgres.main.roles.app.url }`},
	{"secret env", []string{"WORD = \"x\"", "WORD = secret.word"}, `
medium NS716 service.api: env          = { LEVEL = var.level, WORD = secret.word }`},
	{"one more secret", []string{"WORD = secret.word }", "WORD = secret.word, OTHER = secret.key }"}, ``},
	{"shorter secret", []string{"bytes = 32", "bytes = 16"}, `
medium NS717 secret.key: bytes = 16`},
	{"shorter password", []string{"length = 30", "length = 22"}, `
medium NS717 secret.word: length = 22`},
	{"longer secret", []string{"bytes = 32", "bytes = 64"}, `
safer NS717 secret.key: bytes = 64`},
	{"secret of another kind", []string{"kind  = \"hex\"\n  bytes = 32", "kind  = \"password\""}, `
safer NS717 secret.key: kind  = "password"`},
	{"password for hex", []string{"kind   = \"password\"\n  length = 30", "kind   = \"hex\""}, `
safer NS717 secret.word: kind   = "hex"`},
	{"trusted proxies wider", []string{"198.18.0.0/24", "198.18.0.0/15"}, `
high NS718 ingress: trusted_proxies = ["198.18.0.0/15"]`},
	{"trusted proxies gone", []string{"  trusted_proxies = [\"198.18.0.0/24\"]\n", ""}, `
safer NS718 ingress: ingress {`},
	{"firewall port wider", []string{"    from     = [\"203.0.113.0/24\"]\n", ""}, `
high NS704 firewall: allow "vpn" {`},
	{"firewall port new", []string{"  allow \"vpn\" {", "  allow \"more\" {\n    port = 9999\n  }\n\n  allow \"vpn\" {"}, `
high NS704 firewall: allow "more" {`},
	{"firewall port another", []string{"51820", "51821"}, `
high NS704 firewall: allow "vpn" {
safer NS704 firewall: firewall {`},
	{"firewall gone", []string{riskStack[len(riskStack)-len(riskFirewall):], ""}, `
critical NS704 firewall: stack "shop" {`},
	{"ssh wider", []string{"    from = [\"203.0.113.0/24\"]\n  }\n\n  allow", "  }\n\n  allow"}, `
high NS704 firewall: ssh {`},
	{"ssh unlimited", []string{"  ssh {\n", "  ssh {\n    limit = false\n"}, `
medium NS704 firewall: limit = false`},
	{"ssh on another port", []string{"  ssh {\n", "  ssh {\n    port = 2222\n"}, ``},
	{"security header gone", []string{"{ X-Frame-Options = \"DENY\" }", "{ X-Frame-Options = \"\" }"}, `
medium NS720 route["shop.example.com/"]: headers    = { X-Frame-Options = "" }`},
	{"security header weaker", []string{"both:{ X-Frame-Options = \"DENY\" }", "{ Content-Security-Policy = \"default-src 'self'\" }", "{ Content-Security-Policy = \"default-src 'self'\" }", "{ Content-Security-Policy = \"default-src * 'unsafe-inline'\" }"}, `
low NS720 route["shop.example.com/"]: headers    = { Content-Security-Policy = "default-src * 'unsafe-inline'" }`},
	{"cors open", []string{"{ X-Frame-Options = \"DENY\" }", "{ X-Frame-Options = \"DENY\", Access-Control-Allow-Origin = \"*\" }"}, `
medium NS720 route["shop.example.com/"]: headers    = { X-Frame-Options = "DENY", Access-Control-Allow-Origin = "*" }`},
	{"own policy gone", []string{"both:{ X-Frame-Options = \"DENY\" }", "{ Content-Security-Policy = \"default-src 'self'\" }", "    headers    = { Content-Security-Policy = \"default-src 'self'\" }\n", ""}, `
medium NS720 route["shop.example.com/"]: route {`},
	{"own header gone", []string{"    headers    = { X-Frame-Options = \"DENY\" }\n", ""}, ``},
	{"extra_compose", []string{"writable \"/tmp\" {}", "writable \"/tmp\" {}\n\n  extra_compose = { hostname = \"h\" }"}, `
medium NS721 service.api: extra_compose = { hostname = "h" }`},
	{"extra_compose gone", []string{"both:writable \"/tmp\" {}", "writable \"/tmp\" {}\n\n  extra_compose = { hostname = \"h\" }", "\n\n  extra_compose = { hostname = \"h\" }", ""}, ``},
	{"postgres major", []string{"\"17.6\"", "\"18.0\""}, `
high NS722 postgres.main: version   = "18.0"`},
	{"postgres minor", []string{"\"17.6\"", "\"17.7\""}, ``},
	{"postgres older", []string{"\"17.6\"", "\"17.5\""}, ``},
	{"postgres image", []string{"  version   = \"17.6\"\n", "  version   = \"17.6\"\n  image = \"ghcr.io/acme/pg:17.6\"\n"}, `
medium NS724 postgres.main.service.main: postgres "main" {`},
	{"connections raised", []string{"  version   = \"17.6\"\n", "  version   = \"17.6\"\n  max_connections = 1000\n"}, `
low NS706 postgres.main.service.main: postgres "main" {`},
	{"postgres gone", []string{"both:URL = postgres.main.roles.app.url, ", "", "postgres \"main\" {", "#postgres \"main\" {\n/*", "redis \"cache\"", "*/\nredis \"cache\""}, `
destructive NS701 volume["main_data"]: stack "shop" {`},
	{"postgres renamed", []string{"both:URL = postgres.main.roles.app.url, ", "", "postgres \"main\"", "postgres \"second\""}, `
destructive NS701 volume["main_data"]: postgres "second" {`},
	{"volume renamed", []string{"volume \"data\"", "volume \"files\""}, `
destructive NS701 volume["api_data"]: service "api" {`},
	{"volume gone", []string{"  volume \"data\" {\n    path = \"/data\"\n  }\n", ""}, `
destructive NS701 volume["api_data"]: service "api" {`},
	{"volume read-only", []string{"    path = \"/data\"\n", "    path = \"/data\"\n    read_only = true\n"}, `
safer NS711 service.api: read_only = true`},
	{"volume writable", []string{"both:    path = \"/data\"\n", "    path = \"/data\"\n    read_only = true\n", "    read_only = true\n", ""}, `
low NS711 service.api: volume "data" {`},
	{"volume elsewhere", []string{"\"/data\"", "\"/files\""}, ``},
	{"redis forgets", []string{"persistent = true", "persistent = false"}, `
destructive NS701 redis.cache: persistent = false`},
	{"redis gone", []string{"both:  secrets = { CACHE = redis.cache.url }\n", "", "redis \"cache\" {\n  persistent = true\n}\n", ""}, `
destructive NS701 volume["cache_data"]: stack "shop" {`},
	{"stack renamed", []string{"stack \"shop\"", "stack \"store\""}, `
destructive NS701 volume["api_data"]: volume "data" {
destructive NS701 volume["cache_data"]: redis "cache" {
destructive NS701 volume["main_data"]: postgres "main" {`},
	{"service gone", []string{"service \"worker\" {", "#", "  image   = \"ghcr.io/acme/worker", "#", "  secrets = { CACHE = redis.cache.url }\n}\n", "\n"}, ``},
	{"service new", []string{"service \"worker\" {", "service \"new\" {\n  image = \"ghcr.io/acme/new:1.0.0\"\n}\n\nservice \"worker\" {"}, ``},
	{"weak service new", []string{"both:variable \"level\" {", "environment \"e\" {\n  posture = \"development\"\n}\n\nvariable \"level\" {", "service \"worker\" {", "service \"new\" {\n  image = \"ghcr.io/acme/new\"\n  read_only = false\n  egress = true\n  capabilities = [\"CHOWN\"]\n  env = { A = secret.key, B = postgres.main.roles.app.url }\n}\n\nservice \"worker\" {"}, `
high NS710 service.new: capabilities = ["CHOWN"]
medium NS708 service.new: env = { A = secret.key, B = postgres.main.roles.app.url }
medium NS709 service.new: egress = true
medium NS711 service.new: read_only = false
medium NS714 service.new: image = "ghcr.io/acme/new"
medium NS716 service.new: env = { A = secret.key, B = postgres.main.roles.app.url }
medium NS716 service.new: env = { A = secret.key, B = postgres.main.roles.app.url }
medium NS728 service.new: env = { A = secret.key, B = postgres.main.roles.app.url }
low NS708 service.new: env = { A = secret.key, B = postgres.main.roles.app.url }`},
	{"image of a build", []string{"both:  image        = local.image\n", "  build {\n    context = \"./site\"\n  }\n", "  build {\n    context = \"./site\"\n  }\n", "  image = local.image\n"}, `
medium NS724 service.api: image = "ghcr.io/acme/api:1.4.2"`},
	{"store no more", []string{"both:service \"back\" {\n", "service \"back\" {\n  store = \"box\"\n", "  store = \"box\"\n", ""}, ``},
	{"no restart", []string{"writable \"/tmp\" {}", "writable \"/tmp\" {}\n\n  restart = \"no\""}, ``},
	{"no replica", []string{"service \"back\" {\n", "service \"back\" {\n  replicas = 0\n"}, ``},
	{"ingress on one address", []string{"ingress {\n", "ingress {\n  address = \"127.0.0.1\"\n"}, `
safer NS702 ingress: ingress {
safer NS702 ingress: ingress {
safer NS704 firewall: firewall {
safer NS704 firewall: firewall {`},
	{"ingress on every address", []string{"both:ingress {\n", "ingress {\n  address = \"127.0.0.1\"\n", "  address = \"127.0.0.1\"\n", ""}, `
high NS702 ingress: ingress {
high NS702 ingress: ingress {
high NS704 firewall: ingress {
high NS704 firewall: ingress {
safer NS702 ingress: ingress {
safer NS702 ingress: ingress {`},
	{"ingress port", []string{"ingress {\n", "ingress {\n  https_port = 8443\n"}, `
high NS702 ingress: https_port = 8443
high NS704 firewall: ingress {
safer NS702 ingress: ingress {
safer NS704 firewall: firewall {`},
	{"posture lowered", []string{"both:variable \"level\" {", "environment \"e\" {\n  posture = \"production\"\n}\n\nvariable \"level\" {", "posture = \"production\"", "posture = \"development\""}, `
critical NS719 stack: posture = "development"
medium NS705 ingress: ingress {
safer NS702 ingress: ingress {
safer NS702 ingress: ingress {
safer NS704 firewall: firewall {
safer NS704 firewall: firewall {`},
	{"development as root", []string{"both:variable \"level\" {", "environment \"e\" {\n  posture = \"development\"\n}\n\nvariable \"level\" {", "\"1000:1000\"", "\"0:0\""}, `
high NS712 service.api: user         = "0:0"`},
	{"development publishes", []string{"both:variable \"level\" {", "environment \"e\" {\n  posture = \"development\"\n}\n\nvariable \"level\" {", "writable \"/tmp\" {}", "writable \"/tmp\" {}\n\n  publish \"admin\" {\n    host = 9090\n  }"}, `
medium NS709 service.api: host = 9090
low NS702 service.api: host = 9090`},
	{"environment's variable", []string{"both:variable \"level\" {", "variable \"ro\" {\n  type = bool\n  default = true\n}\n\nenvironment \"e\" {\n  variables = { ro = true }\n}\n\nvariable \"level\" {", "both:writable \"/tmp\" {}", "writable \"/tmp\" {}\n  read_only = var.ro", "variables = { ro = true }", "variables = { ro = false }"}, `
medium NS711 service.api: variables = { ro = false }`},
	{"local certificate", []string{"both:variable \"level\" {", "environment \"e\" {\n  posture = \"development\"\n}\n\nvariable \"level\" {", "      files {\n        certificate = \"./c.pem\"\n        private_key = \"./k.pem\"\n      }", "      local {}"}, `
high NS705 ingress: local {}`},
	{"certificate days", []string{"both:secret \"key\" {", "secret \"ca\" {\n  kind = \"x509\"\n  ca = true\n  hosts = [\"a.internal\"]\n  days = 100\n}\n\nsecret \"key\" {", "days = 100", "days = 3000"}, `
low NS705 secret.ca: days = 3000`},
	{"module's image", []string{"source = \"./pair\"", "source = \"./pair\"\n  upstream = \"https://x\""}, ``},
	{"waived", []string{"firewall {\n  ssh", "policy {\n  waive \"NS315\" {\n    on = service.worker\n    reason = \"It answers no requests; the queue is watched.\"\n    owner = \"ops\"\n    until = \"2027-03-01\"\n  }\n}\nfirewall {\n  ssh"}, `
medium NS740 waiver["NS315 service.worker"]: waive "NS315" {`},
	{"waived for longer", []string{"both:firewall {\n  ssh", "policy {\n  waive \"NS315\" {\n    on = service.worker\n    reason = \"It answers no requests; the queue is watched.\"\n    owner = \"ops\"\n    until = \"2027-01-01\"\n  }\n}\nfirewall {\n  ssh", "2027-01-01", "2027-03-01"}, `
medium NS741 waiver["NS315 service.worker"]: until = "2027-03-01"`},
	{"waived for less", []string{"both:firewall {\n  ssh", "policy {\n  waive \"NS315\" {\n    on = service.worker\n    reason = \"It answers no requests; the queue is watched.\"\n    owner = \"ops\"\n    until = \"2027-03-01\"\n  }\n}\nfirewall {\n  ssh", "2027-03-01", "2027-01-01"}, `
safer NS741 waiver["NS315 service.worker"]: until = "2027-01-01"`},
	{"waived for another reason", []string{"both:firewall {\n  ssh", "policy {\n  waive \"NS315\" {\n    on = service.worker\n    reason = \"It answers no requests; the queue is watched.\"\n    owner = \"ops\"\n    until = \"2027-03-01\"\n  }\n}\nfirewall {\n  ssh", "the queue", "the whole queue"}, ``},
	{"not waived any more", []string{"both:firewall {\n  ssh", "policy {\n  waive \"NS315\" {\n    on = service.worker\n    reason = \"It answers no requests; the queue is watched.\"\n    owner = \"ops\"\n    until = \"2027-03-01\"\n  }\n}\nfirewall {\n  ssh", "policy {\n  waive \"NS315\" {\n    on = service.worker\n    reason = \"It answers no requests; the queue is watched.\"\n    owner = \"ops\"\n    until = \"2027-03-01\"\n  }\n}\n", ""}, `
safer NS740 waiver["NS315 service.worker"]: stack "shop" {`},
	{"waivers may last longer", []string{"both:firewall {\n  ssh", "policy {\n  waive \"NS315\" {\n    on = service.worker\n    reason = \"It answers no requests; the queue is watched.\"\n    owner = \"ops\"\n    until = \"2027-03-01\"\n  }\n}\nfirewall {\n  ssh", "policy {", "policy {\n  max_waiver_days = 200"}, `
low NS742 policy: max_waiver_days = 200`},
	{"waivers may last less", []string{"both:firewall {\n  ssh", "policy {\n  max_waiver_days = 90\n  waive \"NS315\" {\n    on = service.worker\n    reason = \"It answers no requests; the queue is watched.\"\n    owner = \"ops\"\n    until = \"2027-03-01\"\n  }\n}\nfirewall {\n  ssh", "days = 90", "days = 30"}, `
safer NS742 policy: max_waiver_days = 30`},
}

const riskFirewall = `firewall {
  ssh {
    from = ["203.0.113.0/24"]
  }

  allow "vpn" {
    port     = 51820
    protocol = "udp"
    from     = ["203.0.113.0/24"]
  }
}
`
