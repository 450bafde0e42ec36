//go:build lab && linux

package e2e

import (
	"context"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nselfc/internal/build"
	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
	"nselfc/lang/diag"
)

// standIns are the references of the examples that the lab's images do not have by name.
var standIns = map[string]string{"postgres:17.12": "postgres:17", "redis:8.2.9": "redis:8.2"}

// stack is a stack, compiled for one environment, on the lab's engine.
type stack struct {
	engine  *lab.Engine
	from    lab.Place // where requests are sent from
	address string    // host:port that requests connect to
	dir     string    // the stack's folder
	env     string
	out     string // the environment's output directory
	project string // compose's name for it
	domain  string
	ca      string   // file with the authority that signed the certificate
	force   []string // what a build may overwrite
}

// newStack copies a stack's files to a folder of the test's own. In a
// development environment it is reached from the host itself, with the stack's
// own authority; in production from the other machine.
func newStack(t *testing.T, engine *lab.Engine, files fs.FS, name, env, domain string) *stack {
	t.Helper()
	s := &stack{engine: engine, dir: t.TempDir(), env: env, project: name + "-" + env, domain: domain}
	if err := os.CopyFS(s.dir, files); err != nil {
		t.Fatal(err)
	}
	s.out = filepath.Join(s.dir, "out", env)
	s.from, s.address = lab.Place(engine.Host), "127.0.0.1:443"
	s.ca = filepath.Join(s.out, ".secrets.d", "ingress", "ca.crt")
	return s
}

// public makes the other machine the place that requests come from, and gives
// the stack the certificate that its owner would bring.
func (s *stack) public(t *testing.T, chain, key string, hosts ...string) *authority {
	t.Helper()
	s.from, s.address = lab.Place(s.engine.Client), lab.HostIPv4+":443"
	a := newAuthority(t)
	s.ca = filepath.Join(t.TempDir(), "ca.pem")
	write(t, s.ca, a.pem, 0o644)
	s.bring(t, a, chain, key, hosts...)
	return a
}

// bring puts a new certificate where the stack says that it is.
func (s *stack) bring(t *testing.T, a *authority, chain, key string, hosts ...string) {
	t.Helper()
	certificate, private := a.issue(t, hosts...)
	if err := os.MkdirAll(filepath.Dir(filepath.Join(s.dir, chain)), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.dir, chain), certificate, 0o644)
	write(t, filepath.Join(s.dir, key), private, 0o600)
}

// build compiles the folder as nselfc build --env does.
func (s *stack) build(t *testing.T) []*build.Written {
	t.Helper()
	opts := build.Options{Env: s.env}
	c, diags := build.Compile(context.Background(), s.dir, opts)
	w, more := c.Write(context.Background(), build.WriteOptions{Options: opts, Version: "0.0.0-test", Now: time.Now(), Force: s.force})
	for _, d := range append(diags, more...) {
		if d.Severity == diag.Error {
			t.Fatalf("%s %s: %s", d.Subject, d.Summary, d.Detail)
		}
	}
	return w
}

func (s *stack) up(t *testing.T) {
	t.Helper()
	r := s.engine.Compose(s.out, "up", "--detach", "--wait", "--wait-timeout", "120")
	if !r.OK() {
		t.Fatalf("up: %s\n%s", r, s.engine.Compose(s.out, "logs", "--tail", "30"))
	}
}

// edit changes one place of nself.hcl, as its owner would.
func (s *stack) edit(t *testing.T, before, after string) {
	t.Helper()
	path := filepath.Join(s.dir, "nself.hcl")
	text := read(t, path)
	if n := strings.Count(text, before); n != 1 {
		t.Fatalf("nself.hcl holds %q %d times", before, n)
	}
	write(t, path, []byte(strings.Replace(text, before, after, 1)), 0o644)
}

// checkOften has the services of an example checked soon after their start: at its
// own interval, a trial that starts them many times waits for little else.
func (s *stack) checkOften(t *testing.T) {
	t.Helper()
	path := filepath.Join(s.dir, "nself.hcl")
	const check = "healthcheck {\n"
	text := read(t, path)
	if !strings.Contains(text, check) || strings.Contains(text, "interval") {
		t.Fatal("nself.hcl has no health check with the interval that is the default")
	}
	write(t, path, []byte(strings.ReplaceAll(text, check, check+"    interval = \"3s\"\n")), 0o644)
}

// changes tells which services the rest of a test starts anew: those whose
// containers are others, or were started again.
func (s *stack) changes(t *testing.T) func(*testing.T) []string {
	t.Helper()
	before := s.started(t)
	return func(t *testing.T) []string {
		t.Helper()
		changed := map[string]bool{}
		for name, c := range s.started(t) {
			if before[name] != c {
				changed[c.Service] = true
			}
		}
		return sortedKeys(changed)
	}
}

// start is when a container of a service was started last.
type start struct{ Service, At string }

func (s *stack) started(t *testing.T) map[string]start {
	t.Helper()
	out := map[string]start{}
	for _, c := range s.engine.Containers(t, s.project) {
		out[c.Name] = start{c.Service, c.Started}
	}
	return out
}

// container gives the one container of a service.
func (s *stack) container(t *testing.T, service string) lab.Container {
	t.Helper()
	for _, c := range s.engine.Containers(t, s.project) {
		if c.Service == service {
			return c
		}
	}
	t.Fatalf("%s has no container", service)
	return lab.Container{}
}

// beside is the place where the processes of a service are.
func (s *stack) beside(service string) lab.Place {
	return s.engine.From("container:" + s.project + "-" + service + "-1")
}

// request is one to a host of the stack; "" is the domain itself.
func (s *stack) request(host, path string) attack.Request {
	return attack.Request{URL: "https://" + s.host(host) + path, Connect: s.address, CA: s.ca}
}

func (s *stack) host(name string) string { return strings.TrimPrefix(name+"."+s.domain, ".") }

// get asks a host for its first page.
func (s *stack) get(t *testing.T, host string) attack.Response {
	t.Helper()
	return s.from.HTTP(t, s.request(host, "/"))
}

func (s *stack) post(t *testing.T, host, path, body string) attack.Response {
	t.Helper()
	r := s.request(host, path)
	r.Method, r.Body = "POST", body
	return s.from.HTTP(t, r)
}

// must runs a statement as the role of one of the services.
func (s *stack) must(t *testing.T, host, statement string) {
	t.Helper()
	if r := s.post(t, host, "/sql", statement); r.Status != 200 {
		t.Errorf("%s may not %q: %+v", host, statement, r)
	}
}

func (s *stack) refused(t *testing.T, host, statement, sqlstate string) {
	t.Helper()
	if r := s.post(t, host, "/sql", statement); r.Status == 200 || !strings.Contains(r.Body, sqlstate) {
		t.Errorf("%s: %q gave %d %s %s, want SQLSTATE %s", host, statement, r.Status, r.Body, r.Error, sqlstate)
	}
}

// scan wants exactly these TCP ports of a host to answer, of all that there are.
func scan(t *testing.T, from lab.Place, host string, want ...int) {
	t.Helper()
	got := from.Scan(t, attack.Scan{Host: host})
	for _, port := range want { // a busy machine may lose one of 65,535 attempts
		address := net.JoinHostPort(host, strconv.Itoa(port))
		if !slices.Contains(got.Open, port) && from.Connect(t, address).Open {
			got.Open = append(got.Open, port)
		}
	}
	slices.Sort(got.Open)
	if !slices.Equal(got.Open, want) {
		t.Errorf("open on %s: %v, want %v", host, got.Open, want)
	}
}

func write(t *testing.T, path string, b []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, b, mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
