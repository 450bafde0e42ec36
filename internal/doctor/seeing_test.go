package doctor

import (
	"context"
	"crypto/elliptic"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func gitIn(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func result(t *testing.T, r *Report, code string) Result {
	t.Helper()
	for _, one := range r.Results {
		if one.Code == code {
			return one
		}
	}
	t.Fatalf("%s was not looked at", code)
	return Result{}
}

// TestLoopback: before Docker 28 a neighbour reaches what is published on loopback
// addresses, unless the chain closes it.
func TestLoopback(t *testing.T) {
	b := healthy(t)
	b.info["ServerVersion"] = "27.5.1"
	b.stray("adminer", binding("80/tcp", "127.0.0.1", "8081"))
	if got := codesOf(b.examine()); len(got) > 0 {
		t.Errorf("behind the chain: %v", got)
	}
	b.say["iptables-save -t filter"] = Said{Out: "-A INPUT -j ufw-before-input\n-A FORWARD -j DOCKER-USER\n"}
	if got := codesOf(b.examine()); !slices.Equal(got, []string{"NS2023", "NS2033"}) {
		t.Error(got)
	}
	b.info["ServerVersion"] = "28.0.0"
	if got := codesOf(b.examine()); !slices.Equal(got, []string{"NS2023"}) {
		t.Error(got)
	}
}

// TestSaysNothing: a program that says nothing of use, and an engine that is not there,
// are not counted as well.
func TestSaysNothing(t *testing.T) {
	b := healthy(t)
	b.say["sshd -T"] = Said{Out: "\x1b[31mgarbage"}
	b.say["docker info --format {{json .}}"] = Said{Code: 1, Err: "no engine"}
	if err := os.Remove(b.root + daemonFile); err != nil {
		t.Fatal(err)
	}
	r := b.examine()
	for _, code := range []string{"NS2014", "NS2025", "NS2030", "NS2031", "NS2034"} {
		if one := result(t, r, code); one.State != NotSeen {
			t.Errorf("%s: %s %s", code, one.State, one.Evidence)
		}
	}
}

func TestWeakKey(t *testing.T) {
	b := healthy(t)
	b.bring(selfSigned(t, b.host.Now, "api.shop.example.com", elliptic.P224()))
	if r := result(t, b.examine(), "NS2065"); r.State != Found || !strings.Contains(r.Findings[0].Evidence, "224 bits") {
		t.Errorf("%+v", r)
	}
}

func TestNoTLS(t *testing.T) {
	b := healthy(t)
	b.server = nil
	if got := codesOf(b.examine()); !slices.Equal(got, []string{"NS2070"}) {
		t.Error(got)
	}
	b.running["ingress"]["State"] = map[string]any{"Status": "exited"}
	if got := codesOf(b.examine()); !slices.Equal(got, []string{"NS2044"}) {
		t.Errorf("an ingress that does not run is told twice: %v", got)
	}
}

// TestWithoutRoot: what only root may see is said to be unseen, and not well.
func TestWithoutRoot(t *testing.T) {
	b := healthy(t)
	b.host.UID = 1000
	r := b.examine()
	for _, code := range []string{"NS2020", "NS2023", "NS2024"} {
		if one := result(t, r, code); one.State != NotSeen || !strings.Contains(one.Evidence, "only root may see") {
			t.Errorf("%s: %s %s", code, one.State, one.Evidence)
		}
	}
	if r.Checklist[4].State != NotSeen {
		t.Errorf("%+v", r.Checklist[4])
	}
	for _, code := range []string{"NS2001", "NS2003", "NS2004"} {
		if one := result(t, r, code); one.State != NotSeen || !strings.Contains(one.Evidence, "belongs to user ") {
			t.Errorf("%s: %s %s", code, one.State, one.Evidence)
		}
	}
	b.chmod(".secrets", 0o644)
	if got := codesOf(b.examine()); !slices.Equal(got, []string{"NS2001"}) {
		t.Errorf("open to everybody: %v", got)
	}
}

// TestEachFaultOfSecrets: one fault of .secrets hides none of the others.
func TestEachFaultOfSecrets(t *testing.T) {
	b := healthy(t)
	b.git("init", "-q")
	b.git("add", "--force", "out/prod/.secrets")
	b.secret("SMTP", "changeme-password-2024")
	b.secret("JWT_KEY", "")
	b.edit(".secrets.d/worker/REDIS_URL")
	b.chmod(".secrets", 0o644)
	r := b.examine()
	if got := codesOf(r); !slices.Equal(got, []string{"NS2001", "NS2002", "NS2003", "NS2004"}) {
		t.Errorf("found %v", got)
	}
	if one := result(t, r, "NS2003"); len(one.Findings) != 2 {
		t.Errorf("%+v", one.Findings)
	}
}

// TestDamagedSecrets: what cannot be read is a fault, and nothing that depends on it
// is counted as well.
func TestDamagedSecrets(t *testing.T) {
	for name, spoil := range map[string]func(b *bench){
		"noise":                    func(b *bench) { put(t, b.subject.Dir+"/.secrets", strings.Repeat("\x00\xff\x1b[2J=\n\n", 200), 0o600) },
		"half a line":              func(b *bench) { b.append(".secrets", "OTHER=\"open\n") },
		"a key twice":              func(b *bench) { b.append(".secrets", "SMTP="+random(t)+"\n") },
		"its register":             func(b *bench) { put(t, b.subject.Dir+"/nself.secrets.json", "{", 0o644) },
		"a register of tomorrow's": func(b *bench) { b.rewrite("nself.secrets.json", `"format": 1`, `"format": 99`) },
	} {
		b := healthy(t)
		spoil(b)
		r := b.examine()
		for _, code := range []string{"NS2003", "NS2004", "NS2005", "NS2006"} {
			if one := result(t, r, code); one.State == OK || code == "NS2003" && one.State != Found {
				t.Errorf("%s: %s %s %s", name, code, one.State, one.Evidence)
			}
		}
	}
}

func (b *bench) append(name, more string) {
	text, err := os.ReadFile(b.subject.Dir + "/" + name)
	if err != nil {
		b.t.Fatal(err)
	}
	put(b.t, b.subject.Dir+"/"+name, string(text)+more, 0o600)
}

func (b *bench) rewrite(name, before, after string) {
	text, err := os.ReadFile(b.subject.Dir + "/" + name)
	if err != nil || strings.Count(string(text), before) != 1 {
		b.t.Fatalf("%v: %s", err, text)
	}
	put(b.t, b.subject.Dir+"/"+name, strings.Replace(string(text), before, after, 1), 0o644)
}

func TestComplaint(t *testing.T) {
	if got := complaint("WARNING: no config file\npermission denied\nmore\n"); got != "permission denied" {
		t.Error(got)
	}
	if got := complaint("Warning: x\n"); got != "Warning: x" {
		t.Error(got)
	}
}

// TestWithoutDocker: the rest is looked at all the same.
func TestWithoutDocker(t *testing.T) {
	b := healthy(t)
	run := b.host.Run
	b.host.Run = func(ctx context.Context, in io.Reader, args ...string) (Said, error) {
		if args[0] == "docker" {
			return Said{}, exec.ErrNotFound
		}
		return run(ctx, in, args...)
	}
	r := b.examine()
	if got := codesOf(r); len(got) > 0 {
		t.Error(got)
	}
	unseen, ok := 0, 0
	for _, one := range r.Results {
		switch one.State {
		case NotSeen:
			unseen++
		case OK:
			ok++
		case Found, Absent:
		}
	}
	if unseen < 15 || ok < 25 {
		t.Errorf("%d unseen, %d ok", unseen, ok)
	}
	b.listen("tcp", "00000000:1538", "301", "docker-proxy")
	if got := codesOf(b.examine()); !slices.Equal(got, []string{"NS2010"}) {
		t.Errorf("a published database without Docker to ask: %v", got)
	}
}

// TestStuckPrograms: a program that hangs ends the check and not the run.
func TestStuckPrograms(t *testing.T) {
	b := healthy(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.host.Run = func(ctx context.Context, _ io.Reader, _ ...string) (Said, error) {
		cancel()
		<-ctx.Done()
		return Said{}, ctx.Err()
	}
	started := time.Now()
	r := Examine(ctx, b.host, b.subject, b.options)
	if time.Since(started) > 20*time.Second {
		t.Error("it took", time.Since(started))
	}
	if one := result(t, r, "NS2078"); one.State != NotSeen || one.Evidence != "interrupted" {
		t.Errorf("%+v", one)
	}
}

func TestSafeReleases(t *testing.T) {
	first := []string{"14.25", "17.12", "18.7"}
	for text, want := range map[string]bool{
		"17.12": true, "17.13-alpine": true, "17.6": false, "18.7": true, "18.6": false, "19.0": true, "16.20": false, "13.9": false, "14.25+dfsg": true,
	} {
		if v, ok := parseVersion(text); !ok || v.safe(first) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
	if _, ok := parseVersion("latest"); ok {
		t.Error("latest is a release")
	}
}

// TestKeysToo: a password that is asked for after a key, or that nothing of sshd's
// takes, is none that can be guessed.
func TestKeysToo(t *testing.T) {
	for _, settings := range []string{"passwordauthentication yes\nauthenticationmethods publickey,password publickey\n", "passwordauthentication no\nkbdinteractiveauthentication yes\nusepam no\n"} {
		b := healthy(t)
		b.say["sshd -T"] = Said{Out: "port 22\npermitrootlogin no\n" + settings}
		if one := result(t, b.examine(), "NS2031"); one.State != OK {
			t.Errorf("%q: %+v", settings, one)
		}
	}
}

// TestOtherEngine: containers of another machine are not taken for this one's.
func TestOtherEngine(t *testing.T) {
	for endpoint, other := range map[string]string{
		"ssh://admin@db.example.com": "ssh://db.example.com ", "tcp://203.0.113.9:2376": "tcp://203.0.113.9:2376 ", "tcp://u:p4ss@203.0.113.9:2376": "tcp://203.0.113.9:2376 ",
		"unix:///var/run/docker.sock": "", "unix:///run/user/1000/docker.sock": "", "tcp://127.0.0.1:2375": "", "ssh://localhost": "ssh://localhost ",
	} {
		b := healthy(t)
		b.say["docker context inspect --format {{.Endpoints.docker.Host}}"] = Said{Out: endpoint + "\n"}
		r := b.examine()
		if got := codesOf(r); len(got) > 0 {
			t.Errorf("%s: %v", endpoint, got)
		}
		one := result(t, r, "NS2044")
		if other == "" && one.State != OK || other != "" && (one.State != NotSeen || !strings.Contains(one.Evidence, "another machine, "+other)) {
			t.Errorf("%s: %s %s", endpoint, one.State, one.Evidence)
		}
	}
}
