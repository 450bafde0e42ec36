package policy

import (
	"strings"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/lang/secret"
	"nselfc/lang/source"
)

// routed makes the hosts of one with one route, of line 12, to the first service of good.
func routed(r *ir.Route) []*ir.Host {
	r.Service, r.Address, r.Origin = good().Services[0].Name, "service.api.route[0]", source.Origin{Range: at(12)}
	return []*ir.Host{{Routes: []*ir.Route{r}}}
}

func cors(origin, credentials string) []ir.Header {
	return []ir.Header{
		{Name: "access-control-allow-origin", Value: set(origin, 12)},
		{Name: "Access-Control-Allow-Credentials", Value: set(credentials, 12)},
	}
}

// found counts the findings of a rule in a good stack that is spoilt.
func found(code string, spoil func(*ir.Stack)) int {
	s, n := good(), 0
	s.Posture = ir.Production
	spoil(s)
	for _, d := range Check(s, 0) {
		if d.Code == code {
			n++
		}
	}
	return n
}

func TestOriginsWithCredentials(t *testing.T) {
	for _, tt := range []struct {
		origin, credentials string
		want                int
	}{
		{"*", "true", 1},
		{" * ", "TRUE", 1},
		{"null", "true", 1},
		{"http://app.example.com", "true", 1},
		{"*", "false", 0},
		{"*", "", 0},
		{"https://app.example.com", "true", 0},
		{"", "true", 0},
	} {
		if got := found("NS1560", func(s *ir.Stack) { s.Ingress.Hosts = routed(&ir.Route{Headers: cors(tt.origin, tt.credentials)}) }); got != tt.want {
			t.Errorf("origin %q with credentials %q: %d findings", tt.origin, tt.credentials, got)
		}
	}
}

func TestDashboards(t *testing.T) {
	for _, tt := range []struct {
		image string
		from  []string
		want  int
	}{
		{"portainer/portainer-ce:2.21.0", nil, 1},
		{"docker.elastic.co/kibana/kibana:8.17.0", nil, 1},
		{"prom/prometheus:v3.0.0", []string{"0.0.0.0/0"}, 1},
		{"prom/prometheus:v3.0.0", []string{"10.0.0.0/8", "::/0"}, 1},
		{"prom/prometheus:v3.0.0", []string{"203.0.113.0/24"}, 0},
		{"ghcr.io/acme/api:1.4.2", nil, 0},
		{"portainer/agent:2.21.0", nil, 0},
		{"", nil, 0},
	} {
		got := found("NS1562", func(s *ir.Stack) {
			r := &ir.Route{}
			for _, f := range tt.from {
				r.AllowFrom = append(r.AllowFrom, set(f, 12))
			}
			s.Services[0].Image.V, s.Ingress.Hosts = tt.image, routed(r)
		})
		if got != tt.want {
			t.Errorf("%s from %v: %d findings", tt.image, tt.from, got)
		}
	}
}

