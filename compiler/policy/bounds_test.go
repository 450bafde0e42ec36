package policy

import (
	"fmt"
	"strings"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// boundCase is a stack that is at the edge of a rule: just kept, or just broken.
type boundCase struct {
	name   string
	spoil  func(s *ir.Stack)
	want   string // as said gives it
	detail string // what the one finding says
}

func ports(list ...ir.Publish) func(s *ir.Stack) {
	return func(s *ir.Stack) { s.Services[0].Publish = list }
}

func variable(name, value string) func(s *ir.Stack) {
	return func(s *ir.Stack) { s.Services[0].Env = []ir.EnvVar{{Name: name, Value: set(value, 12)}} }
}

func imageOf(ref string) func(s *ir.Stack) {
	return func(s *ir.Stack) { s.Services[0].Image.V = ref }
}

// words are a command of line 12.
func words(list ...string) (out []ir.String) {
	for _, w := range list {
		out = append(out, set(w, 12))
	}
	return out
}

func opened(p ir.OpenPort) func(s *ir.Stack) {
	return func(s *ir.Stack) {
		p.Origin = source.Origin{Range: at(31)}
		s.Firewall.Open = []ir.OpenPort{p}
	}
}

func inDevelopment(spoil func(s *ir.Stack)) func(s *ir.Stack) {
	return func(s *ir.Stack) {
		s.Posture = ir.Development
		spoil(s)
	}
}

// edgeOf gives a stack whose ingress believes a network, and one edge network.
func edgeOf(owner, subnet, subnet6, believed string) func(s *ir.Stack) {
	return func(s *ir.Stack) {
		s.Networks = []*ir.Network{{Purpose: "edge", Owner: owner, Subnet: subnet, Subnet6: subnet6}}
		s.Ingress.TrustedProxy = []ir.String{set(believed, 23)}
	}
}

var boundCases = []boundCase{
	{"a job needs no health check", func(s *ir.Stack) { s.Services[0].Health, s.Services[0].Job = nil, true }, "", ""},
	{"no memory", func(s *ir.Stack) { s.Services[0].Memory.V = 0 }, "10 error NS316", "no limit on memory"},
	{"no processors", func(s *ir.Stack) { s.Services[0].CPUs.V = 0 }, "10 error NS316", "no limit on cpus"},
	{"no processes", func(s *ir.Stack) { s.Services[0].Pids.V = 0 }, "10 error NS316", "no limit on pids"},

	{"loopback in production", ports(ir.Publish{HostIP: set("127.0.0.1", 12), Host: set(9000, 12)}), "12 error NS317", "loopback address"},
	{"a neighbour's address", inDevelopment(ports(ir.Publish{HostIP: set("192.168.0.9", 12), Host: set(9000, 12)})), "12 error NS317", "publishes port 9000"},
	{"a published store", func(s *ir.Stack) {
		s.Services[0].Store = set("redis", 12)
		ports(ir.Publish{HostIP: set("127.0.0.1", 12), Host: set(6379, 12)})(s)
	}, "12 error NS317", "publishes port 6379"},
	{"no ingress", func(s *ir.Stack) {
		s.Ingress = nil
		s.Services[0].Name = ""
	}, "21 error NS317", "publishes port 443"},

	{"a certificate that nobody asked for", func(s *ir.Stack) {
		s.Ingress.Certificate = ir.Certificate{Source: "local"}
	}, "20 error NS340", "the stack's own authority"},
	{"a stack without an ingress needs no firewall", func(s *ir.Stack) {
		s.Ingress, s.Firewall, s.Services = nil, nil, s.Services[:1]
	}, "", ""},

	{"a proxy beside the edge", edgeOf("service.ingress", "10.214.50.96/28", "", "10.214.50.112/28"), "", ""},
	{"the edge of another service", edgeOf("service.api", "10.214.50.96/28", "", "10.214.50.96/28"), "", ""},
	{"an edge that is not there", edgeOf("service.gone", "10.214.50.96/28", "", "10.214.50.96/28"), "", ""},
	{"the edge itself", edgeOf("service.ingress", "10.214.50.96/28", "", "10.214.50.97/32"), "23 error NS354", "10.214.50.96/28"},
	{"every address of IPv6", edgeOf("service.ingress", "", "fd12::/64", "::/0"), "23 error NS356", "::/0 is so much"},
	{"half of the internet", edgeOf("service.ingress", "10.214.50.96/28", "", "0.0.0.0/1"), "23 error NS356", "0.0.0.0/1 is so much"},
	{"wider than anybody's", edgeOf("service.ingress", "", "", "112.0.0.0/7"), "23 error NS356", "112.0.0.0/7"},
	{"as wide as somebody's", edgeOf("service.ingress", "", "", "17.0.0.0/8"), "", ""},
	{"wider than anybody's of IPv6", edgeOf("service.ingress", "", "", "2400::/15"), "23 error NS356", "2400::/15"},
	{"as wide as somebody's of IPv6", edgeOf("service.ingress", "", "", "2400::/16"), "", ""},
	{"all private addresses of IPv6", edgeOf("service.ingress", "", "", "fc00::/7"), "", ""},
	{"an edge of IPv6 alone", edgeOf("service.ingress", "", "fd12::/64", "fd12::1/128"), "23 error NS354", "fd12::/64"},
	{"an edge without an ingress", func(s *ir.Stack) {
		edgeOf("service.ingress", "10.214.50.96/28", "", "10.0.0.0/8")(s)
		s.Ingress = nil
		s.Services[1].Publish = nil
	}, "", ""},

	{"a port of no database", opened(ir.OpenPort{Port: set(8080, 31)}), "", ""},
	{"a container's port", opened(ir.OpenPort{Port: set(5432, 31), Container: true}), "", ""},
	{"a database for some", opened(ir.OpenPort{Port: set(5432, 31), From: []ir.String{set("203.0.113.0/24", 31)}}), "", ""},
	{"a database for some and for all", opened(ir.OpenPort{Port: set(5432, 31), From: []ir.String{set("203.0.113.0/24", 32), set("0.0.0.0/0", 33)}}), "33 error NS319", "where PostgreSQL listens"},
	{"a database for whoever comes", opened(ir.OpenPort{Port: set(5432, 34)}), "34 error NS319", "where PostgreSQL listens"},

	{"an image that is built", func(s *ir.Stack) {
		s.Services[0].Image.V, s.Services[0].Build = "shop-api", &ir.Build{}
	}, "", ""},
	{"a release that is built", func(s *ir.Stack) {
		s.Services[0].Image.V, s.Services[0].Build = "shop-api:1", &ir.Build{}
	}, "", ""},
	{"an image that is none", imageOf("UPPER case!!"), "", ""},
	{"no tag", imageOf("acme/api"), "11 error NS310", `has no tag, which means "latest"`},
	{"a tag of no version", imageOf("acme/api:stable"), "11 error NS310", `has the tag "stable", which names no version`},
	{"a service's nginx", imageOf("docker.io/library/nginx"), "11 error NS310", `image = "docker.io/library/nginx:1.30.4"`},
	{"PostgreSQL's image", imageOf("postgres"), "11 error NS310", `image = "postgres:17.12"`},
	{"the image of Redis", func(s *ir.Stack) {
		imageOf("redis:latest")(s)
		s.Services[0].Command = words("--aclfile", "/data/users.acl")
	}, "11 error NS310", `image = "redis:8.2.9"`},
	{"an image of one's own", imageOf("acme/api"), "11 error NS310", `image = "acme/api:1.4.2"`},

	{"the oldest safe mainline", func(s *ir.Stack) { s.Ingress.Version = ir.Version{Major: 1, Minor: 31, Patch: 3} }, "", ""},
	{"a mainline with faults", func(s *ir.Stack) { s.Ingress.Version = ir.Version{Major: 1, Minor: 31} }, "21 warning NS339", "nginx 1.31.0 has"},
	{"an nginx that is refused", func(s *ir.Stack) { s.Ingress.Version = ir.Version{Major: 1, Minor: 21, Patch: 6} }, "", ""},
	{"the oldest nginx that is not refused", func(s *ir.Stack) { s.Ingress.Version = ir.Version{Major: 1, Minor: 22} }, "21 warning NS339", "nginx 1.22.0 has"},
	{"a later nginx", func(s *ir.Stack) { s.Ingress.Version = ir.Version{Major: 1, Minor: 32} }, "", ""},
	{"an nginx whose image is a default", func(s *ir.Stack) {
		s.Ingress.Version.Patch = 3
		s.Services[1].Image = ir.String{V: s.Services[1].Image.V}
	}, "20 warning NS339", "nginx 1.30.3 has"},

	{"a capability that is needed", func(s *ir.Stack) { s.Services[0].CapAdd = []ir.String{set("CHOWN", 12)} }, "", ""},
	{"a folder that is read", func(s *ir.Stack) {
		s.Services[0].Volumes = []ir.VolumeMount{{Bind: "../site", ReadOnly: set(true, 12)}}
	}, "", ""},
	{"a volume that is written", func(s *ir.Stack) {
		s.Services[0].Volumes = []ir.VolumeMount{{Volume: "data", ReadOnly: set(false, 12)}}
	}, "", ""},
	{"a user whose number ends alike", func(s *ir.Stack) { s.Services[0].User = set("10:0", 12) }, "", ""},

	{"another method of PostgreSQL", variable("POSTGRES_HOST_AUTH_METHOD", "md5"), "", ""},
	{"trust in capitals", variable("POSTGRES_HOST_AUTH_METHOD", "TRUST"), "12 error NS1923", "as any user"},
	{"a variable of another name", variable("AUTH_METHOD", "trust"), "", ""},
	{"nothing said", variable("ALLOW_EMPTY_PASSWORD", ""), "", ""},
	{"a path of a password", variable("DB_PASSWORD", "/run/secrets/db"), "", ""},
	{"a name within a name", variable("PASSWORD_POLICY", "strict"), "", ""},

	{"one store on two volumes", func(s *ir.Stack) {
		s.Services[0].Store, s.Services[0].Replicas = set("pg", 12), set(1, 13)
		s.Services[0].Volumes = []ir.VolumeMount{{Volume: "a"}, {Volume: "b"}, {Volume: "a"}}
	}, "", ""},
	{"containers that only read", func(s *ir.Stack) {
		s.Services[0].Store, s.Services[0].Replicas = set("pg", 12), set(2, 13)
		s.Services[0].Volumes = []ir.VolumeMount{{Volume: "a", ReadOnly: set(true, 12)}}
	}, "", ""},
	{"containers that store nothing", func(s *ir.Stack) {
		s.Services[0].Replicas, s.Services[0].Volumes = set(2, 13), []ir.VolumeMount{{Volume: "a"}}
	}, "", ""},
	{"one store writes and another reads", func(s *ir.Stack) {
		for i, one := range s.Services {
			one.Store, one.Volumes = set("pg", 12), []ir.VolumeMount{{Volume: "a", ReadOnly: set(i == 0, 12)}}
		}
	}, "", ""},
	{"stores on a volume each", func(s *ir.Stack) {
		for i, one := range s.Services {
			one.Store, one.Volumes = set("pg", 12), []ir.VolumeMount{{Volume: fmt.Sprint(i)}}
		}
	}, "", ""},
	{"stores that share two volumes", func(s *ir.Stack) {
		for i, one := range s.Services {
			line := int32(12 + 2*i)
			one.Store, one.Volumes = set("pg", 12), []ir.VolumeMount{
				{Volume: "a", Origin: source.Origin{Range: at(line)}}, {Volume: "b", Origin: source.Origin{Range: at(line + 1)}},
			}
		}
	}, "14 error NS355", "service.api and service.ingress both store data"},
	{"stores in one folder of the host", func(s *ir.Stack) {
		s.Posture = ir.Development
		for i, one := range s.Services {
			one.Store, one.Volumes = set("pg", 12), []ir.VolumeMount{{Bind: "../data", Origin: source.Origin{Range: at(int32(12 + i))}}}
		}
	}, "13 error NS355", "both store data"},
}

// TestBoundsOfRules: a rule finds what is just beyond its bound, and nothing before it;
// where a finding has several remedies, it names the right one.
func TestBoundsOfRules(t *testing.T) {
	for _, c := range boundCases {
		t.Run(c.name, func(t *testing.T) {
			s := good()
			c.spoil(s)
			got := Check(s, 0)
			if said(got) != c.want {
				t.Fatalf("%s, want %s", said(got), c.want)
			}
			if len(got) > 0 && !strings.Contains(got[0].Detail, c.detail) {
				t.Errorf("%q does not say %q", got[0].Detail, c.detail)
			}
		})
	}
}

// TestListsOfRules: every word of the lists that rules go by counts.
func TestListsOfRules(t *testing.T) {
	var cases []boundCase
	for word, why := range map[string]string{
		"ALL": "root on the host", "SYS_ADMIN": "root on the host", "NET_ADMIN": "firewall rules", "NET_RAW": "forge packets", "SYS_PTRACE": "memory",
		"PERFMON": "memory", "SYS_MODULE": "kernel", "BPF": "kernel", "SYS_RAWIO": "hardware", "SYS_BOOT": "hardware", "SYS_TIME": "hardware",
		"SYSLOG": "hardware", "DAC_READ_SEARCH": "any file", "MAC_ADMIN": "confinement", "MAC_OVERRIDE": "confinement", "SETFCAP": "confinement", "MKNOD": "device",
	} {
		cases = append(cases, boundCase{word, func(s *ir.Stack) { s.Services[0].CapAdd = []ir.String{set(word, 12)} }, "12 error NS314", why})
	}
	for port, what := range map[int]string{
		2375: "a Docker engine", 2376: "a Docker engine", 3306: "MySQL", 5432: "PostgreSQL", 6379: "Redis", 9200: "Elasticsearch", 9300: "Elasticsearch",
		11211: "memcached", 27017: "MongoDB",
	} {
		cases = append(cases, boundCase{what, opened(ir.OpenPort{Port: set(port, 31)}), "31 error NS319", fmt.Sprintf("port %d, where %s listens", port, what)})
	}
	for _, name := range []string{
		"DB_PASSWORD", "PASSWORD", "db_passwd", "CLIENT_SECRET", "GITHUB_TOKEN", "DJANGO_SECRET_KEY", "SSH_PRIVATE_KEY", "STRIPE_API_KEY", "DB_ROOT_PASS",
	} {
		cases = append(cases, boundCase{name, variable(name, "hunter2"), "12 error NS1810", "secrets = {\n        " + name + " = secret." + strings.ToLower(name)})
	}
	for _, value := range []string{"", "true", "False", "yes", "NO", "on", "off", "none", "required", "/run/secrets/x"} {
		cases = append(cases, boundCase{"a switch " + value, variable("USE_TOKEN", value), "", ""})
	}
	for _, name := range []string{"MYSQL_ALLOW_EMPTY_PASSWORD", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "ALLOW_EMPTY_PASSWORD", "ALLOW_ANONYMOUS_LOGIN"} {
		for _, value := range []string{"", "no", "False", "0"} {
			cases = append(cases, boundCase{name + value, variable(name, value), "", ""})
		}
		cases = append(cases, boundCase{name, variable(name, "yes"), "12 error NS1923", name + ` = "yes"`})
	}
	for _, c := range cases {
		s := good()
		c.spoil(s)
		got := Check(s, 0)
		if said(got) != c.want || len(got) > 0 && !strings.Contains(got[0].Detail, c.detail) {
			t.Errorf("%s: %s, want %s: %+v", c.name, said(got), c.want, got)
		}
	}
}

// TestLevelsOfHostRules: what a finding on the host is follows from its severity, and a
// laptop is no server.
func TestLevelsOfHostRules(t *testing.T) {
	for severity, want := range map[Severity]Level{Info: Note, Low: Warning, Medium: Warning, High: Error, Critical: Error} {
		r, server := onHost("NS2099", "x", severity), onServer("NS2099", "x", severity)
		if r.Production != want || r.Development != want || server.Production != want || server.Development != Off {
			t.Errorf("%s: %+v, %+v", severity, r, server)
		}
	}
}
