package nginx

// The host side of the tests against a real nginx: the program, a place to run
// it, a name server and a service behind it. Set NGINX to another program, and
// NGINX_RENDER to the release to render for (by default the program's own), to
// run the same assertions elsewhere.

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nselfc/compiler/ir"
)

// server is a running nginx with what was rendered for it.
type server struct {
	t       *testing.T
	dir     string
	https   string // address
	http    string
	health  string
	roots   *x509.CertPool
	version ir.Version // that was rendered for
	cmd     *exec.Cmd
}

// setup is how a test wants its nginx.
type setup struct {
	rsa   bool                              // certificate with an RSA key, ECDSA otherwise
	patch func(path, content string) string // changes what was rendered
	dns   func(name string) string          // IPv4 address of a service; "" for no such name
}

// program finds nginx and its release.
func program(t testing.TB) (string, ir.Version) {
	t.Helper()
	path := os.Getenv("NGINX")
	for _, p := range []string{"nginx", "/usr/sbin/nginx"} {
		if path == "" {
			path, _ = exec.LookPath(p)
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("nginx is not installed: run tools/install-test-deps")
		}
		t.Skip("nginx is not installed: run tools/install-test-deps")
	}
	out, err := exec.Command(path, "-v").CombinedOutput()
	if err != nil {
		t.Fatalf("%s -v: %v", path, err)
	}
	v := os.Getenv("NGINX_RENDER")
	if v == "" {
		v = string(out)
	}
	m := regexp.MustCompile(`(\d+)\.(\d+)\.(\d+)`).FindStringSubmatch(v)
	if m == nil {
		t.Fatalf("no release in %q", v)
	}
	var version ir.Version
	version.Major, _ = strconv.Atoi(m[1])
	version.Minor, _ = strconv.Atoi(m[2])
	version.Patch, _ = strconv.Atoi(m[3])
	return path, version
}

// install writes what is rendered for s into a folder, moved from the
// container's paths and ports to ours.
func install(t *testing.T, s *ir.Stack, want setup) *server {
	t.Helper()
	_, s.Ingress.Version = program(t)
	dir, err := os.MkdirTemp("", "nginx-test-") //nolint:usetesting // the parent of t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, d := range []string{dir, dir + "/cache"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir+"/cache", 101, 101); err != nil {
			t.Fatal(err)
		}
	}
	srv := &server{t: t, dir: dir, version: s.Ingress.Version}
	names := []string{"*.example.com", "*.customers.example.com"}
	for _, h := range s.Ingress.Hosts {
		names = append(names, h.Name.V)
	}
	srv.roots = writeCertificate(t, dir, want.rsa, names)
	s.Ingress.Certificate.Chain, s.Ingress.Certificate.Key = dir+"/chain.pem", dir+"/key.pem"
	srv.http, srv.https, srv.health = freeAddresses(t)
	_, httpPort, _ := net.SplitHostPort(srv.http)
	_, httpsPort, _ := net.SplitHostPort(srv.https)
	s.Ingress.HTTP.V, _ = strconv.Atoi(httpPort)
	s.Ingress.HTTPS.V, _ = strconv.Atoi(httpsPort)

	if s.Ingress.HealthPort.V > 0 {
		_, port, _ := net.SplitHostPort(srv.health)
		s.Ingress.HealthPort.V, _ = strconv.Atoi(port)
	}

	moves := []string{
		"listen " + httpPort, "listen 127.0.0.1:" + httpPort, "listen [::]:" + httpPort, "listen [::1]:" + httpPort,
		"listen " + httpsPort, "listen 127.0.0.1:" + httpsPort, "listen [::]:" + httpsPort, "listen [::1]:" + httpsPort,
		"/tmp/nginx.pid", dir + "/cache/nginx.pid", MarkDir + "/", dir + "/cache/marks/", "/var/cache/nginx/", dir + "/cache/",
	}
	if want.dns != nil {
		moves = append(moves, "resolver 127.0.0.11 ", "resolver "+nameServer(t, want.dns)+" ")
	}
	if _, err := os.Stat("/proc/net/if_inet6"); err != nil {
		moves = append(moves, "    listen [::", "    #")
	}
	move := strings.NewReplacer(moves...)
	for path, content := range render(t, s) {
		if want.patch != nil {
			content = want.patch(path, content)
		}
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(move.Replace(content)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return srv
}

// command runs nginx in the foreground as the official images' user.
func (s *server) command(ctx context.Context, args ...string) *exec.Cmd {
	path, _ := program(s.t)
	cmd := exec.CommandContext(ctx, path, append([]string{"-e", "stderr", "-p", s.dir + "/nginx", "-c", s.dir + "/nginx/nginx.conf"}, args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "NGINX=") }) // nginx's own word for sockets
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 101, Gid: 101}}
	}
	return cmd
}

// check runs nginx -t and gives what it says.
func (s *server) check() (string, error) {
	s.t.Helper()
	out, errs := s.open("check.out"), s.open("check.err")
	defer out.Close()
	defer errs.Close()
	cmd := s.command(context.Background(), "-t")
	cmd.Stdout, cmd.Stderr = out, errs
	err := cmd.Run()
	return s.read("check.err"), err
}