func TestSwitchesOfVariables(t *testing.T) {
	for _, tt := range []struct {
		code, name, value string
		want              int
	}{
		{"NS1561", "HASURA_GRAPHQL_ENABLE_CONSOLE", "true", 1},
		{"NS1561", "HASURA_GRAPHQL_DEV_MODE", "false", 0},
		{"NS1561", "app_debug", "True", 1},
		{"NS1561", "DEBUG", "1", 0}, // of any program, and of any meaning
		{"NS1650", "NODE_TLS_REJECT_UNAUTHORIZED", "1", 0},
		{"NS1650", "PYTHONHTTPSVERIFY", "0", 1},
		{"NS1650", "PGSSLMODE", "disable", 1},
		{"NS1650", "PGSSLMODE", "verify-full", 0},
		{"NS1650", "GIT_SSL_NO_VERIFY", "true", 1},
		{"NS1650", "VAULT_SKIP_VERIFY", "false", 0},
		{"NS1650", "SSL_VERIFY", "off", 1},
		{"NS1650", "SSL_VERIFY", "", 0},
		{"NS1650", "VERIFY_SSL", "true", 0},
		{"NS1923", "xpack.security.enabled", "false", 1},
		{"NS1923", "xpack.security.enabled", "true", 0},
		{"NS1923", "NEO4J_AUTH", "none", 1},
		{"NS1923", "DISABLE_SECURITY_PLUGIN", "true", 1},
		{"NS1561", "TRAEFIK_API_INSECURE", "true", 1},
		{"NS1561", "NODE_OPTIONS", "--inspect=0.0.0.0:9229", 1},
		{"NS1561", "NODE_OPTIONS", "--inspect", 0}, // on the loopback address
		{"NS1561", "NODE_OPTIONS", "--max-old-space-size=512", 0},
		{"NS1561", "JAVA_TOOL_OPTIONS", "-Xmx1g -agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005", 1},
		{"NS1561", "JAVA_TOOL_OPTIONS", "-agentlib:jdwp=transport=dt_socket,server=y,address=127.0.0.1:5005", 0},
		{"NS1810", "VAULT_DEV_ROOT_TOKEN_ID", "root", 1},
		{"NS1810", "SMTP_PASS", "example", 1},
		{"NS1810", "BYPASS", "example", 0},
		{"NS1810", "AWS_SECRET_ACCESS_KEY", "example", 1},
		{"NS1810", "SECRET_KEY_BASE", "example", 1},
		{"NS1810", "DATABASE_URL", "postgres://app:example@db:5432/app", 1},
		{"NS1810", "REDIS_URL", "redis://:example@cache:6379", 1},
		{"NS1810", "URLS", "http://a/ amqp://guest:guest@mq", 1},
		{"NS1810", "DATABASE_URL", "postgres://app@db:5432/app", 0},
		{"NS1810", "DATABASE_URL", "postgres://app:$PASSWORD@db/app", 0},
		{"NS1810", "DATABASE_URL", "postgres://app:" + secret.Mark + "x" + secret.Mark + "@db/app", 0},
		{"NS1810", "LINK", "https://example.com:8080/a@b", 0},
		{"NS1810", "ID", "AKIA" + "ABCDEFGHIJKLMNOP", 1},
		{"NS1810", "KEY", "-----BEGIN RSA PRIVATE " + "KEY-----", 1},
		{"NS1810", "KEY", "-----BEGIN PUBLIC KEY-----", 0},
	} {
		if got := found(tt.code, func(s *ir.Stack) { s.Services[0].Env = []ir.EnvVar{{Name: tt.name, Value: set(tt.value, 12)}} }); got != tt.want {
			t.Errorf("%s = %q: %d findings of %s", tt.name, tt.value, got, tt.code)
		}
	}
}

