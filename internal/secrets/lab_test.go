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
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"nselfc/emit"
	"nselfc/internal/passhash"
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

// TestPostgres lets a real server read the SQL, the verifiers and the
// certificates that are rendered.
func TestPostgres(t *testing.T) {
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	psql := tool(t, "psql")
	if len(bins) == 0 {
		missing(t, "PostgreSQL")
	}
	slices.Sort(bins)
	bin := filepath.Dir(bins[len(bins)-1])
	uid, gid := 0, 0
	if os.Geteuid() == 0 { // the server refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			missing(t, "the user postgres")
		}
		uid, _ = strconv.Atoi(u.Uid)
		gid, _ = strconv.Atoi(u.Gid)
	}
	home, out := openDir(t), workDir(t)
	if uid > 0 {
		if err := os.Chown(home, uid, gid); err != nil {
			t.Fatal(err)
		}
	}

	const own = `O'Neill \ "quotes" $1 %s`
	put(t, filepath.Join(out, ".secrets"), "OWN=\"O'Neill \\\\ \\\"quotes\\\" \\$1 %s\"\n", 0o600)
	stack := stackOf(decl("app", "password"), decl("own", "password"), authority("ca", "localhost"), leaf("tls", "secret.ca", "localhost"))
	files := []emit.File{
		file(".secrets.d/roles.sql",
			lit("CREATE ROLE app LOGIN PASSWORD "), call("sql_literal", call("scram_verifier", ref("secret.app"))), lit(";\n"),
			lit("CREATE ROLE own LOGIN PASSWORD "), call("sql_literal", call("scram_verifier", ref("secret.own"))), lit(";\n"),
			lit("CREATE ROLE plain LOGIN PASSWORD "), call("sql_literal", ref("secret.own")), lit(";\n"),
			lit("CREATE ROLE broken LOGIN PASSWORD "), call("sql_literal", lit("x"), call("scram_verifier", ref("secret.app"))), lit(";\n")),
		file(".secrets.d/server.crt", ref("secret.tls#certificate")),
		file(".secrets.d/server.key", ref("secret.tls#private_key")),
		file(".secrets.d/ca.crt", ref("secret.tls#ca_certificate")),
	}
	// The certificates must be valid for the clock that the server has.
	if _, diags := run(out, stack, files, Options{Now: time.Now()}); diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	rendered := func(name string) string { return filepath.Join(out, Dir, name) }

	data := filepath.Join(home, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if uid > 0 {
		initdb.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	initdb.Dir = home
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, mode := range map[string]os.FileMode{"server.crt": 0o644, "server.key": 0o600} {
		put(t, filepath.Join(data, name), get(t, rendered(name)), mode)
		if uid > 0 {
			if err := os.Chown(filepath.Join(data, name), uid, gid); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(t, filepath.Join(data, "pg_hba.conf"), "local all postgres trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n", 0o644)
	port := strconv.Itoa(freePort(t))
	sql := func(script string, args ...string) (string, error) {
		cmd := exec.Command(psql, append([]string{"-X", "-At", "-v", "ON_ERROR_STOP=1", "-h", home, "-p", port, "-U", "postgres", "-d", "postgres"}, args...)...)
		cmd.Stdin = strings.NewReader(script)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	daemon(t, uid, gid, func() error { _, err := sql("SELECT 1"); return err }, filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-k", home,
		"-c", "listen_addresses=127.0.0.1", "-c", "ssl=on", "-c", "password_encryption=scram-sha-256", "-c", "fsync=off")

	if out, err := sql("", "-f", rendered("roles.sql")); err != nil {
		t.Fatalf("%v: %s", err, strings.ReplaceAll(out, own, "<VALUE>"))
	}
	login := func(role, password, options string) error {
		cmd := exec.Command(psql, "-X", "-At", "-c", "SELECT current_user",
			fmt.Sprintf("host=localhost hostaddr=127.0.0.1 port=%s dbname=postgres user=%s %s", port, role, options))
		cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
		out, err := cmd.CombinedOutput()
		if err == nil && strings.TrimSpace(string(out)) != role {
			return fmt.Errorf("logged in as %q", out)
		}
		return err
	}
	full := "sslmode=verify-full channel_binding=require sslrootcert=" + rendered("ca.crt")
	app := entries(t, out)["APP"]
	for name, tt := range map[string]struct {
		role, password, options string
		want                    bool
	}{
		"generated":             {"app", app, full, true},
		"own":                   {"own", own, full, true},
		"own, sent in plain":    {"plain", own, full, true},
		"wrong password":        {"app", app + "x", full, false},
		"other role's":          {"own", app, full, false},
		"without TLS":           {"app", app, "sslmode=disable", false},
		"unknown authority":     {"app", app, "sslmode=verify-full sslrootcert=/etc/ssl/certs/ca-certificates.crt", false},
		"damaged verifier":      {"broken", app, full, false},
		"verifier for password": {"broken", strings.TrimSpace(app), full, false},
	} {
		if err := login(tt.role, tt.password, tt.options); (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	stored, err := sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'")
	if err != nil || !passhash.ValidVerifier(strings.TrimSpace(stored)) {
		t.Errorf("what the server keeps is not our verifier: %v", err)
	}
	t.Run("escapers", func(t *testing.T) { escapers(t, sql) })
}

// escapers sends nasty texts through the server, under both settings of
// standard_conforming_strings, and gets them back as hexadecimal.
func escapers(t *testing.T, sql func(string, ...string) (string, error)) {
	texts := []string{"", "'", `\`, `\'`, `''`, `a\b'c"d`, "E'", "$$", "--", "/*", "\n\r\t", "é\u2028😀", "%s", ";", `\x41`, `U&'\0041'`}
	for range 300 {
		b := random(1 + int(random(1)[0])%20)
		for i := range b {
			b[i] = `'\"$;-E n`[b[i]%9]
		}
		texts = append(texts, string(b))
	}
	for _, setting := range []string{"on", "off"} {
		var script, want strings.Builder
		script.WriteString("SET standard_conforming_strings = " + setting + ";\nSET escape_string_warning = off;\n")
		for _, text := range texts {
			literal, err := escape.SQLLiteral(text)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&script, "SELECT encode(convert_to(%s, 'UTF8'), 'hex');\n", literal)
			fmt.Fprintf(&want, "%x\n", text)
			if ident, err := escape.SQLIdent(text); err == nil && utf8.ValidString(text) {
				fmt.Fprintf(&script, "SELECT encode(convert_to(k, 'UTF8'), 'hex') FROM json_object_keys(row_to_json((SELECT r FROM (SELECT 1 AS %s) r))) k;\n", ident)
				fmt.Fprintf(&want, "%x\n", text)
			}
		}
		got, err := sql(script.String(), "-q")
		if err != nil || got != want.String() {
			t.Errorf("standard_conforming_strings %s: %v\n%s", setting, err, firstDifference(got, want.String()))
		}
	}
	// The control: naive quoting must fail here.
	if got, err := sql("SELECT 'it's';"); err == nil {
		t.Errorf("naive quoting gave %q", got)
	}
}

func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return fmt.Sprintf("line %d: got %q, want %q", i+1, as[i], bs[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(as), len(bs))
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
