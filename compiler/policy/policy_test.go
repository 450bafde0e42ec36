package policy

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

func at(line int32) source.Range {
	return source.Range{File: "nself.hcl", Start: source.Pos{Line: line, Byte: 100 * line}, End: source.Pos{Line: line, Byte: 100*line + 9}}
}

func set[T any](v T, line int32) source.Value[T] { return source.At(v, at(line)) }

const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// good is a stack that keeps every rule.
func good() *ir.Stack {
	service := func(name string, line int32) *ir.Service {
		return &ir.Service{
			Name: name, Address: "service." + name, Origin: source.Origin{Range: at(line)}, Site: at(line),
			Image: set("ghcr.io/acme/"+name+":1.4.2"+digest, line+1), User: set("10001:10001", line), ReadOnly: set(true, line),
			Health: &ir.Health{Origin: source.Origin{Range: at(line)}},
			CPUs:   set(1.0, line), Memory: set[int64](512<<20, line), Pids: set(256, line),
		}
	}
	api, ingress := service("api", 10), service("ingress", 20)
	ingress.Publish = []ir.Publish{{Host: set(443, 21), Container: set(8443, 21), Protocol: set("tcp", 21)}}
	return &ir.Stack{
		Services: []*ir.Service{api, ingress},
		Ingress: &ir.Ingress{
			Origin: source.Origin{Range: at(20)}, Service: "ingress", Version: ir.Version{Major: 1, Minor: 30, Patch: 4},
			Certificate: ir.Certificate{Origin: source.Origin{Range: at(22)}, Source: "files"},
		},
		Firewall: &ir.Firewall{Origin: source.Origin{Range: at(30)}},
	}
}

type ruleCase struct {
	code  string
	name  string
	spoil func(s *ir.Stack)
	line  int32
	// severities in production and development; "" for none
	production, development string
}

