package compiler

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/secret"
)

func TestDefaultsOfAService(t *testing.T) {
	b := newBuilder()
	b.service("api")
	s := service(t, b.compiled(t), "api")
	got := fmt.Sprint(s.User.V, s.ReadOnly.V, s.Restart.V, s.StopGrace.V, s.Init.V, s.CPUs.V, s.Memory.V, s.Pids.V, s.Replicas.V)
	if want := fmt.Sprint("10001:10001", true, "unless-stopped", "30s", true, 1.0, 512<<20, 256, 1); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if s.User.By != "default service.user" || s.User.Range != s.Origin.Range {
		t.Errorf("the default does not name itself and its block: %+v", s.User.Origin)
	}
	if len(s.Tmpfs) != 1 || s.Tmpfs[0].Target.V != "/tmp" || s.Tmpfs[0].Size.V != 64<<20 || s.Tmpfs[0].Mode != 0o1777 || s.Tmpfs[0].Exec.V {
		t.Errorf("tmpfs: %+v", s.Tmpfs)
	}
	if len(s.Networks) != 0 {
		t.Errorf("a service that nobody uses joined %v", s.Networks)
	}
}

func TestShop(t *testing.T) {
	out := shop().compiled(t)
	var networks []string
	for _, n := range out.Networks {
		networks = append(networks, fmt.Sprintf("%s %s internal=%v owner=%s", n.Name, n.Purpose, n.Internal, n.Owner))
	}
	want := []string{
		"api provider internal=true owner=service.api",
		"api_egress egress internal=false owner=service.api",
		"ingress_edge edge internal=false owner=ingress",
		"main provider internal=true owner=postgres.main.service.main",
	}
	if diff := cmp.Diff(want, networks); diff != "" {
		t.Error("networks:", diff)
	}
	joined := map[string]string{}
	depends := map[string]string{}
	for _, s := range out.Services {
		var names, needs []string
		for _, a := range s.Networks {
			names = append(names, a.Network)
		}
		for _, d := range s.DependsOn {
			needs = append(needs, d.Service+":"+d.Condition)
		}
		joined[s.Name], depends[s.Name] = strings.Join(names, " "), strings.Join(needs, " ")
	}
	wantJoined := map[string]string{"api": "api api_egress main", "idle": "", "ingress": "api ingress_edge", "main": "main", "worker": "api main"}
	if diff := cmp.Diff(wantJoined, joined); diff != "" {
		t.Error("attachments:", diff)
	}
	// worker's need of main follows from its need of api.
	wantDepends := map[string]string{"api": "main:service_healthy", "idle": "", "ingress": "", "main": "", "worker": "api:service_healthy"}
	if diff := cmp.Diff(wantDepends, depends); diff != "" {
		t.Error("dependencies:", diff)
	}
	var files []string
	for _, f := range out.Files {
		files = append(files, fmt.Sprintf("%s %#o %s", f.Path, f.Mode, f.Content))
	}
	wantFiles := []string{
		".secrets.d/api/DATABASE_URL 0444 postgres://app:${secret.db_password}@main:5432/app",
		".secrets.d/api/JWT_KEY 0444 ${secret.jwt_key}",
		".secrets.d/ingress/tls.crt 0444 ${ingress.certificate#certificate}",
		".secrets.d/ingress/tls.key 0444 ${ingress.certificate#private_key}",
		".secrets.d/main/config/roles.sql 0444 ALTER ROLE app PASSWORD '${scram_verifier(secret.db_password)}';\n",
		"config/main/pg_hba.conf 0644 local all all peer\n",
	}
	if diff := cmp.Diff(wantFiles, files); diff != "" {
		t.Error("files:", diff)
	}
	var keys []string
	for _, s := range out.Secrets {
		keys = append(keys, s.Address+" "+s.Key+" "+s.Kind.V)
	}
	wantKeys := []string{"ingress.certificate INGRESS_CERTIFICATE files", "secret.db_password DB_PASSWORD password", "secret.jwt_key JWT_KEY jwt"}
	if diff := cmp.Diff(wantKeys, keys); diff != "" {
		t.Error("secrets:", diff)
	}
	api := service(t, out, "api")
	var env []string
	for _, e := range api.Env {
		env = append(env, e.Name+"="+e.Value.V)
	}
	wantEnv := []string{"DATABASE_URL_FILE=/run/secrets/DATABASE_URL", "JWT_KEY_FILE=/run/secrets/JWT_KEY", "LOG_LEVEL=info"}
	if diff := cmp.Diff(wantEnv, env); diff != "" {
		t.Error("environment:", diff)
	}
	if api.Secrets[0].Name != "api.DATABASE_URL" || api.Secrets[0].File != ".secrets.d/api/DATABASE_URL" || len(api.Digest) != 64 {
		t.Errorf("mounts: %+v, digest %q", api.Secrets, api.Digest)
	}
}

