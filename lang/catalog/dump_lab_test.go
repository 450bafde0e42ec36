//go:build lab

package catalog_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPostgresDumpIsRestored: the backup login dumps everything, rows behind row
// security too, and a migration login makes it anew in another database.
func TestPostgresDumpIsRestored(t *testing.T) {
	t.Parallel()
	s := startPostgres(t, twoDatabases)
	s.apply(twoDatabases)
	if out, err := s.as("deploy", "app", `CREATE EXTENSION pgcrypto; CREATE SCHEMA private;
		CREATE TABLE private.notes (id bigserial PRIMARY KEY, v text); INSERT INTO private.notes (v) VALUES ('n');
		CREATE TABLE tenants (id int PRIMARY KEY, v text); INSERT INTO tenants VALUES (1, 'a'), (2, 'b');
		ALTER TABLE tenants ENABLE ROW LEVEL SECURITY; ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
		CREATE POLICY own ON tenants USING (v = current_setting('app.tenant', true));
		CREATE VIEW seen AS SELECT v FROM tenants; GRANT SELECT ON seen TO app_read_only;
		CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'`); err != nil {
		t.Fatal(out)
	}
	if out, err := s.as("app", "app", "SELECT count(*) FROM tenants"); err != nil || out != "0" {
		t.Errorf("row security does not hold for the application: %v %s", err, out)
	}
	file := filepath.Join(s.dir, "dump")
	s.client("pg_dump", "dump", "app", "--format=custom", "--file="+file)
	s.client("pg_restore", "others", "other", "--no-owner", "--no-privileges", "--exit-on-error", file)
	// The superuser sees behind row security.
	for sql, want := range map[string]string{
		"SELECT string_agg(v, ',' ORDER BY v) FROM tenants":            "a,b",
		"SELECT v || id FROM private.notes":                            "n1",
		"SELECT one()":                                                 "1",
		"SELECT tableowner FROM pg_tables WHERE tablename = 'tenants'": "other_owner",
		"SELECT has_table_privilege('other', 'tenants', 'INSERT')":     "t",
		"SELECT has_function_privilege('public', 'one()', 'EXECUTE')":  "f",
	} {
		if out, err := s.admin("other", sql); err != nil || out != want {
			t.Errorf("%s: %v %q, want %q", sql, err, out, want)
		}
	}
	s.apply(twoDatabases) // the next start
	s.nothingLeaks()
}

// client runs one of PostgreSQL's programs as a login.
func (s *server) client(program, role, db string, args ...string) {
	s.t.Helper()
	conn := fmt.Sprintf("host=127.0.0.1 port=%d user=%s_a dbname=%s sslmode=verify-full sslrootcert=%s/ca.crt", s.port, role, db, s.dir)
	cmd := exec.Command(program, append([]string{"--dbname=" + conn}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PGPASSWORD="+s.password(fmt.Sprintf("postgres.main.secret.role[%q]", role)))
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s as %s: %v\n%s", program, role, err, out)
	}
}
