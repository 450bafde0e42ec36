package review_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/internal/build"
)

// compiled compiles the text of a stack.
func compiled(t *testing.T, text string) *build.Environment {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "built"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"nself.hcl": text, "built/Dockerfile": "FROM scratch\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	for _, d := range diags {
		if d.Severity == 0 {
			t.Fatalf("%s %s: %s\n%s", d.Subject, d.Summary, d.Detail, text)
		}
	}
	return c.Environments[0]
}

func effects(t *testing.T, was, is *build.Environment) review.Effects {
	t.Helper()
	old, err := model.Read([]byte(was.Model.Document()))
	if err != nil {
		t.Fatal(err)
	}
	r, err := review.Compare(old, is.Model, is.Stack)
	if err != nil {
		t.Fatal(err)
	}
	return r.Effects
}

// shown gives effects as lines, without the text of steps.
func shown(e review.Effects) []string {
	var out []string
	containers := func(what string, list []review.Container) {
		for _, c := range list {
			out = append(out, strings.TrimSpace(what+" "+c.Service+" "+strings.Join(c.Reasons, " ")))
		}
	}
	names := func(what string, list []string) {
		for _, n := range list {
			out = append(out, what+" "+n)
		}
	}
	containers("create", e.Create)
	containers("recreate", e.Recreate)
	containers("scale", e.Scale)
	containers("remove", e.Remove)
	containers("older", e.Older)
	containers("refresh", e.Refresh)
	containers("build", e.Build)
	names("network +", e.Networks.Created)
	names("network ~", e.Networks.Recreated)
	names("network -", e.Networks.Removed)
	names("volume +", e.Volumes.Created)
	names("volume ~", e.Volumes.Recreated)
	names("volume -", e.Volumes.Removed)
	names("generate", e.Secrets.Generated)
	names("rotate", e.Secrets.Rotated)
	names("retire", e.Secrets.Retired)
	names("unfit", e.Secrets.Unfit)
	if e.Firewall {
		out = append(out, "firewall")
	}
	for _, s := range e.Steps {
		out = append(out, "step "+s.Address)
	}
	return out
}

