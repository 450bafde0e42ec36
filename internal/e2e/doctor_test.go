//go:build lab && linux

package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/internal/lab"
)

// patient is the shop on a host that is in order, with a doctor beside it.
type patient struct {
	*shop
	authority *authority
	program   string
	backups   string
	records   string
	args      []string
}

// ailment is one thing wrong: found by exactly its code, and undone afterwards.
type ailment struct {
	code, name string
	spoil      func(t *testing.T)
	undo       func(t *testing.T)
}

// TestDoctor brings the shop up on a host where everything is in order, of which the
// doctor finds nothing; then one thing after the other is spoilt, and found by the
// code that is meant, and by no other. Faults that cannot hide one another are put
// together into one look, which must find exactly all of them.
func TestDoctor(t *testing.T) {
	t.Parallel()
	engine := lab.Start(t, lab.Options{Images: standIns, Daemon: map[string]any{"live-restore": true}})
	engine.RequireMachines(t)
	p := newPatient(t, engine)
	p.healthy(t, "at first")
	n := 0
	for _, ward := range p.wards() {
		codes := map[string]bool{}
		for _, a := range ward {
			if codes[a.code] {
				t.Fatalf("two faults of one look have the code %s", a.code)
			}
			codes[a.code] = true
			a.spoil(t)
			n++
		}
		if got := p.found(t); !slices.Equal(got, sortedKeys(codes)) {
			t.Errorf("found %v, want %v", got, sortedKeys(codes))
		}
		for _, a := range slices.Backward(ward) {
			a.undo(t)
		}
	}
	if n < 40 {
		t.Errorf("only %d faults", n)
	}
	p.healthy(t, "in the end")
}

func newPatient(t *testing.T, engine *lab.Engine) *patient {
	t.Helper()
	s := &shop{stack: newStack(t, engine, os.DirFS("../../examples/shop"), "shop", "prod", "shop.example.com"), client: lab.Place(engine.Client)}
	write(t, filepath.Join(s.dir, "more.hcl"), []byte("secret \"smtp\" {\n  kind = \"input\"\n}\n\nsecret \"mail\" {\n  kind = \"input\"\n}\n"), 0o644)
	p := &patient{shop: s, program: filepath.Join(t.TempDir(), "nselfc"), backups: t.TempDir(), records: filepath.Join(t.TempDir(), "osv.json")}
	p.authority = p.public(t, chainFile, keyFile, s.host("api"))
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.out, ".secrets"), []byte("SMTP="+hexValue(t)+"\nMAIL="+hexValue(t)+"\n"), 0o600)
	if out, err := exec.Command("go", "build", "-o", p.program, "nselfc/cmd/nselfc").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.build(t)
	s.up(t)
	s.firewall(t, "--apply").Must(t)
	s.firewall(t, "--confirm").Must(t)

	// What a host in order has besides: an authority that it trusts, keys for ssh, a
	// clock that follows another, somebody who watches, backups.
	p.host(t, `cat >>/etc/ssl/certs/ca-certificates.crt`, string(p.authority.pem))
	p.host(t, `mkdir -p /etc/ssh/sshd_config.d && printf 'PasswordAuthentication no\n' >/etc/ssh/sshd_config.d/00-lab.conf && mkdir -p /run/sshd && sshd -T >/dev/null`, "")
	p.clock(t, "yes")
	p.watch(t)
	p.backup(t, time.Now(), time.Now())
	write(t, p.records, []byte(`[{"id": "LAB-1", "affected": [{"package": {"ecosystem": "Bitnami", "name": "redis"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "8.2.9"}]}]}]}]`), 0o644)
	p.args = []string{"--security", "--backup-dir", p.backups, "--advisories", p.records}
	return p
}