func TestIngress(t *testing.T) {
	out := shop().compiled(t)
	in, s := out.Ingress, service(t, out, "ingress")
	if in.Version != (ir.Version{Major: 1, Minor: 30, Patch: 4}) || in.Profile.V != "guide" || in.HSTS.MaxAge.V != 63072000 || in.HSTS.IncludeSubDomains.V || in.HSTS.Preload.V {
		t.Errorf("%+v", in)
	}
	if in.RateLimit == nil || in.RateLimit.Requests.V != 100 || in.RateLimit.Window.V != 60 || in.RateLimit.Burst.V != 100 {
		t.Errorf("rate limit: %+v", in.RateLimit)
	}
	var ports []string
	for _, p := range s.Publish {
		ports = append(ports, fmt.Sprintf("%s:%d:%d/%s", p.HostIP.V, p.Host.V, p.Container.V, p.Protocol.V))
	}
	if diff := cmp.Diff([]string{":80:8080/tcp", ":443:8443/tcp"}, ports); diff != "" {
		t.Error(diff)
	}
	if s.User.V != "101:101" || !s.ReadOnly.V || s.Volumes[0].Bind != "./nginx" || !s.Volumes[0].ReadOnly.V || len(s.CapAdd) > 0 {
		t.Errorf("%+v", s)
	}
	if f := out.Firewall; !f.SSH.Limit.V || f.SSH.Port.V != 22 || len(f.Open) != 2 || f.Open[0].ID != "ingress-http" || !f.Open[1].Container || f.Open[1].Port.V != 443 {
		t.Errorf("firewall: %+v", f)
	}
}

// TestIngressIPv6 wants one network of IPv6, the ingress's way to the world, and
// another prefix for another project.
func TestIngressIPv6(t *testing.T) {
	prefixes := func(project string) []string {
		b := shop()
		b.stack.Name, b.stack.Ingress.IPv6 = b.str(project), value(b, true)
		var out []string
		for _, n := range b.compiled(t).Networks {
			if n.Subnet6 != "" {
				out = append(out, n.Name+" "+n.Subnet6)
			}
		}
		return out
	}
	first, again, second := prefixes("first"), prefixes("first"), prefixes("second")
	if len(first) != 1 || !slices.Equal(first, again) || slices.Equal(first, second) {
		t.Fatalf("%v, again %v, of another stack %v", first, again, second)
	}
	name, text, _ := strings.Cut(first[0], " ")
	p, err := netip.ParsePrefix(text)
	if err != nil || name != "ingress_edge" || p.Bits() != 64 || p != p.Masked() || !netip.MustParsePrefix("fd00::/8").Contains(p.Addr()) {
		t.Errorf("%s has %s", name, text)
	}
}

func TestIngressInDevelopment(t *testing.T) {
	b := shop()
	b.stack.Posture = b.str("development")
	b.stack.Ingress.Certificate = nil
	b.stack.Ingress.HSTS = &lang.HSTS{Range: b.at(), MaxAge: b.num(63072000), IncludeSubDomains: value(b, true)} // written for production
	b.route(b.service0("api"), "*.shop.localhost")
	b.service0("api").Publish = []lang.Publish{{Range: b.at(), Port: b.str("http"), Host: b.num(9000)}}
	out := b.compiled(t)
	s := service(t, out, "ingress")
	if s.Publish[0].HostIP.V != "127.0.0.1" || out.Ingress.HSTS.MaxAge.V != 0 || out.Ingress.RateLimit != nil || len(out.Firewall.Open) != 0 {
		t.Errorf("publish %+v, hsts %+v, limit %+v, open %+v", s.Publish, out.Ingress.HSTS, out.Ingress.RateLimit, out.Firewall.Open)
	}
	ca, leaf := out.Secrets[0], out.Secrets[1]
	if ca.Address != "ingress.ca" || !ca.X509.CA || leaf.X509.SignedBy != "ingress.ca" {
		t.Errorf("%+v %+v", ca, leaf)
	}
	var permitted, names []string
	for _, h := range ca.X509.Hosts {
		permitted = append(permitted, h.V)
	}
	for _, h := range leaf.X509.Hosts {
		names = append(names, h.V)
	}
	if diff := cmp.Diff([]string{"api.example.com", "shop.localhost"}, permitted); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"*.shop.localhost", "api.example.com"}, names); diff != "" {
		t.Error(diff)
	}
	if api := service(t, out, "api"); api.Publish[0].HostIP.V != "127.0.0.1" || api.Publish[0].Container.V != 8080 {
		t.Errorf("%+v", api.Publish)
	}
}

func TestRoutes(t *testing.T) {
	b := shop()
	api := b.service0("api")
	b.route(api, "api.example.com", func(r *lang.Route) {
		r.Path, r.WebSocket = b.str("/socket"), value(b, true)
		r.AllowFrom = b.strs("203.0.113.7", "2001:db8::/32")
		r.RateLimit = &lang.RateLimit{Range: b.at(), Off: value(b, true)}
	})
	b.stack.Ingress.BodySize = value[int64](b, 5<<20)
	host := b.compiled(t).Ingress.Hosts[0]
	socket, root := host.Routes[0], host.Routes[1]
	if socket.Path.V != "/socket" || root.Path.V != "/" || socket.ReadTimeout.V != 3600 || root.ReadTimeout.V != 60 || root.BodySize.V != 5<<20 {
		t.Errorf("%+v %+v", socket, root)
	}
	if !socket.RateLimit.Off.V || root.RateLimit != nil || socket.AllowFrom[1].V != "203.0.113.7/32" || root.Port.V != 8080 || root.Service != "api" {
		t.Errorf("%+v %+v", socket, root)
	}
}

