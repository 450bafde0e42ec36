//go:build lab && linux

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
	"nselfc/internal/lab"
	"nselfc/internal/secrets"
)

// testTurn exchanges the passwords of the database and of the cache under a service
// that uses both, step by step: the servers are told while they run, take both values
// in between, and refuse the old ones at the end. Neither server is started anew.
func (s *changing) testTurn(t *testing.T) {
	addresses := []string{`postgres.db.secret.role["app"]`, "redis.cache.secret.app"}
	opts := build.Options{Env: s.env}
	c, diags := build.Compile(context.Background(), s.dir, opts)
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	h, d := c.Host(build.WriteOptions{Options: opts, Version: "0.0.0-test", Now: time.Now(), Force: s.force})
	if d != nil {
		t.Fatal(d.Detail)
	}
	rotations := map[string]*ir.Rotation{}
	for _, x := range h.Stack.Secrets {
		rotations[x.Address] = x.Rotation
	}
	run := func(service string, command []ir.String, stdin string) int {
		t.Helper()
		args := []string{"docker", "exec", "--interactive", s.container(t, service).Name}
		for _, word := range command {
			args = append(args, word.V)
		}
		return s.engine.HostRun(lab.Command{Args: args, Stdin: strings.NewReader(stdin)}).Code
	}
	turn := func(op secrets.Op) *secrets.Turned {
		t.Helper()
		var changes []secrets.Change
		for _, a := range addresses {
			changes = append(changes, secrets.Change{Address: a, Op: op})
		}
		turned, diags := secrets.Turn(context.Background(), h.Dir, h.Stack, h.Files, h.Options, changes)
		if diags.HasErrors() {
			t.Fatal(diags[0].Detail)
		}
		for _, a := range addresses {
			text, ok := turned.File(rotations[a].File)
			if code := run(rotations[a].Service, rotations[a].Apply, text.Reveal()); !ok || code != 0 {
				t.Fatalf("%s: apply: %v %d", a, ok, code)
			}
		}
		return turned
	}
	prove := func(address string, v secrets.Credential, want int) {
		t.Helper()
		var in strings.Builder
		if _, err := v.WriteTo(&in); err != nil {
			t.Fatal(err)
		}
		if code := run(rotations[address].Service, rotations[address].Prove, in.String()); code != want {
			t.Errorf("%s: prove %s: %d, want %d", address, v.User, code, want)
		}
	}
	works := func() {
		t.Helper()
		s.must(t, "api", "SELECT count(*) FROM entries")
		if r := s.post(t, "api", "/redis", "SET app:turn 1"); r.Status != 200 {
			t.Errorf("%+v", r)
		}
	}
	works()
	changed := s.changes(t)

	staged := turn(secrets.Stage)
	works()
	for _, a := range addresses {
		prove(a, staged.Valid(a).Current, 0)
		prove(a, staged.Valid(a).Next, 0)
	}
	turn(secrets.Promote)
	works() // with the old ones still
	s.engine.Compose(s.out, "up", "--detach", "--wait", "--no-deps", "--force-recreate", "api").Must(t)
	works()
	turn(secrets.Revoke)
	works()
	for _, a := range addresses {
		prove(a, staged.Valid(a).Current, 3)
		prove(a, staged.Valid(a).Next, 0)
	}
	s.up(t)
	if got := strings.Join(changed(t), " "); got != "api" {
		t.Errorf("started anew: %s", got)
	}
	// What the server is told of is also what it reads when it starts.
	s.engine.Compose(s.out, "restart", "db", "cache").Must(t)
	s.up(t)
	works()
	for _, a := range addresses {
		prove(a, staged.Valid(a).Current, 3)
		prove(a, staged.Valid(a).Next, 0)
	}
}