// start runs an nginx for s until the test ends.
func start(t *testing.T, s *ir.Stack, want setup) *server {
	t.Helper()
	srv := install(t, s, want)
	srv.run()
	return srv
}

// open opens a file for nginx's output. nginx opens /dev/stdout by name and as
// itself, so the file must be writable by all.
func (s *server) open(name string) *os.File {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o666)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := f.Chmod(0o666); err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *server) run() {
	t := s.t
	t.Helper()
	out, errs := s.open("access.log"), s.open("error.log")
	defer out.Close()
	defer errs.Close()
	s.cmd = s.command(context.Background(), "-g", "daemon off;")
	s.cmd.Stdout, s.cmd.Stderr = out, errs
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = s.cmd.Wait(); close(done) }() // its status is the signal's
	t.Cleanup(func() {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			_ = s.cmd.Process.Kill()
			<-done
		}
	})
	for range 500 {
		if c, err := net.Dial("tcp", s.https); err == nil {
			c.Close()
			return
		}
		select {
		case <-done:
			t.Fatalf("nginx did not start:\n%s", s.read("error.log"))
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("nginx does not listen:\n%s", s.read("error.log"))
}

func (s *server) read(name string) string {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// logs gives both logs once the access log has at least n lines.
func (s *server) logs(n int) (access, errs string) {
	s.t.Helper()
	for range 300 {
		if access = s.read("access.log"); strings.Count(access, "\n") >= n {
			return access, s.read("error.log")
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("the access log has not got %d lines:\n%s", n, access)
	return "", ""
}

// client speaks to nginx whatever the host of the URL, over HTTP/2 if asked.
func (s *server) client(http2 bool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	return &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12},
			Protocols:       protocols, DisableCompression: true,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				to := s.https
				if strings.HasSuffix(addr, ":80") {
					to = s.http
				}
				return new(net.Dialer).DialContext(ctx, network, to)
			},
		},
	}
}

// dial opens a TLS connection for a name.
func (s *server) dial(name string, change func(*tls.Config)) (*tls.Conn, error) {
	c := &tls.Config{RootCAs: s.roots, ServerName: name, MinVersion: tls.VersionTLS12}
	if change != nil {
		change(c)
	}
	return tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", s.https, c)
}

// raw sends bytes as they are on a connection for name and gives the answer as
// it came, or what came when there is none.
func (s *server) raw(name, request string) string {
	s.t.Helper()
	c, err := s.dial(name, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	return exchange(s.t, c, request)
}

func exchange(t *testing.T, c net.Conn, request string) string {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = c.Write([]byte(request)) // nginx may answer and close before it has read all
	var b bytes.Buffer
	r := bufio.NewReader(io.TeeReader(c, &b))
	// The end may be a reset, or a wait for the rest of the request: what counts
	// is what came before.
	if answer, err := http.ReadResponse(r, nil); err == nil && answer.StatusCode != http.StatusSwitchingProtocols {
		_, _ = io.Copy(io.Discard, answer.Body)
	} else {
		_, _ = io.Copy(io.Discard, r)
	}
	return b.String()
}

// freeAddresses gives loopback addresses at which nothing listened just now.
func freeAddresses(t *testing.T) (first, second, third string) {
	t.Helper()
	var out [3]string
	for i := range out {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // not before all are known
		out[i] = l.Addr().String()
	}
	return out[0], out[1], out[2]
}

// writeCertificate makes a certificate for names and the pool that trusts it.
func writeCertificate(t *testing.T, dir string, useRSA bool, names []string) *x509.CertPool {
	t.Helper()
	var key any
	var public any
	if useRSA {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		key, public = k, &k.PublicKey
	} else {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key, public = k, &k.PublicKey
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"chain.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}

// nameServer answers A queries (RFC 1035) as Docker's does, and gives its
// address.
func nameServer(t *testing.T, lookup func(string) string) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return // closed: the test is over
			}
			if n > 12 {
				_, _ = c.WriteTo(answer(buf[:n], lookup), from)
			}
		}
	}()
	return c.LocalAddr().String()
}

func answer(query []byte, lookup func(string) string) []byte {
	var labels []string
	end := 12
	for end < len(query) && query[end] != 0 {
		n := int(query[end])
		labels = append(labels, string(query[end+1:end+1+n]))
		end += n + 1
	}
	end += 5 // the root label, type and class
	ip := net.ParseIP(lookup(strings.Join(labels, "."))).To4()
	out := append([]byte{}, query[:end]...)
	out[2], out[3] = 0x84, 0x80 // response, authoritative, recursion available
	for i := 6; i < 12; i++ {
		out[i] = 0
	}
	if ip == nil {
		out[3] |= 3 // no such name
		return out
	}
	out[7] = 1
	out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4)
	return append(out, ip...)
}

// service runs h on a loopback port, which it gives.
func service(t *testing.T, h http.Handler) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// echo answers with the request as it arrived.
func echo(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s\nHost: %s\n", r.Method, r.RequestURI, r.Host)
	_ = r.Header.Write(w)
}
