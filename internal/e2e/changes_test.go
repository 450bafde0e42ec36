//go:build lab && linux

package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"

	"nselfc/internal/lab"
)

// changing is a stack that is changed while it runs.
type changing struct{ *stack }

// TestChanges edits a running stack as its owner would, builds, brings it up and
// looks at what is different: the change itself, all of it, and nothing else.
func TestChanges(t *testing.T) {
	engine := lab.Start(t, lab.Options{Images: standIns})
	engine.RequireMachines(t)
	s := &changing{newStack(t, engine, os.DirFS("testdata/changes"), "changes", "dev", "changes.localhost")}
	s.build(t)
	s.up(t)
	t.Run("replicas", s.testReplicas)
	t.Run("repeated services", s.testRegions)
	t.Run("secret in the environment", s.testEnvironment)
	t.Run("Redis keeps its data", s.testRedisKeeps)
	t.Run("roles are put right at every start", s.testDrift)
	t.Run("access level", s.testAccess)
	t.Run("removed role", s.testRemovedRole)
	t.Run("new password", s.testNewPassword)
	t.Run("route", s.testRoute)
	t.Run("moved service", s.testMoved)
}

// testReplicas proves that both containers of a service answer its requests.
func (s *changing) testReplicas(t *testing.T) {
	seen := map[string]bool{}
	for try := 0; try < 40 && len(seen) < 2; try++ {
		seen[s.who(t, "web")] = true
	}
	if len(seen) != 2 {
		t.Errorf("40 requests were answered by %v", sortedKeys(seen))
	}
}

// testRegions proves that each instance of a repeated service has its own route.
func (s *changing) testRegions(t *testing.T) {
	if eu, us, again := s.who(t, "eu"), s.who(t, "us"), s.who(t, "eu"); eu == us || eu != again {
		t.Errorf("eu is %s, then %s; us is %s", eu, again, us)
	}
}

// who gives the container that answers for a host.
func (s *changing) who(t *testing.T, host string) string {
	t.Helper()
	r := s.get(t, host)
	var answer struct{ Container string }
	if err := json.Unmarshal([]byte(r.Body), &answer); err != nil || answer.Container == "" {
		t.Fatalf("%s: %v %+v", host, err, r)
	}
	return answer.Container
}

// testEnvironment shows what the warning about secrets in env says, and that
// files are better.
func (s *changing) testEnvironment(t *testing.T) {
	values, err := dotenv.Read(filepath.Join(s.out, ".secrets"))
	if err != nil || values["SEEN"] == "" || values["HIDDEN"] == "" {
		t.Fatalf("secrets %v, %v", sortedKeys(values), err)
	}
	c := s.container(t, "teller")
	inspect := s.engine.Docker("inspect", c.Name).Must(t)
	if !strings.Contains(inspect, values["SEEN"]) {
		t.Error("the secret in the environment is not seen: the warning is out of date, or the variable did not arrive")
	}
	if strings.Contains(inspect, values["HIDDEN"]) {
		t.Error("docker inspect shows a secret that is in a file")
	}
	if got := s.inside(t, c.PID, "cat run/secrets/HIDDEN"); got != values["HIDDEN"] {
		t.Error("the secret file does not hold the secret")
	}
	for _, file := range []string{"docker-compose.yml", "nself.lock"} {
		text := read(t, filepath.Join(s.out, file))
		if strings.Contains(text, values["SEEN"]) || strings.Contains(text, values["HIDDEN"]) {
			t.Errorf("%s holds a secret", file)
		}
	}
}

// testRedisKeeps stops Redis in an orderly way, and then by force.
func (s *changing) testRedisKeeps(t *testing.T) {
	set := func(value string) {
		t.Helper()
		if r := s.post(t, "api", "/redis", "SET app:kept "+value); r.Status != 200 {
			t.Fatalf("%+v", r)
		}
	}
	kept := func(value string) {
		t.Helper()
		s.up(t)
		if r := s.post(t, "api", "/redis", "GET app:kept"); !strings.Contains(r.Body, value) {
			t.Errorf("want %s, got %+v", value, r)
		}
	}
	set("orderly")
	s.engine.Compose(s.out, "restart", "cache").Must(t)
	kept("orderly")
	set("killed")
	time.Sleep(1500 * time.Millisecond) // appendfsync everysec
	s.engine.Docker("kill", s.container(t, "cache").Name).Must(t)
	kept("killed")
}

