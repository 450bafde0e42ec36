//go:build lab && linux

package lab_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
)

// TestSmoke tries the lab itself on a stack that is known to be good and one that is known to be bad: each checker has to
// pass the one and refuse the other.
func TestSmoke(t *testing.T) {
	lab.Require(t)
	before := machineState(t)
	e := lab.Start(t, lab.Options{Images: map[string]string{
		"ghcr.io/acme/api:1.4.2@sha256:" + strings.Repeat("1", 64): "",
	}})
	e.RequireMachines(t)
	good, bad := stack(t, "smoke"), stack(t, "bad")
	client := lab.Place(e.Client)

	timed(t, "good stack up", func() { e.Compose(good, "up", "--detach", "--wait", "--wait-timeout", "90").Must(t) })
	timed(t, "bad stack up", func() {
		if up := e.Compose(bad, "up", "--detach", "--wait", "--wait-timeout", "30"); up.OK() {
			t.Errorf("a stack with a failing health check came up: %s", up)
		}
	})
	t.Run("containers", func(t *testing.T) { checkContainers(t, e) })
	t.Run("ports", func(t *testing.T) { checkPorts(t, client, lab.HostIPv4, 22, 80, 443, 6379) })
	t.Run("ports IPv6", func(t *testing.T) { checkPorts(t, client, lab.HostIPv6, 22, 80, 443, 6379) })
	t.Run("networks", func(t *testing.T) { checkNetworks(t, e) })
	t.Run("application", func(t *testing.T) { checkApplication(t, client, filepath.Join(good, "secrets", "tls.crt")) })
	t.Run("TLS", func(t *testing.T) { checkTLS(t, client, filepath.Join(good, "secrets", "tls.crt")) })
	t.Run("rate limit", func(t *testing.T) { checkRateLimit(t, client, filepath.Join(good, "secrets", "tls.crt")) })

	timed(t, "bad stack down", func() { e.Compose(bad, "down", "--timeout", "1").Must(t) })
	timed(t, "engine restart", func() {
		if err := e.Restart(); err != nil {
			t.Fatal(err)
		}
		e.Compose(good, "up", "--detach", "--wait", "--wait-timeout", "90").Must(t)
	})
	t.Run("ports after restart", func(t *testing.T) { checkPorts(t, client, lab.HostIPv4, 22, 80, 443) })
	t.Run("firewall", func(t *testing.T) { checkFirewall(t, e, client) })

	if after := machineState(t); after != before {
		t.Errorf("the real machine changed: before:\n%s\nafter:\n%s", before, after)
	}
}

func timed(t *testing.T, what string, do func()) {
	t.Helper()
	start := time.Now()
	do()
	t.Logf("lab: %s: %.1f s", what, time.Since(start).Seconds())
}

// machineState is what a lab must never change.
func machineState(t *testing.T) string {
	t.Helper()
	state := &strings.Builder{}
	for _, command := range []string{"iptables-save", "ip -brief address", "ip route", "ip netns", "cat /proc/sys/net/ipv4/ip_forward", "cat /etc/ufw/ufw.conf"} {
		output, _ := exec.CommandContext(t.Context(), "sh", "-c", command+" | grep -v '^#'").Output()
		state.Write(output)
	}
	return state.String()
}