var ruleCases = []ruleCase{
	{"NS310", "latest", func(s *ir.Stack) { s.Services[0].Image.V = "a:latest" }, 11, "error", "warning"},
	{"NS310", "no tag", func(s *ir.Stack) { s.Services[0].Image.V = "a" }, 11, "error", "warning"},
	{"NS311", "no digest", func(s *ir.Stack) { s.Services[0].Image.V = "a:1" }, 11, "warning", ""},
	{"NS312", "writable", func(s *ir.Stack) { s.Services[0].ReadOnly = set(false, 12) }, 12, "warning", ""},
	{"NS313", "root", func(s *ir.Stack) { s.Services[0].User = set("0:0", 12) }, 12, "error", "warning"},
	{"NS314", "capability", func(s *ir.Stack) { s.Services[0].CapAdd = []ir.String{set("NET_RAW", 12)} }, 12, "error", "error"},
	{"NS315", "health", func(s *ir.Stack) { s.Services[0].Health = nil }, 10, "warning", ""},
	{"NS316", "memory", func(s *ir.Stack) { s.Services[0].Memory.V = 0 }, 10, "error", "error"},
	{"NS316", "processors", func(s *ir.Stack) { s.Services[0].CPUs.V = 0 }, 10, "error", "error"},
	{"NS316", "processes", func(s *ir.Stack) { s.Services[0].Pids.V = -1 }, 10, "error", "error"},
	{"NS317", "loopback", func(s *ir.Stack) {
		s.Services[0].Publish = []ir.Publish{{HostIP: set("127.0.0.1", 12), Host: set(9000, 12)}}
	}, 12, "error", ""},
	{"NS317", "every address", func(s *ir.Stack) { s.Services[0].Publish = []ir.Publish{{Host: set(9000, 12)}} }, 12, "error", "error"},
	{"NS317", "store", func(s *ir.Stack) {
		s.Services[0].Store = set("redis", 12)
		s.Services[0].Publish = []ir.Publish{{HostIP: set("::1", 12), Host: set(9000, 12)}}
	}, 12, "error", "error"},
	{"NS318", "bind", func(s *ir.Stack) {
		s.Services[0].Volumes = []ir.VolumeMount{{Bind: "../site", ReadOnly: set(false, 12)}}
	}, 12, "warning", ""},
	{"NS319", "database", func(s *ir.Stack) {
		s.Firewall.Open = []ir.OpenPort{{Origin: source.Origin{Range: at(31)}, ID: "x", Port: set(6379, 31), From: []ir.String{set("::/0", 31)}}}
	}, 31, "error", "warning"},
	{"NS339", "stable", func(s *ir.Stack) { s.Ingress.Version.Patch = 3 }, 21, "warning", ""},
	{"NS339", "mainline", func(s *ir.Stack) { s.Ingress.Version = ir.Version{Major: 1, Minor: 31, Patch: 2} }, 21, "warning", ""},
	{"NS340", "local", func(s *ir.Stack) { s.Ingress.Certificate.Source = "local" }, 22, "error", ""},
	{"NS341", "firewall", func(s *ir.Stack) { s.Firewall = nil }, 20, "warning", ""},
	{"NS354", "gateway", func(s *ir.Stack) {
		s.Networks = []*ir.Network{{Purpose: "edge", Owner: "service.ingress", Subnet: "10.214.50.96/28"}, {Purpose: "provider", Owner: "service.ingress", Subnet: "10.9.0.0/28"}}
		s.Ingress.TrustedProxy = []ir.String{set("10.9.0.0/16", 23), set("10.214.0.0/16", 24), set("2001:db8::/32", 25)}
	}, 24, "error", "warning"},
	{"NS356", "everybody", func(s *ir.Stack) {
		s.Ingress.TrustedProxy = []ir.String{set("10.0.0.0/8", 23), set("fc00::/7", 23), set("2400::/16", 23), set("0.0.0.0/0", 24)}
	}, 24, "error", "error"},
	{"NS1810", "password", func(s *ir.Stack) {
		s.Services[0].Env = []ir.EnvVar{
			{Name: "PASSWORD_FILE", Value: set("x", 11)},
			{Name: "DB_PASSWORD", Value: set("/run/secrets/x", 11)},
			{Name: "USE_TOKEN", Value: set("true", 11)},
			{Name: "db_password", Value: set("postgres", 12)},
		}
	}, 12, "error", "warning"},
	{"NS1923", "trust", func(s *ir.Stack) {
		s.Services[0].Env = []ir.EnvVar{{Name: "POSTGRES_HOST_AUTH_METHOD", Value: set("scram-sha-256", 11)}, {Name: "POSTGRES_HOST_AUTH_METHOD", Value: set("trust", 12)}}
	}, 12, "error", "warning"},
	{"NS1923", "empty password", func(s *ir.Stack) {
		s.Services[0].Env = []ir.EnvVar{{Name: "ALLOW_EMPTY_PASSWORD", Value: set("no", 11)}, {Name: "MYSQL_ALLOW_EMPTY_PASSWORD", Value: set("1", 12)}}
	}, 12, "error", "warning"},
	{"NS1560", "every origin", func(s *ir.Stack) {
		s.Ingress.Hosts = routed(&ir.Route{Headers: cors("*", "true")})
	}, 12, "error", "warning"},
	{"NS1561", "debugger", func(s *ir.Stack) {
		s.Services[0].Env = []ir.EnvVar{{Name: "FLASK_DEBUG", Value: set("0", 11)}, {Name: "FLASK_DEBUG", Value: set("1", 12)}}
	}, 12, "error", ""},
	{"NS1562", "dashboard", func(s *ir.Stack) {
		s.Services[0].Image.V = "dpage/pgadmin4:9.8@sha256:" + strings.Repeat("ab", 32)
		s.Ingress.Hosts = routed(&ir.Route{})
	}, 12, "error", ""},
	{"NS1650", "unchecked", func(s *ir.Stack) {
		s.Services[0].Env = []ir.EnvVar{{Name: "NODE_TLS_REJECT_UNAUTHORIZED", Value: set("1", 11)}, {Name: "NODE_TLS_REJECT_UNAUTHORIZED", Value: set("0", 12)}}
	}, 12, "error", "warning"},
	{"NS355", "containers of one store", func(s *ir.Stack) {
		s.Services[0].Store, s.Services[0].Replicas, s.Services[0].Volumes = set("pg", 12), set(2, 13), []ir.VolumeMount{{Volume: "a"}, {Volume: "b"}}
	}, 13, "error", "error"},
	{"NS355", "two stores", func(s *ir.Stack) {
		for i, one := range s.Services {
			line := int32(12 + i)
			one.Store, one.Volumes = set("pg", 12), []ir.VolumeMount{{Volume: "a", Origin: source.Origin{Range: at(line)}}}
		}
	}, 13, "error", "error"},
	{"NS354", "gateway of IPv6", func(s *ir.Stack) {
		s.Networks = []*ir.Network{{Purpose: "edge", Owner: "service.ingress", Subnet: "10.214.50.96/28", Subnet6: "fd12:3456:789a::/64"}}
		s.Ingress.TrustedProxy = []ir.String{set("10.9.0.0/16", 23), set("2001:db8::/32", 24), set("fd00::/8", 25)}
	}, 25, "error", "warning"},
}

