package catalog_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nselfc/lang"
)

// shortDir makes a directory that other users may enter, with a path so short
// that a socket in it stays within the kernel's 107 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pg") //nolint:usetesting // t.TempDir is too long, and closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // best effort, in the system's own folder
	return dir
}

// server is a real PostgreSQL that runs on the files of the kind.
type server struct {
	*host
	dir   string
	port  int
	paths *strings.Replacer
}

// postgresBin is where Debian keeps the programs of the newest version that is
// installed, or "".
func postgresBin() string {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(dirs) == 0 {
		return ""
	}
	return filepath.Dir(dirs[len(dirs)-1])
}

// startPostgres makes a data directory as the kind's arguments to initdb say,
// and runs the server on the kind's configuration.
func startPostgres(t *testing.T, block string) *server {
	t.Helper()
	bin := postgresBin()
	if bin == "" {
		need(t, "PostgreSQL")
	}
	if _, err := exec.LookPath("setpriv"); err != nil {
		need(t, "setpriv")
	}
	dir := shortDir(t)
	s := &server{host: newHost(t), dir: dir, port: freePort(t)}
	s.paths = strings.NewReplacer("/etc/postgresql/", dir+"/etc/", "/run/pgtls/", dir+"/tls/", "/var/run/postgresql", dir+"/run",
		"port = 5432", "port = "+strconv.Itoa(s.port))
	s.certificates("postgres.main", "main", "localhost")
	for _, sub := range []string{"", "etc", "tls", "run", "data"} {
		s.folder(filepath.Join(dir, sub))
	}
	svc := kindOf(t, block)
	s.file("tls/server.crt", s.values["postgres.main.secret.server#certificate"], 0o600)
	s.file("tls/server.key", s.values["postgres.main.secret.server#private_key"], 0o600)
	s.file("ca.crt", s.values["postgres.main.secret.ca#certificate"], 0o644)
	s.write(svc)

	args := append([]string{bin + "/initdb", "-D", dir + "/data", "--username=postgres", "--no-sync", "-E", "UTF8"}, strings.Fields(initArgs(t, svc))...)
	if out, err := s.asPostgres(args...).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.asPostgres(bin+"/postgres", "-D", dir+"/data", "-c", "config_file="+dir+"/etc/postgresql.conf", "-c", "fsync=off")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it has ended when this fails
		_ = cmd.Wait()
		_ = log.Close()
	})
	for range 200 {
		if exec.Command(bin+"/pg_isready", "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(s.port)).Run() == nil {
			return s
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the server does not start:\n%s", s.log())
	return nil
}

func initArgs(t *testing.T, svc *lang.Service) string {
	for _, e := range svc.Env {
		if e.Name == "POSTGRES_INITDB_ARGS" {
			text, _ := e.Value.V.Plain()
			return text
		}
	}
	t.Fatal("the kind does not say how the data directory is made")
	return ""
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing was written
	return l.Addr().(*net.TCPAddr).Port
}

// asPostgres runs a program as the user postgres, which the server insists on,
// or as ourselves when we are not root.
func (s *server) asPostgres(args ...string) *exec.Cmd {
	if os.Getuid() == 0 {
		args = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PGPASSWORD=")
	return cmd
}

func (s *server) folder(path string) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.own(path)
}

func (s *server) file(name, text string, mode os.FileMode) {
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
	s.own(path)
}

func (s *server) own(path string) {
	if os.Getuid() != 0 {
		return
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		s.t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid) // /etc/passwd holds numbers
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(path, uid, gid); err != nil {
		s.t.Fatal(err)
	}
}

// write renders the files of the kind.
func (s *server) write(svc *lang.Service) {
	for _, name := range []string{"postgresql.conf", "pg_hba.conf", "roles.sql"} {
		s.file("etc/"+name, s.config(svc, name, s.paths), 0o600)
	}
}

// apply brings databases and roles up to date with a declaration, as the
// entrypoint does, and has the server read pg_hba.conf again.
func (s *server) apply(block string) {
	s.t.Helper()
	s.write(kindOf(s.t, block))
	s.mustAdmin("SELECT pg_reload_conf()")
	out, err := s.asPostgres("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", s.dir+"/run", "-p", strconv.Itoa(s.port), "-U", "postgres", "-d", "postgres",
		"-f", s.dir+"/etc/roles.sql").CombinedOutput()
	if err != nil || len(out) > 0 {
		s.t.Fatalf("roles.sql: %v\n%s\n%s", err, out, s.log())
	}
}

func (s *server) admin(db, sql string) (string, error) {
	out, err := s.asPostgres("psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-h", s.dir+"/run", "-p", strconv.Itoa(s.port), "-U", "postgres", "-d", db, "-c", sql).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (s *server) mustAdmin(sql string) string {
	s.t.Helper()
	out, err := s.admin("postgres", sql)
	if err != nil {
		s.t.Fatalf("%s: %s", sql, out)
	}
	return out
}

// as runs statements as a role over TCP. params are more connection parameters;
// the last of a name counts.
func (s *server) as(role, db, sql string, params ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn := fmt.Sprintf("host=127.0.0.1 port=%d user='%s' dbname='%s' sslmode=verify-full sslrootcert=%s/ca.crt connect_timeout=10 ", s.port, role, db, s.dir)
	cmd := exec.CommandContext(ctx, "psql", conn+strings.Join(params, " "), "-X", "-At", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql)
	password := s.password(fmt.Sprintf("postgres.main.secret.role[%q]", role))
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password, "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// operation is something to try, and who may do it.
type operation struct{ name, sql, allowed string }

// session tries the operations one after another in one session, each from the
// state of a new one, and tells which failed: to log in takes 100 ms, as it
// should.
func (s *server) session(role, db string, ops []operation) []bool {
	s.t.Helper()
	var script strings.Builder
	for _, op := range ops {
		// \; keeps the statements of an operation in one query.
		script.WriteString("ROLLBACK;\nDISCARD ALL;\nRESET ROLE;\n" + strings.ReplaceAll(op.sql, ";", "\\;") + ";\n\\echo tried :ERROR\n")
	}
	conn := fmt.Sprintf("host=127.0.0.1 port=%d user='%s' dbname='%s' sslmode=verify-full sslrootcert=%s/ca.crt", s.port, role, db, s.dir)
	cmd := exec.Command("psql", conn, "-X", "-At", "-q", "-f", "-")
	cmd.Env = append(os.Environ(), "PGPASSWORD="+s.password(fmt.Sprintf("postgres.main.secret.role[%q]", role)), "LC_ALL=C")
	cmd.Stdin = strings.NewReader(script.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("the session of %s: %v\n%s", role, err, out)
	}
	var failed []bool
	for line := range strings.SplitSeq(string(out), "\n") {
		if result, ok := strings.CutPrefix(line, "tried "); ok {
			failed = append(failed, result == "true")
		}
	}
	if len(failed) != len(ops) {
		s.t.Fatalf("%d of %d operations were tried:\n%s", len(failed), len(ops), out)
	}
	return failed
}

func (s *server) log() string {
	b, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

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
		{"insert against the default", `BEGIN READ WRITE; INSERT INTO t (v) VALUES ('y'); ROLLBACK`, "app deploy"},
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
	for _, role := range []string{"app", "report", "deploy", "watch", "dump"} {
		for i, failed := range s.session(role, "app", ops) {
			if allowed := strings.Contains(" "+ops[i].allowed+" ", " "+role+" "); allowed == failed {
				t.Errorf("%s as %s: allowed is %v, want %v", ops[i].name, role, !failed, allowed)
			}
		}
	}

	// A dump by the backup role, which reads everything and writes nothing.
	dump := exec.Command("pg_dump", fmt.Sprintf("host=127.0.0.1 port=%d user=dump dbname=app sslmode=verify-full sslrootcert=%s/ca.crt", s.port, s.dir))
	dump.Env = append(os.Environ(), "PGPASSWORD="+s.password(`postgres.main.secret.role["dump"]`))
	if out, err := dump.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("COPY public.t ")) {
		t.Errorf("pg_dump: %v %.500s", err, out)
	}

	for name, tc := range map[string]struct {
		role, db string
		params   []string
		want     string // part of the error; "" when it works
	}{
		"verify-full":              {"app", "app", nil, ""},
		"with channel binding":     {"app", "app", []string{"channel_binding=require"}, ""},
		"TLS 1.2":                  {"app", "app", []string{"ssl_max_protocol_version=TLSv1.2"}, ""},
		"TLS 1.1":                  {"app", "app", []string{"ssl_min_protocol_version=TLSv1", "ssl_max_protocol_version=TLSv1.1"}, "SSL error"},
		"plaintext":                {"app", "app", []string{"sslmode=disable"}, "rejects connection"},
		"plaintext when TLS fails": {"app", "app", []string{"sslmode=allow"}, ""}, // psql tries TLS second
		"a wrong name":             {"app", "app", []string{"host=ip6-localhost hostaddr=127.0.0.1"}, "does not match host name"},
		"a wrong authority":        {"app", "app", []string{"sslrootcert=/etc/ssl/certs/ca-certificates.crt"}, "certificate verify failed"},
		"a wrong password":         {"app", "app", []string{"password=wrong"}, "password authentication failed"},
		"the other database":       {"app", "other", nil, "rejects connection"},
		"the superuser's database": {"app", "postgres", nil, "rejects connection"},
		"the template":             {"app", "template1", nil, "rejects connection"},
		"as the superuser":         {"postgres", "app", nil, "rejects connection"},
		"as the superuser, plain":  {"postgres", "postgres", []string{"sslmode=disable"}, "rejects connection"},
		"as a group":               {"app_owner", "app", nil, "rejects connection"},
		"as nobody":                {"nobody", "app", nil, "rejects connection"},
		"replication":              {"app", "app", []string{"replication=database"}, "must be superuser or replication role"},
		"physical replication":     {"app", "app", []string{"replication=true"}, "no pg_hba.conf entry for replication"},
		"the other's own":          {"other", "other", nil, ""},
	} {
		out, err := s.as(tc.role, tc.db, "SELECT 1", tc.params...)
		switch {
		case tc.want == "" && err != nil, tc.want != "" && (err == nil || !strings.Contains(out, tc.want)):
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

// nothingLeaks holds the server's log against everything secret so far.
func (s *server) nothingLeaks() {
	s.t.Helper()
	log := s.log()
	for address, v := range s.values {
		if strings.Contains(address, "#certificate") {
			continue
		}
		if strings.Contains(log, strings.TrimSpace(v)) {
			s.t.Errorf("%s is in the server's log", address)
		}
	}
	for _, word := range []string{"SCRAM-SHA-256$", "PASSWORD", "INSERT INTO", "Key (", "DETAIL"} {
		if strings.Contains(log, word) {
			s.t.Errorf("the server's log holds %q:\n%s", word, log)
		}
	}
}

func TestPostgresRefusesNames(t *testing.T) {
	for roles, want := range map[string]string{
		`app_owner = { database = "app" }`:                  "groups that hold the privileges",
		`app_read_only = { database = "app" }`:              "groups that hold the privileges",
		`app_read_write = { database = "app" }`:             "groups that hold the privileges",
		`public = { database = "app" }`:                     "words of PostgreSQL",
		`none = { database = "app" }`:                       "words of PostgreSQL",
		`postgres = { database = "app" }`:                   "is the superuser",
		`pg_monitor = { database = "app" }`:                 "not with pg_",
		`"a b" = { database = "app" }`:                      "lower-case letters",
		`"a\"; --" = { database = "app" }`:                  "lower-case letters",
		`App = { database = "app" }`:                        "lower-case letters",
		strings.Repeat("a", 41) + ` = { database = "app" }`: "1 to 40",
		`a = { database = "nope" }`:                         "one of the databases of the server",
		`a = { database = "app", access = "all" }`:          "one of: read_write",
		`a = { database = "app", connections = 0 }`:         "between 1 and 10000",
		`a = { database = "app", connections = 1.5 }`:       "between 1 and 10000",
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
