package catalog_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const twoDatabases = `postgres "main" {
  databases = ["app", "other"]
  roles = {
    app     = { database = "app" }
    report  = { database = "app", access = "read_only" }
    deploy  = { database = "app", access = "migrate" }
    watch   = { database = "app", access = "monitor" }
    dump    = { database = "app", access = "backup" }
    other   = { database = "other" }
    others  = { database = "other", access = "migrate" }
  }
}
`

// TestPostgresPrivileges tries every operation with every access on a real
// server.
func TestPostgresPrivileges(t *testing.T) {
	s := startPostgres(t, twoDatabases)
	s.apply(twoDatabases)
	if out, err := s.as("deploy", "app", `CREATE TABLE t (id serial PRIMARY KEY, v text); INSERT INTO t (v) VALUES ('x');
		CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION g() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`); err != nil {
		t.Fatalf("the migration fails: %s", out)
	}
	ops := []operation{
		{"select", `SELECT count(*) FROM t`, "app report deploy dump"},
		{"select a sequence", `SELECT last_value FROM t_id_seq`, "app report deploy dump"},
		{"insert", `BEGIN; INSERT INTO t (v) VALUES ('y'); ROLLBACK`, "app deploy"},
		{"insert against the default", `BEGIN READ WRITE; INSERT INTO t (id, v) VALUES (9, 'y'); ROLLBACK`, "app deploy"}, // without the sequence
		{"update against the default", `BEGIN READ WRITE; UPDATE t SET v = 'z'; ROLLBACK`, "app deploy"},
		{"delete against the default", `BEGIN READ WRITE; DELETE FROM t; ROLLBACK`, "app deploy"},
		{"truncate against the default", `BEGIN READ WRITE; TRUNCATE t; ROLLBACK`, "deploy"},
		{"turn a sequence against the default", `BEGIN READ WRITE; SELECT nextval('t_id_seq'); ROLLBACK`, "app deploy"},
		{"update", `BEGIN; UPDATE t SET v = 'z'; ROLLBACK`, "app deploy"},
		{"delete", `BEGIN; DELETE FROM t; ROLLBACK`, "app deploy"},
		{"truncate", `BEGIN; TRUNCATE t; ROLLBACK`, "deploy"},
		{"create table", `BEGIN; CREATE TABLE x (a int); ROLLBACK`, "deploy"},
		{"create table as oneself", `BEGIN READ WRITE; SET LOCAL ROLE none; CREATE TABLE x (a int); ROLLBACK`, "deploy"},
		{"alter table", `BEGIN; ALTER TABLE t ADD c int; ROLLBACK`, "deploy"},
		{"drop table", `BEGIN; DROP TABLE t; ROLLBACK`, "deploy"},
		{"create schema", `BEGIN; CREATE SCHEMA s; ROLLBACK`, "deploy"},
		{"create index", `BEGIN; CREATE INDEX ON t (v); ROLLBACK`, "deploy"},
		{"create function", `BEGIN; CREATE FUNCTION h() RETURNS int LANGUAGE sql AS 'SELECT 1'; ROLLBACK`, "deploy"},
		{"temporary table", `BEGIN READ WRITE; CREATE TEMPORARY TABLE x (a int); ROLLBACK`, "app deploy"},
		{"function", `SELECT f()`, "app deploy"},
		{"function with the owner's rights", `SELECT g()`, "app deploy"},
		{"statistics", `SELECT count(*) FROM pg_ls_waldir()`, "watch"},
		{"become the owner", `SET ROLE app_owner`, "deploy"},
		{"become another login", `SET ROLE report`, "report"},
		{"become a group of the other database", `SET ROLE other_owner`, ""},
		{"become the superuser", `SET ROLE postgres`, ""},
		{"create role", `CREATE ROLE evil`, ""},
		{"create database", `CREATE DATABASE evil`, ""},
		{"drop database", `DROP DATABASE other`, ""},
		{"change the database", `ALTER DATABASE app SET search_path = evil`, ""},
		{"grant oneself more", `GRANT app_owner TO CURRENT_USER`, ""},
		{"become a superuser", `ALTER ROLE CURRENT_USER SUPERUSER`, ""},
		{"bypass row security", `ALTER ROLE CURRENT_USER BYPASSRLS`, ""},
		{"change another's password", `ALTER ROLE postgres PASSWORD 'x'`, ""},
		{"read verifiers", `SELECT count(rolpassword) FROM pg_authid`, "dump"}, // pg_read_all_data is all data; no one logs in with a verifier
		{"run a program", `COPY (SELECT 1) TO PROGRAM 'true'`, ""},
		{"read a file", `SELECT pg_read_file('/etc/passwd')`, ""},
		{"write a file", `COPY (SELECT 1) TO '/tmp/evil'`, ""},
		{"change the server", `ALTER SYSTEM SET log_statement = 'all'`, ""},
		{"untrusted language", `CREATE FUNCTION h() RETURNS int LANGUAGE c AS 'x'`, ""},
		{"log statements", `SET log_statement = 'all'`, ""},
		{"event trigger", `CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()`, ""},
	}
	// The rights on what a migration just made, and those on what the next start finds.
	for _, when := range []string{"at once", "after the next start"} {
		for _, role := range []string{"app", "report", "deploy", "watch", "dump"} {
			for i, failed := range s.session(role, "app", ops) {
				if allowed := strings.Contains(" "+ops[i].allowed+" ", " "+role+" "); allowed == failed {
					t.Errorf("%s as %s %s: allowed is %v, want %v", ops[i].name, role, when, !failed, allowed)
				}
			}
		}
		s.apply(twoDatabases)
	}

	// A dump by the backup role, which reads everything and writes nothing.
	dump := exec.Command("pg_dump", fmt.Sprintf("host=127.0.0.1 port=%d user=dump_a dbname=app sslmode=verify-full sslrootcert=%s/ca.crt", s.port, s.dir))
	dump.Env = append(os.Environ(), "PGPASSWORD="+s.password(`postgres.main.secret.role["dump"]`))
	if out, err := dump.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("COPY public.t ")) {
		t.Errorf("pg_dump: %v %.500s", err, out)
	}

	stranger := newHost(t)
	stranger.certificates("stranger", "localhost")
	s.file("stranger.crt", stranger.values["stranger.secret.ca#certificate"], 0o644)
	for name, tc := range map[string]struct {
		role, db string
		params   []string
		want     string // a regular expression in the error; "" when it works
	}{
		"verify-full":              {"app", "app", nil, ""},
		"with channel binding":     {"app", "app", []string{"channel_binding=require"}, ""},
		"TLS 1.2":                  {"app", "app", []string{"ssl_max_protocol_version=TLSv1.2"}, ""},
		"TLS 1.1":                  {"app", "app", []string{"ssl_min_protocol_version=TLSv1", "ssl_max_protocol_version=TLSv1.1"}, "SSL error"},
		"plaintext":                {"app", "app", []string{"sslmode=disable"}, "rejects connection"},
		"plaintext when TLS fails": {"app", "app", []string{"sslmode=allow"}, ""}, // psql tries TLS second
		"a wrong name":             {"app", "app", []string{"host=ip6-localhost hostaddr=127.0.0.1"}, "does not match host name"},
		"a wrong authority":        {"app", "app", []string{"sslrootcert=" + s.dir + "/stranger.crt"}, "certificate verify failed"},
		"a wrong password":         {"app", "app", []string{"password=wrong"}, "password authentication failed"},
		"the other database":       {"app", "other", nil, "rejects connection"},
		"the superuser's database": {"app", "postgres", nil, "rejects connection"},
		"the template":             {"app", "template1", nil, "rejects connection"},
		"as the superuser":         {"postgres", "app", nil, "rejects connection"},
		"as the superuser, plain":  {"postgres", "postgres", []string{"sslmode=disable"}, "rejects connection"},
		"as a group":               {"app_owner", "app", nil, "rejects connection"},
		"as nobody":                {"nobody", "app", nil, "rejects connection"},
		"replication":              {"app", "app", []string{"replication=database"}, "to start (walsender|WAL sender)"},
		"physical replication":     {"app", "app", []string{"replication=true"}, "no pg_hba.conf entry for replication"},
		"the other's own":          {"other", "other", nil, ""},
	} {
		out, err := s.as(tc.role, tc.db, "SELECT 1", tc.params...)
		switch {
		case tc.want == "" && err != nil, tc.want != "" && (err == nil || !regexp.MustCompile(tc.want).MatchString(out)):
			t.Errorf("%s: %v %s, want %q", name, err, out, tc.want)
		}
	}

	// The socket is the superuser's, and of the operating system's user of that
	// name only.
	socket := exec.Command("psql", "-X", "-h", s.dir+"/run", "-p", strconv.Itoa(s.port), "-U", "postgres", "-d", "postgres", "-c", "SELECT 1")
	if out, err := socket.CombinedOutput(); os.Getuid() == 0 && (err == nil || !strings.Contains(string(out), "Peer authentication failed")) {
		t.Errorf("root is the superuser by the socket: %s", out)
	}
	if out, err := s.asPostgres("psql", "-X", "-h", s.dir+"/run", "-p", strconv.Itoa(s.port), "-U", "app", "-d", "app", "-c", "SELECT 1").CombinedOutput(); err == nil || !strings.Contains(string(out), "rejects connection") {
		t.Errorf("a login by the socket: %s", out)
	}

	// The two databases do not see each other, not even by name resolution.
	if out, err := s.as("others", "other", "SELECT count(*) FROM app.public.t"); err == nil {
		t.Errorf("one database reads the other: %s", out)
	}
	s.nothingLeaks()
}

