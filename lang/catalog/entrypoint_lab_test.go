//go:build lab

package catalog_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// container is the kind's entrypoint with a server behind it, as a process of
// its own group.
type container struct {
	*server
	cmd    *exec.Cmd
	output *bytes.Buffer
	ended  chan struct{}
}

// imageEntrypoint does what the official image's does, as far as the kind can
// tell: it makes the data directory, with a server on the socket only, and then
// becomes PostgreSQL.
const imageEntrypoint = `#!/bin/bash
set -eu
cd DIR
if [ ! -s data/PG_VERSION ]; then
  INITDB
  BIN/pg_ctl -D DIR/data -o "-c config_file=DIR/etc/postgresql.conf -c listen_addresses= -c fsync=off" -w start >/dev/null
  touch DIR/initializing
  sleep 1
  BIN/pg_ctl -D DIR/data -m fast -w stop >/dev/null
  touch DIR/initialized
fi
shift
exec BIN/postgres -D DIR/data -c fsync=off "$@"
`

// Its initdb takes seconds; copyBlank is as good for whoever is not after that.
const (
	realInitdb = `BIN/initdb -D DIR/data --username=postgres --no-sync --auth-local=peer --auth-host=reject >/dev/null`
	copyBlank  = `cp -a BLANK/. DIR/data`
)

func newContainer(t *testing.T, initdb string) *container {
	t.Helper()
	t.Parallel() // most of the time goes by waiting
	bin := postgresBin()
	if bin == "" {
		need(t, "PostgreSQL")
	}
	if err := blank(); err != nil {
		t.Fatal(err)
	}
	dir := shortDir(t)
	s := &server{host: newHost(t), dir: dir, port: freePort(t), roles: map[string]bool{}}
	s.paths = strings.NewReplacer("/etc/postgresql/", dir+"/etc/", "/run/pgtls/", dir+"/tls/", "/run/secrets/", dir+"/secrets/", "/var/run/postgresql", dir+"/run",
		"/var/lib/postgresql", dir,
		"port = 5432", "port = "+strconv.Itoa(s.port), "-p 5432", "-p "+strconv.Itoa(s.port), "port=5432", "port="+strconv.Itoa(s.port), "-U postgres -d", "-U postgres -p "+strconv.Itoa(s.port)+" -d")
	s.certificates("postgres.main", "main")
	for _, sub := range []string{"", "etc", "tls", "run", "data", "secrets", "bin"} {
		s.folder(filepath.Join(dir, sub))
	}
	svc := kindOf(t, strings.Replace(twoDatabases, "{\n", "{\n  version = \""+installed()+"\"\n", 1))
	s.write(svc)
	s.file("secrets/SERVER_TLS", s.values["postgres.main.secret.server#certificate"]+s.values["postgres.main.secret.server#private_key"], 0o444)
	s.file("ca.crt", s.values["postgres.main.secret.ca#certificate"], 0o644)
	s.file("bin/docker-entrypoint.sh", strings.NewReplacer("DIR", dir, "BIN", bin, "BLANK", blankDir).Replace(strings.Replace(imageEntrypoint, "INITDB", initdb, 1)), 0o755)
	s.file("bin/nself-postgres", s.config(svc, "entrypoint", s.paths), 0o755)
	return &container{server: s}
}

func (c *container) start() {
	c.t.Helper()
	c.cmd = c.asPostgres(c.dir+"/bin/nself-postgres", "postgres", "-c", "config_file="+c.dir+"/etc/postgresql.conf")
	c.cmd.Env = append(c.cmd.Env, "PATH="+c.dir+"/bin:"+postgresBin()+":"+os.Getenv("PATH"), "PGDATA="+c.dir+"/data")
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.output, c.ended = &bytes.Buffer{}, make(chan struct{})
	c.cmd.Stdout, c.cmd.Stderr = c.output, c.output
	c.cmd.WaitDelay = 5 * time.Second
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() { _ = c.cmd.Wait(); close(c.ended) }() // ProcessState tells
	c.t.Cleanup(func() { _ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) })
}

// until waits for something, or for the end of the process.
func (c *container) until(what string, done func() bool) {
	c.t.Helper()
	for range 600 {
		if done() {
			return
		}
		select {
		case <-c.ended:
			c.t.Fatalf("it has ended before %s: %s\n%s", what, c.cmd.ProcessState, c.output)
		case <-time.After(50 * time.Millisecond):
		}
	}
	c.t.Fatalf("never %s", what)
}

func (c *container) exists(name string) func() bool {
	return func() bool {
		_, err := os.Stat(filepath.Join(c.dir, name))
		return err == nil
	}
}

// stopped ends the container as Docker does, and waits.
func (c *container) stopped(sig syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(sig); err != nil {
		c.t.Fatal(err)
	}
	select {
	case <-c.ended:
	case <-time.After(30 * time.Second):
		c.t.Fatalf("it does not end on %s:\n%s", sig, c.output)
	}
}

