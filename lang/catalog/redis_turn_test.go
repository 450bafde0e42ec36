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

// TestRedisTurn exchanges the password of a running server: a client that is at work
// never notices, both passwords are taken in between, the old one is refused
// afterwards, and nothing of a value is printed. As every shell of the images does it.
func TestRedisTurn(t *testing.T) {
	for _, shell := range [][]string{{"dash"}, {"bash"}, {"busybox", "sh"}}[:shells] {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
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
