//go:build lab

package catalog_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// entry runs a subcommand of the entrypoint beside the running server, as Docker's
// exec does, and gives its exit status.
func (c *container) entry(stdin string, args ...string) (int, string) {
	c.t.Helper()
	cmd := c.asPostgres(append([]string{c.dir + "/bin/nself-postgres"}, args...)...)
	cmd.Env = append(cmd.Env, "PATH="+c.dir+"/bin:"+postgresBin()+":"+os.Getenv("PATH"), "PGDATA="+c.dir+"/data")
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	} else if err != nil {
		c.t.Fatal(err)
	}
	return 0, string(out)
}

// rolesSQL renders roles.sql as the values say now.
func (c *container) rolesSQL() string {
	return c.config(kindOf(c.t, strings.Replace(twoDatabases, "{\n", "{\n  version = \""+installed()+"\"\n", 1)), "roles.sql", c.paths)
}

// TestPair turns a role from its first login to its second on a running server: a
// session with an open transaction and a temporary table never notices, policies and
// grants for the role hold for both, and afterwards the first login is refused.
func TestPair(t *testing.T) {
	c := newContainer(t, copyBlank)
	c.start()
	c.until("roles are applied", c.exists("tls/ready"))
	const secret = `postgres.main.secret.role["app"]`
	old, next := c.password(secret), "pw-next-"+c.password("made up")

	if out, err := c.as("deploy", "app", `CREATE TABLE t (id int, tenant text);
		INSERT INTO t VALUES (1, 'mine'), (2, 'other');
		ALTER TABLE t ENABLE ROW LEVEL SECURITY;
		CREATE POLICY p ON t TO app USING (tenant = 'mine');
		CREATE TABLE granted (id int); REVOKE ALL ON granted FROM app_read_write; GRANT SELECT ON granted TO app`); err != nil {
		t.Fatal(out)
	}
	try := func(login, password string) (string, error) {
		return c.as("nobody", "app", "SELECT current_user || count(*) || (SELECT count(*) FROM granted) FROM t", "user="+login, "password="+password)
	}
	prove := func(login, password string, want int) {
		t.Helper()
		if code, out := c.entry(login+"\n"+password+"\n", "prove", "app"); code != want {
			t.Errorf("prove %s: %d, want %d: %s", login, code, want, out)
		}
	}
	if out, err := try("app_a", old); err != nil || out != "app10" {
		t.Fatalf("the first login: %v %s", err, out)
	}
	prove("app_a", old, 0)
	prove("app_b", next, 3)
	prove("app", old, 1) // pg_hba.conf has no line for it: no answer about a password
	prove("app_a", "wrong", 3)

	// A session that is at work all the time.
	work := exec.Command("psql", fmt.Sprintf("host=127.0.0.1 port=%d user=app_a dbname=app sslmode=require", c.port), "-X", "-At", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-")
	work.Env = append(os.Environ(), "PGPASSWORD="+old, "LC_ALL=C")
	in, err := work.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	work.Stdout, work.Stderr = &said, &said
	if err := work.Start(); err != nil {
		t.Fatal(err)
	}
	send := func(sql string) {
		if _, err := in.Write([]byte(sql + "\n")); err != nil {
			t.Fatalf("the session is gone: %v %s", err, said.String())
		}
	}
	send("CREATE TEMPORARY TABLE mine (id int); BEGIN; INSERT INTO mine VALUES (1); SELECT count(*) FROM t;")

	// Staged: both may log in, and the session goes on.
	c.values[secret+"/b"] = next
	if code, out := c.entry(c.rolesSQL(), "apply"); code != 0 || out != "" {
		t.Fatalf("apply: %d %s", code, out)
	}
	for login, password := range map[string]string{"app_a": old, "app_b": next} {
		if out, err := try(login, password); err != nil || out != "app10" {
			t.Errorf("%s while both are valid: %v %s", login, err, out)
		}
		prove(login, password, 0)
	}
	prove("app_a", next, 3)
	send("INSERT INTO mine SELECT id FROM t; COMMIT; SELECT 'rows ' || count(*) FROM mine;")
	for range 100 {
		if strings.Contains(said.String(), "rows 2") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.Contains(said.String(), "rows 2") {
		t.Fatalf("the session did not get on: %s", said.String())
	}
	if code, out := c.entry(c.rolesSQL(), "apply"); code != 0 {
		t.Fatalf("apply again: %d %s", code, out)
	}
	send("SELECT 'still ' || count(*) FROM mine;")

	// Revoked: the first login is refused, and its session has ended.
	c.values[secret+"/only"] = "b"
	if code, out := c.entry(c.rolesSQL(), "apply"); code != 0 || out != "" {
		t.Fatalf("apply: %d %s", code, out)
	}
	prove("app_a", old, 3)
	prove("app_b", next, 0)
	if out, err := try("app_b", next); err != nil || out != "app10" {
		t.Errorf("the second login: %v %s", err, out)
	}
	if n := c.mustAdmin("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app_a'"); n != "0" {
		t.Errorf("%s sessions of the former login", n)
	}
	_ = in.Close()
	_ = work.Wait() // its connection is gone
	if !strings.Contains(said.String(), "still 2") {
		t.Errorf("the session ended before its login was revoked: %s", said.String())
	}
	if got := c.mustAdmin("SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_authid WHERE rolpassword IS NOT NULL AND rolname ~ '^(app|postgres)'"); got != "app_b" {
		t.Errorf("verifiers of %q", got)
	}

	// With all of its connections in use, it is still known.
	c.mustAdmin("ALTER ROLE app_b CONNECTION LIMIT 0")
	prove("app_b", next, 0)
	prove("app_b", old, 3)
	c.mustAdmin("ALTER ROLE app_b CONNECTION LIMIT 50")

	// What is damaged changes nothing, and quotes nothing.
	broken := strings.Replace(c.rolesSQL(), "GRANT \"app_read_write\"", "GRNT \"app_read_write\"", 1)
	if code, out := c.entry(broken, "apply"); code == 0 || strings.Contains(out, "SCRAM") || strings.Contains(out, "LINE") {
		t.Errorf("apply of a damaged text: %d %s", code, out)
	}
	prove("app_b", next, 0)

	// Without a server nobody can tell.
	c.stopped(15)
	prove("app_b", next, 1)
	if log := c.output.String(); strings.Contains(log, old) || strings.Contains(log, next) || strings.Contains(log, "SCRAM") {
		t.Error("a value is in the log")
	}
}

// TestReload exchanges certificate and key under open connections.
func TestReload(t *testing.T) {
	c := newContainer(t, copyBlank)
	c.start()
	c.until("roles are applied", c.exists("tls/ready"))
	if out, err := c.as("app", "app", "SELECT 1", "host=main hostaddr=127.0.0.1"); err != nil {
		t.Fatal(out)
	}
	c.certificates("postgres.main", "main") // by another authority
	tls := c.values["postgres.main.secret.server#certificate"] + c.values["postgres.main.secret.server#private_key"]
	for name, text := range map[string]string{"nothing": "", "no key": c.values["postgres.main.secret.server#certificate"]} {
		if code, _ := c.entry(text, "reload"); code == 0 {
			t.Errorf("%s is taken", name)
		}
	}
	if code, out := c.entry(tls, "reload"); code != 0 || out != "" {
		t.Fatalf("reload: %d %s", code, out)
	}
	c.file("new.crt", c.values["postgres.main.secret.ca#certificate"], 0o644)
	c.until("the new certificate is shown", func() bool {
		_, err := c.as("app", "app", "SELECT 1", "host=main hostaddr=127.0.0.1", "sslrootcert="+c.dir+"/new.crt")
		return err == nil
	})
	if out, err := c.as("app", "app", "SELECT 1", "host=main hostaddr=127.0.0.1"); err == nil {
		t.Errorf("the old authority is still good enough: %s", out)
	}
}

// TestFormerLogin: what was a login before there were pairs becomes the role of two.
func TestFormerLogin(t *testing.T) {
	t.Parallel()
	s := startPostgres(t, twoDatabases)
	password := s.password(`postgres.main.secret.role["app"]`)
	s.mustAdmin("CREATE ROLE app LOGIN CONNECTION LIMIT 5 PASSWORD '" + s.verifier(password) + "'")
	s.mustAdmin("COMMENT ON ROLE app IS 'nselfc login'")
	s.mustAdmin("CREATE DATABASE app")
	if out, err := s.admin("app", "CREATE TABLE mine (a int); ALTER TABLE mine OWNER TO app; GRANT app TO postgres"); err != nil {
		t.Fatal(out)
	}
	s.apply(twoDatabases)
	if out, err := s.as("app", "app", "INSERT INTO mine VALUES (1) RETURNING current_user, session_user"); err != nil || out != "app|app_a" {
		t.Errorf("%v %s", err, out)
	}
	if got := s.mustAdmin("SELECT rolcanlogin, rolpassword IS NULL, rolconnlimit FROM pg_authid WHERE rolname = 'app'"); got != "f|t|-1" {
		t.Errorf("the former login: %s", got)
	}
	if out, err := s.admin("app", "SELECT tableowner FROM pg_tables WHERE tablename = 'mine'"); err != nil || out != "app_owner" {
		t.Errorf("its table: %v %s", err, out)
	}
}
