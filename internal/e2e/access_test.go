//go:build lab && linux

package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testDrift lets a superuser loosen what the roles say, and starts PostgreSQL
// again: the declaration holds.
func (s *changing) testDrift(t *testing.T) {
	s.must(t, "api", "INSERT INTO entries (key, value) VALUES ('k', 'v')")
	s.superuser(t, "ALTER ROLE app CREATEDB CREATEROLE CONNECTION LIMIT 1; GRANT app_owner TO app; ALTER ROLE app_a CREATEROLE; GRANT app_owner TO app_a; GRANT CREATE ON SCHEMA public TO PUBLIC")
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
	if got := s.superuser(t, "SELECT bool_or(rolcanlogin) FROM pg_roles WHERE rolname ~ '^former_[ab]$'"); strings.TrimSpace(got) != "f" {
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
