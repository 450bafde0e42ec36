package compiler

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/policy"
	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// errorCase spoils one thing of a stack that has no findings otherwise.
type errorCase struct {
	name  string
	spoil func(b *builder)
	want  string // severities and codes
}

func onAPI(f func(b *builder, s *lang.Service)) func(b *builder) {
	return func(b *builder) { f(b, b.service0("api")) }
}

func onRoute(f func(b *builder, r *lang.Route)) func(b *builder) {
	return func(b *builder) { f(b, b.service0("api").Routes[0]) }
}

func image(ref string) func(b *builder) {
	return onAPI(func(b *builder, s *lang.Service) { s.Image = b.str(ref) })
}

func user(u string) func(b *builder) {
	return onAPI(func(b *builder, s *lang.Service) { s.User = b.str(u) })
}

func mountAt(p string) func(b *builder) {
	return onAPI(func(b *builder, s *lang.Service) {
		s.Volumes = []lang.Mount{{Range: b.at(), Name: "v", Path: b.str(p)}}
	})
}

func bind(p string) func(b *builder) {
	return onAPI(func(b *builder, s *lang.Service) {
		s.Volumes = []lang.Mount{{Range: b.at(), Name: "v", Path: b.str("/v"), Host: b.str(p)}}
	})
}

// ownKey brings the ingress a key from below the stack's folder.
func ownKey(p string, f func(b *builder)) func(b *builder) {
	return func(b *builder) {
		b.stack.Ingress.Certificate.PrivateKey = b.str(p)
		f(b)
	}
}

// link makes a path lead elsewhere on this host.
func link(from, to string, f func(b *builder)) func(b *builder) {
	return func(b *builder) {
		b.stack.Links = map[string]string{from: to}
		f(b)
	}
}

func buildOf(context, dockerfile string) func(b *builder) {
	return onAPI(func(b *builder, s *lang.Service) {
		s.Build = &lang.Build{Range: b.at(), Context: b.str(context)}
		if dockerfile != "" {
			s.Build.Dockerfile = b.str(dockerfile)
		}
	})
}

// output moves the output directory of a stack with two environments.
func output(dir string, f func(b *builder)) func(b *builder) {
	return func(b *builder) {
		b.stack.Environment = "prod"
		b.stack.Outputs = []string{path.Join(dir, "dev"), path.Join(dir, "prod")}
		f(b)
	}
}

// beside writes the output of a stack without environments among its sources.
func beside(f func(b *builder)) func(b *builder) {
	return func(b *builder) {
		b.stack.Environment, b.stack.Outputs = "", []string{"."}
		f(b)
	}
}

func host(name string) func(b *builder) {
	return onRoute(func(b *builder, r *lang.Route) { r.Host = b.str(name) })
}

func routePath(p string) func(b *builder) {
	return onRoute(func(b *builder, r *lang.Route) { r.Path = b.str(p) })
}

func allow(name string, port int, from ...string) func(b *builder) {
	return func(b *builder) {
		b.stack.Firewall.Allow = append(b.stack.Firewall.Allow, lang.Allow{Range: b.at(), Name: name, Port: b.num(port), From: b.strs(from...)})
	}
}

func development(f func(b *builder)) func(b *builder) {
	return func(b *builder) {
		b.stack.Posture = b.str("development")
		f(b)
	}
}

// store chooses where the values of the environment are kept.
func store(kind string, set func(b *builder, s *lang.SecretStore)) func(b *builder) {
	return func(b *builder) {
		b.stack.Store = &lang.SecretStore{Range: b.at(), Kind: b.str(kind)}
		set(b, b.stack.Store)
	}
}

