//go:build lab && linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
)

// versions is a stack with a server of each major version of PostgreSQL that
// Debian has, and Valkey in the place of Redis.
type versions struct{ *stack }

// major is one of them: the server pgN, the service onN that uses it, and where
// the image of that version keeps its data.
type major struct{ number, data string }

var majors = []major{
	{"15", "/var/lib/postgresql/data"},
	{"17", "/var/lib/postgresql/data"},
	{"18", "/var/lib/postgresql/18/docker"},
}

// TestVersions runs the kinds on every version, moves data from the oldest to the
// newest, and tries what must not work: to start a version on another's data.
func TestVersions(t *testing.T) {
	t.Parallel()
	engine := lab.Start(t, lab.Options{})
	engine.RequireMachines(t)
	s := versions{newStack(t, engine, os.DirFS("testdata/versions"), "versions", "dev", "versions.localhost")}
	s.build(t)
	s.up(t)
	for _, m := range majors {
		t.Run("PostgreSQL "+m.number, func(t *testing.T) { s.testServer(t, m) })
	}
	t.Run("Valkey", s.testValkey)
	t.Run("dump and restore", s.testMove)
	t.Run("upgrade in place", s.testInPlace)
}

func (s versions) testServer(t *testing.T, m major) {
	server := s.project + "-pg" + m.number + "-1"
	c := s.container(t, "pg"+m.number)
	if c.Health != "healthy" || c.UID != 999 || c.Bounding != 0 || !c.RootReadOnly {
		t.Errorf("%s; hardened: %+v", c.Health, c)
	}
	if got := s.engine.Docker("exec", server, "cat", m.data+"/PG_VERSION").Must(t); strings.TrimSpace(got) != m.number {
		t.Errorf("the data is of version %s", got)
	}
	if mounts := s.engine.Docker("inspect", "--format={{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}}\n{{end}}", server).Must(t); strings.Count(mounts, "volume ") != 1 ||
		!strings.Contains(mounts, "volume "+s.project+"_pg"+m.number+"_data ") {
		t.Errorf("data may be lost with the container: %s", mounts)
	}
	s.sql(t, m.number, "MIGRATE_URL", "CREATE TABLE entries (id bigserial PRIMARY KEY, key text, value text)")
	s.sql(t, m.number, "DATABASE_URL", "INSERT INTO entries (key, value) VALUES ('version', '"+m.number+"')")
	for sql, want := range map[string]string{
		"SELECT current_setting('server_version_num')::int / 10000":                                                         m.number,
		"SET ROLE none; SELECT version || ' ' || (SELECT value FROM entries) FROM pg_stat_ssl WHERE pid = pg_backend_pid()": "TLSv1.3 " + m.number,
	} {
		if got := s.sql(t, m.number, "DATABASE_URL", sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	for url, sql := range map[string]string{"DATABASE_URL": "CREATE TABLE x ()", "DUMP_URL": "INSERT INTO entries (key) VALUES ('x')", "MIGRATE_URL": "CREATE ROLE evil"} {
		if r := s.psql(m.number, url, sql); r.OK() || !strings.Contains(r.String(), "permission denied") {
			t.Errorf("%s may %s: %s", url, sql, r)
		}
	}
	plain := s.engine.Inside(s.project+"_pg"+m.number, "psql", "host=pg"+m.number+" user=app_a dbname=app sslmode=disable password=x", "-c", "SELECT 1")
	if !strings.Contains(plain.String(), "no encryption") {
		t.Errorf("plaintext: %s", plain)
	}
}

// testValkey: health of the server and of the service, which asks it, has been
// waited for.
func (s versions) testValkey(t *testing.T) {
	cli := func(args ...string) string {
		return s.engine.Inside(s.project+"_valkey", append([]string{"redis-cli", "-h", "valkey"}, args...)...).String()
	}
	if got := cli("GET", "a"); !strings.Contains(got, "NOAUTH") {
		t.Errorf("without a password: %s", got)
	}
	app := func(command string) attack.Response {
		return s.beside("on18").HTTP(t, attack.Request{URL: "http://127.0.0.1:8080/redis", Method: "POST", Body: command})
	}
	if r := app("INFO server"); r.Status != 200 || !strings.Contains(r.Body, "valkey") {
		t.Errorf("not Valkey: %+v", r)
	}
	if r := app("FLUSHALL"); r.Status == 200 || !strings.Contains(r.Body, "NOPERM") {
		t.Errorf("FLUSHALL: %+v", r)
	}
}

// testMove moves a database to another major version, as docs/stores.md says.
func (s versions) testMove(t *testing.T) {
	s.sql(t, "18", "MIGRATE_URL", "DROP TABLE entries")
	dump := filepath.Join(s.dir, "moved")
	if err := os.Mkdir(dump, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dump, 0o777); err != nil { // whatever the umask
		t.Fatal(err)
	}
	mount := "--volume=" + dump + ":/dump"
	// The tools of the newer version: they read older servers, not the other way.
	s.client("15", "DUMP_URL", "postgres:18", mount, "pg_dump", "--format=custom", "--file=/dump/app").Must(t)
	s.client("18", "MIGRATE_URL", "postgres:18", mount, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "/dump/app").Must(t)
	if got := s.sql(t, "18", "DATABASE_URL", "INSERT INTO entries (key, value) VALUES ('x', 'new') RETURNING (SELECT value FROM entries)"); got != "15" {
		t.Errorf("the row of PostgreSQL 15 is %q", got)
	}
}

// testInPlace: a major version that is changed in the stack finds the other's
// data, and stops. Changed back, everything is as it was.
func (s versions) testInPlace(t *testing.T) {
	for _, change := range []struct{ name, from, to string }{{"pg15", "15", "17"}, {"pg17", "17", "18"}, {"pg18", "18", "17"}} {
		block := func(version string) string {
			return "postgres \"" + change.name + "\" {\n  version   = \"" + version + "\""
		}
		s.edit(t, block(change.from), block(change.to))
		s.build(t)
		s.engine.Compose(s.out, "up", "--detach", "--no-deps", change.name)
		server := s.project + "-" + change.name + "-1"
		said := ""
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline) && !strings.Contains(said, "docs/stores.md"); time.Sleep(200 * time.Millisecond) {
			r := s.engine.Docker("logs", server)
			said = r.Stdout + r.Stderr
		}
		for _, text := range []string{"holds data of PostgreSQL " + change.from, "version = \"" + change.from + "\"", "docs/stores.md"} {
			if !strings.Contains(said, text) {
				t.Errorf("%s to %s: the log does not say %q: %s", change.from, change.to, text, said)
			}
		}
		s.edit(t, block(change.to), block(change.from))
		s.build(t)
	}
	s.up(t)
	for number, want := range map[string]string{"15": "15", "17": "17", "18": "15,new"} {
		if got := s.sql(t, number, "DATABASE_URL", "SELECT string_agg(value, ',' ORDER BY id) FROM entries"); got != want {
			t.Errorf("PostgreSQL %s holds %q, want %q", number, got, want)
		}
	}
}

// sql runs a statement with one of the URLs of the service onN, and gives what it
// answers.
func (s versions) sql(t *testing.T, number, url, sql string) string {
	t.Helper()
	return strings.TrimSpace(s.psql(number, url, sql).Must(t))
}

func (s versions) psql(number, url, sql string) lab.Result {
	return s.client(number, url, "postgres:"+number, "--read-only", "psql", "-X", "-A", "-t", "-q", "--command="+sql)
}

// client runs a program of PostgreSQL, of an image, beside the service onN and
// with its secret files. The URL comes first among the program's arguments.
func (s versions) client(number, url, image, option, program string, args ...string) lab.Result {
	secrets := filepath.Join(s.out, ".secrets.d", "on"+number)
	return s.engine.Docker(append([]string{
		"run", "--rm", "--network=container:" + s.project + "-on" + number + "-1", "--volume=" + secrets + ":/run/secrets:ro", option,
		"--entrypoint=sh", image, "-c", `url=$(cat "/run/secrets/$1"); program=$2; shift 2; exec "$program" --dbname="$url" "$@"`, "sh", url, program,
	}, args...)...)
}