// testDrift lets a superuser loosen what the roles say, and starts PostgreSQL
// again: the declaration holds.
func (s *changing) testDrift(t *testing.T) {
	if r := s.post(t, "migrator", "/migrate", ""); r.Status != 200 {
		t.Fatalf("migrate: %+v", r)
	}
	s.must(t, "api", "INSERT INTO entries (key, value) VALUES ('k', 'v')")
	s.superuser(t, "ALTER ROLE app CREATEDB CREATEROLE CONNECTION LIMIT 1; GRANT app_owner TO app; GRANT CREATE ON SCHEMA public TO PUBLIC")
	s.must(t, "api", "CREATE TABLE loosened ()") // the control
	s.engine.Compose(s.out, "restart", "db").Must(t)
	s.up(t)
	s.refused(t, "api", "CREATE TABLE again ()", "42501")
	s.refused(t, "api", "CREATE ROLE evil", "42501")
	s.must(t, "api", "SELECT count(*) FROM entries")
}

// superuser runs SQL through the socket inside the container, the one way in
// that the superuser has.
func (s *changing) superuser(t *testing.T, sql string) string {
	t.Helper()
	return s.engine.Docker("exec", s.container(t, "db").Name, "psql", "-X", "-At", "-h", "/var/run/postgresql", "-U", "postgres", "-d", "app", "-c", sql).Must(t)
}

// testAccess takes the right to write from a role.
func (s *changing) testAccess(t *testing.T) {
	s.edit(t, `app     = { database = "app", access = "read_write" }`, `app     = { database = "app", access = "read_only" }`)
	s.apply(t, "db")
	s.must(t, "api", "SELECT count(*) FROM entries")
	s.refused(t, "api", "INSERT INTO entries (key, value) VALUES ('x', 'y')", "25006")
	if got := s.superuser(t, "SELECT has_table_privilege('app', 'entries', 'INSERT')"); strings.TrimSpace(got) != "f" {
		t.Errorf("the grant is still there: %q", got)
	}
}

// login gives a way to log in, beside the database, with the password that a
// service has now. The answer begins with "in", or says why not.
func (s *changing) login(t *testing.T, service string) func() string {
	t.Helper()
	u, err := url.Parse(read(t, filepath.Join(s.out, ".secrets.d", service, "DATABASE_URL")))
	if err != nil {
		t.Fatal("the URL cannot be read") // the error would quote it
	}
	password, _ := u.User.Password()
	conninfo := "host=db dbname=app sslmode=require user=" + u.User.Username()
	return func() string {
		r := s.engine.Docker("run", "--rm", "--network", s.project+"_db", "--env", "PGPASSWORD="+password, "nselfc-lab/base",
			"psql", conninfo, "-Atc", "SELECT 'in'")
		return strings.ReplaceAll(r.Stdout+r.Stderr, password, "…")
	}
}

// testRemovedRole takes a role away, and tries its old password.
func (s *changing) testRemovedRole(t *testing.T) {
	try := s.login(t, "former")
	if got := try(); !strings.HasPrefix(got, "in") {
		t.Fatalf("the control: the role cannot log in while it is declared: %s", got)
	}
	s.edit(t, `    former  = { database = "app", access = "read_write" }`+"\n", "")
	s.edit(t, `  secrets = { DATABASE_URL = postgres.db.roles.former.url }`+"\n", "")
	s.apply(t, "db", "former")
	if got := try(); strings.HasPrefix(got, "in") || !strings.Contains(got, "FATAL") {
		t.Errorf("a role that was removed logs in: %s", got)
	}
	if got := s.superuser(t, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'former'"); strings.TrimSpace(got) != "f" {
		t.Errorf("the role may log in: %q", got)
	}
	if _, err := os.Lstat(filepath.Join(s.out, ".secrets.d", "former")); err == nil {
		t.Error("the former service's secret files are still there")
	}
	s.must(t, "api", "SELECT count(*) FROM entries")
}