func TestRules(t *testing.T) {
	for _, c := range ruleCases {
		for posture, want := range map[ir.Posture]string{ir.Production: c.production, ir.Development: c.development} {
			s := good()
			s.Posture = posture
			c.spoil(s)
			got := Check(s, 0)
			if want == "" {
				if len(got) > 0 {
					t.Errorf("%s %s in %s: %+v", c.code, c.name, posture, got[0])
				}
				continue
			}
			if len(got) != 1 || got[0].Code != c.code || got[0].Severity.String() != want || got[0].Subject != at(c.line) {
				t.Errorf("%s %s in %s: %+v", c.code, c.name, posture, got)
			}
		}
	}
}

func TestGoodStackHasNoFindings(t *testing.T) {
	for _, p := range []ir.Posture{ir.Production, ir.Development} {
		s := good()
		s.Posture = p
		if got := Check(s, 0); len(got) > 0 {
			t.Errorf("%s: %+v", p, got[0])
		}
	}
	if got := Check(&ir.Stack{}, 0); len(got) > 0 {
		t.Errorf("empty stack: %+v", got[0])
	}
}

var themes = []Theme{Isolation, Resources, Images, Volumes, Network, Edge, TLS, Firewall, Secrets, Stores, Operations, Meta}

// TestRulesStandByTheme: the catalogue is printed in the order of the list.
func TestRulesStandByTheme(t *testing.T) {
	rules := Rules()
	if !slices.IsSortedFunc(rules, func(a, b Rule) int {
		return cmp.Or(slices.Index(themes, a.Theme)-slices.Index(themes, b.Theme), diag.CompareCodes(a.Code, b.Code))
	}) {
		t.Error("not sorted by theme and code")
	}
}

func TestRulesAreWellFormed(t *testing.T) {
	var codes []string
	for _, r := range Rules() {
		codes = append(codes, r.Code)
		if !regexp.MustCompile(`^NS\d{3,4}$`).MatchString(r.Code) || r.Title != diag.Title(r.Code) || strings.HasSuffix(r.Title, ".") ||
			r.Theme == "" || len(r.References) == 0 {
			t.Errorf("%+v", r)
		}
		if !slices.Contains(themes, r.Theme) {
			t.Errorf("%s: no theme %q", r.Code, r.Theme)
		}
		if r.Waivable && r.Held == ByConstruction {
			t.Errorf("%s cannot be broken, and so not be waived", r.Code)
		}
		if r.Production < r.Development {
			t.Errorf("%s is stricter in development", r.Code)
		}
		if r.Theme == Meta && r.Waivable {
			t.Errorf("%s is about waivers, and can be waived itself", r.Code)
		}
		if r.Check != nil && !slices.ContainsFunc(ruleCases, func(c ruleCase) bool { return c.code == r.Code }) {
			t.Errorf("no case breaks %s", r.Code)
		}
	}
	slices.Sort(codes)
	if len(slices.Compact(slices.Clone(codes))) != len(codes) {
		t.Errorf("a code stands there twice: %v", codes)
	}
}

func TestFindingsInKindsPointAtTheirUse(t *testing.T) {
	s := good()
	s.Services[0].Image.V, s.Services[0].Site = "a:latest", at(2)
	want := diag.Related{Range: at(11), Message: "in service.api"}
	got := Check(s, 0)
	if len(got) != 1 || got[0].Subject != at(2) {
		t.Fatalf("%+v", got)
	}
	if diff := gocmp.Diff([]diag.Related{want}, got[0].Related); diff != "" {
		t.Error(diff)
	}
}

// TestImageIsToldOnce: services of one image have one digest to look up.
func TestImageIsToldOnce(t *testing.T) {
	s := good()
	other := *s.Services[0]
	other.Name, other.Address, other.Site = "other", "service.other", at(40)
	s.Services = append(s.Services, &other)
	s.Services[0].Image.V, other.Image.V = "a:1", "a:1"
	s.Services[1].Image.V = "b:1"
	got := Check(s, 0)
	if len(got) != 2 || got[0].Subject != at(11) || !strings.Contains(got[0].Detail, "a:1 of service.api has") || !strings.Contains(got[1].Detail, "b:1 of service.ingress has") {
		t.Fatalf("%+v", got)
	}
	if diff := gocmp.Diff([]diag.Related{{Range: at(40), Message: "and in service.other"}}, got[0].Related); diff != "" {
		t.Error(diff)
	}
}

func TestNoteIsANote(t *testing.T) {
	d := diagnostic(Rule{Code: "NS399", Title: "x"}, Note, Finding{At: at(1)})
	if d.Severity != diag.Note {
		t.Error(d.Severity)
	}
}

func BenchmarkCheck(b *testing.B) {
	s := good()
	for range 1000 {
		s.Services = append(s.Services, s.Services[0])
	}
	b.ReportAllocs()
	for b.Loop() {
		Check(s, 0)
	}
}
