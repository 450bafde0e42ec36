//go:build lab && linux

package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nselfc/compiler/review"
	"nselfc/emit/outdir"
)

// testRefresh: a container whose certificate was made anew goes on with the old one
// until it is made anew itself, as the plan and the build say.
func testRefresh(t *testing.T, s *recreating, e review.Effects) {
	if got := services(e.Refresh); !slices.Equal(got, []string{"front"}) {
		t.Fatalf("to be refreshed: %v", got)
	}
	serves := func() string {
		return s.engine.Inside("container:"+s.project+"-front-1", "sh", "-c",
			"openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName").Must(t)
	}
	if names := serves(); !strings.Contains(names, "front.internal") || strings.Contains(names, "also.internal") {
		t.Errorf("before the container is made anew, it serves a certificate for %s", names)
	}
	s.engine.Compose(s.out, "up", "--detach", "--wait", "--force-recreate", "front").Must(t)
	if names := serves(); !strings.Contains(names, "also.internal") {
		t.Errorf("it serves a certificate for %s", names)
	}
	before := s.now
	s.now = s.look(t)
	if diff := differences(outcome{Recreate: []string{"front"}}, observed(before, s.now, func(string) bool { return true })); diff != "" {
		t.Error(diff)
	}
}

// testNames: on a network that was made anew, services have their names.
func testNames(t *testing.T, s *recreating, e review.Effects) {
	if len(e.Networks.Recreated) == 0 {
		t.Error("no network is made anew")
	}
	if names := s.beside("api").Resolve(t, "db"); len(names.Addresses) != 1 {
		t.Errorf("db, from api: %+v", names)
	}
	r := s.request("api", "/")
	r.Connect = "127.0.0.1:8443" // since the step that said so
	if r := s.from.HTTP(t, r); r.Status != 200 {
		t.Errorf("api, through the ingress: %+v", r)
	}
}

// TestTakeDown makes changes that no start can bring about while the old stack
// stands, and follows the steps that the review gives.
func TestTakeDown(t *testing.T) {
	t.Parallel()
	s := newRecreating(t, "networks", "networks.localhost")
	s.build(t)
	s.up(t)
	s.now = s.look(t)
	t.Run("subnet that another network has", s.testCollision)
	t.Run("project renamed", s.testProject)
}

// command gives the command that a step ends with.
func command(t *testing.T, e review.Effects, address string) []string {
	t.Helper()
	for _, x := range e.Steps {
		if i := strings.Index(x.Text, "docker compose -p"); i >= 0 && x.Address == address {
			text, _, _ := strings.Cut(x.Text[i:], ". ")
			return []string{"sh", "-c", text}
		}
	}
	t.Fatalf("no step for %s: %+v", address, e.Steps)
	return nil
}

func (s *recreating) testCollision(t *testing.T) {
	s.edit(t, `service "store-a"`, `service "store-d"`)
	s.edit(t, "service.store-a.host", "service.store-d.host")
	effects, stays := s.change(t)
	if r := s.tryUp(); r.OK() || !strings.Contains(r.String(), "Pool overlaps") {
		t.Errorf("a subnet is given twice: %s", r)
	}
	s.engine.Host(command(t, effects, `network["store-d"]`)...).Must(t)
	if now := s.look(t); len(now.containers)+len(now.networks) != 0 || !now.volumes["store-a_data"] {
		t.Errorf("taken down: %+v", now)
	}
	s.up(t)
	want := predicted(effects, false, false)
	want.NetworksUnused = nil // the step takes them away
	s.compare(t, want, stays)
}

func (s *recreating) testProject(t *testing.T) {
	s.edit(t, `stack "networks"`, `stack "renamed"`)
	s.force = []string{filepath.Join(s.out, outdir.LockName)}
	effects, _ := s.change(t)
	old := *s.stack
	s.project = "renamed-dev"
	if r := s.tryUp(); r.OK() || !strings.Contains(r.String(), "port is already allocated") {
		t.Errorf("one port is opened twice: %s", r)
	}
	if before := s.now; len(old.look(t).containers) != len(before.containers) {
		t.Error("the old project does not go on running")
	}
	s.engine.Host(command(t, effects, "stack")...).Must(t)
	if left := old.look(t); len(left.containers)+len(left.networks) != 0 || !left.volumes["store-d_data"] {
		t.Errorf("left of the old project: %+v", left)
	}
	s.up(t)
	s.now = running{}
	s.compare(t, predicted(effects, false, false), func(string) bool { return false })
}