// host runs a line of shell there.
func (p *patient) host(t *testing.T, script, stdin string) {
	t.Helper()
	env := []string{"DIR=" + p.dir, "OUT=" + p.out, "BACKUPS=" + p.backups, "RECORDS=" + p.records}
	p.engine.HostRun(lab.Command{Args: []string{"sh", "-ec", script}, Dir: p.out, Env: env, Stdin: strings.NewReader(stdin)}).Must(t)
}

func (p *patient) clock(t *testing.T, synced string) {
	t.Helper()
	p.host(t, "cat >/usr/local/bin/timedatectl && chmod 755 /usr/local/bin/timedatectl", "#!/bin/sh\necho "+synced+"\n")
}

// watch starts something by the name of a program that watches hosts.
func (p *patient) watch(t *testing.T) {
	t.Helper()
	p.host(t, "cp /usr/bin/sleep /usr/local/bin/monit && { /usr/local/bin/monit 3600 >/dev/null 2>&1 & echo $! >/run/monit.pid; }", "")
}

func (p *patient) backup(t *testing.T, made, tested time.Time) {
	t.Helper()
	for name, when := range map[string]time.Time{"app.dump.age": made, "restore-tested": tested} {
		path := filepath.Join(p.backups, name)
		write(t, path, []byte("x"), 0o600)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
}

// seen is what the doctor prints for programs.
type seen struct {
	Checks []struct {
		Code, State, Evidence string
		Findings              []struct{ Object, Evidence string }
	}
	Checklist []struct{ Text, State, Evidence string }
}

func (p *patient) doctor(t *testing.T) seen {
	t.Helper()
	r := p.engine.HostRun(lab.Command{Args: append([]string{p.program, "doctor", p.dir, "--env", "prod", "--format", "json", "--fail-on", "info"}, p.args...), Timeout: 3 * time.Minute})
	var s seen
	if err := json.Unmarshal([]byte(r.Stdout), &s); err != nil {
		t.Fatalf("%v: %s", err, r)
	}
	if n := len(p.codes(s)); (n > 0) != (r.Code == 1) || r.Code > 1 {
		t.Errorf("%d findings and exit code %d", n, r.Code)
	}
	for _, text := range p.texts(t) {
		if strings.Contains(r.Stdout+r.Stderr, text) {
			t.Error("a value of .secrets was printed")
		}
	}
	t.Logf("the doctor took %.1f s", r.Took.Seconds())
	return s
}

// texts are the values of .secrets.
func (p *patient) texts(t *testing.T) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(read(t, filepath.Join(p.out, ".secrets"))) {
		if _, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok && len(v) > 12 && !strings.HasPrefix(v, "'") {
			out = append(out, v)
		}
	}
	return out
}

func (p *patient) codes(s seen) []string {
	out := map[string]bool{}
	for _, c := range s.Checks {
		if len(c.Findings) > 0 {
			out[c.Code] = true
		}
	}
	return sortedKeys(out)
}

func (p *patient) found(t *testing.T) []string {
	t.Helper()
	s := p.doctor(t)
	for _, c := range s.Checks {
		for _, f := range c.Findings {
			t.Logf("%s %s: %s", c.Code, f.Object, f.Evidence)
		}
	}
	return p.codes(s)
}

// healthy wants no finding, all seen but what needs a scanner, and a checklist that
// holds.
func (p *patient) healthy(t *testing.T, when string) {
	t.Helper()
	s := p.doctor(t)
	for _, c := range s.Checks {
		if c.State == "finding" || c.State == "not seen" && c.Code != "NS2053" {
			t.Errorf("%s: %s %s %s %+v", when, c.Code, c.State, c.Evidence, c.Findings)
		}
	}
	for _, i := range s.Checklist {
		if i.State != "ok" {
			t.Errorf("%s: %s: %s %s", when, i.Text, i.State, i.Evidence)
		}
	}
	if len(s.Checks) < 60 || len(s.Checklist) != 8 {
		t.Errorf("%d checks, %d lines", len(s.Checks), len(s.Checklist))
	}
}

func hexValue(t *testing.T) string {
	t.Helper()
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(raw)
}
