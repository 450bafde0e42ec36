package doctor

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/ir"
	"nselfc/compiler/policy"
	"nselfc/internal/redact"
)

// TestEveryday: what most hosts have is no finding. All of it is there at once.
func TestEveryday(t *testing.T) {
	b := healthy(t)
	b.listen("tcp", "00000000:0016", "1", "systemd") // which hands sshd its socket, as on Ubuntu
	b.listen("udp", "0202000A:0044", "301", "systemd-network")
	b.listen("udp6", "000080FE000000000000000000000001:0222", "302", "dhcpcd")
	b.listen("tcp", "00000000:0050", "303", "dockerd") // keeps a port that it publishes without a proxy
	b.listen("tcp6", "00000000000000000000000000000000:0949", "305", "dockerd")
	b.process("304", "dockerd", "/usr/bin/dockerd\x00-H\x00tcp://0.0.0.0:2375\x00--iptables=false\x00") // in a container
	for pid, space := range map[string]string{"304": "pid:[2]", "self": "pid:[1]"} {
		if err := os.MkdirAll(b.root+"/proc/"+pid+"/ns", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(space, b.root+"/proc/"+pid+"/ns/pid"); err != nil {
			t.Fatal(err)
		}
	}
	b.advise("8.2.5")
	for _, place := range []*string{&b.options.BackupDir, &b.options.Advisories} { // what is newest has a name of its own
		link := filepath.Join(t.TempDir(), "current")
		target := *place
		if filepath.Ext(target) != "" {
			target = filepath.Dir(target)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		*place = link
	}
	b.between(func(*x509.Certificate) {})
	tried := map[string]int{}
	b.inside = func(in string) Said {
		tried[in]++
		return Said{Code: refuses}
	}
	r := b.examine()
	for login, n := range tried { // each server is asked once, however many secrets are its
		if n > 1 {
			t.Errorf("tried %d times: %q", n, login)
		}
	}
	if tried["postgres\nmysecretpassword\n"] == 0 || tried["default\nfoobared\n"] == 0 {
		t.Errorf("%v", tried)
	}
	for _, one := range r.Results {
		if one.State == Found || one.State == NotSeen {
			t.Errorf("%s: %s %s %+v", one.Code, one.State, one.Evidence, one.Findings)
		}
	}
	if one := result(t, r, "NS2076"); !strings.Contains(one.Evidence, "app.dump.age was made 0 hours ago") {
		t.Error(one.Evidence)
	}
}

// TestAtOnce: faults that are of one code each, all at once, are found by exactly those.
func TestAtOnce(t *testing.T) {
	b := healthy(t)
	day := 24 * time.Hour
	b.gone(".secrets.d/api/JWT_KEY")                                                                                                                                                          // NS2003
	b.stray("tool", binding("6379/tcp", "127.0.0.1", "6379"))                                                                                                                                 // which hides none at another address
	b.listen("tcp", "0A7100CB:18EB", "201", "redis-server")                                                                                                                                   // NS2010
	b.etc("/proc/net/sctp/eps", " ENDPT SOCK STY SST HBKT LPORT UID INODE LADDRS\nffff1 ffff2 2 10 29 3868 0 12345 127.0.0.1 203.0.113.10 \nffff3 ffff4 2 7 30 3869 0 12346 203.0.113.10 \n") // NS2012
	b.etc("/etc/docker/daemon.json", `{"hosts": ["0.0.0.0:2375"]}`)                                                                                                                           // NS2014
	b.process("77", "dockerd", "/usr/bin/dockerd\x00--iptables=0\x00--live-restore\x00")                                                                                                      // NS2025
	b.at("api", "HostConfig")["PidMode"] = "container:tool"                                                                                                                                   // NS2040
	b.stray("cadvisor", nil)["Mounts"] = []any{map[string]any{"Type": "bind", "Source": "/var/run"}}
	b.running["cadvisor"]["HostConfig"] = map[string]any{"NetworkMode": "none"} // NS2048
	b.reimage("nginx:1.30.4", "nginxinc/nginx-unprivileged:1.25.1")             // NS2051
	b.advise("8.2.10")
	b.between(func(c *x509.Certificate) { c.NotAfter = b.host.Now.Add(-day) }) // NS2060
	b.server.MaxVersion = tls.VersionTLS12                                     // NS2068
	b.touch("app.dump.age", -5*day)                                            // NS2076
	put(t, b.backups+"/backup.log", "it failed\n", 0o600)
	b.touch("backup.log", 0)
	b.touch(TestedFile, 400*day)      // NS2077
	b.inside = func(in string) Said { // NS2055
		return Said{Code: map[bool]int{false: refuses}[in == "report_a\nmysecretpassword\n"]}
	}
	r := b.examine()
	want := []string{"NS2003", "NS2010", "NS2012", "NS2014", "NS2025", "NS2040", "NS2048", "NS2051", "NS2052", "NS2055", "NS2060", "NS2068", "NS2076", "NS2077"}
	if got := codesOf(r); !slices.Equal(got, want) {
		t.Errorf("found by %v, want %v", got, want)
	}
	for code, says := range map[string]string{
		"NS2003": "api/JWT_KEY is not there, though", "NS2010": "203.0.113.10:6379/tcp, of the process redis-server", "NS2012": "203.0.113.10:3868/sctp", "NS2014": "tcp://0.0.0.0:2375",
		"NS2040": "pid namespace of another container", "NS2048": "sees /var/run", "NS2060": "bench middle expired", "NS2068": "refuses TLS 1.3",
	} {
		if one := result(t, r, code); len(one.Findings) != 1 || !strings.Contains(one.Findings[0].Evidence, says) {
			t.Errorf("%s does not say %q: %+v", code, says, one.Findings)
		}
	}
}

// TestOneAddress: an ingress at one address is asked there, and must be published there
// alone; an authority in between that ends soon is told before it does.
func TestOneAddress(t *testing.T) {
	b := healthy(t)
	const address = "203.0.113.10"
	ports := b.at("ingress", "NetworkSettings")["Ports"].(map[string]any) //nolint:forcetypeassert // made so
	for i, p := range b.service("ingress").Publish {
		b.service("ingress").Publish[i].HostIP.V = address
		ports[fmt.Sprintf("%d/tcp", p.Container.V)] = binding("x", address, fmt.Sprint(p.Host.V))["x"]
	}
	b.between(func(c *x509.Certificate) { c.NotAfter = b.host.Now.Add(5 * 24 * time.Hour) })
	b.touch("app.dump.age", 400*24*time.Hour) // of a clock that is wrong
	r := b.examine()
	if got := codesOf(r); !slices.Equal(got, []string{"NS2061", "NS2075"}) {
		t.Errorf("found by %v", got)
	}
	if one := result(t, r, "NS2061"); !strings.Contains(one.Findings[0].Evidence, "the certificate of bench middle, by which") {
		t.Errorf("%+v", one)
	}
	if one := result(t, r, "NS2070"); !strings.HasSuffix(one.Evidence, "at "+address+":443") {
		t.Error(one.Evidence)
	}
	b.touch("app.dump.age", 0)
	b.between(func(*x509.Certificate) {})
	ports["8443/tcp"] = binding("x", "0.0.0.0", "443")["x"]
	if got := codesOf(b.examine()); !slices.Equal(got, []string{"NS2011"}) {
		t.Errorf("at every address: %v", got)
	}
}

// TestOwner: a file of somebody else's in the output is his to change.
func TestOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root gives files away")
	}
	b := healthy(t)
	if err := os.Chown(b.subject.Dir+"/ufw/apply.sh", 1234, 1234); err != nil {
		t.Fatal(err)
	}
	r := b.examine()
	if got := codesOf(r); !slices.Equal(got, []string{"NS2008"}) || !strings.Contains(result(t, r, "NS2008").Findings[0].Evidence, "belongs to user 1234") {
		t.Errorf("%v", got)
	}
}

