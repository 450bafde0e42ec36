package catalog_test

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nselfc/lang"
)

// cacheServer is a real Redis behind the entrypoint of the kind.
type cacheServer struct {
	*host
	dir   string
	port  int
	shell []string // what runs the entrypoint; by default what its first line says
	log   *strings.Builder
}

// startRedis runs a real server on the files of the kind.
func startRedis(t *testing.T, block string, shell ...string) *cacheServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		need(t, "redis-server")
	}
	c := &cacheServer{host: newHost(t), dir: t.TempDir(), port: freePort(t), shell: shell, log: &strings.Builder{}}
	svc := kindOf(t, block)
	if err := os.MkdirAll(filepath.Join(c.dir, "nself"), 0o777); err != nil {
		t.Fatal(err)
	}
	c.write(svc)
	c.put("docker-entrypoint.sh", "#!/bin/sh\nexec \"$@\"\n", 0o755)
	// The command is the kind's own, with the path of this test.
	if got := svc.Command; len(got) != 2 || got[0].V != "redis-server" || got[1].V != "/etc/redis/redis.conf" {
		t.Fatalf("the kind runs %v", got)
	}
	cmd := c.entrypoint("redis-server", c.dir+"/redis.conf")
	cmd.Stdout, cmd.Stderr = c.log, c.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // cmd.ProcessState has it
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended when this fails
		<-ended
	})
	for range 200 {
		if answer := redisCLI(c.port, "", "", "PING"); strings.Contains(answer, "NOAUTH") {
			return c
		}
		select {
		case <-ended:
			t.Fatalf("the server ends: %v\n%s", cmd.ProcessState, c.log.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatal("the server does not start")
	return nil
}

// write renders the files of the kind as the values are now.
func (c *cacheServer) write(svc *lang.Service) {
	c.t.Helper()
	paths := strings.NewReplacer("/etc/redis/", c.dir+"/", "/run/nself/", c.dir+"/nself/", "dir /data", "dir "+c.dir,
		"port 6379", "port "+strconv.Itoa(c.port)+"\nbind 127.0.0.1", "-p 6379", "-p "+strconv.Itoa(c.port))
	for _, name := range []string{"redis.conf", "users.acl", "entrypoint"} {
		c.put(name, c.config(svc, name, paths), 0o755)
	}
}

func (c *cacheServer) put(name, text string, mode os.FileMode) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), mode); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cacheServer) get(name string) string {
	c.t.Helper()
	b, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func (c *cacheServer) entrypoint(args ...string) *exec.Cmd {
	all := append(append(append([]string{}, c.shell...), c.dir+"/entrypoint"), args...)
	cmd := exec.Command(all[0], all[1:]...)
	cmd.Env = append(os.Environ(), "PATH="+c.dir+":"+os.Getenv("PATH"))
	return cmd
}

// entry runs a subcommand of the entrypoint beside the server, and gives its exit
// status.
func (c *cacheServer) entry(stdin string, args ...string) (int, string) {
	c.t.Helper()
	cmd := c.entrypoint(args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	} else if err != nil {
		c.t.Fatal(err)
	}
	return 0, string(out)
}

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

// TestRedisTurn exchanges the password of a running server: a client that is at work
// never notices, both passwords are taken in between, the old one is refused
// afterwards, and nothing of a value is printed. As every shell of the images does it.
func TestRedisTurn(t *testing.T) {
	for _, shell := range [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}} {
		t.Run(shell[0], func(t *testing.T) {
			if _, err := exec.LookPath(shell[0]); err != nil {
				need(t, shell[0])
			}
			c := startRedis(t, cache, shell...)
			old, next := c.password("redis.cache.secret.app"), "pw-next-"+c.password("made up")
			hashes := func(passwords ...string) string {
				var all []string
				for _, p := range passwords {
					all = append(all, hash(t, p))
				}
				return strings.Join(all, " ")
			}
			acl := func(passwords ...string) string {
				return strings.Replace(c.get("users.acl"), hashes(old), hashes(passwords...), 1) + "\n"
			}
			prove := func(user, password string, want int) {
				t.Helper()
				if code, out := c.entry(user+"\n"+password+"\n", "prove"); code != want || want != 1 && out != "" {
					t.Errorf("prove %s: %d, want %d: %s", user, code, want, out)
				}
			}
			prove("app", old, 0)
			prove("app", next, 3)
			prove("nobody", old, 3)
			prove("rotate", c.get("nself/rotate"), 0) // may not ping, and is who it says

			conn, ask := dialRedis(t, c.port)
			defer conn.Close()
			if got := ask("AUTH app " + old); got != "+OK" {
				t.Fatal(got)
			}
			if got := ask("SUBSCRIBE channel"); !strings.HasPrefix(got, "*3") {
				t.Fatal(got)
			}
			worker, work := dialRedis(t, c.port)
			defer worker.Close()
			work("AUTH app " + old)
			work("MULTI")
			if code, out := c.entry(acl(old, next), "apply"); code != 0 || out != "" {
				t.Fatalf("apply: %d %s", code, out)
			}
			prove("app", old, 0)
			prove("app", next, 0)
			prove("app", "wrong", 3)
			if got := redisCLI(c.port, "app", next, "PUBLISH channel hello"); got != "1" {
				t.Errorf("the subscriber is gone: %s", got)
			}
			if got := redisCLI(c.port, "app", next, "FLUSHALL"); !strings.Contains(got, "NOPERM") {
				t.Errorf("the user may do more than before: %s", got)
			}
			if work("SET a 1") != "+QUEUED" || !strings.HasPrefix(work("EXEC"), "*1") {
				t.Error("a transaction was broken")
			}
			if code, out := c.entry(acl(next), "apply"); code != 0 || out != "" {
				t.Fatalf("apply: %d %s", code, out)
			}
			prove("app", old, 3)
			prove("app", next, 0)
			if got := work("GET a"); got != "$1" {
				t.Errorf("a client at work was cut off: %s", got)
			}
			// After a compromise, who came in with the old one is put out.
			if code, out := c.entry(acl(next), "apply", "end-sessions"); code != 0 || out != "" {
				t.Fatalf("apply: %d %s", code, out)
			}
			if got := work("GET a"); got == "+OK" || strings.HasPrefix(got, "$") {
				t.Errorf("a session goes on: %s", got)
			}
			// Health checks go on all the time.
			if got := redisCLI(c.port, "health", c.get("nself/health"), "PING"); got != "PONG" {
				t.Error(got)
			}
			for _, wrong := range []string{"", "user app on\n", "user app on #abc\n", acl("x y")[:20]} {
				code, out := c.entry(wrong, "apply")
				if code == 0 || strings.Contains(out, "abc") {
					t.Errorf("%q is taken, or quoted: %d %s", wrong, code, out)
				}
			}
			prove("app", next, 0)
			if log := c.log.String(); strings.Contains(log, old) || strings.Contains(log, next) {
				t.Error("a password is in the log")
			}
		})
	}
}

// dialRedis opens a connection that stays, and gives what sends a line and reads one.
func dialRedis(t *testing.T, port int) (net.Conn, func(string) string) {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	return conn, func(line string) string {
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, werr := conn.Write([]byte(line + "\r\n"))
		got, rerr := r.ReadString('\n')
		if werr != nil || rerr != nil {
			return "gone"
		}
		if strings.HasPrefix(got, "*") || strings.HasPrefix(got, "$") { // what follows is not looked at
			time.Sleep(20 * time.Millisecond)
			_, _ = r.Discard(r.Buffered())
		}
		return strings.TrimSpace(got)
	}
}
