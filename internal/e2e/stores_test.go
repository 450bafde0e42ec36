//go:build lab && linux

package e2e

import (
	"strings"
	"testing"

	"nselfc/internal/lab/attack"
)

// testPostgres attacks the database, as each role and from the wire.
func (s *shop) testPostgres(t *testing.T) {
	s.must(t, "api", "INSERT INTO entries (key, value) VALUES ('k', 'v')")
	s.must(t, "api", "UPDATE entries SET value = 'w' WHERE key = 'k'")
	s.must(t, "reporter", "SELECT count(*) FROM entries")
	s.must(t, "migrator", "ALTER TABLE entries ADD COLUMN IF NOT EXISTS note text")

	s.refused(t, "reporter", "INSERT INTO entries (key, value) VALUES ('x', 'y')", "25006")
	s.refused(t, "reporter", "CREATE TEMPORARY TABLE x ()", "")
	s.refused(t, "api", "CREATE TABLE x ()", "42501")
	s.refused(t, "api", "DROP TABLE entries", "42501")
	s.refused(t, "api", "CREATE ROLE evil", "42501")
	s.refused(t, "api", "CREATE DATABASE evil", "42501")
	s.refused(t, "api", "ALTER ROLE app SUPERUSER", "42501")
	s.refused(t, "api", "COPY entries TO PROGRAM 'id'", "42501")
	s.refused(t, "api", "SELECT pg_read_file('/run/secrets/SERVER_TLS')", "42501")
	s.refused(t, "api", "SELECT * FROM pg_authid", "42501")
	s.refused(t, "migrator", "CREATE ROLE evil", "42501")
	if r := s.post(t, "reporter", "/sql", "SELECT has_table_privilege('entries', 'INSERT')::text"); !strings.Contains(r.Body, "false") {
		t.Errorf("the grant itself, not only the session's default, must refuse: %+v", r)
	}

	// From the wire, at the network that the consumers are on.
	wire := func(conninfo string) string {
		return s.engine.Inside(s.project+"_main", "psql", conninfo, "-c", "SELECT 1").String()
	}
	for what, c := range map[string]struct{ conninfo, want string }{
		"plaintext":                 {"host=main user=app_a dbname=app sslmode=disable password=x", "no encryption"},
		"superuser over TLS":        {"host=main user=postgres dbname=postgres sslmode=require password=x", "rejects connection"},
		"another database":          {"host=main user=app_a dbname=postgres sslmode=require password=x", "rejects connection"},
		"wrong password":            {"host=main user=app_a dbname=app sslmode=require password=x", "password authentication failed"},
		"an authority it is not by": {"host=main user=app_a dbname=app sslmode=verify-full sslrootcert=/etc/ssl/certs/ca-certificates.crt password=x", "certificate verify failed"},
	} {
		if got := wire(c.conninfo); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", what, got)
		}
	}
}

// testRedis attacks the cache without a password and with the application's.
func (s *shop) testRedis(t *testing.T) {
	cli := func(args ...string) string {
		return s.engine.Inside(s.project+"_cache", append([]string{"redis-cli", "-h", "cache"}, args...)...).String()
	}
	for what, args := range map[string][]string{
		"no password":        {"GET", "a"},
		"ping":               {"PING"},
		"default user":       {"--user", "default", "--pass", "x", "--no-auth-warning", "GET", "a"},
		"the wrong password": {"--user", "app", "--pass", "x", "--no-auth-warning", "GET", "a"},
	} {
		if got := cli(args...); !strings.Contains(got, "NOAUTH") && !strings.Contains(got, "WRONGPASS") {
			t.Errorf("%s: %s", what, got)
		}
	}
	app := func(command string) attack.Response { return s.post(t, "api", "/redis", command) }
	if r := app("SET app:x 1"); r.Status != 200 {
		t.Errorf("the application cannot write: %+v", r)
	}
	for _, command := range []string{"FLUSHALL", "FLUSHDB", "CONFIG GET *", "KEYS *", "DEBUG SLEEP 0", "SHUTDOWN NOSAVE", "ACL LIST", "MODULE LIST", "REPLICAOF NO ONE"} {
		if r := app(command); r.Status == 200 || !strings.Contains(r.Body, "NOPERM") && !strings.Contains(r.Body, "not allowed") {
			t.Errorf("%s: %d %s", command, r.Status, r.Body)
		}
	}
}