// TestCutValues: of a value that a name holds, no part is left where the name is cut.
func TestCutValues(t *testing.T) {
	b := healthy(t)
	b.subject.Secrets.Redact = redact.New()
	value := b.value("SMTP")
	b.stray(strings.Repeat("x", maxObject-len("container ")-len(value)/2)+value, binding("5432/tcp", "0.0.0.0", "5432"))
	b.say["sshd -T"] = Said{Code: 1, Err: value}
	r := b.examine()
	if one := result(t, r, "NS2010"); len(one.Findings) != 1 || strings.Contains(fmt.Sprint(one), value[:6]) {
		t.Errorf("%+v", one)
	}
	if one := result(t, r, "NS2030"); one.State != NotSeen || strings.Contains(one.Evidence, value) {
		t.Errorf("%+v", one)
	}
}

// TestSpans: the order of the events of a record says nothing.
func TestSpans(t *testing.T) {
	for _, c := range []struct {
		events  []event
		in, out string
	}{
		{[]event{{Fixed: "8.2.5"}, {Introduced: "0"}}, "8.2.4 1", "8.2.5 8.2.9"},
		{[]event{{Introduced: "0", Fixed: "8.2.5"}}, "8.2.4", "8.2.5"},
		{[]event{{Introduced: "0"}, {Introduced: "8.0.0"}, {Fixed: "7.0.1"}, {Fixed: "v8.2.10"}}, "7.0.0 8.0.0 8.2.9", "7.0.1 7.9 8.2.10 9"},
		{[]event{{Last: "7.2"}, {Introduced: "7.2"}}, "7.2", "7.1 7.2.1"},
		{[]event{{Introduced: "0"}, {Fixed: "7"}, {Introduced: "7"}, {Fixed: "8"}}, "6 7 7.5", "8"},
		{[]event{{Introduced: "7"}, {Fixed: "unknown"}}, "7 9", "6"},
		{nil, "", "0 1"},
	} {
		for want, releases := range map[bool]string{true: c.in, false: c.out} {
			for release := range strings.FieldsSeq(releases) {
				if v, _ := parseVersion(release); spans(c.events, v) != want {
					t.Errorf("%v: %s: %v", c.events, release, !want)
				}
			}
		}
	}
}