func TestPostgresRefusesNames(t *testing.T) {
	for roles, want := range map[string]string{
		`app_owner = { database = "app" }`:                          "groups that hold the privileges",
		`app_read_only = { database = "app" }`:                      "groups that hold the privileges",
		`app_read_write = { database = "app" }`:                     "groups that hold the privileges",
		`public = { database = "app" }`:                             "words of PostgreSQL",
		`none = { database = "app" }`:                               "words of PostgreSQL",
		`postgres = { database = "app" }`:                           "is the superuser",
		`pg_monitor = { database = "app" }`:                         "not with pg_",
		`pg = { database = "app" }`:                                 "would begin with pg_",
		"a = { database = \"app\" }\n a_a = { database = \"app\" }": "two logins of that role",
		"a_b = { database = \"app\" }\n a = { database = \"app\" }": "two logins of that role",
		`"a b" = { database = "app" }`:                              "lower-case letters",
		`"a\"; --" = { database = "app" }`:                          "lower-case letters",
		`App = { database = "app" }`:                                "lower-case letters",
		strings.Repeat("a", 41) + ` = { database = "app" }`:         "1 to 40",
		`a = { database = "nope" }`:                                 "one of the databases of the server",
		`a = { database = "app", access = "all" }`:                  "one of: read_write",
		`a = { database = "app", connections = 0 }`:                 "between 1 and 10000",
		`a = { database = "app", connections = 1.5 }`:               "between 1 and 10000",
	} {
		_, findings := evaluate("postgres \"main\" {\n  databases = [\"app\"]\n  roles     = { " + roles + " }\n}\n")
		if !strings.Contains(findings, want) || !strings.HasPrefix(findings, "nself.hcl:4 NS218") {
			t.Errorf("%s: %q, want %q", roles, findings, want)
		}
	}
	for databases, want := range map[string]string{
		`[]`: "", `["postgres"]`: "PostgreSQL's own", `["template0"]`: "PostgreSQL's own", `["a", "a"]`: "listed twice",
		`["A"]`: "lower-case", `["a-b"]`: "lower-case", `["` + strings.Repeat("a", 41) + `"]`: "1 to 40",
	} {
		_, findings := evaluate("postgres \"main\" {\n  databases = " + databases + "\n}\n")
		if !strings.Contains(findings, want) || !strings.HasPrefix(findings, "nself.hcl:3 NS218") {
			t.Errorf("%s: %q, want %q", databases, findings, want)
		}
	}
}

