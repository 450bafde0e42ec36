//go:build lab && linux

package lab_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
)

// TestStandIns holds the stand-ins to what users rely on in the official images.
func TestStandIns(t *testing.T) {
	e := lab.Start(t, lab.Options{})
	e.RequireMachines(t)
	t.Run("postgres refuses to start", func(t *testing.T) { checkPostgresRefusals(t, e) })
	t.Run("postgres", func(t *testing.T) { checkPostgres(t, e) })
	t.Run("redis", func(t *testing.T) { checkRedis(t, e) })
	t.Run("nginx", func(t *testing.T) { checkNginx(t, e) })
}

func checkPostgresRefusals(t *testing.T, e *lab.Engine) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "10-bad.sql"), []byte("SELECT no_such_column;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"POSTGRES_PASSWORD is empty":                        {},
		"both POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE": {"--env=POSTGRES_PASSWORD=a", "--env=POSTGRES_PASSWORD_FILE=/etc/hostname"},
		`column "no_such_column" does not exist`:            {"--env=POSTGRES_PASSWORD=a", "--volume=" + folder + ":/docker-entrypoint-initdb.d:ro"},
	} {
		result := e.Docker(append(append([]string{"run", "--rm"}, args...), "postgres:17")...)
		if result.OK() || !strings.Contains(result.Stdout+result.Stderr, want) {
			t.Errorf("want %q: %s", want, result)
		}
	}
}

func checkPostgres(t *testing.T, e *lab.Engine) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"init/10-table.sql": "CREATE TABLE t (a text); INSERT INTO t VALUES ('sql');\n",
		"init/20-more.sh":   `"${psql[@]}" <<<"UPDATE t SET a = a || ' sourced'"` + "\n",
		"init/30-last.txt":  "not SQL\n",
		"password":          "se'cret\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	e.Docker(
		"run", "--detach", "--name=pg", "--env=POSTGRES_USER=own", "--env=POSTGRES_DB=shop", "--env=POSTGRES_PASSWORD_FILE=/password",
		"--env=POSTGRES_INITDB_ARGS=--auth-local='scram-sha-256'", "--volume="+folder+"/password:/password:ro",
		"--volume="+folder+"/init:/docker-entrypoint-initdb.d:ro", "postgres:17", "-c", "log_connections=on",
	).Must(t)
	query := func(password string) lab.Result {
		return e.Inside("container:pg", "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command=SELECT a || ' ' || current_setting('server_version_num')::int / 10000 || ' ' || current_setting('log_connections') FROM t",
			"postgresql://own:"+password+"@127.0.0.1/shop")
	}
	eventually(t, func() bool { return query("se%27cret").OK() })
	if answer := query("se%27cret").Must(t); answer != "sql sourced 17 on\n" {
		t.Errorf("found %q", answer)
	}
	// The image trusts 127.0.0.1, as the official one does: only from elsewhere is the password asked for.
	address := strings.TrimSpace(e.Docker("inspect", "--format={{.NetworkSettings.IPAddress}}", "pg").Must(t))
	for password, want := range map[string]bool{"se%27cret": true, "wrong": false} {
		result := e.Inside("bridge", "psql", "--command=SELECT 1", "postgresql://own:"+password+"@"+address+"/shop")
		if result.OK() != want {
			t.Errorf("password %s: %s", password, result)
		}
	}
	if id := e.Docker("exec", "pg", "stat", "--format=%u:%g", "/proc/1", "/var/lib/postgresql/data").Must(t); id != "999:999\n999:999\n" {
		t.Errorf("server and data belong to %q", id)
	}
	e.Docker("restart", "pg").Must(t)
	eventually(t, func() bool { return query("se%27cret").OK() })
	logs := e.Docker("logs", "pg")
	for _, want := range []string{"Skipping initialization", "received fast shutdown request", "ignoring /docker-entrypoint-initdb.d/30-last.txt"} {
		if !strings.Contains(logs.Stdout+logs.Stderr, want) {
			t.Errorf("not in the log: %s", want)
		}
	}
}

func checkRedis(t *testing.T, e *lab.Engine) {
	e.Docker("run", "--detach", "--name=rd", "redis:8.2").Must(t)
	e.Docker("run", "--detach", "--name=rd-password", "redis:8.2", "--requirepass", "secret").Must(t)
	ping := func(name string, args ...string) string {
		address := strings.TrimSpace(e.Docker("inspect", "--format={{.NetworkSettings.IPAddress}}", name).Must(t))
		result := e.Inside("bridge", append([]string{"redis-cli", "-h", address}, append(args, "ping")...)...)
		return strings.TrimSpace(result.Stdout)
	}
	eventually(t, func() bool { return ping("rd") == "PONG" && ping("rd-password", "-a", "secret") == "PONG" })
	if answer := ping("rd-password"); !strings.HasPrefix(answer, "NOAUTH") {
		t.Errorf("without the password: %q", answer)
	}
	if id := e.Docker("exec", "rd", "stat", "--format=%u:%g", "/proc/1", "/data").Must(t); id != "999:999\n999:999\n" {
		t.Errorf("server and data belong to %q", id)
	}
}

func checkNginx(t *testing.T, e *lab.Engine) {
	folder := t.TempDir()
	script := filepath.Join(folder, "10-own.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho own script ran\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	e.Docker("run", "--detach", "--name=web", "--publish=8000:80", "--volume="+folder+":/docker-entrypoint.d:ro", "nginx:1.30.4").Must(t)
	client := lab.Place(e.Client)
	eventually(t, func() bool {
		return client.HTTP(t, attack.Request{URL: "http://" + lab.HostIPv4 + ":8000/"}).Status == 200
	})
	if logs := e.Docker("logs", "web"); !strings.Contains(logs.Stdout, "own script ran") || !strings.Contains(logs.Stdout, "GET /") {
		t.Errorf("log: %s", logs)
	}
	if users := e.Docker("top", "web", "-eo", "pid,uid").Must(t); !strings.Contains(users, "101") {
		t.Errorf("workers do not run as 101: %s", users)
	}
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatal("not within 30 s")
}