// TestRecordsGoOn: one file that is no record hides none of the others, and a fault that
// two records tell of is one.
func TestRecordsGoOn(t *testing.T) {
	dir := t.TempDir()
	put(t, dir+"/a.json", "no record", 0o644)
	put(t, dir+"/b.json", `[{"id": "BIT-1"}, {"id": "CVE-1", "aliases": ["BIT-1"]}]`, 0o644)
	var all []advisory
	err := records(t.Context(), dir, func(a advisory) { all = append(all, a) })
	if err == nil || !strings.Contains(err.Error(), "a.json is not a record") || len(all) != 2 {
		t.Fatalf("%v %v", err, all)
	}
	if !all[1].called("BIT-1") || !all[1].called("CVE-1") || all[0].called("CVE-1") {
		t.Errorf("%+v", all)
	}
}

// TestUnseen: what was not seen is counted by itself, also beside findings, and a run
// that saw nothing is told from one that found nothing.
func TestUnseen(t *testing.T) {
	r := &Report{Stack: "shop", Results: []Result{{Severity: policy.Critical, State: NotSeen, Partial: true}, {Severity: policy.Low, State: Found, Partial: true, Findings: make([]Finding, 1)}, {Severity: policy.Critical, State: Absent}, {Severity: policy.Critical, State: OK}}}
	for least, want := range map[policy.Severity]int{policy.Info: 2, policy.Medium: 1, policy.Critical: 1} {
		if got := r.Unseen(least); got != want {
			t.Errorf("%d of at least %d, want %d", got, least, want)
		}
	}
	if r.Blind() {
		t.Error("it saw something")
	}
	r.Results = []Result{r.Results[0], r.Results[2]}
	if !r.Blind() || !strings.Contains(r.verdict(), "no findings in what was seen; 0 checks ok, 1 not seen") {
		t.Error(r.verdict())
	}
}

// TestLeads: whose socket it is that a published port has; without root, by its address.
func TestLeads(t *testing.T) {
	for _, c := range []struct {
		owner, socket, port string
		want                bool
	}{
		{"docker-proxy", "::", "0.0.0.0", true},
		{"redis-server", "127.0.0.1", "127.0.0.1", false},
		{"", "203.0.113.10", "203.0.113.10", true},
		{"", "203.0.113.10", "127.0.0.1", false},
		{"", "::", "", true},
		{"", "::", "127.0.0.1", false},
		{"", "203.0.113.10", "0.0.0.0", false},
	} {
		s := socket{Protocol: "tcp", Address: netip.MustParseAddr(c.socket), Port: 6379, Owner: c.owner}
		if s.leads(published{c.port, "6379", "tcp"}) != c.want {
			t.Errorf("%+v: %v", c, !c.want)
		}
	}
}

// TestAllValid: where a date is wrong, the way is looked for at a time when none was.
func TestAllValid(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 12, n, 0, 0, 0, 0, time.UTC) }
	chain := []*x509.Certificate{{NotBefore: day(5), NotAfter: day(20)}, {NotBefore: day(10), NotAfter: day(15)}}
	for now, want := range map[int]int{1: 10, 7: 10, 12: 12, 17: 15, 25: 15} {
		if got := allValid(day(now), chain); !got.Equal(day(want)) {
			t.Errorf("on day %d: %s", now, got)
		}
	}
}

// TestBackupFile: a file in the place of the folder is no backup.
func TestBackupFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hostname")
	put(t, file, "x", 0o600)
	if k := walkBackups(t.Context(), file, time.Now(), 3, make(chan kept, 1)); k.name != "" || k.err == nil {
		t.Errorf("%+v", k)
	}
}

