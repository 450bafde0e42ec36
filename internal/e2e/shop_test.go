//go:build lab && linux

// Package e2e brings compiled stacks up on a real engine and attacks them. It
// knows the promises; how a stack is compiled and how an engine is started are
// for internal/build and internal/lab.
package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nselfc/internal/build"
	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
	"nselfc/lang/diag"
)

// shop is the example, compiled for production with a certificate of a test
// authority, and running.
type shop struct {
	engine *lab.Engine
	client lab.Place
	dir    string // the stack's folder
	out    string // its output directory
	ca     string // file with the authority's certificate
}

const project = "shop-prod"

// TestShop compiles the example and proves the promises of docs/security.md on
// the running stack.
func TestShop(t *testing.T) {
	lab.Require(t)
	s := &shop{dir: t.TempDir()}
	s.prepare(t)
	s.build(t)
	s.engine = lab.Start(t, lab.Options{Images: map[string]string{"postgres:17.6": "postgres:17", "redis:8.2.1": "redis:8.2"}})
	s.engine.RequireMachines(t)
	s.client = lab.Place(s.engine.Client)

	started := time.Now()
	s.up(t)
	t.Logf("healthy after %.1f s", time.Since(started).Seconds())
	if took := time.Since(started); took > time.Minute {
		t.Errorf("the stack took %v to become healthy", took)
	}
	t.Run("containers", s.testContainers)
	t.Run("ports without a firewall", func(t *testing.T) { s.testPorts(t) })
	t.Run("networks", s.testNetworks)
	t.Run("application", s.testApplication)
	t.Run("names", s.testNames)
	t.Run("TLS", s.testTLS)
	t.Run("headers", s.testHeaders)
	t.Run("PostgreSQL", s.testPostgres)
	t.Run("Redis", s.testRedis)
	t.Run("firewall", s.testFirewall)
	t.Run("secrets", s.testSecrets)
	t.Run("second build", s.testSecondBuild)
	t.Run("rate limit", s.testRateLimit) // uses up the api's allowance
	t.Run("grade", s.testGrade)
}

// prepare copies the example, adds what the trial needs, and makes the
// certificate that its owner would bring.
func (s *shop) prepare(t *testing.T) {
	t.Helper()
	if err := os.CopyFS(s.dir, os.DirFS("../../examples/shop")); err != nil {
		t.Fatal(err)
	}
	extra, err := os.ReadFile("testdata/lab.hcl")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(s.dir, "lab.hcl"), extra, 0o644)
	a := newAuthority(t)
	chain, key := a.issue(t, "api.shop.example.com", "migrator.shop.example.com", "reporter.shop.example.com", "loner.shop.example.com")
	certs := filepath.Join(s.dir, "certs")
	if err := os.Mkdir(certs, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(certs, "fullchain.pem"), chain, 0o644)
	write(t, filepath.Join(certs, "privkey.pem"), key, 0o600)
	s.ca = filepath.Join(t.TempDir(), "ca.pem")
	write(t, s.ca, a.pem, 0o644)
	s.out = filepath.Join(s.dir, "out", "prod")
}

// build compiles the folder as nselfc build --env prod does.
func (s *shop) build(t *testing.T) []*build.Written {
	t.Helper()
	opts := build.Options{Env: "prod"}
	c, diags := build.Compile(context.Background(), s.dir, opts)
	w, more := c.Write(context.Background(), build.WriteOptions{Options: opts, Version: "0.0.0-test", Now: time.Now()})
	for _, d := range append(diags, more...) {
		if d.Severity == diag.Error {
			t.Fatalf("%s %s: %s", d.Subject, d.Summary, d.Detail)
		}
	}
	return w
}

func (s *shop) up(t *testing.T) {
	t.Helper()
	r := s.engine.Compose(s.out, "up", "--detach", "--wait", "--wait-timeout", "120")
	if !r.OK() {
		t.Fatalf("up: %s\n%s", r, s.engine.Compose(s.out, "logs", "--tail", "30"))
	}
}

func write(t *testing.T, path string, b []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, b, mode); err != nil {
		t.Fatal(err)
	}
}

// request is one to a host of the shop, over the public port.
func (s *shop) request(host, path string) attack.Request {
	return attack.Request{URL: "https://" + host + ".shop.example.com" + path, Connect: lab.HostIPv4 + ":443", CA: s.ca}
}

// sql runs a statement as the role of one of the services and gives what the
// service answers: rows, or the error with its SQLSTATE.
func (s *shop) sql(t *testing.T, host, statement string) attack.Response {
	t.Helper()
	r := s.request(host, "/sql")
	r.Method, r.Body = "POST", statement
	return s.client.HTTP(t, r)
}

func (s *shop) must(t *testing.T, host, statement string) {
	t.Helper()
	if r := s.sql(t, host, statement); r.Status != 200 {
		t.Errorf("%s may not %q: %+v", host, statement, r)
	}
}

func (s *shop) refused(t *testing.T, host, statement, sqlstate string) {
	t.Helper()
	if r := s.sql(t, host, statement); r.Status == 200 || !strings.Contains(r.Body, sqlstate) {
		t.Errorf("%s: %q gave %d %s %s, want SQLSTATE %s", host, statement, r.Status, r.Body, r.Error, sqlstate)
	}
}