var errorCases = []errorCase{
	{"nothing", func(*builder) {}, ""},
	{"image grammar", image("UPPER case!!"), "error NS300"},
	{"image of the ingress", func(b *builder) { b.stack.Ingress.Image = b.str("nginx:1.30.4 ") }, "error NS300"},
	{"named user", user("postgres"), "error NS301"},
	{"user with a zero", user("01000"), "error NS301"},
	{"user beyond int32", user("4294967296"), "error NS301"},
	{"user with three parts", user("1:2:3"), "error NS301"},
	{"unknown capability", onAPI(func(b *builder, s *lang.Service) { s.Capabilities = b.strs("NET_ADMN", "net_bind_service") }), "error NS302, error NS302"},
	{"restart", onAPI(func(b *builder, s *lang.Service) { s.Restart = b.str("sometimes") }), "error NS303"},
	{"restart with an end", onAPI(func(b *builder, s *lang.Service) { s.Restart = b.str("on-failure:5") }), ""},
	{"restart without end", onAPI(func(b *builder, s *lang.Service) { s.Restart = b.str("on-failure:0") }), "error NS303"},
	{"duration", onAPI(func(b *builder, s *lang.Service) { s.StopGrace = b.str("5 minutes") }), "error NS304"},
	{"no interval", onAPI(func(b *builder, s *lang.Service) { s.Health.Interval = b.str("0s") }), "error NS304"},
	{"mount on /", mountAt("/"), "error NS305"},
	{"mount below /proc", mountAt("/proc/1"), "error NS305"},
	{"mount on the secrets", mountAt("/run/secrets"), "error NS305"},
	{"relative mount", mountAt("data"), "error NS305"},
	{"mount with dots", mountAt("/data/../etc"), "error NS305"},
	{"mount with a colon", mountAt("/data:rw"), "error NS305"},
	{"mount over /etc", mountAt("/etc"), "error NS305"},
	{"mount below /etc", mountAt("/etc/app"), ""},
	{"two mounts", onAPI(func(b *builder, s *lang.Service) {
		s.Volumes = []lang.Mount{{Range: b.at(), Name: "a", Path: b.str("/data")}, {Range: b.at(), Name: "b", Path: b.str("/data/")}}
	}), "error NS306"},
	{"config over a writable path", onAPI(func(b *builder, s *lang.Service) {
		s.Configs = []lang.Config{{Range: b.at(), Name: "a", Path: b.str("/data"), Content: b.text("x")}}
		s.Writable = []lang.Writable{{Path: b.str("/data")}}
	}), "error NS306"},
	{"bind outside", bind("../x"), "error NS307"},
	{"bind absolute", bind("/etc"), "error NS307"},
	{"bind of the stack", bind("./"), "error NS307"},
	{"bind of the output", bind("out/prod"), "error NS307"},
	{"bind of an output elsewhere", output("deploy/generated", bind("deploy/generated/dev")), "error NS307"},
	{"bind around an output elsewhere", output("deploy/generated", bind("./deploy")), "error NS307"},
	{"bind of the default output", output("deploy", bind("out")), "error NS307"},
	{"bind of this environment beside the stack", output(".", bind("./prod")), "error NS307"},
	{"bind of another environment beside the stack", output(".", bind("./dev")), "error NS307"},
	{"bind in another environment beside the stack", output(".", bind("site/../dev/config")), "error NS307"},
	{"bind of a link to another environment", output(".", link("site", "dev", bind("site"))), "error NS307"},
	{"bind of a folder that is no environment's", output(".", bind("./devices")), ""},
	{"bind of the ingress's files where the output lies elsewhere", output("deploy", bind("./nginx")), ""},
	{"bind of the ingress's files", beside(bind("./nginx")), "error NS307"},
	{"bind in the ingress's files", beside(bind("nginx/conf.d/")), "error NS307"},
	{"bind of a link to the ingress's files", beside(link("site", "nginx", bind("site"))), "error NS307"},
	{"bind of the compose file", beside(bind("./docker-compose.yml")), "error NS307"},
	{"bind of the model", beside(bind("./nself.model.json")), "error NS307"},
	{"bind of what git is told", beside(bind(".gitignore")), "error NS307"},
	{"bind of the firewall's files", beside(bind("./ufw")), "error NS307"},
	{"bind of rendered files", beside(onAPI(func(b *builder, s *lang.Service) {
		s.Configs = []lang.Config{{Range: b.at(), Name: "a", Path: b.str("/data"), Content: b.text("x")}}
		s.Volumes = []lang.Mount{{Range: b.at(), Name: "v", Path: b.str("/srv"), Host: b.str("./config")}}
	})), "error NS307"},
	{"bind of a folder that is called like rendered files'", beside(func(b *builder) {
		for _, s := range b.stack.Services {
			s.Configs = nil
		}
		bind("./config")(b)
	}), ""},
	{"bind beside the output among the sources", beside(bind("./site")), ""},
	{"context of another environment beside the stack", output(".", buildOf("./dev", "")), "error NS349"},
	{"context with another environment's secrets", output(".", onAPI(func(b *builder, s *lang.Service) {
		s.Build = &lang.Build{Range: b.at(), Context: b.str("."), Ignore: ".dockerignore", Ignored: []byte("prod\n")}
	})), "error NS349"},
	{"context without the environments' secrets", output(".", onAPI(func(b *builder, s *lang.Service) {
		s.Build = &lang.Build{Range: b.at(), Context: b.str("."), Ignore: ".dockerignore", Ignored: []byte("prod\ndev\n")}
	})), ""},
	{"bind of the socket", bind("run/docker.sock"), "error NS307"},
	{"bind of the socket of CRI-O", bind("run/crio.sock"), "error NS307"},
	{"bind of another stack's secrets", bind("site/.secrets.d/api"), "error NS307"},
	{"bind of keys", bind("./home/.ssh"), "error NS307"},
	{"bind of the ingress's key", ownKey("certs/privkey.pem", bind("./certs/privkey.pem")), "error NS307"},
	{"bind around the ingress's key", ownKey("./tls/prod/privkey.pem", bind("tls")), "error NS307"},
	{"bind beside the ingress's key", ownKey("certs/privkey.pem", bind("./certs-public")), ""},
	{"bind around an absolute key", link("/etc/ssl/shop/privkey.pem", "certs/privkey.pem", bind("certs")), "error NS307"},
	{"bind of a link to the key", ownKey("certs/privkey.pem", link("./site", "certs", bind("./site"))), "error NS307"},
	{"bind of a link to the output", link("site", "out/prod/.secrets.d", bind("site")), "error NS307"},
	{"bind of a link out of the stack", link("site", "../../etc", bind("site")), "error NS307"},
	{"bind of a link in the stack", link("site", "releases/5", bind("site")), ""},
	{"context of a link out of the stack", link("api", "..", buildOf("api", "")), "error NS307"},
	{"context of a link to the stack", link("api", ".", buildOf("api", "")), "error NS349"},
	{"context around the ingress's key", ownKey("api/tls/privkey.pem", buildOf("api", "")), "error NS349"},
	{"context without the ingress's key", ownKey("api/tls/privkey.pem", onAPI(func(b *builder, s *lang.Service) {
		s.Build = &lang.Build{Range: b.at(), Context: b.str("api"), Ignore: "api/.dockerignore", Ignored: []byte("tls\n")}
	})), ""},
	{"Dockerfile outside", buildOf("api", "../../Dockerfile"), "error NS307"},
	{"absolute Dockerfile", buildOf("api", "/etc/passwd"), "error NS307"},
	{"Dockerfile beside the context", buildOf("api", "../docker/api.Dockerfile"), ""},
	{"bind", bind("./site"), ""},
	{"no memory", onAPI(func(b *builder, s *lang.Service) { s.Memory = value[int64](b, 1) }), "error NS308"},
	{"no processors", onAPI(func(b *builder, s *lang.Service) { s.CPUs = value(b, 0.0) }), "error NS308"},
	{"port 70000", onAPI(func(b *builder, s *lang.Service) { s.Ports[0].Container = b.num(70000) }), "error NS308"},
	{"variable name", onAPI(func(b *builder, s *lang.Service) { s.Env = []lang.EnvVar{b.env("1X", "x"), b.env("A B", "x")} }), "error NS309, error NS309"},
	{"variable of the tools", onAPI(func(b *builder, s *lang.Service) { s.Env = []lang.EnvVar{b.env("DOCKER_HOST", "tcp://x")} }), "error NS309"},
	{"variable with dots", onAPI(func(b *builder, s *lang.Service) { s.Env = []lang.EnvVar{b.env("discovery.type", "x")} }), ""},

	{"floating tag", image("ghcr.io/acme/api:latest"), "error NS310"},
	{"floating tag in development", development(image("ghcr.io/acme/api")), "warning NS310"},
	{"no digest", image("ghcr.io/acme/api:1.4.2"), "warning NS311"},
	{"no digest in development", development(image("ghcr.io/acme/api:1.4.2")), ""},
	{"writable root", onAPI(func(b *builder, s *lang.Service) { s.ReadOnly = value(b, false) }), "warning NS312"},
	{"root", user("0:1000"), "error NS313"},
	{"root in development", development(user("0")), "warning NS313"},
	{"dangerous capability", onAPI(func(b *builder, s *lang.Service) { s.Capabilities = b.strs("CAP_SYS_ADMIN", "CHOWN") }), "error NS314"},
	{"no health check", onAPI(func(_ *builder, s *lang.Service) { s.Health = nil }), "warning NS315"},
	{"no health check in development", development(onAPI(func(_ *builder, s *lang.Service) { s.Health = nil })), ""},
	{"loopback port in production", onAPI(func(b *builder, s *lang.Service) {
		s.Publish = []lang.Publish{{Range: b.at(), Port: b.str("http"), Host: b.num(9000)}}
	}), "error NS317"},
	{"writable bind", onAPI(func(b *builder, s *lang.Service) {
		s.Volumes = []lang.Mount{{Range: b.at(), Name: "v", Path: b.str("/v"), Host: b.str("site"), ReadOnly: value(b, false)}}
	}), "warning NS318"},
	{"open database port", allow("pg", 5432), "error NS319"},
	{"guarded database port", allow("pg", 5432, "203.0.113.0/24"), ""},
	{"database port open to all", allow("pg", 5432, "0.0.0.0/0"), "error NS319"},

	{"one name", func(b *builder) { b.service("api") }, "error NS320"},
	{"name of the ingress", func(b *builder) { b.service("ingress") }, "error NS320"},
	{"one host port", development(onAPI(func(b *builder, s *lang.Service) {
		s.Publish = []lang.Publish{{Range: b.at(), Port: b.str("http"), Host: b.num(443)}}
	})), "error NS321"},
	{"one port for HTTP and HTTPS", func(b *builder) { b.stack.Ingress.HTTPPort = b.num(443) }, "error NS321"},
	{"published store", development(func(b *builder) {
		s := b.service0("main")
		s.Publish = []lang.Publish{{Range: b.at(), Port: b.str("postgres"), Host: b.num(5432)}}
	}), "error NS322"},
	{"routed store", func(b *builder) { b.route(b.service0("main"), "db.example.com") }, "error NS322"},
	{"cycle", func(b *builder) { b.use(b.service0("main"), b.service0("worker")) }, "error NS323"},
	{"pool grammar", func(b *builder) { b.stack.SubnetPool = b.str("10.208.0.1/12") }, "error NS324"},
	{"public pool", func(b *builder) { b.stack.SubnetPool = b.str("8.0.0.0/12") }, "error NS324"},
	{"IPv6 pool", func(b *builder) { b.stack.SubnetPool = b.str("fd00::/16") }, "error NS324"},
	{"tiny pool", func(b *builder) { b.stack.SubnetPool = b.str("10.0.0.0/28") }, "error NS324"},
	{"full pool", func(b *builder) {
		b.stack.SubnetPool = b.str("10.0.0.0/24")
		for i := range 16 {
			b.service(fmt.Sprintf("s%d", i), func(s *lang.Service) { s.Egress = value(b, true) })
		}
	}, "error NS325"},
	{"crowded bridge", func(b *builder) {
		db := b.service0("main")
		for i := range 11 {
			b.use(b.service(fmt.Sprintf("s%d", i), func(s *lang.Service) { s.Replicas = b.num(100) }), db)
		}
	}, "warning NS326"},
	{"two health checks", onAPI(func(b *builder, s *lang.Service) { s.Health.TCP = value(b, true) }), "error NS327"},
	{"health check of UDP", onAPI(func(b *builder, s *lang.Service) {
		s.Ports = append(s.Ports, lang.Port{Name: b.str("dns"), Container: b.num(53), Protocol: b.str("udp")})
		s.Health.Port, s.Routes[0].Port = b.str("dns"), b.str("http")
	}), "error NS327"},
	{"health query", onAPI(func(b *builder, s *lang.Service) {
		s.Health.HTTP = b.str("/_cluster/health?wait_for_status=yellow&timeout=1s")
	}), ""},
	{"health query with a blank", onAPI(func(b *builder, s *lang.Service) { s.Health.HTTP = b.str("/ready?a b") }), "error NS327"},
	{"health path", onAPI(func(b *builder, s *lang.Service) { s.Health.HTTP = b.str("healthz") }), "error NS327"},
	{"unknown port", onRoute(func(b *builder, r *lang.Route) { r.Port = b.str("htp") }), "error NS328"},
	{"which port", onAPI(func(b *builder, s *lang.Service) {
		s.Ports, s.Health.Port = append(s.Ports, b.port("admin", 9090)), b.str("http")
	}), "error NS328"},
	{"one volume for two", func(b *builder) {
		b.stack.Volumes = append(b.stack.Volumes, &lang.Volume{Declared: lang.Declared{Address: "volume.x", Range: b.at()}, Name: "main_data"})
	}, "error NS329"},

	{"host in upper case", host("API.example.com"), "error NS330"},
	{"host is an address", host("203.0.113.7"), "error NS330"},
	{"host with an underscore", host("a_b.example.com"), "error NS330"},
	{"host with a star inside", host("a.*.example.com"), "error NS330"},
	{"host of a whole domain", host("*.com"), "error NS330"},
	{"punycode", host("xn--bcher-kva.example.com"), ""},
	{"two routes", func(b *builder) { b.route(b.service0("worker0"), "api.example.com") }, "error NS331"},
	{"path without a slash", routePath("api"), "error NS332"},
	{"path with dots", routePath("/a/%2e%2e/b"), "error NS332"},
	{"path with a query", routePath("/a?b"), "error NS332"},
	{"path with a bad escape", routePath("/a%2"), "error NS332"},
	{"path with a line break", routePath("/a\nb"), "error NS332"},
	{"path that encodes a line break", routePath("/a%0ab"), "error NS332"},
	{"no ingress", func(b *builder) { b.stack.Ingress = nil }, "error NS333"},
	{"no routes", onAPI(func(_ *builder, s *lang.Service) { s.Routes = nil }), "warning NS334"},
	{"route to UDP", onAPI(func(b *builder, s *lang.Service) {
		s.Ports = append(s.Ports, lang.Port{Name: b.str("dns"), Container: b.num(53), Protocol: b.str("udp")})
		s.Health.Port, s.Routes[0].Port = b.str("http"), b.str("dns")
	}), "error NS335"},
	{"no requests", onRoute(func(b *builder, r *lang.Route) { r.RateLimit = &lang.RateLimit{Range: b.at(), Requests: b.num(0)} }), "error NS336"},
	{"network grammar", onRoute(func(b *builder, r *lang.Route) { r.AllowFrom = b.strs("10.0.0.0/33", "all") }), "error NS337, error NS337"},
	{"network with host bits", onRoute(func(b *builder, r *lang.Route) { r.AllowFrom = b.strs("10.0.0.1/8") }), "warning NS337"},
	{"listening on a name", func(b *builder) { b.stack.Ingress.Address = b.str("localhost") }, "error NS337"},
	{"nginx of unknown age", func(b *builder) { b.stack.Ingress.Image = b.str("acme/nginx:2024-01" + testDigest) }, "error NS338"},
	{"nginx with releases of its own", func(b *builder) { b.stack.Ingress.Image = b.str("acme/edge:5.2.0" + testDigest) }, "error NS338"},
	{"floating nginx", func(b *builder) { b.stack.Ingress.Image = b.str("nginx:stable-alpine") }, "error NS310"},
	{"floating nginx in development", development(func(b *builder) { b.stack.Ingress.Image = b.str("nginx") }), "error NS338, warning NS310"},
	{"nginx of declared age", func(b *builder) {
		b.stack.Ingress.Image, b.stack.Ingress.Version = b.str("acme/nginx:2024-01"+testDigest), b.str("1.31.3")
	}, ""},
	{"old nginx", func(b *builder) { b.stack.Ingress.Image = b.str("nginx:1.31.2" + testDigest) }, "warning NS339"},
	{"local certificate", func(b *builder) { b.stack.Ingress.Certificate.Source = "local" }, "error NS340"},
	{"no certificate", func(b *builder) { b.stack.Ingress.Certificate = nil }, "error NS340"},
	{"local certificate in development", development(func(b *builder) { b.stack.Ingress.Certificate = nil }), ""},
	{"no firewall", func(b *builder) { b.stack.Firewall = nil }, "warning NS341"},
	{"preload alone", func(b *builder) { b.stack.Ingress.HSTS = &lang.HSTS{Range: b.at(), Preload: value(b, true)} }, "error NS342"},
	{"rule for a published port", allow("web", 443), "error NS343"},
	{"rule for ssh", allow("other", 22), "error NS343"},
	{"rule with a bad name", allow("it's", 4000), "error NS343"},
	{"header with a line break", onRoute(func(b *builder, r *lang.Route) { r.Headers = []lang.EnvVar{b.env("X-A", "a\r\nb")} }), "error NS344"},
	{"header twice", onRoute(func(b *builder, r *lang.Route) { r.Headers = []lang.EnvVar{b.env("X-A", "a"), b.env("x-a", "b")} }), "error NS344"},
	{"protocol", onAPI(func(b *builder, s *lang.Service) { s.Ports[0].Protocol = b.str("sctp") }), "error NS345"},
	{"profile", func(b *builder) { b.stack.Ingress.Profile = b.str("old") }, "error NS345"},
	{"pattern", asInput("sk_(live"), "error NS452"},
	{"look-around", asInput("(?=a)b"), "error NS452"},
	{"repeated too often", asInput("(a{1000}){1000}"), "error NS452"},
	{"long pattern", asInput(strings.Repeat("a", 1001)), "error NS452"},
	{"odd RSA key", func(b *builder) {
		b.stack.Secrets[1].Kind, b.stack.Secrets[1].Bits = b.str("rsa"), b.num(3001)
	}, "error NS452"},
	{"kind of secret", func(b *builder) { b.stack.Secrets[1].Kind = b.str("dsa") }, "error NS345"},
	{"config name", onAPI(func(b *builder, s *lang.Service) {
		s.Configs = []lang.Config{{Range: b.at(), Name: "../x", Path: b.str("/x"), Content: b.text("x")}}
	}), "error NS346"},
	{"config that git would ignore", onAPI(func(b *builder, s *lang.Service) {
		s.Configs = []lang.Config{{Range: b.at(), Name: "app.Secrets.toml", Path: b.str("/x"), Content: b.text("x")}}
	}), "error NS346"},
	{"config mode", onAPI(func(b *builder, s *lang.Service) {
		s.Configs = []lang.Config{{Range: b.at(), Name: "x", Path: b.str("/x"), Content: b.text("x"), Mode: b.num(0o600)}}
	}), "error NS346"},
	{"nothing to run", onAPI(func(_ *builder, s *lang.Service) { s.Image = lang.String{} }), "error NS347"},
	{"dense start order", func(b *builder) { layers(b, 12, 2) }, "warning NS348"},
	{"context around the output", output("a/b", buildOf("a", "")), "error NS349"},
	{"a host port for several", onAPI(func(b *builder, s *lang.Service) {
		b.stack.Posture = b.str("development")
		s.Replicas = source.At(2, b.at())
		s.Publish = []lang.Publish{{Range: b.at(), Port: b.str("http"), Host: source.At(9000, b.at())}}
	}), "error NS321"},
	{"context with secrets", buildOf(".", ""), "error NS349"},

	{"secret in the environment", onAPI(func(b *builder, s *lang.Service) { s.Env = []lang.EnvVar{b.env("KEY", ref("secret.jwt_key"))} }), "warning NS460"},
	{"secret in a build argument", onAPI(func(b *builder, s *lang.Service) {
		s.Build = &lang.Build{Range: b.at(), Context: b.str("api"), Args: []lang.EnvVar{b.env("KEY", ref("secret.jwt_key"))}}
	}), "error NS461"},
	{"secret in a header", onRoute(func(b *builder, r *lang.Route) { r.Headers = []lang.EnvVar{b.env("X-A", ref("secret.jwt_key"))} }), "error NS461"},
	{"no secret", onAPI(func(b *builder, s *lang.Service) { s.Secrets = append(s.Secrets, b.env("PLAIN", "x")) }), "warning NS462"},
	{"unused secret", func(b *builder) { b.secret("spare") }, "warning NS463"},
	{"unused on purpose", func(b *builder) { b.secret("_spare") }, ""},
	{"one key for two secrets", func(b *builder) { b.secret(`_a["x-y"]`); b.secret(`_a["x_y"]`) }, "error NS464"},
	{"key of the ingress", func(b *builder) {
		b.service("other", func(s *lang.Service) { s.Secrets = []lang.EnvVar{b.env("A", ref("secret.ingress_certificate"))} })
		b.secret("ingress_certificate")
	}, "error NS464"},
	{"rotation with a file that the service has not", func(b *builder) { b.rotated("dual", "nope") }, "error NS485"},
	{"rotation with a file of another secret", func(b *builder) { b.rotated("dual", "OTHER") }, "error NS485"},
	{"rotation with its file", func(b *builder) { b.rotated("dual", "TURNED") }, ""},
	{"login of a pair", func(b *builder) {
		b.rotated("pair", "TURNED")
		b.service0("api").Secrets = append(b.service0("api").Secrets, b.env("LOGIN", call("login", "secret.turned")))
	}, ""},
	{"login in the environment", func(b *builder) { // a name is no secret
		b.rotated("pair", "TURNED")
		b.service0("api").Env = []lang.EnvVar{b.env("PGUSER", call("login", "secret.turned"))}
	}, ""},
	{"login of two passwords", func(b *builder) {
		b.rotated("dual", "TURNED")
		b.service0("api").Secrets = append(b.service0("api").Secrets, b.env("LOGIN", call("login", "secret.turned")))
	}, "error NS486"},
	{"weak secret", func(b *builder) { b.stack.Secrets[0].Length = b.num(8) }, "error NS465"},
	{"signed by nobody", func(b *builder) {
		b.secret("_leaf", func(s *lang.Secret) { s.Kind, s.Hosts = b.str("x509"), b.strs("main") })
	}, "error NS466"},
	{"signed by a password", func(b *builder) {
		b.secret("_leaf", func(s *lang.Secret) {
			s.Kind, s.Hosts, s.SignedBy = b.str("x509"), b.strs("main"), "secret.db_password"
		})
	}, "error NS466"},
	{"reserved key", func(b *builder) {
		s := b.secret("path")
		b.service0("api").Secrets = append(b.service0("api").Secrets, b.env("P", ref(s.Address)))
	}, "error NS467"},
	{"NAME_FILE twice", onAPI(func(b *builder, s *lang.Service) { s.Env = append(s.Env, b.env("JWT_KEY_FILE", "x")) }), "error NS469"},
	{"two companions", onAPI(func(b *builder, s *lang.Service) {
		s.Files = []lang.CompanionFile{{Name: "ca.crt", Text: b.text(ref("secret.jwt_key"))}, {Name: "ca.crt", Text: b.text(ref("secret.db_password"))}}
	}), "error NS469"},
	{"one companion twice", onAPI(func(b *builder, s *lang.Service) {
		s.Files = []lang.CompanionFile{{Name: "ca.crt", Text: b.text(ref("secret.jwt_key"))}, {Name: "ca.crt", Text: b.text(ref("secret.jwt_key"))}}
	}), ""},

	// TestBadStores has the many forms of each.
	{"recipient", store("age", func(b *builder, s *lang.SecretStore) { s.Recipients = b.strs("nobody") }), "error NS641"},
	{"private key", store("age", func(b *builder, s *lang.SecretStore) { s.Recipients = b.strs("AGE-SECRET-KEY-1") }), "error NS642"},
	{"store over http", store("vault", func(b *builder, s *lang.SecretStore) { s.Address = b.str("http://vault.example.com") }), "error NS643"},
	{"store behind a shell", store("exec", func(b *builder, s *lang.SecretStore) { s.Command = b.strs("sh", "-c", "x") }), "error NS644"},

	{"secret in the command", onAPI(func(b *builder, s *lang.Service) { s.Command = b.strs("--key=" + ref("secret.jwt_key").Token()) }), "error NS900"},
	{"secret in the image", image("a:" + ref("secret.jwt_key").Token()), "error NS900"},
	{"unknown service", onAPI(func(b *builder, s *lang.Service) {
		s.Uses = append(s.Uses, lang.Use{Service: "service.x", Range: b.at()})
	}), "error NS900"},
	{"unknown secret", onAPI(func(b *builder, s *lang.Service) { s.Secrets = append(s.Secrets, b.env("X", ref("secret.x"))) }), "error NS900"},
}

