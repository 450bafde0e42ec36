package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nselfc/lang"
	"nselfc/lang/escape"
	"nselfc/lang/secret"
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) // best effort, in the system's own folder
	blankDir = dir
	return m.Run()
}

var blankDir string // set by TestMain

// blank makes a data directory as the kind's arguments to initdb say. That takes
// seconds, so it is done once, and each server gets a copy.
var blank = sync.OnceValue(func() error {
	stack, findings := evaluate(twoDatabases)
	if stack == nil {
		return errors.New(findings)
	}
	if err := own(blankDir); err != nil {
		return err
	}
	args := []string{postgresBin() + "/initdb", "-D", blankDir, "--username=postgres", "--no-sync", "-E", "UTF8"}
	if out, err := asPostgres(blankDir, append(args, initArgs(stack.Services[0])...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
})

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
	roles map[string]bool // those that were ever declared
}

// installed is the major version of the server that the tests run.
func installed() string { return filepath.Base(filepath.Dir(postgresBin())) }

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
	s := &server{host: newHost(t), dir: dir, port: freePort(t), roles: map[string]bool{}}
	s.paths = strings.NewReplacer("/etc/postgresql/", dir+"/etc/", "/run/pgtls/", dir+"/tls/", "/var/run/postgresql", dir+"/run",
		"port = 5432", "port = "+strconv.Itoa(s.port))
	s.certificates("postgres.main", "main", "localhost")
	for _, sub := range []string{"", "etc", "tls", "run", "data"} {
		s.folder(filepath.Join(dir, sub))
	}
	svc := kindOf(t, block)
	s.file("tls/server.pem", s.values["postgres.main.secret.server#certificate"]+s.values["postgres.main.secret.server#private_key"], 0o600)
	s.file("ca.crt", s.values["postgres.main.secret.ca#certificate"], 0o644)
	s.write(svc)

	s.blankData()
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

// blankData makes the data directory, empty but for PostgreSQL's own.
func (s *server) blankData() {
	s.t.Helper()
	if err := blank(); err != nil {
		s.t.Fatal(err)
	}
	if out, err := s.asPostgres("cp", "-a", blankDir+"/.", s.dir+"/data").CombinedOutput(); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
}

// initArgs gives the arguments to initdb that the kind hands to the image.
func initArgs(svc *lang.Service) []string {
	for _, e := range svc.Env {
		if e.Name == "POSTGRES_INITDB_ARGS" {
			text, _ := e.Value.V.Plain()
			return strings.Fields(text)
		}
	}
	return []string{"--the-kind-does-not-say"} // initdb refuses it
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
func asPostgres(dir string, args ...string) *exec.Cmd {
	if os.Getuid() == 0 {
		args = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PGPASSWORD=")
	return cmd
}

func (s *server) asPostgres(args ...string) *exec.Cmd { return asPostgres(s.dir, args...) }

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
	if err := own(path); err != nil {
		s.t.Fatal(err)
	}
}

// own gives a file to the user that the server runs as.
func own(path string) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid) // /etc/passwd holds numbers
	gid, _ := strconv.Atoi(u.Gid)
	return os.Chown(path, uid, gid)
}

// write renders the files of the kind.
func (s *server) write(svc *lang.Service) {
	for _, c := range svc.Configs {
		c.Content.V.Walk(func(x *secret.Expr) {
			if x.Func == escape.LoginA {
				s.roles[roleOf(x)] = true
			}
		})
	}
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

// as runs statements as a role over TCP, by its first login. params are more connection parameters;
// the last of a name counts.
func (s *server) as(role, db, sql string, params ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	login := role
	if s.roles[role] {
		login += "_a"
	}
	conn := fmt.Sprintf("host=127.0.0.1 port=%d user='%s' dbname='%s' sslmode=verify-full sslrootcert=%s/ca.crt connect_timeout=10 ", s.port, login, db, s.dir)
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
	conn := fmt.Sprintf("host=127.0.0.1 port=%d user='%s_a' dbname='%s' sslmode=verify-full sslrootcert=%s/ca.crt", s.port, role, db, s.dir)
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
