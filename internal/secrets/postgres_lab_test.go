//go:build lab

package secrets

import (
	"fmt"
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

// postgres is a real server, with an empty database.
type postgres struct {
	t                     *testing.T
	psql, initdb, program string
	home, data, port      string
	uid, gid              int // who it runs as; 0 for who runs the test
}

// newPostgres makes the directories of a server that is not started yet.
func newPostgres(t *testing.T) *postgres {
	t.Helper()
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	p := &postgres{t: t, psql: tool(t, "psql"), port: strconv.Itoa(freePort(t))}
	if len(bins) == 0 {
		missing(t, "PostgreSQL")
	}
	slices.Sort(bins)
	p.initdb = bins[len(bins)-1]
	p.program = filepath.Join(filepath.Dir(p.initdb), "postgres")
	if os.Geteuid() == 0 { // the server refuses to run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			missing(t, "the user postgres")
		}
		p.uid, _ = strconv.Atoi(u.Uid)
		p.gid, _ = strconv.Atoi(u.Gid)
	}
	p.home = openDir(t)
	p.data = filepath.Join(p.home, "data")
	p.own(p.home)
	initdb := exec.Command(p.initdb, "-D", p.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if p.uid > 0 {
		initdb.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(p.uid), Gid: uint32(p.gid)}}
	}
	initdb.Dir = p.home
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return p
}

func (p *postgres) own(path string) {
	p.t.Helper()
	if p.uid > 0 {
		if err := os.Chown(path, p.uid, p.gid); err != nil {
			p.t.Fatal(err)
		}
	}
}

// put writes a file of the data directory.
func (p *postgres) put(name, text string, mode os.FileMode) {
	p.t.Helper()
	put(p.t, filepath.Join(p.data, name), text, mode)
	p.own(filepath.Join(p.data, name))
}

// start runs the server; hba is its pg_hba.conf, without the line of the superuser.
func (p *postgres) start(hba string, settings ...string) {
	p.t.Helper()
	p.put("pg_hba.conf", "local all postgres trust\n"+hba, 0o644)
	args := []string{"-D", p.data, "-p", p.port, "-k", p.home, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	daemon(p.t, p.uid, p.gid, func() error { _, err := p.sql("SELECT 1"); return err }, p.program, args...)
}

// sql runs a script as the superuser.
func (p *postgres) sql(script string, args ...string) (string, error) {
	cmd := exec.Command(p.psql, append([]string{"-X", "-At", "-v", "ON_ERROR_STOP=1", "-h", p.home, "-p", p.port, "-U", "postgres", "-d", "postgres"}, args...)...)
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// login tries a password over TCP.
func (p *postgres) login(role, password, options string) error {
	cmd := exec.Command(p.psql, "-X", "-At", "-c", "SELECT current_user",
		fmt.Sprintf("host=localhost hostaddr=127.0.0.1 port=%s dbname=postgres user=%s %s", p.port, role, options))
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
	out, err := cmd.CombinedOutput()
	if err == nil && strings.TrimSpace(string(out)) != role {
		return fmt.Errorf("logged in as %q", out)
	}
	return err
}

// TestPostgres lets a real server read the SQL, the verifiers and the
// certificates that are rendered.
func TestPostgres(t *testing.T) {
	p, out := newPostgres(t), workDir(t)
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

	p.put("server.crt", get(t, rendered("server.crt")), 0o644)
	p.put("server.key", get(t, rendered("server.key")), 0o600)
	p.start("hostssl all all 127.0.0.1/32 scram-sha-256\n", "ssl=on", "password_encryption=scram-sha-256")

	if out, err := p.sql("", "-f", rendered("roles.sql")); err != nil {
		t.Fatalf("%v: %s", err, strings.ReplaceAll(out, own, "<VALUE>"))
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
		if err := p.login(tt.role, tt.password, tt.options); (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	stored, err := p.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'app'")
	if err != nil || !passhash.ValidVerifier(strings.TrimSpace(stored)) {
		t.Errorf("what the server keeps is not our verifier: %v", err)
	}
	t.Run("escapers", func(t *testing.T) { escapers(t, p.sql) })
}

// TestPairOnPostgres tells a real server, by its own words for the logins of a pair,
// who may log in at each step of a rotation. Both logins begin with a way in, so that
// what closes one is seen to close it.
func TestPairOnPostgres(t *testing.T) {
	p, out := newPostgres(t), workDir(t)
	p.start("host all all 127.0.0.1/32 scram-sha-256\n")
	stack := stackOf(rotating(decl("app", "base64url"), classPair))
	path := ".secrets.d/db/roles.sql"
	files := []emit.File{
		file(path, lit("ALTER ROLE app_a "), call("postgres_login_a", ref("secret.app")), lit(";\nALTER ROLE app_b "), call("postgres_login_b", ref("secret.app")), lit(";\n")),
		file(".secrets.d/api/user", call("login", ref("secret.app"))),
	}
	former := generate(stack.Secrets[0])
	if out, err := p.sql("CREATE ROLE app_a LOGIN PASSWORD '" + former + "';\nCREATE ROLE app_b LOGIN PASSWORD '" + former + "';\n"); err != nil {
		t.Fatal(strings.ReplaceAll(out, former, "<VALUE>"))
	}
	// step tells the server, and wants these logins alone to have a way in.
	step := func(what string, changes []Change, want map[string]string) {
		t.Helper()
		if _, diags := Turn(t.Context(), out, stack, files, Options{Now: testNow}, changes); diags.HasErrors() {
			t.Fatalf("%s: %s", what, diags[0].Detail)
		}
		if _, err := p.sql("", "-f", filepath.Join(out, path)); err != nil {
			t.Fatalf("%s: the server refuses the text: %v", what, err) // whose output would quote it
		}
		for _, role := range []string{"app_a", "app_b"} {
			value, open := want[role]
			for name, password := range map[string]string{"its value": value, "its former one": former, "none": ""} {
				if err := p.login(role, password, "sslmode=disable connect_timeout=10"); (err == nil) != (open && password == value) {
					t.Errorf("%s: %s with %s: %v", what, role, name, err)
				}
			}
			got, err := p.sql("SELECT rolcanlogin, rolpassword IS NOT NULL FROM pg_authid WHERE rolname = '" + role + "'")
			if word := strconv.FormatBool(open)[:1]; err != nil || strings.TrimSpace(got) != word+"|"+word {
				t.Errorf("%s: %s may log in, and has a verifier: %s, want %s for both", what, role, strings.TrimSpace(got), word)
			}
		}
	}
	build(t, out, stack, files)
	first := entries(t, out)["APP"]
	step("at first", nil, map[string]string{"app_a": first})
	stage := []Change{{Address: "secret.app", Op: Stage, Value: Seal(generate(stack.Secrets[0]))}}
	second := stage[0].Value.Reveal()
	step("staged", stage, map[string]string{"app_a": first, "app_b": second})
	step("discarded", []Change{{Address: "secret.app", Op: Discard}}, map[string]string{"app_a": first})
	step("staged again", stage, map[string]string{"app_a": first, "app_b": second})
	step("promoted", []Change{{Address: "secret.app", Op: Promote}}, map[string]string{"app_a": first, "app_b": second})
	if got := get(t, filepath.Join(out, ".secrets.d/api/user")); got != "app_b" {
		t.Errorf("consumers log in as %s", got)
	}
	step("revoked", []Change{{Address: "secret.app", Op: Revoke}}, map[string]string{"app_b": second})
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