func spoiled(c errorCase) *builder {
	b := shop()
	b.use(b.service("worker0"), b.service0("main"))
	c.spoil(b)
	return b
}

func TestErrors(t *testing.T) {
	for _, c := range errorCases {
		t.Run(c.name, func(t *testing.T) {
			_, diags := Compile(spoiled(c).stack)
			if diff := cmp.Diff(c.want, strings.Join(codes(diags), ", ")); diff != "" {
				t.Error(diff)
			}
			for _, d := range diags {
				checkShape(t, d)
			}
		})
	}
}

func checkShape(t *testing.T, d *diag.Diagnostic) {
	t.Helper()
	if d.Subject.IsZero() || d.Summary == "" || len(d.Detail) < 60 || strings.Contains(d.Detail, "%!") || strings.Contains(d.Detail, "\x00") {
		t.Errorf("%+v", d)
	}
	if strings.ContainsAny(d.Summary, "\"%") || strings.HasSuffix(d.Summary, ".") {
		t.Errorf("summary: %q", d.Summary)
	}
}

// TestPages holds every code of this package against its page: the heading is
// the diagnostic's summary, and each has an example of the wrong and the right.
func TestPages(t *testing.T) {
	summaries := map[string]string{}
	for _, c := range errorCases {
		_, diags := Compile(spoiled(c).stack)
		for _, d := range diags {
			if s, ok := summaries[d.Code]; ok && s != d.Summary {
				t.Errorf("%s has two summaries, %q and %q", d.Code, s, d.Summary)
			}
			summaries[d.Code] = d.Summary
		}
	}
	for _, r := range policy.Rules() {
		summaries[r.Code] = r.Title
	}
	for _, code := range codesInSource(t) {
		if _, ok := summaries[code]; !ok {
			t.Errorf("no case produces %s", code)
		}
	}
	for code, summary := range summaries {
		if code == "NS900" {
			continue
		}
		page, err := os.ReadFile(filepath.Join("..", "lang", "diag", "pages", code+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		text := string(page)
		if !strings.HasPrefix(text, "# "+code+": "+summary+"\n") {
			t.Errorf("%s: the heading is not %q", code, summary)
		}
		if !strings.Contains(text, "\n## Wrong\n") || !strings.Contains(text, "\n## Right\n") {
			t.Errorf("%s: no example", code)
		}
	}
}

func codesInSource(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"*.go", "policy/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`"(NS\d{3,4})"`).FindAllSubmatch(text, -1) {
				out = append(out, string(m[1]))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestBothPlacesOfARouteAreShown(t *testing.T) {
	b := shop()
	first := b.service0("api").Routes[0]
	second := b.route(b.service0("api"), "api.example.com", func(r *lang.Route) { r.Path = b.str("/") })
	_, diags := Compile(b.stack)
	if len(diags) != 1 || diags[0].Subject != second.Range || diags[0].Related[0].Range != first.Range {
		t.Errorf("%+v", diags)
	}
}

func TestTheWholeCycleIsShown(t *testing.T) {
	b := newBuilder()
	x, y, z := b.service("x"), b.service("y"), b.service("z")
	b.use(x, y)
	b.use(y, z)
	b.use(z, x)
	_, diags := Compile(b.stack)
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, "service.x → service.y → service.z → service.x") {
		t.Fatalf("%+v", diags)
	}
	var related []source.Range
	for _, r := range diags[0].Related {
		related = append(related, r.Range)
	}
	if diff := cmp.Diff([]source.Range{x.Uses[0].Range, y.Uses[0].Range, z.Uses[0].Range}, related); diff != "" {
		t.Error(diff)
	}
}

// asInput makes an input of a secret.
func asInput(pattern string) func(b *builder) {
	return func(b *builder) {
		b.stack.Secrets[1].Kind, b.stack.Secrets[1].Pattern = b.str("input"), b.str(pattern)
	}
}