func TestEnvironmentSecretsGoThroughAFile(t *testing.T) {
	b := newBuilder()
	b.secret("key")
	b.service("api", func(s *lang.Service) {
		s.Env = []lang.EnvVar{b.env("B", "x", ref("secret.key")), b.env("A", ref("secret.key")), b.env("C", "plain")}
	})
	out, diags := Compile(b.stack)
	if diff := cmp.Diff([]string{"warning NS460", "warning NS460"}, codes(diags)); diff != "" {
		t.Error(diff)
	}
	for i, want := range []string{"`docker inspect` prints its value", "A = secret.key\n"} {
		if !strings.Contains(diags[1].Detail, want) {
			t.Errorf("%d: %q is not in %q", i, want, diags[1].Detail)
		}
	}
	if !strings.Contains(diags[0].Detail, "B = …\n") {
		t.Errorf("the advice is another value: %q", diags[0].Detail)
	}
	s := service(t, out, "api")
	if s.EnvFile.V != ".secrets.d/api.env" || len(s.Env) != 1 || s.Env[0].Name != "C" {
		t.Errorf("%+v", s)
	}
	f := out.Files[0]
	if want := "A=${dotenv(secret.key)}\nB=${dotenv(\"x\"+secret.key)}\n"; f.Content.String() != want || f.Mode != 0o600 {
		t.Errorf("%s %#o", f.Content, f.Mode)
	}
	for i := 1; i < len(f.Content); i++ {
		if f.Content[i].Secret == nil && f.Content[i-1].Secret == nil {
			t.Error("two literals adjoin")
		}
	}
}

func TestDigestFollowsTheFiles(t *testing.T) {
	digestOf := func(edit func(s *lang.Service)) string {
		b := shop()
		edit(b.service0("main"))
		out, _ := Compile(b.stack)
		return service(t, out, "main").Digest
	}
	base := digestOf(func(*lang.Service) {})
	if again := digestOf(func(*lang.Service) {}); again != base {
		t.Error("the digest is not stable")
	}
	for name, edit := range map[string]func(s *lang.Service){
		"text":   func(s *lang.Service) { s.Configs[0].Content.V = secret.Literal("x") },
		"mode":   func(s *lang.Service) { s.Configs[0].Mode.V, s.Configs[0].Mode.Range = 0o755, s.Range },
		"name":   func(s *lang.Service) { s.Configs[0].Name = "other" },
		"secret": func(s *lang.Service) { s.Configs[1].Content.V = secret.Of(ref("secret.jwt_key")) },
	} {
		if digestOf(edit) == base {
			t.Errorf("a change of the %s does not change the digest", name)
		}
	}
}

func TestJobsAreWaitedForToTheirEnd(t *testing.T) {
	b := newBuilder()
	job := b.service("migrate", func(s *lang.Service) { s.Ports, s.Health, s.Restart = nil, nil, b.str("on-failure:3") })
	api := b.service("api")
	b.use(api, job)
	got := service(t, b.compiled(t), "api").DependsOn
	if len(got) != 1 || got[0].Condition != "service_completed_successfully" {
		t.Errorf("%+v", got)
	}
}

func TestFolderIsSeenFromTheOutput(t *testing.T) {
	for _, c := range []struct{ environment, folder, want string }{
		{"", "", "../api"}, {"prod", "", "../../api"}, {"prod", "../../../stack", "../../../stack/api"},
	} {
		b := newBuilder()
		b.stack.Environment, b.stack.Folder = c.environment, c.folder
		b.service("api", func(s *lang.Service) {
			s.Build = &lang.Build{Range: b.at(), Context: b.str("./api")}
			s.Volumes = []lang.Mount{{Range: b.at(), Name: "src", Path: b.str("/srv"), Host: b.str("api")}}
		})
		s := service(t, b.compiled(t), "api")
		if s.Build.Context.V != c.want || s.Volumes[0].Bind != c.want || !s.Volumes[0].ReadOnly.V {
			t.Errorf("%+v: %s, %+v", c, s.Build.Context.V, s.Volumes)
		}
	}
}

func TestDiagnosticsPointAtTheUsersOwnBlock(t *testing.T) {
	b := shop()
	b.service0("main").User = b.str("postgres")
	_, diags := Compile(b.stack)
	if len(diags) != 1 || diags[0].Subject != b.service0("main").Calls[0].Range || diags[0].Related[0].Range != b.service0("main").User.Range {
		t.Errorf("%+v", diags[0])
	}
	b = shop()
	b.service0("main").User = b.str("0")
	_, diags = Compile(b.stack)
	if len(diags) != 1 || diags[0].Code != "NS313" || diags[0].Subject != b.service0("main").Calls[0].Range {
		t.Errorf("policy: %+v", diags[0])
	}
}
