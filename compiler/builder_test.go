package compiler

import (
	"testing"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// builder makes stacks as lang would: every value has a line of its own.
type builder struct {
	stack *lang.Stack
	line  int32
}

const testDigest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func newBuilder() *builder {
	b := &builder{stack: &lang.Stack{}}
	b.stack.Name = b.str("shop")
	b.stack.Posture = b.str("production")
	b.stack.Range = b.at()
	return b
}

func (b *builder) at() source.Range {
	b.line++
	p := source.Pos{Line: b.line, Byte: 100 * b.line}
	return source.Range{File: "nself.hcl", Start: p, End: source.Pos{Line: p.Line, Byte: p.Byte + 10}}
}

func value[T any](b *builder, v T) source.Value[T] { return source.At(v, b.at()) }

func (b *builder) str(s string) lang.String { return value(b, s) }
func (b *builder) num(n int) lang.Int       { return value(b, n) }

func (b *builder) strs(list ...string) []lang.String {
	var out []lang.String
	for _, s := range list {
		out = append(out, b.str(s))
	}
	return out
}

// text reads "a ${secret.b} c" by the one rule that ${…} is a secret's address.
func (b *builder) text(parts ...any) lang.Text {
	var t secret.Text
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			t = append(t, secret.Literal(p)...)
		case *secret.Expr:
			t = append(t, secret.Part{Secret: p})
		}
	}
	return value(b, t)
}

func ref(address string) *secret.Expr { return &secret.Expr{Address: address} }

func (b *builder) env(name string, parts ...any) lang.EnvVar {
	return lang.EnvVar{Name: name, Value: b.text(parts...)}
}

// service adds a service that breaks no rule: an image with a digest, a port, a
// health check.
func (b *builder) service(name string, edit ...func(s *lang.Service)) *lang.Service {
	s := &lang.Service{Declared: lang.Declared{Address: "service." + name, Range: b.at()}, Name: name}
	s.Image = b.str("ghcr.io/acme/" + name + ":1.4.2" + testDigest)
	s.Ports = []lang.Port{b.port("http", 8080)}
	s.Health = &lang.Health{Range: b.at(), HTTP: b.str("/healthz")}
	for _, f := range edit {
		f(s)
	}
	b.stack.Services = append(b.stack.Services, s)
	return s
}

func (b *builder) port(name string, number int) lang.Port {
	return lang.Port{Name: b.str(name), Container: b.num(number)}
}

func (b *builder) use(consumer *lang.Service, providers ...*lang.Service) {
	for _, p := range providers {
		consumer.Uses = append(consumer.Uses, lang.Use{Service: p.Address, Range: b.at()})
	}
}

func (b *builder) route(s *lang.Service, host string, edit ...func(r *lang.Route)) *lang.Route {
	r := &lang.Route{Declared: lang.Declared{Address: s.Address + ".route[0]", Range: b.at()}, Host: b.str(host)}
	for _, f := range edit {
		f(r)
	}
	s.Routes = append(s.Routes, r)
	return r
}

func (b *builder) secret(name string, edit ...func(s *lang.Secret)) *lang.Secret {
	s := &lang.Secret{Declared: lang.Declared{Address: "secret." + name, Range: b.at()}}
	for _, f := range edit {
		f(s)
	}
	b.stack.Secrets = append(b.stack.Secrets, s)
	return s
}

// rotated adds two secrets to a file each of the service api, the first of which has
// a rotation of a class there, through a file of a name.
func (b *builder) rotated(class, file string) {
	b.secret("other")
	b.secret("turned", func(s *lang.Secret) {
		s.Rotation = &lang.Rotation{
			Range: b.at(), Class: b.str(class), Service: b.str("service.api"), File: b.str(file), Apply: b.strs("apply"), Prove: b.strs("prove"), User: b.str("app"),
		}
	})
	api := b.service0("api")
	api.Secrets = append(api.Secrets, b.env("OTHER", ref("secret.other")), b.env("TURNED", ref("secret.turned")))
}