func TestPostgresRefusesArguments(t *testing.T) {
	for argument, want := range map[string]string{
		`version = "14"`:           "15 to 18",
		`version = "19"`:           "15 to 18",
		`version = "latest"`:       "15 to 18",
		`version = "18beta1"`:      "15 to 18",
		`version = "17@sha256:aa"`: "15 to 18",
		`memory = "lots"`:          "number and one of the units",
		`memory = "127M"`:          "128M at least",
		`memory = "0.1G"`:          "128M at least",
		`shared_buffers = "128"`:   "units MB and GB",
		`shared_buffers = "513MB"`: "half of `memory` at most",
		`shared_buffers = "1GB"`:   "half of `memory` at most",
		`max_connections = 9`:      "between 10 and 10000",
		`preload = ["a';"]`:        "lower-case letters",
	} {
		_, findings := evaluate("postgres \"main\" {\n  databases = [\"app\"]\n  " + argument + "\n}\n")
		if !strings.Contains(findings, want) || !strings.HasPrefix(findings, "nself.hcl:4 NS218") || strings.Count(findings, "\n") != 1 {
			t.Errorf("%s: %q, want one finding on line 4: %q", argument, findings, want)
		}
	}
}

// TestPostgresVersions: where the data lies and whom it belongs to follow the
// image; every other byte is the same for all versions, so that what is tried on
// one of them is true of the others.
func TestPostgresVersions(t *testing.T) {
	const data, parent = "/var/lib/postgresql/data", "/var/lib/postgresql"
	files := map[string]string{}
	for _, tc := range []struct{ arguments, image, path, user, major string }{
		{`version = "15"`, "postgres:15", data, "999:999", "15"},
		{`version = "16.10-bookworm"`, "postgres:16.10-bookworm", data, "999:999", "16"},
		{`version = "17.6-alpine"`, "postgres:17.6-alpine", data, "70:70", "17"},
		{`version = "18"`, "postgres:18", parent, "999:999", "18"},
		{`version = "18.1-alpine3.22"`, "postgres:18.1-alpine3.22", parent, "70:70", "18"},
		{`image = "pgvector/pgvector:pg17"`, "pgvector/pgvector:pg17", data, "999:999", "17"},
		{"version = \"18\"\n  image = \"postgis/postgis:18-3.6-alpine\"", "postgis/postgis:18-3.6-alpine", parent, "70:70", "18"},
		{"version = \"16-alpine\"\n  image = \"timescale/timescaledb:2.22.0-pg16\"", "timescale/timescaledb:2.22.0-pg16", data, "70:70", "16"},
	} {
		svc := kindOf(t, strings.Replace(twoDatabases, "{\n", "{\n  "+tc.arguments+"\n", 1))
		if svc.Image.V != tc.image || svc.Volumes[0].Path.V != tc.path || svc.User.V != tc.user {
			t.Errorf("%s: %s of %s at %s", tc.arguments, svc.Image.V, svc.User.V, svc.Volumes[0].Path.V)
		}
		for _, c := range svc.Configs {
			text := strings.NewReplacer(`[ "$image" = `+tc.major+` ]`, "", "says "+tc.major, "").Replace(fmt.Sprint(c.Content.V))
			if files[c.Name] == "" {
				files[c.Name] = text
			}
			if text != files[c.Name] {
				t.Errorf("%s: %s differs", tc.arguments, c.Name)
			}
		}
	}
}

// TestPostgresServerSettings asks a real server what it runs with.
func TestPostgresServerSettings(t *testing.T) {
	s := startPostgres(t, "postgres \"main\" {\n  databases = [\"app\"]\n  memory = \"256M\"\n  max_connections = 20\n  preload = [\"pg_stat_statements\", \"auto_explain\"]\n}\n")
	for setting, want := range map[string]string{
		"shared_buffers": "64MB", "effective_cache_size": "192MB", "max_connections": "20", "shared_preload_libraries": "pg_stat_statements,auto_explain",
		"ssl": "on", "ssl_min_protocol_version": "TLSv1.2", "password_encryption": "scram-sha-256", "data_checksums": "on", "log_statement": "none",
	} {
		if got := s.mustAdmin("SHOW " + setting); got != want {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
	if got := s.mustAdmin("SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL"); got != "0" {
		t.Errorf("%s settings are not valid", got)
	}
	if pids := kindOf(t, "postgres \"main\" {\n  databases = [\"app\"]\n  max_connections = 2000\n}\n").Pids.V; pids < 2000 {
		t.Errorf("%d processes for 2000 connections", pids)
	}
}
