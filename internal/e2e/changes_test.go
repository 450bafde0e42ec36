//go:build lab && linux

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"

	"nselfc/internal/lab"
)

// changing is a stack that is changed while it runs.
type changing struct{ *stack }

// TestChanges edits a running stack as its owner would, builds, brings it up and
// looks at what is different: the change itself, all of it, and nothing else.
func TestChanges(t *testing.T) {
	t.Parallel()
	engine := lab.Start(t, lab.Options{Images: standIns})
	engine.RequireMachines(t)
	s := &changing{newStack(t, engine, os.DirFS("testdata/changes"), "changes", "dev", "changes.localhost")}
	s.build(t)
	s.up(t)
	if r := s.post(t, "migrator", "/migrate", ""); r.Status != 200 { // the table that most of what follows asks for
		t.Fatalf("migrate: %+v", r)
	}
	t.Run("replicas", s.testReplicas)
	t.Run("repeated services", s.testRegions)
	t.Run("secret in the environment", s.testEnvironment)
	t.Run("Redis keeps its data", s.testRedisKeeps)
	t.Run("roles are put right at every start", s.testDrift)
	t.Run("access level", s.testAccess)
	t.Run("removed role", s.testRemovedRole)
	t.Run("new password", s.testNewPassword)
	t.Run("passwords exchanged at work", s.testTurn)
	t.Run("route", s.testRoute)
	t.Run("moved service", s.testMoved)
}

// testReplicas proves that both containers of a service answer its requests.
func (s *changing) testReplicas(t *testing.T) {
	seen := map[string]bool{}
	for try := 0; try < 40 && len(seen) < 2; try++ {
		seen[s.who(t, "web")] = true
	}
	if len(seen) != 2 {
		t.Errorf("40 requests were answered by %v", sortedKeys(seen))
	}
}

// testRegions proves that each instance of a repeated service has its own route.
func (s *changing) testRegions(t *testing.T) {
	if eu, us, again := s.who(t, "eu"), s.who(t, "us"), s.who(t, "eu"); eu == us || eu != again {
		t.Errorf("eu is %s, then %s; us is %s", eu, again, us)
	}
}

// who gives the container that answers for a host.
func (s *changing) who(t *testing.T, host string) string {
	t.Helper()
	r := s.get(t, host)
	var answer struct{ Container string }
	if err := json.Unmarshal([]byte(r.Body), &answer); err != nil || answer.Container == "" {
		t.Fatalf("%s: %v %+v", host, err, r)
	}
	return answer.Container
}

// testEnvironment shows what the warning about secrets in env says, and that
// files are better.
func (s *changing) testEnvironment(t *testing.T) {
	values, err := dotenv.Read(filepath.Join(s.out, ".secrets"))
	if err != nil || values["SEEN"] == "" || values["HIDDEN"] == "" {
		t.Fatalf("secrets %v, %v", sortedKeys(values), err)
	}
	c := s.container(t, "teller")
	inspect := s.engine.Docker("inspect", c.Name).Must(t)
	if !strings.Contains(inspect, values["SEEN"]) {
		t.Error("the secret in the environment is not seen: the warning is out of date, or the variable did not arrive")
	}
	if strings.Contains(inspect, values["HIDDEN"]) {
		t.Error("docker inspect shows a secret that is in a file")
	}
	if got := s.inside(t, c.PID, "cat run/secrets/HIDDEN"); got != values["HIDDEN"] {
		t.Error("the secret file does not hold the secret")
	}
	for _, file := range []string{"docker-compose.yml", "nself.lock"} {
		text := read(t, filepath.Join(s.out, file))
		if strings.Contains(text, values["SEEN"]) || strings.Contains(text, values["HIDDEN"]) {
			t.Errorf("%s holds a secret", file)
		}
	}
}

// testRedisKeeps stops Redis in an orderly way, and then by force.
func (s *changing) testRedisKeeps(t *testing.T) {
	set := func(value string) {
		t.Helper()
		if r := s.post(t, "api", "/redis", "SET app:kept "+value); r.Status != 200 {
			t.Fatalf("%+v", r)
		}
	}
	kept := func(value string) {
		t.Helper()
		s.up(t)
		if r := s.post(t, "api", "/redis", "GET app:kept"); !strings.Contains(r.Body, value) {
			t.Errorf("want %s, got %+v", value, r)
		}
	}
	set("orderly")
	s.engine.Compose(s.out, "restart", "cache").Must(t)
	kept("orderly")
	set("killed")
	time.Sleep(1500 * time.Millisecond) // appendfsync everysec
	s.engine.Docker("kill", s.container(t, "cache").Name).Must(t)
	kept("killed")
}

// testRoute changes what only nginx reads.
func (s *changing) testRoute(t *testing.T) {
	if got := s.get(t, "web").Headers.Get("X-Edition"); got != "first" {
		t.Fatalf("before the change: %q", got)
	}
	s.edit(t, `"X-Edition" = "first"`, `"X-Edition" = "second"`)
	s.apply(t, "ingress")
	if got := s.get(t, "web").Headers.Get("X-Edition"); got != "second" {
		t.Errorf("after the change: %q", got)
	}
}

// testMoved gives a service another address, behind nginx's back.
func (s *changing) testMoved(t *testing.T) {
	address := func() string {
		return strings.TrimSpace(s.engine.Docker("inspect", "--format",
			`{{(index .NetworkSettings.Networks "`+s.project+`_region-eu").IPAddress}}`, s.project+"-region-eu-1").Must(t))
	}
	changed := s.changes(t)
	before := address()
	s.engine.Docker("rm", "--force", s.project+"-region-eu-1").Must(t)
	s.engine.Docker("run", "--detach", "--name", "squatter", "--network", s.project+"_region-eu", "--ip", before, "nselfc-lab/base", "sleep", "300").Must(t)
	defer s.engine.Docker("rm", "--force", "squatter")
	s.up(t)
	if after := address(); after == before {
		t.Fatalf("the service has its old address %s", after)
	}
	// nginx asks again after 10 seconds at the latest.
	deadline := time.Now().Add(15 * time.Second)
	for s.get(t, "eu").Status != 200 {
		if time.Now().After(deadline) {
			t.Fatalf("nginx has not found the service after 15 s: %+v", s.get(t, "eu"))
		}
		time.Sleep(500 * time.Millisecond)
	}
	if got := changed(t); !slices.Equal(got, []string{"region-eu"}) {
		t.Errorf("started anew: %v", got)
	}
}

// apply builds and brings up what was edited, and says which services may be
// started anew by it, in order: these, and no others.
func (s *changing) apply(t *testing.T, want ...string) {
	t.Helper()
	changed := s.changes(t)
	s.build(t)
	s.up(t)
	if got := changed(t); !slices.Equal(got, want) {
		t.Errorf("started anew: %v, want %v", got, want)
	}
}