func call(name, address string) *secret.Expr {
	return &secret.Expr{Func: name, Args: []secret.Text{secret.Of(ref(address))}}
}

// ingress adds an ingress and a firewall that break no rule.
func (b *builder) ingress() {
	b.stack.Ingress = &lang.Ingress{
		Declared: lang.Declared{Address: "ingress", Range: b.at()},
		Image:    b.str("nginx:1.30.4" + testDigest),
		Certificate: &lang.Certificate{
			Range: b.at(), Source: "files", Certificate: b.str("/etc/ssl/shop/fullchain.pem"), PrivateKey: b.str("/etc/ssl/shop/privkey.pem"),
		},
	}
	b.stack.Firewall = &lang.Firewall{Declared: lang.Declared{Address: "firewall", Range: b.at()}, SSHRange: b.at()}
}

// shop is a stack with one of everything, and nothing to complain about.
func shop() *builder {
	b := newBuilder()
	db := b.service("main", func(s *lang.Service) {
		s.Address, s.Store, s.User = "postgres.main.service.main", b.str("postgres"), b.str("999:999")
		s.Calls = []lang.Call{{Address: "postgres.main", Range: b.at()}}
		s.Ports = []lang.Port{b.port("postgres", 5432)}
		s.Health = &lang.Health{Range: b.at(), Command: b.strs("pg_isready -q"), Shell: true}
		s.Volumes = []lang.Mount{{Range: b.at(), Name: "data", Path: b.str("/var/lib/postgresql/data")}}
		s.Configs = []lang.Config{
			{Range: b.at(), Name: "pg_hba.conf", Path: b.str("/etc/postgresql/pg_hba.conf"), Content: b.text("local all all peer\n")},
			{Range: b.at(), Name: "roles.sql", Path: b.str("/docker-entrypoint-initdb.d/10-roles.sql"), Content: b.text("ALTER ROLE app PASSWORD '", &secret.Expr{
				Func: "scram_verifier", Args: []secret.Text{secret.Of(ref("secret.db_password"))},
			}, "';\n")},
		}
	})
	api := b.service("api", func(s *lang.Service) {
		s.Env = []lang.EnvVar{b.env("LOG_LEVEL", "info")}
		s.Secrets = []lang.EnvVar{
			b.env("DATABASE_URL", "postgres://app:", ref("secret.db_password"), "@main:5432/app"), b.env("JWT_KEY", ref("secret.jwt_key")),
		}
		s.Egress = value(b, true)
	})
	worker := b.service("worker", func(s *lang.Service) {
		s.Ports, s.Health.HTTP, s.Health.Command = nil, lang.String{}, b.strs("worker", "ping")
	})
	b.use(api, db)
	b.use(worker, db, api)
	b.service("idle", func(s *lang.Service) { s.Ports, s.Health = nil, nil; s.Restart = b.str("no") })
	b.secret("db_password", func(s *lang.Secret) { s.Kind = b.str("password") })
	b.secret("jwt_key", func(s *lang.Secret) { s.Kind = b.str("jwt") })
	b.route(api, "api.example.com")
	b.ingress()
	return b
}

func (b *builder) service0(name string) *lang.Service {
	for _, s := range b.stack.Services {
		if s.Name == name {
			return s
		}
	}
	panic("no service " + name)
}

// compiled compiles what must have no findings.
func (b *builder) compiled(t testing.TB) *ir.Stack {
	t.Helper()
	out, diags := Compile(b.stack)
	for _, d := range diags {
		t.Errorf("%s: %s: %s: %s", d.Subject, d.Code, d.Summary, d.Detail)
	}
	return out
}

// service finds a service of the result.
func service(t testing.TB, s *ir.Stack, name string) *ir.Service {
	t.Helper()
	for _, x := range s.Services {
		if x.Name == name {
			return x
		}
	}
	t.Fatalf("no service %q", name)
	return nil
}

func codes(diags diag.List) []string {
	var out []string
	for _, d := range diags {
		out = append(out, d.Severity.String()+" "+d.Code)
	}
	return out
}