// testNewPassword replaces a role's password as docs/security.md tells: its line
// leaves .secrets, and what the build names is started again.
func (s *changing) testNewPassword(t *testing.T) {
	try := s.login(t, "api")
	if got := try(); !strings.HasPrefix(got, "in") {
		t.Fatalf("the control: the password is not good before: %s", got)
	}
	path := filepath.Join(s.out, ".secrets")
	text := read(t, path)
	kept := slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool { return strings.HasPrefix(line, "POSTGRES_DB_ROLE_APP=") })
	write(t, path, []byte(strings.Join(kept, "")), 0o600)
	if read(t, path) == text {
		t.Fatal(".secrets has no line for the role")
	}
	services := map[string]bool{}
	for _, w := range s.build(t) {
		for _, file := range w.Secrets.Replaced {
			services[strings.Split(file, "/")[1]] = true
		}
	}
	if got := sortedKeys(services); !slices.Equal(got, []string{"api", "db"}) {
		t.Errorf("the build names %v", got)
	}
	s.engine.Compose(s.out, append([]string{"restart"}, sortedKeys(services)...)...).Must(t)
	s.up(t)
	if got := try(); strings.HasPrefix(got, "in") || !strings.Contains(got, "password authentication failed") {
		t.Errorf("the old password: %s", got)
	}
	s.must(t, "api", "SELECT count(*) FROM entries")
}

// testRoute changes what only nginx reads.
func (s *changing) testRoute(t *testing.T) {
	if got := s.get(t, "web").Headers.Get("X-Edition"); got != "first" {
		t.Fatalf("before the change: %q", got)
	}
	s.edit(t, `"X-Edition" = "first"`, `"X-Edition" = "second"`)
	s.apply(t, "ingress")
	if got := s.get(t, "web").Headers.Get("X-Edition"); got != "second" {
		t.Errorf("after the change: %q", got)
	}
}

// testMoved gives a service another address, behind nginx's back.
func (s *changing) testMoved(t *testing.T) {
	address := func() string {
		return strings.TrimSpace(s.engine.Docker("inspect", "--format",
			`{{(index .NetworkSettings.Networks "`+s.project+`_region-eu").IPAddress}}`, s.project+"-region-eu-1").Must(t))
	}
	changed := s.changes(t)
	before := address()
	s.engine.Docker("rm", "--force", s.project+"-region-eu-1").Must(t)
	s.engine.Docker("run", "--detach", "--name", "squatter", "--network", s.project+"_region-eu", "--ip", before, "nselfc-lab/base", "sleep", "300").Must(t)
	defer s.engine.Docker("rm", "--force", "squatter")
	s.up(t)
	if after := address(); after == before {
		t.Fatalf("the service has its old address %s", after)
	}
	// nginx asks again after 10 seconds at the latest.
	deadline := time.Now().Add(15 * time.Second)
	for s.get(t, "eu").Status != 200 {
		if time.Now().After(deadline) {
			t.Fatalf("nginx has not found the service after 15 s: %+v", s.get(t, "eu"))
		}
		time.Sleep(500 * time.Millisecond)
	}
	if got := changed(t); !slices.Equal(got, []string{"region-eu"}) {
		t.Errorf("started anew: %v", got)
	}
}

// apply builds and brings up what was edited, and says which services may be
// started anew by it, in order: these, and no others.
func (s *changing) apply(t *testing.T, want ...string) {
	t.Helper()
	changed := s.changes(t)
	s.build(t)
	s.up(t)
	if got := changed(t); !slices.Equal(got, want) {
		t.Errorf("started anew: %v, want %v", got, want)
	}
}