// TestKeySorts: each certificate of a chain has a key and a signature that hold, but that
// of a root in it, which signs itself and is trusted for other reasons.
func TestKeySorts(t *testing.T) {
	small, large := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023)}, &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047)}
	good := &x509.Certificate{PublicKey: large, SignatureAlgorithm: x509.SHA256WithRSA, RawSubject: []byte("a"), RawIssuer: []byte("b")}
	for name, c := range map[string]struct {
		second *x509.Certificate
		says   string
	}{
		"RSA, 2048":        {&x509.Certificate{PublicKey: large, RawIssuer: []byte("c")}, ""},
		"RSA, 1024":        {&x509.Certificate{PublicKey: small, RawIssuer: []byte("c")}, "RSA, 1024 bits"},
		"Ed25519":          {&x509.Certificate{PublicKey: ed25519.PublicKey{}, RawIssuer: []byte("c")}, ""},
		"DSA":              {&x509.Certificate{PublicKey: struct{}{}, PublicKeyAlgorithm: x509.DSA, RawIssuer: []byte("c")}, "DSA"},
		"SHA-1":            {&x509.Certificate{PublicKey: large, SignatureAlgorithm: x509.SHA1WithRSA, RawIssuer: []byte("c")}, "SHA1-RSA"},
		"SHA-1, of a root": {&x509.Certificate{PublicKey: large, SignatureAlgorithm: x509.SHA1WithRSA}, ""},
		"ECDSA with SHA-1": {&x509.Certificate{PublicKey: large, SignatureAlgorithm: x509.ECDSAWithSHA1, RawIssuer: []byte("c")}, "ECDSA-SHA1"},
	} {
		_, wrong, err := keys(nil, []*x509.Certificate{good, c.second})
		if got := wrong["certificate"]; err != nil || (got != "") != (c.says != "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q %v", name, got, err)
		}
		if c.says == "SHA1-RSA" { // a leaf that signs itself is no root
			leaf := &x509.Certificate{PublicKey: large, SignatureAlgorithm: x509.SHA1WithRSA}
			if _, wrong, _ := keys(nil, []*x509.Certificate{leaf}); wrong["certificate"] == "" {
				t.Error("of a leaf that signs itself, nothing")
			}
		}
	}
}

// TestQueued: what a rule hands to a program is decided there, and never by what follows.
func TestQueued(t *testing.T) {
	none := parseTable("")
	for rule, want := range map[string]bool{"-p tcp -j NFQUEUE --queue-num 0 --queue-bypass": true, "-p tcp -j NFLOG": false, "-i lo -j NFQUEUE --queue-num 0": false} {
		if none.letsIn("DOCKER-USER", rule) != want {
			t.Errorf("%s: %v", rule, !want)
		}
	}
}

// TestMighty: rights with which a container is not one.
func TestMighty(t *testing.T) {
	if got := mighty([]string{"CAP_SYS_ADMIN", "all", "NET_BIND_SERVICE", "CHOWN", "SYS_MODULE"}); !slices.Equal(got, []string{"SYS_ADMIN", "ALL", "SYS_MODULE"}) {
		t.Error(got)
	}
}

func (b *bench) service(name string) *ir.Service {
	return (&examination{Subject: b.subject}).service(name)
}

func (b *bench) gone(name string) {
	b.t.Helper()
	if err := os.Remove(filepath.Join(b.subject.Dir, name)); err != nil {
		b.t.Fatal(err)
	}
}

// touch gives a file among the backups a day.
func (b *bench) touch(name string, after time.Duration) {
	b.t.Helper()
	at := b.host.Now.Add(after)
	if err := os.Chtimes(filepath.Join(b.backups, name), at, at); err != nil {
		b.t.Fatal(err)
	}
}

// between brings a certificate that an authority in between has signed, of a root that
// the host trusts. change spoils the one in between.
func (b *bench) between(change func(*x509.Certificate)) {
	b.t.Helper()
	now := b.host.Now
	sign := func(c, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			b.t.Fatal(err)
		}
		if by == nil {
			parent, by = c, own
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, own.Public(), by)
		if err != nil {
			b.t.Fatal(err)
		}
		signed, err := x509.ParseCertificate(der)
		if err != nil {
			b.t.Fatal(err)
		}
		return signed, own
	}
	authority := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-3, 0, 0), NotAfter: now.AddDate(3, 0, 0),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	root, rootKey := sign(authority(20, "bench root"), nil, nil)
	middle := authority(21, "bench middle")
	change(middle)
	inner, innerKey := sign(middle, root, rootKey)
	leaf, key := sign(&x509.Certificate{
		SerialNumber: big.NewInt(22), Subject: pkix.Name{CommonName: "api.shop.example.com"}, DNSNames: []string{"api.shop.example.com"},
		NotBefore: now.AddDate(0, 0, -10), NotAfter: now.AddDate(0, 0, 80), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, inner, innerKey)
	roots := x509.NewCertPool()
	roots.AddCert(root)
	b.host.Roots = func() (*x509.CertPool, error) { return roots, nil }
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		b.t.Fatal(err)
	}
	var chain []byte
	for _, c := range []*x509.Certificate{leaf, inner} {
		chain = slices.Concat(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	b.bring(chain, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}