func TestEntrypointStartsAndStops(t *testing.T) {
	c := newContainer(t, copyBlank)
	for round, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if err := os.RemoveAll(c.dir + "/tls/ready"); err != nil {
			t.Fatal(err)
		}
		c.start()
		c.until("roles are applied", c.exists("tls/ready"))
		info, err := os.Stat(c.dir + "/tls/server.pem")
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the key: %v %v", info.Mode(), err)
		}
		if out, err := c.as("app", "app", "SELECT 1"); err != nil {
			t.Errorf("round %d: %s", round, out)
		}
		session, end := context.WithCancel(context.Background())
		open := exec.CommandContext(session, "psql", fmt.Sprintf("host=%s/run port=%d user=postgres", c.dir, c.port), "-c", "SELECT pg_sleep(60)")
		if err := open.Start(); err != nil {
			t.Fatal(err)
		}
		c.stopped(sig)
		end()
		_ = open.Wait() // the server has ended its session
		if c.cmd.ProcessState.ExitCode() != 0 || !strings.Contains(c.output.String(), "database system is shut down") {
			t.Errorf("round %d, %s: %s\n%s", round, sig, c.cmd.ProcessState, c.output)
		}
	}
}

// TestEntrypointStoppedWhileItInitializes: a data directory that is being made
// is made whole, at whatever moment the signal comes.
func TestEntrypointStoppedWhileItInitializes(t *testing.T) {
	for _, when := range []string{"tls/server.pem", "data/postgresql.conf", "initializing", "initialized"} {
		t.Run(filepath.Base(when), func(t *testing.T) {
			c := newContainer(t, realInitdb)
			c.start()
			c.until(when, c.exists(when))
			c.stopped(syscall.SIGTERM)
			c.start()
			c.until("roles are applied", c.exists("tls/ready"))
			c.stopped(syscall.SIGTERM)
			if out := c.output.String(); strings.Contains(out, "not properly shut down") || strings.Contains(out, "interrupted") {
				t.Errorf("the data directory was left as after a crash:\n%s", out)
			}
		})
	}
}

// TestEntrypointWhenTheServerDies: the container ends with it, for Docker to
// start it again.
func TestEntrypointWhenTheServerDies(t *testing.T) {
	c := newContainer(t, copyBlank)
	c.start()
	c.until("roles are applied", c.exists("tls/ready"))
	b, err := os.ReadFile(c.dir + "/data/postmaster.pid")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.SplitN(string(b), "\n", 2)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it stays without a server")
	}
	if c.cmd.ProcessState.ExitCode() <= 0 {
		t.Errorf("it says that all is well: %s", c.cmd.ProcessState)
	}
	// It starts again, though the ready mark of before is still there.
	if err := os.WriteFile(c.dir+"/tls/ready", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // the orphans of the server end
	c.start()
	c.until("the old mark is gone", func() bool { return !c.exists("tls/ready")() })
	c.until("roles are applied", c.exists("tls/ready"))
	c.stopped(syscall.SIGTERM)
}

// TestEntrypointWhenRolesFail: the server runs, but is not ready, and a stop
// does not wait for the next trial.
func TestEntrypointWhenRolesFail(t *testing.T) {
	c := newContainer(t, copyBlank)
	sql, err := os.ReadFile(c.dir + "/etc/roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	c.file("etc/roles.sql", "SELECT 1/0;\n", 0o600)
	c.start()
	c.until("the failure is said", func() bool { return strings.Contains(c.output.String(), "trying again") })
	if c.exists("tls/ready")() {
		t.Error("it is ready all the same")
	}
	c.file("etc/roles.sql", string(sql), 0o600)
	c.until("roles are applied", c.exists("tls/ready"))
	c.file("etc/roles.sql", "SELECT 1/0;\n", 0o600)
	c.stopped(syscall.SIGTERM)

	c.start()
	c.until("the failure is said", func() bool { return strings.Contains(c.output.String(), "trying again") })
	start := time.Now()
	c.stopped(syscall.SIGTERM)
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("it took %v to stop", took)
	}
}

// TestEntrypointRefusesOtherVersions: what an upgrade or a mistaken image would
// lose is left as it is, and the log says what to write.
func TestEntrypointRefusesOtherVersions(t *testing.T) {
	other := map[string]string{"data/PG_VERSION": "12\n", "12/docker/PG_VERSION": "12\n", "data/12/docker/PG_VERSION": "12\n"}
	for file, version := range other {
		t.Run(strings.ReplaceAll(file, "/", " "), func(t *testing.T) {
			c := newContainer(t, "touch DIR/touched; exit 1")
			for dir := filepath.Dir(file); dir != "."; dir = filepath.Dir(dir) {
				c.folder(filepath.Join(c.dir, dir))
			}
			c.file(file, version, 0o600)
			c.refuses("holds data of PostgreSQL 12", `write in the block postgres "main": version = "12"`)
		})
	}
	t.Run("another image", func(t *testing.T) {
		c := newContainer(t, "touch DIR/touched; exit 1")
		c.file("bin/postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 99.1 (Debian 99.1-1)'\n", 0o755)
		c.refuses("the image is PostgreSQL 99, and the stack says "+installed(), `version = "99"`)
	})
}

// refuses wants the container to end at once, with these texts in its log and
// nothing done to its volume.
func (c *container) refuses(texts ...string) {
	c.t.Helper()
	c.start()
	select {
	case <-c.ended:
	case <-time.After(20 * time.Second):
		c.t.Fatalf("it goes on:\n%s", c.output)
	}
	for _, text := range texts {
		if !strings.Contains(c.output.String(), text) {
			c.t.Errorf("it does not say %q:\n%s", text, c.output)
		}
	}
	if c.cmd.ProcessState.ExitCode() == 0 || c.exists("touched")() || c.exists("tls/server.pem")() {
		c.t.Errorf("it went on: %s\n%s", c.cmd.ProcessState, c.output)
	}
}
