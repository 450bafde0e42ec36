//go:build lab

package catalog_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPostgresRolesAreIdempotent: to apply the same declaration again changes
// nothing, and one that differs changes what differs.
func TestPostgresRolesAreIdempotent(t *testing.T) {
	t.Parallel()
	s := startPostgres(t, twoDatabases)
	s.apply(twoDatabases)
	globals := func() string {
		out, err := s.asPostgres(postgresBin()+"/pg_dumpall", "-h", s.dir+"/run", "-p", strconv.Itoa(s.port), "-U", "postgres", "--schema-only").CombinedOutput()
		if err != nil {
			t.Fatalf("%s", out)
		}
		var lines, settings []string
		for line := range strings.SplitSeq(string(out), "\n") {
			if strings.Contains(line, " IN DATABASE ") { // in the order in which they were set
				settings = append(settings, line)
				continue
			}
			if !strings.HasPrefix(line, `\restrict`) && !strings.HasPrefix(line, `\unrestrict`) { // a word at random
				lines = append(lines, line)
			}
		}
		slices.Sort(settings)
		return strings.Join(append(lines, settings...), "\n")
	}
	first := globals()
	s.apply(twoDatabases)
	if diff := cmp.Diff(first, globals()); diff != "" {
		t.Errorf("applying the same again changes (-before +after):\n%s", diff)
	}
	if !strings.Contains(first, "SCRAM-SHA-256$100000:") {
		t.Error("the dump has no verifiers, so it would not show that one has changed")
	}

	// A login takes on its own name and makes a table: it owns it.
	if out, err := s.as("deploy", "app", `CREATE TABLE t (a int); RESET ROLE; SET ROLE none; CREATE TABLE mine (a int)`); err != nil {
		t.Fatal(out)
	}
	changed := strings.NewReplacer(
		`deploy  = { database = "app", access = "migrate" }`, `deploy  = { database = "app", access = "read_only" }`,
		`    app     = { database = "app" }`, `    app     = { database = "app", access = "read_only" }`,
		`    report  = { database = "app", access = "read_only" }`, ``,
		`watch   = { database = "app"`, `watch   = { database = "other"`,
	).Replace(twoDatabases)
	s.apply(changed)
	write := "SET TRANSACTION READ WRITE; INSERT INTO t VALUES (1)"
	for _, tc := range []struct{ role, db, sql, want string }{
		{"app", "app", "SELECT * FROM t", ""},
		{"app", "app", write, "permission denied for table t"},
		{"deploy", "app", "SELECT * FROM t, mine", ""},
		{"deploy", "app", write, "permission denied for table t"},
		{"deploy", "app", "SET TRANSACTION READ WRITE; DROP TABLE mine", "must be owner of table mine"},
		{"deploy", "app", "SET ROLE app_owner", "permission denied to set role"},
		{"report", "app", "SELECT 1", "rejects connection"},
		{"watch", "app", "SELECT 1", "rejects connection"},
		{"watch", "other", "SELECT count(*) FROM pg_ls_waldir()", ""},
	} {
		out, err := s.as(tc.role, tc.db, tc.sql)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(out, tc.want)) {
			t.Errorf("%s as %s: %v %s, want %q", tc.sql, tc.role, err, out, tc.want)
		}
	}
	// A login that is no longer declared has no way in, pg_hba.conf aside.
	if got := s.mustAdmin("SELECT rolcanlogin, rolpassword IS NULL FROM pg_authid WHERE rolname = 'report'"); got != "f|t" {
		t.Errorf("the former login: %s", got)
	}
	if got := s.mustAdmin("SELECT has_database_privilege('watch', 'app', 'CONNECT')"); got != "f" {
		t.Error("a login keeps the right to connect to the database that it had before")
	}

	// And back: the former login is itself again, the data is still there.
	s.apply(twoDatabases)
	if out, err := s.as("report", "app", "SELECT * FROM mine"); err != nil {
		t.Error(out)
	}
	// What the migration may do, it cannot use to stop the next start.
	// Nor does the superuser's session call what others have put into a schema.
	for _, sql := range []string{
		"CREATE FUNCTION public.format(text, name) RETURNS text LANGUAGE sql AS $$SELECT 'ALTER ROLE deploy SUPERUSER'$$;" +
			"CREATE FUNCTION public.evil(oid, oid) RETURNS bool LANGUAGE sql AS $$ALTER ROLE deploy SUPERUSER; SELECT true$$;" +
			"CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.evil)",
		"DROP SCHEMA public CASCADE",
	} {
		if out, err := s.as("deploy", "app", sql); err != nil {
			t.Errorf("%s: %s", sql, out)
		}
		s.apply(twoDatabases)
	}
	if got := s.mustAdmin("SELECT count(*) FROM pg_roles WHERE rolsuper"); got != "1" {
		t.Errorf("%s superusers", got)
	}
	s.nothingLeaks()
}

// TestPostgresNames: what looks like a keyword is a name, and names at their
// longest keep apart.
func TestPostgresNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 40)
	block := `postgres "main" {
  databases = ["all", "replication", "sameuser", "samerole", "user", "` + long + `", "` + long[:39] + `b"]
  roles = {
    all          = { database = "all" }
    user         = { database = "user" }
    select       = { database = "samerole" }
    replication  = { database = "replication" }
    sameuser     = { database = "all" }
    current_user = { database = "user", access = "read_only" }
    session_user = { database = "user", access = "migrate" }
    ` + long + ` = { database = "` + long + `", access = "migrate" }
    ` + long[:39] + `b = { database = "` + long[:39] + `b", access = "migrate" }
  }
}
`
	s := startPostgres(t, block)
	s.apply(block)
	s.apply(block)
	own := map[string]string{
		"all": "all", "user": "user", "select": "samerole", "replication": "replication", "sameuser": "all", "current_user": "user", "session_user": "user",
		long: long, long[:39] + "b": long[:39] + "b",
	}
	for role, home := range own {
		for _, db := range []string{home, "all", "sameuser", long} {
			out, err := s.as(role, db, "SELECT current_user = '"+role+"' OR session_user = '"+role+"_a'")
			if (err == nil) != (db == home) || err == nil && out != "t" {
				t.Errorf("%s in %s: %v %s", role, db, err, out)
			}
		}
	}
	if got := s.mustAdmin("SELECT count(*) FROM pg_roles WHERE rolname ~ '^[^p].*_(owner|read_write|read_only)$'"); got != "21" {
		t.Errorf("%s groups for 7 databases, want 21", got)
	}
}
