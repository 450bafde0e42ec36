package catalog_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// redisCLI sends commands, one on each line, and gives the answers.
func redisCLI(port int, user, password string, commands ...string) string {
	cmd := exec.Command("redis-cli", "-h", "127.0.0.1", "-p", strconv.Itoa(port))
	if user != "" {
		cmd.Args = append(cmd.Args, "--user", user)
	}
	cmd.Env = os.Environ()
	if password != "" {
		cmd.Env = append(cmd.Env, "REDISCLI_AUTH="+password)
	}
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return err.Error() + ": " + string(out)
	}
	return strings.TrimSpace(string(out))
}

const cache = `redis "cache" {
  max_memory = "8M"
  eviction   = "noeviction"
}
`

func TestRedis(t *testing.T) {
	c := startRedis(t, cache)
	port, dir := c.port, c.dir
	app, health, rotate := c.password("redis.cache.secret.app"), c.get("nself/health"), c.get("nself/rotate")
	for _, tc := range []struct{ name, user, password, command, want string }{
		{"no password", "", "", "GET a", "NOAUTH"},
		{"no password for ping", "", "", "PING", "NOAUTH"},
		{"the default user", "default", "", "AUTH default x", "WRONGPASS"},
		{"the default user without a password", "", "", "AUTH default \"\"", "WRONGPASS"},
		{"a wrong password", "", "", "AUTH app wrong", "WRONGPASS"},
		{"the hash for a password", "", "", "AUTH app " + strings.TrimPrefix(hash(t, app), "#"), "WRONGPASS"},
		{"set", "app", app, "SET a 1", "OK"},
		{"get", "app", app, "GET a", "1"},
		{"expire", "app", app, "EXPIRE a 100", "1"},
		{"publish", "app", app, "PUBLISH channel x", "0"},
		{"stream", "app", app, "XADD s * a 1", "-"},
		{"script", "app", app, `EVAL "return 1" 0`, "1"},
		{"scan", "app", app, "SCAN 0", "a"},
		{"flushall", "app", app, "FLUSHALL", "NOPERM"},
		{"flushdb", "app", app, "FLUSHDB", "NOPERM"},
		{"keys", "app", app, "KEYS *", "NOPERM"},
		{"config", "app", app, "CONFIG GET maxmemory", "NOPERM"},
		{"config set", "app", app, "CONFIG SET dir /tmp", "NOPERM"},
		{"debug", "app", app, "DEBUG JMAP", "not allowed"},
		{"module", "app", app, "MODULE LIST", "NOPERM"},
		{"acl", "app", app, "ACL LIST", "NOPERM"},
		{"acl setuser", "app", app, "ACL SETUSER default on nopass +@all", "NOPERM"},
		{"shutdown", "app", app, "SHUTDOWN NOSAVE", "NOPERM"},
		{"replicaof", "app", app, "REPLICAOF 127.0.0.1 1", "NOPERM"},
		{"save", "app", app, "SAVE", "NOPERM"},
		{"monitor", "app", app, "MONITOR", "NOPERM"},
		{"migrate", "app", app, "MIGRATE 127.0.0.1 1 a 0 1", "NOPERM"},
		{"swapdb", "app", app, "SWAPDB 0 1", "NOPERM"},
		// What client libraries send: BullMQ, Sidekiq, Celery, ioredis and node-redis
		// were tried, and each gives up or complains when one of these is refused.
		{"info", "app", app, "INFO server", "redis_version:"},
		{"info of a section", "app", app, "INFO memory", "maxmemory_policy:noeviction"},
		{"protocol 3", "", "", "HELLO 3 AUTH app " + app + " SETNAME a", "proto"},
		{"database", "app", app, "SELECT 1", "OK"},
		{"name of the connection", "app", app, "CLIENT SETNAME worker", "OK"},
		{"id of the connection", "app", app, "CLIENT ID", ""},
		{"caching", "app", app, "CLIENT TRACKING on", "OK"},
		{"commands", "app", app, "COMMAND COUNT", ""},
		{"script by its digest", "app", app, "SCRIPT LOAD \"return 1\"", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"},
		{"transaction", "app", app, "WATCH a", "OK"},
		{"blocking", "app", app, "BLPOP none 0.01", ""},
		{"blocking marker", "app", app, "BZPOPMIN none 0.01", ""},
		{"stream group", "app", app, "XGROUP CREATE g g $ MKSTREAM", "OK"},
		{"subscribers", "app", app, "PUBSUB NUMSUB channel", "channel"},
		{"size", "app", app, "MEMORY USAGE a", ""},
		{"wait", "app", app, "WAIT 0 1", "0"},
		{"clients", "app", app, "CLIENT LIST", "NOPERM"},
		{"kill", "app", app, "CLIENT KILL ID 1", "NOPERM"},
		{"sort", "app", app, "SORT a", "NOPERM"},
		{"restore", "app", app, "RESTORE b 0 x", "NOPERM"},
		{"slow log", "app", app, "SLOWLOG GET", "NOPERM"},
		{"cluster", "app", app, "CLUSTER RESET", "NOPERM"},
		{"flushall in a script", "app", app, `EVAL "return redis.call('FLUSHALL')" 0`, "script"},
		{"health ping", "health", health, "PING", "PONG"},
		{"health get", "health", health, "GET a", "NOPERM"},
		{"health info", "health", health, "INFO", "NOPERM"},
		{"health publish", "health", health, "PUBLISH a b", "NOPERM"},
		{"rotate get", "rotate", rotate, "GET a", "NOPERM"},
		{"rotate ping", "rotate", rotate, "PING", "NOPERM"},
		{"rotate acl list", "rotate", rotate, "ACL LIST", "NOPERM"},
		{"rotate config", "rotate", rotate, "CONFIG GET maxmemory", "NOPERM"},
		{"health with the app's password", "", "", "AUTH health " + app, "WRONGPASS"},
	} {
		got := redisCLI(port, tc.user, tc.password, tc.command)
		if !strings.Contains(got, tc.want) || tc.want != "NOPERM" && strings.Contains(got, "NOPERM") {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	if got := redisCLI(port, "app", app, "GET a"); got != "1" {
		t.Errorf("something above was not refused: a is %q", got)
	}

	// max_memory takes effect: 8 MB cannot hold 16.
	fill := make([]string, 0, 2000)
	for i := range 2000 {
		fill = append(fill, "SETRANGE k"+strconv.Itoa(i)+" 8191 x")
	}
	if got := redisCLI(port, "app", app, fill...); !strings.Contains(got, "OOM command not allowed") {
		t.Errorf("max_memory has no effect: %.300s", got)
	}
	// What is written is in the append-only file, with no password anywhere.
	files, err := filepath.Glob(dir + "/appendonlydir/*")
	if err != nil || len(files) < 2 {
		t.Errorf("no append-only file: %v %v", files, err)
	}
	for _, file := range []string{"users.acl", "redis.conf", "nself/users.acl"} {
		text := c.get(file)
		if strings.Contains(text, app) || strings.Contains(text, health) || strings.Contains(text, rotate) {
			t.Errorf("%s holds a password", file)
		}
	}
	for _, name := range []string{"health", "rotate", "users.acl"} {
		if info, err := os.Stat(filepath.Join(dir, "nself", name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	if len(health) != 64 || health == rotate {
		t.Error("the server's own passwords are short, or one")
	}
}

func hash(t *testing.T, password string) string {
	h := &host{t: t, values: map[string]string{"secret.x": password}}
	svc := kindOf(t, cache)
	for _, c := range svc.Configs {
		if c.Name == "users.acl" {
			h.values["redis.cache.secret.app"] = password
			for word := range strings.FieldsSeq(h.render(c.Content.V)) {
				if strings.HasPrefix(word, "#") {
					return word
				}
			}
		}
	}
	t.Fatal("the ACL file has no hash")
	return ""
}

// TestRedisWithoutPersistence also tries the arguments at their limits: the
// server takes every line that can be written.
func TestRedisWithoutPersistence(t *testing.T) {
	c := startRedis(t, "redis \"cache\" {\n  persistent = false\n  max_memory = \"999999K\"\n  eviction   = \"volatile-ttl\"\n}\n")
	if got := redisCLI(c.port, "app", c.password("redis.cache.secret.app"), "SET a 1", "GET a"); got != "OK\n1" {
		t.Errorf("%q", got)
	}
	if files, err := filepath.Glob(c.dir + "/*dir/*"); err != nil || len(files) > 0 {
		t.Errorf("there is an append-only file: %v %v", files, err)
	}
}

// TestRedisControl: a server that its configuration does not guard is told from
// one that it does, so the checks above can fail.
func TestRedisControl(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		need(t, "redis-server")
	}
	port := freePort(t)
	cmd := exec.Command("redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended when this fails
		_ = cmd.Wait()
	})
	for range 200 {
		if redisCLI(port, "", "", "PING") == "PONG" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if got := redisCLI(port, "", "", "FLUSHALL", "CONFIG GET maxmemory"); !strings.HasPrefix(got, "OK") || strings.Contains(got, "NOPERM") {
		t.Errorf("an open server answers %q", got)
	}
}

func TestRedisRefusesArguments(t *testing.T) {
	for argument, want := range map[string]string{
		`max_memory = "0M"`:      "whole number",
		`max_memory = "128"`:     "whole number",
		`max_memory = "1 G"`:     "whole number",
		`eviction = "sometimes"`: "eviction is one of",
		`version = "6.2"`:        "7 or 8",
		`version = "8.2; rm"`:    "7 or 8",
		`persistent = "maybe"`:   "bool",
		`memory = "lots"`:        "memory is a number",
		`version = "9.0"`:        "7 or 8",
		`memory = "319M"`:        "a quarter more",
		`memory = "200M"`:        "a quarter more",
		`cpus = 0`:               "between 0.01 and 512",
	} {
		_, findings := evaluate("redis \"cache\" {\n  " + argument + "\n}\n")
		if !strings.Contains(findings, want) || !strings.HasPrefix(findings, "nself.hcl:3 ") || strings.Count(findings, "\n") != 1 {
			t.Errorf("%s: %q, want one finding on line 3: %q", argument, findings, want)
		}
	}
}

// TestRedisMemory: the container has room for more than the data.
func TestRedisMemory(t *testing.T) {
	for block, want := range map[string]int64{
		"":                     512 << 20,
		"max_memory = \"2G\"":  4 << 30,
		"max_memory = \"16M\"": 128 << 20,
		"max_memory = \"2G\"\n  memory = \"2.5g\"": 2560 << 20,
	} {
		if got := kindOf(t, "redis \"cache\" {\n  "+block+"\n}\n").Memory.V; got != want {
			t.Errorf("%s: %d, want %d", block, got, want)
		}
	}
}