func TestEffects(t *testing.T) {
	b, err := os.ReadFile("testdata/effects.hcl")
	if err != nil {
		t.Fatal(err)
	}
	base := string(b)
	was := compiled(t, base)
	for _, tc := range []struct {
		name string
		old  []string // texts of the stack, each with what stands there afterwards
		want []string
	}{
		{"comment", []string{"# in api", "# another"}, nil},
		{"image", []string{"service \"plain\" {\n  image = \"ghcr.io/acme/api:1.4.2\"", "service \"plain\" {\n  image = \"ghcr.io/acme/api:1.4.3\""}, []string{"recreate plain image"}},
		{"env", []string{`LEVEL = "info"`, `LEVEL = "debug"`}, []string{"recreate api env.LEVEL", "older user depends_on.api"}},
		{"env in another order", []string{"    LEVEL = \"info\"\n    MODE  = \"x\"\n", "    MODE  = \"x\"\n    LEVEL = \"info\"\n"}, nil},
		{"name of a port", []string{`port "http"`, `port "main"`}, nil},
		{"number of a port", []string{"container = 8080", "container = 8081"}, []string{"recreate api healthcheck.test ports.8080/tcp ports.8081/tcp", "recreate ingress config", "older user depends_on.api"}},
		{"duration in other words", []string{`"60s"`, `"1m"`}, nil},
		{"health check", []string{`"60s"`, `"30s"`}, []string{"recreate api healthcheck.interval", "older user depends_on.api"}},
		{"no health check", []string{"  healthcheck {\n    http     = \"/\"\n    interval = \"60s\"\n  }\n", ""}, []string{"recreate api healthcheck", "older user depends_on"}},
		{"setting that Compose does not compare", []string{`stop_signal = "SIGINT"`, "stop_signal = \"SIGINT\"\n    pull_policy = \"always\""}, nil},
		{"no extra settings", []string{"  extra_compose = {\n    stop_signal = \"SIGINT\"\n  }\n", ""}, []string{"recreate plain extra_compose.stop_signal"}},
		{"volume", []string{`volume "data"`, `volume "files"`}, []string{"recreate plain volumes./data.volume", "volume + plain_files", "volume - plain_data"}},
		{"replicas", []string{"replicas = 2", "replicas = 3"}, []string{"scale plain replicas"}},
		{"no replicas", []string{"replicas = 2", "replicas = 0"}, []string{"scale plain replicas"}},
		{"no replicas, and more", []string{"replicas = 2", "replicas = 0\n  user = \"1:1\""}, []string{"scale plain replicas"}},
		{"build", []string{`EDITION = "1"`, `EDITION = "2"`}, []string{"build built"}},
		{"egress", []string{"# in user", "egress = true"}, []string{"recreate user networks.user_egress", "network + user_egress"}},
		{"route", []string{"# in user", "port \"http\" {\n container = 8080\n }\n route {\n host = \"user.${stack.domain}\"\n }"}, []string{
			"recreate ingress config networks.user", "recreate user networks.user ports", "network + user", "rotate ingress.ca", "rotate ingress.certificate",
		}},
		{"subnets", []string{`domain = "shop.localhost"`, "domain = \"shop.localhost\"\n subnet_pool = \"10.64.0.0/14\""}, []string{
			`recreate api network["api"] network["db"]`, `recreate db network["db"]`, `recreate ingress network["api"] network["ingress_edge"]`, `recreate user network["api"]`,
			"network ~ api", "network ~ db", "network ~ ingress_edge", "step stack",
		}},
		{"subnets and more", []string{
			`domain = "shop.localhost"`, "domain = \"shop.localhost\"\n subnet_pool = \"10.64.0.0/14\"", `LEVEL = "info"`, `LEVEL = "debug"`,
			"service \"front\" {", "service \"late\" {\n image = \"a:1\"\n env = { API = service.api.host }\n}\n\nservice \"front\" {",
		}, []string{
			"create late", `recreate api env.LEVEL network["api"] network["db"]`, `recreate db network["db"]`, `recreate ingress network["api"] network["ingress_edge"]`,
			`recreate user network["api"]`, "network ~ api", "network ~ db", "network ~ ingress_edge", "step stack",
		}},
		{"growing network", []string{"# in user", "replicas = 10"}, []string{
			`recreate api network["api"]`, `recreate ingress network["api"]`, `recreate user network["api"]`, "network ~ api", "step stack",
		}},
		{"service that nobody uses any more", []string{"  env   = { API = service.api.host }\n", "", "  route {\n    host = \"api.${stack.domain}\"\n  }\n", ""}, []string{
			"recreate api networks.api", "recreate user env networks", "remove ingress", "network - api", "network - ingress_edge",
			"retire ingress.ca", "retire ingress.certificate",
		}},
		{"service renamed", []string{`service "plain"`, `service "simple"`}, []string{"create simple", "remove plain", "volume + simple_data", "volume - plain_data"}},
		{"another thing by the same name", []string{"service \"plain\" {\n  image = \"ghcr.io/acme/api:1.4.2\"\n  extra_compose = {\n    stop_signal = \"SIGINT\"\n  }\n  volume \"data\" {\n    path = \"/data\"\n  }\n  replicas = 2\n}", "redis \"plain\" {}"}, []string{
			"recreate plain address", "generate redis.plain.secret.app",
		}},
		{"role", []string{"roles = {\n", "roles = {\n    report = { database = \"app\", access = \"read_only\" }\n"}, []string{"recreate db config", "older api depends_on.db", "older user depends_on.api", `generate postgres.db.secret.role["report"]`}},
		{"database", []string{`["app", "old"]`, `["app"]`}, []string{"recreate db config", "older api depends_on.db", "older user depends_on.api", "step postgres.db"}},
		{"major version", []string{`"17.6"`, `"18"`}, []string{"recreate db config image volumes./var/lib/postgresql volumes./var/lib/postgresql/data", "older api depends_on.db", "older user depends_on.api", "step postgres.db"}},
		{"firewall", []string{"ingress {\n", "firewall {}\n\ningress {\n"}, []string{"firewall"}},
		{"size of a password", []string{`kind = "password"`, "kind = \"password\"\n  length = 50"}, nil},
		{"size of a number", []string{"bytes = 32", "bytes = 16"}, []string{"unfit secret.number", "step secret.number"}},
		{"hexadecimal key", []string{"kind  = \"hex\"\n  bytes = 32\n", "kind = \"jwt\"\n"}, nil},
		{"names of a certificate", []string{`["tls.internal"]`, `["tls.internal", "www.internal"]`}, []string{"refresh front secret.tls", "rotate secret.tls"}},
		{"names of an authority", []string{"hosts = [\"internal\"]\n  days", "hosts = [\"internal\", \"local\"]\n  days"}, []string{
			// It lives for 300 days, and what it signs as long as it does.
			"refresh front secret.tls", "refresh inner secret.ca", "rotate secret.ca", "rotate secret.tls",
		}},
		{"life of an authority", []string{"days  = 300", "days  = 3650"}, []string{"refresh front secret.tls", "refresh inner secret.ca", "rotate secret.ca", "rotate secret.tls"}},
		{"another authority", []string{"signed_by = secret.ca", "signed_by = secret.other_ca"}, []string{"refresh front secret.tls", "refresh inner secret.other_ca", "rotate secret.tls"}},
		{"project", []string{`stack "shop"`, `stack "mall"`}, []string{
			"create api", "create built", "create db", "create front", "create ingress", "create inner", "create keyed", "create plain", "create user",
			"network + api", "network + db", "network + ingress_edge", "volume + db_data", "volume + plain_data", "rotate ingress.ca", "rotate ingress.certificate", "step stack",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := base
			for i := 0; i < len(tc.old); i += 2 {
				if strings.Count(text, tc.old[i]) != 1 {
					t.Fatalf("%q stands there %d times", tc.old[i], strings.Count(text, tc.old[i]))
				}
				text = strings.Replace(text, tc.old[i], tc.old[i+1], 1)
			}
			is := compiled(t, text)
			if diff := cmp.Diff(tc.want, shown(effects(t, was, is))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEffectsWithoutContainers changes services that have none, and gives them some.
func TestEffectsWithoutContainers(t *testing.T) {
	b, err := os.ReadFile("testdata/effects.hcl")
	if err != nil {
		t.Fatal(err)
	}
	none := strings.NewReplacer("# in user", "replicas = 0", "replicas = 2", "replicas = 0",
		"secrets = { CERTIFICATE = secret.tls.certificate }", "secrets = { CERTIFICATE = secret.tls.certificate }\n  replicas = 0").Replace(string(b))
	was := compiled(t, none)
	changed := strings.NewReplacer("SIGINT", "SIGQUIT", `LEVEL = "info"`, `LEVEL = "debug"`, `["tls.internal"]`, `["tls.internal", "www.internal"]`).Replace(none)
	is := compiled(t, changed)
	if diff := cmp.Diff([]string{"recreate api env.LEVEL", "rotate secret.tls"}, shown(effects(t, was, is))); diff != "" {
		t.Error(diff)
	}
	some := compiled(t, strings.Replace(changed, "  replicas = 0\n}\n\nservice \"front\"", "}\n\nservice \"front\"", 1))
	if diff := cmp.Diff([]string{"scale plain replicas"}, shown(effects(t, is, some))); diff != "" {
		t.Error(diff)
	}
}
