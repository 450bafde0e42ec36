//go:build lab

package secrets

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nselfc/emit"
	"nselfc/lang/escape"
)

// openDir is a directory that the users of servers can reach.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// daemon starts a server as a child and ends it, by its own id, with the test.
func daemon(t *testing.T, uid, gid int, ready func() error, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if uid > 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-done
		}
	})
	var err error
	for range 200 {
		select {
		case <-done:
			t.Fatalf("%s ended: %v\n%s", name, cmd.ProcessState, log.String())
		case <-time.After(50 * time.Millisecond):
		}
		if err = ready(); err == nil {
			return
		}
	}
	t.Fatalf("%s does not answer: %v\n%s", name, err, log.String())
}

// TestRedis lets a real server read the ACL file.
func TestRedis(t *testing.T) {
	bin := tool(t, "redis-server")
	out := workDir(t)
	files := []emit.File{file(".secrets.d/users.acl", lit("user default off\nuser app on "), call("redis_acl_hash", ref("secret.app")), lit(" ~app:* +@all -@admin -@dangerous\n"))}
	build(t, out, stackOf(decl("app", "base64url")), files)
	port := freePort(t)
	talk := func(lines ...string) (string, error) {
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err != nil {
			return "", err
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
		if _, err := io.WriteString(conn, strings.Join(append(lines, "QUIT"), "\r\n")+"\r\n"); err != nil {
			return "", err
		}
		got, err := io.ReadAll(conn)
		return string(got), err
	}
	daemon(t, 0, 0, func() error { _, err := talk("PING"); return err }, bin, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--aclfile", filepath.Join(out, Dir, "users.acl"), "--dir", t.TempDir())
	password := entries(t, out)["APP"]
	for name, tt := range map[string]struct {
		lines []string
		want  string
	}{
		"right":           {[]string{"AUTH app " + password, "SET app:k v"}, "+OK\r\n+OK\r\n+OK\r\n"},
		"wrong":           {[]string{"AUTH app " + password + "x"}, "-WRONGPASS"},
		"the hash":        {[]string{"AUTH app " + strings.TrimPrefix(strings.Fields(get(t, filepath.Join(out, Dir, "users.acl")))[6], "#")}, "-WRONGPASS"},
		"nobody":          {[]string{"SET app:k v"}, "-NOAUTH"},
		"other keys":      {[]string{"AUTH app " + password, "SET other v"}, "+OK\r\n-NOPERM"},
		"flushes nothing": {[]string{"AUTH app " + password, "FLUSHALL"}, "+OK\r\n-NOPERM"},
	} {
		if got, err := talk(tt.lines...); err != nil || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %q, %v", name, strings.ReplaceAll(got, password, "<VALUE>"), err)
		}
	}
}

// TestNginx serves texts that nginx_quote wrote, behind a password file of
// bcrypt, with a certificate of the stack's own key.
func TestNginx(t *testing.T) {
	bin := tool(t, "nginx")
	home, out := openDir(t), workDir(t)
	files := []emit.File{file(".secrets.d/htpasswd", lit("admin:"), call("bcrypt", ref("secret.admin")), lit("\n"))}
	build(t, out, stackOf(decl("admin", "password")), files)
	put(t, filepath.Join(home, "htpasswd"), get(t, filepath.Join(out, Dir, "htpasswd")), 0o644)

	texts := []string{"plain", `"`, `\`, `\"`, `a\nb`, "a\nb\tc", "; } {", "# no", "é 😀", `\\\"`, "'", "%20", `\x`}
	var locations strings.Builder
	for i, text := range texts {
		quoted, err := escape.NginxQuote(text)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&locations, "location = /%d { return 200 %s; }\n", i, quoted)
	}
	port := freePort(t)
	conf := fmt.Sprintf(`daemon off; master_process off; error_log stderr crit; pid %[1]s/pid;
events {}
http { access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
server { listen 127.0.0.1:%[2]d; %[3]s
location = /private { auth_basic "x"; auth_basic_user_file %[1]s/htpasswd; empty_gif; } } }`, home, port, locations.String())
	put(t, filepath.Join(home, "nginx.conf"), conf, 0o644)
	fetch := func(path, password string) (int, string, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", port, path), nil)
		if err != nil {
			return 0, "", err
		}
		if password != "" {
			req.SetBasicAuth("admin", password)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, "", err
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		return res.StatusCode, string(body), err
	}
	daemon(t, 0, 0, func() error { _, _, err := fetch("/0", ""); return err }, bin, "-c", filepath.Join(home, "nginx.conf"), "-p", home)
	for i, text := range texts {
		if status, body, err := fetch(fmt.Sprintf("/%d", i), ""); err != nil || status != 200 || body != text {
			t.Errorf("%q: got %d %q, %v", text, status, body, err)
		}
	}
	password := entries(t, out)["ADMIN"]
	for given, want := range map[string]int{"": 401, password: 200, password + "x": 401} {
		if status, _, err := fetch("/private", given); err != nil || status != want {
			t.Errorf("status %d, want %d, %v", status, want, err)
		}
	}
	// The control: the same text in naive quotes stops nginx.
	put(t, filepath.Join(home, "bad.conf"), strings.Replace(conf, `"plain"`, `"pl"ain"`, 1), 0o644)
	if out, err := exec.Command(bin, "-t", "-c", filepath.Join(home, "bad.conf"), "-p", home).CombinedOutput(); err == nil {
		t.Errorf("naive quoting is accepted: %s", out)
	}
}