// TestPasswordsElsewhere: build arguments stay in an image, and commands are listed by ps.
func TestPasswordsElsewhere(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(*ir.Service)
		want  int
	}{
		"build argument":          {func(s *ir.Service) { s.Build = &ir.Build{Args: []ir.EnvVar{{Name: "NPM_TOKEN", Value: set("x1", 12)}}} }, 1},
		"harmless argument":       {func(s *ir.Service) { s.Build = &ir.Build{Args: []ir.EnvVar{{Name: "VERSION", Value: set("x1", 12)}}} }, 0},
		"option and word":         {func(s *ir.Service) { s.Command = words("redis-server", "--requirepass", "example") }, 1},
		"option joined":           {func(s *ir.Service) { s.Command = words("run", "--password=example") }, 1},
		"two of them":             {func(s *ir.Service) { s.Command = words("run", "--password=example", "--token=other") }, 1},
		"option of the shell's":   {func(s *ir.Service) { s.Command = words("run", "--password=$PASSWORD") }, 0},
		"file":                    {func(s *ir.Service) { s.Command = words("run", "--password", "/run/secrets/x") }, 0},
		"two options":             {func(s *ir.Service) { s.Command = words("run", "--password", "--verbose") }, 0},
		"last word":               {func(s *ir.Service) { s.Command = words("run", "--password") }, 0},
		"option of a longer name": {func(s *ir.Service) { s.Command = words("run", "--db-password=example") }, 1},
		"longer name and word":    {func(s *ir.Service) { s.Command = words("run", "--spring.datasource.password", "example") }, 1},
		"option against one":      {func(s *ir.Service) { s.Command = words("run", "--no-password", "example") }, 0},
		"option of a file":        {func(s *ir.Service) { s.Command = words("run", "--db-password-file=example") }, 0},
		"bypass":                  {func(s *ir.Service) { s.Command = words("run", "--bypassword=example") }, 0},
		"health check": {func(s *ir.Service) {
			s.Health = &ir.Health{Test: []string{"CMD", "mysqladmin", "ping", "--password=example"}}
		}, 1},
		"harmless health check": {func(s *ir.Service) { s.Health = &ir.Health{Test: []string{"CMD", "mysqladmin", "ping"}} }, 0},
		"address in the entry":  {func(s *ir.Service) { s.Entrypoint = words("run", "amqp://guest:guest@mq") }, 1},
	} {
		if got := found("NS1810", func(s *ir.Stack) { tt.spoil(s.Services[0]) }); got != tt.want {
			t.Errorf("%s: %d findings", name, got)
		}
	}
}

// TestAdviceForKeys: a key that somebody has issued comes from them again, and from no
// store of the stack.
func TestAdviceForKeys(t *testing.T) {
	s := good()
	s.Services[0].Env = []ir.EnvVar{{Name: "AWS_ACCESS_KEY_ID", Value: set("AKIA"+"ABCDEFGHIJKLMNOP", 12)}, {Name: "DATABASE_URL", Value: set("postgres://app:example@db/app", 13)}}
	got := Check(s, 0)
	if len(got) != 2 || !strings.Contains(got[0].Detail, "kind = \"input\"") || strings.Contains(got[0].Detail, "postgres.main") || !strings.Contains(got[1].Detail, "postgres.main") {
		t.Errorf("%+v", got)
	}
}

// TestListeningOptions: options of commands that let in whoever reaches the port are
// found in every word, and those that only the container itself reaches are not.
func TestListeningOptions(t *testing.T) {
	for _, tt := range []struct {
		command []ir.String
		want    int
	}{
		{words("node", "--inspect=0.0.0.0:9229", "app.js"), 1},
		{words("sh", "-c", "exec node --inspect-brk=[::]:9229 app.js"), 1},
		{words("node", "--inspect=127.0.0.1:9229", "app.js"), 0},
		{words("java", "-agentlib:jdwp=transport=dt_socket,server=y,address=*:5005", "-jar", "app.jar"), 1},
		{words("java", "-Xrunjdwp:transport=dt_socket,address=0.0.0.0:5005,server=y", "Main"), 1},
		{words("start-notebook.sh", "--NotebookApp.token=", "--ip=0.0.0.0"), 1},
		{words("sh", "-c", "jupyter lab --ServerApp.token='' --ip=0.0.0.0"), 1},
		{words("start-notebook.sh", "--NotebookApp.token=sha1:x"), 0},
		{words("--api.insecure=true", "--providers.file"), 1},
		{words("--api.insecure"), 1},
		{words("--api.insecure=false"), 0},
	} {
		if got := found("NS1561", func(s *ir.Stack) { s.Services[0].Command = tt.command }); got != tt.want {
			t.Errorf("%v: %d findings", plain(tt.command), got)
		}
		if got := found("NS1561", func(s *ir.Stack) { s.Services[0].Entrypoint = tt.command }); got != tt.want {
			t.Errorf("%v as entrypoint: %d findings", plain(tt.command), got)
		}
	}
}
