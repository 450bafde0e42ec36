//go:build lab && linux

// Package e2e brings compiled stacks up on a real engine and attacks them. It
// knows the promises; how a stack is compiled and how an engine is started are
// for internal/build and internal/lab.
package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"nselfc/internal/lab"
)

// shop is the example, compiled for production with a certificate of a test
// authority, and running.
type shop struct {
	*stack
	client lab.Place
}

const (
	chainFile = "certs/fullchain.pem"
	keyFile   = "certs/privkey.pem"
)

// TestShop compiles the example and proves the promises of docs/security.md on
// the running stack.
func TestShop(t *testing.T) {
	engine := lab.Start(t, lab.Options{Images: standIns})
	engine.RequireMachines(t)
	s := &shop{stack: shopStack(t, engine), client: lab.Place(engine.Client)}
	trusted := s.public(t, chainFile, keyFile, s.hosts()...)
	s.build(t)

	started := time.Now()
	s.up(t)
	t.Logf("healthy after %.1f s", time.Since(started).Seconds())
	if took := time.Since(started); took > time.Minute {
		t.Errorf("the stack took %v to become healthy", took)
	}
	t.Run("containers", s.testContainers)
	t.Run("ports without a firewall", s.testPorts)
	t.Run("networks", s.testNetworks)
	t.Run("neighbours", s.testNeighbours)
	t.Run("application", s.testApplication)
	t.Run("names", s.testNames)
	t.Run("allowed addresses", s.testAllowed)
	t.Run("TLS", s.testTLS)
	t.Run("headers", s.testHeaders)
	t.Run("PostgreSQL", s.testPostgres)
	t.Run("Redis", s.testRedis)
	t.Run("firewall", s.testFirewall)
	t.Run("secrets", s.testSecrets)
	t.Run("secret files", s.testSecretFiles)
	t.Run("second build", s.testSecondBuild)
	t.Run("new certificate", func(t *testing.T) { s.testNewCertificate(t, trusted) })
	t.Run("rate limit", s.testRateLimit) // uses up the api's allowance
	t.Run("logs", s.testLogs)
}

// shopStack copies the example and adds what the trial needs.
func shopStack(t *testing.T, engine *lab.Engine) *stack {
	t.Helper()
	s := newStack(t, engine, os.DirFS("../../examples/shop"), "shop", "prod", "shop.example.com")
	write(t, filepath.Join(s.dir, "lab.hcl"), []byte(read(t, "testdata/lab.hcl")), 0o644)
	return s
}

func (s *shop) hosts() []string {
	var out []string
	for _, name := range []string{"api", "migrator", "reporter", "loner", "inner"} {
		out = append(out, s.host(name))
	}
	return out
}