// stack copies a stack of testdata and gives it secrets and a certificate.
func stack(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	certificate, key := selfSigned(t, "smoke.test")
	files := map[string]string{
		"tls.crt": certificate, "tls.key": key, "db_password": "db-canary",
		"database_url": "postgres://app:db-canary@db:5432/app?sslmode=disable",
		"redis_url":    "redis://:redis-canary@cache:6379/0",
		"redis.conf":   "requirepass redis-canary\ndir /data\n",
	}
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, text := range files {
		// Compose binds secret files as they are: their modes have to let the containers' users read.
		if err := os.WriteFile(filepath.Join(dir, "secrets", file), []byte(text), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func selfSigned(t *testing.T, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", pkcs8)
}

func checkContainers(t *testing.T, e *lab.Engine) {
	for _, c := range e.Containers(t, "smoke") {
		if c.State != "running" || c.Health != "healthy" {
			t.Errorf("%s is %s and %s", c.Name, c.State, c.Health)
		}
		if c.UID == 0 || c.Effective != 0 || c.Bounding != 0 || !c.NoNewPrivileges || !c.Seccomp || !c.RootReadOnly {
			t.Errorf("not hardened: %+v", c)
		}
		if c.Memory != 256<<20 || c.Pids != 128 || c.CPU != 1 {
			t.Errorf("limits are not those of the file: %+v", c)
		}
	}
	found := e.Containers(t, "bad")
	if len(found) != 2 {
		t.Fatalf("bad stack: %+v", found)
	}
	leaky, sick := found[0], found[1]
	if leaky.UID != 0 || leaky.Effective == 0 || leaky.Bounding == 0 || leaky.NoNewPrivileges || leaky.RootReadOnly || leaky.Memory != 0 || leaky.CPU != 0 {
		t.Errorf("the container that is not hardened looks hardened: %+v", leaky)
	}
	if sick.Health != "unhealthy" {
		t.Errorf("the failing health check is not seen: %+v", sick)
	}
}

func checkPorts(t *testing.T, from lab.Place, host string, want ...int) {
	ports := from.Scan(t, attack.Scan{Host: host})
	t.Logf("scan of %s: %d open, %d refused, %d silent, %d ms", host, len(ports.Open), ports.Refused, ports.Silent, ports.TookMS)
	if !slices.Equal(ports.Open, want) {
		t.Errorf("open on %s: %v, want %v", host, ports.Open, want)
	}
}

func checkNetworks(t *testing.T, e *lab.Engine) {
	api, loner, leaky := e.From("container:smoke-api-1"), e.From("container:smoke-loner-1"), e.From("container:bad-leaky-1")
	if names := api.Resolve(t, "db"); len(names.Addresses) != 1 {
		t.Errorf("api cannot resolve db: %+v", names)
	}
	if dial := api.Connect(t, "db:5432"); !dial.Open {
		t.Errorf("api cannot reach db: %+v", dial)
	}
	if names := loner.Resolve(t, "db"); !strings.Contains(names.Error, "db") || len(names.Addresses) != 0 {
		t.Errorf("loner resolves db: %+v", names)
	}
	address := api.Resolve(t, "db").Addresses[0]
	if dial := loner.Connect(t, address+":5432"); dial.Open {
		t.Errorf("loner reaches db by its address")
	}
	internet := lab.ClientIPv4 + ":80"
	if dial := api.Connect(t, internet); dial.Open {
		t.Error("a service on internal networks reaches the internet")
	}
	if dial := leaky.Connect(t, internet); !dial.Open {
		t.Errorf("a service on an ordinary network does not reach the internet: %+v", dial)
	}
}

func request(path, ca string) attack.Request {
	return attack.Request{URL: "https://smoke.test" + path, Connect: lab.HostIPv4 + ":443", CA: ca}
}

func checkApplication(t *testing.T, client lab.Place, ca string) {
	if moved := client.HTTP(t, attack.Request{URL: "http://" + lab.HostIPv4 + "/x"}); moved.Status != 301 {
		t.Errorf("port 80: %+v", moved)
	}
	write := request("/write?key=a&value=b", ca)
	write.Method = "POST"
	if wrote := client.HTTP(t, write); wrote.Status != 200 {
		t.Errorf("write: %+v", wrote)
	}
	read := client.HTTP(t, request("/read?key=a", ca))
	if read.Body != `{"postgres":"b","redis":"b"}`+"\n" {
		t.Errorf("read: %+v", read)
	}
	if echo := client.Websocket(t, request("/ws", ca), "hello"); echo.Body != "hello" {
		t.Errorf("websocket: %+v", echo)
	}
	sql := request("/sql", ca)
	sql.Method, sql.Body = "POST", "SELECT * FROM nothing"
	if refused := client.HTTP(t, sql); refused.Status != 500 || !strings.Contains(refused.Body, `"sqlstate":"42P01"`) {
		t.Errorf("a wrong statement: %+v", refused)
	}
}

func checkTLS(t *testing.T, client lab.Place, ca string) {
	if answer := client.HTTP(t, request("/", ca)); answer.Status != 200 || answer.TLS != "TLS 1.3" || answer.Proto != "HTTP/2.0" {
		t.Errorf("plain request: %+v", answer)
	}
	twelve := request("/", ca)
	twelve.MaxTLS, twelve.Ciphers = "1.2", []string{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}
	if answer := client.HTTP(t, twelve); answer.TLS != "TLS 1.2" {
		t.Errorf("TLS 1.2: %+v", answer)
	}
	for what, change := range map[string]func(*attack.Request){
		"a cipher that is not in the list": func(r *attack.Request) {
			r.MaxTLS, r.Ciphers = "1.2", []string{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"}
		},
		"TLS 1.1":              func(r *attack.Request) { r.MinTLS, r.MaxTLS = "1.0", "1.1" },
		"an unknown name":      func(r *attack.Request) { r.URL, r.Insecure = "https://other.test/", true },
		"no name":              func(r *attack.Request) { r.SNI = "-" },
		"an unknown authority": func(r *attack.Request) { r.CA = "" },
	} {
		refused := request("/", ca)
		change(&refused)
		if answer := client.HTTP(t, refused); answer.Error == "" {
			t.Errorf("%s is accepted: %+v", what, answer)
		}
	}
}

func checkRateLimit(t *testing.T, client lab.Place, ca string) {
	burst := request("/limited", ca)
	burst.Count = 150
	answer := client.HTTP(t, burst)
	t.Logf("burst of 150: %v in %d ms", answer.Statuses, answer.TookMS)
	// One more passes for each 600 ms that the burst takes.
	if passed := answer.Statuses["200"]; passed < 100 || passed > 103 || passed+answer.Statuses["429"] != 150 {
		t.Errorf("burst: %v", answer.Statuses)
	}
	burst = request("/", ca)
	burst.Count = 150
	if answer := client.HTTP(t, burst); answer.Statuses["429"] != 0 || answer.Statuses["200"] != 150 {
		t.Errorf("without a limit: %v", answer.Statuses)
	}
}

// checkFirewall proves that ufw and iptables act on the host machine, with the well-known hole as the control: Docker's
// ports pass ufw, and only a rule in DOCKER-USER closes them.
func checkFirewall(t *testing.T, e *lab.Engine, client lab.Place) {
	for _, command := range []string{"ufw default deny incoming", "ufw allow 22/tcp", "ufw --force enable"} {
		e.Host(strings.Fields(command)...).Must(t)
	}
	scan := func() []int {
		return client.Scan(t, attack.Scan{Host: lab.HostIPv4, To: 1024, TimeoutMS: 500}).Open
	}
	if open := scan(); !slices.Equal(open, []int{22, 80, 443}) {
		t.Errorf("with ufw: %v", open)
	}
	e.Host("iptables", "-I", "DOCKER-USER", "-i", "eth0", "-j", "DROP").Must(t)
	if open := scan(); !slices.Equal(open, []int{22}) {
		t.Errorf("with DOCKER-USER closed: %v", open)
	}
}
