//go:build lab && linux

package rotation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/internal/build"
	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
)

// onHost runs docker commands on the lab's host.
func onHost(e *lab.Engine) func(cmd *exec.Cmd, stdout, stderr io.Writer) error {
	return func(cmd *exec.Cmd, stdout, stderr io.Writer) error {
		r := e.HostRun(lab.Command{Args: cmd.Args, Dir: cmd.Dir, Stdin: cmd.Stdin})
		_, _ = io.WriteString(stdout, r.Stdout)
		_, _ = io.WriteString(stderr, r.Stderr)
		if r.OK() {
			return nil
		}
		return status(r.Code)
	}
}

type status int

func (s status) Error() string { return fmt.Sprint("exit status ", int(s)) }
func (s status) ExitCode() int { return int(s) }

// TestExchange replaces services one after the other, and all at once, under a load
// of requests that write and read. Not one of them may fail.
func TestExchange(t *testing.T) {
	engine := lab.Start(t, lab.Options{Images: map[string]string{"postgres:17.6": "postgres:17", "redis:8.2.1": "redis:8.2"}})
	engine.RequireMachines(t)
	dir := t.TempDir()
	text, err := os.ReadFile("../../examples/shop/nself.hcl")
	if err != nil {
		t.Fatal(err)
	}
	trial, err := os.ReadFile("../e2e/testdata/lab.hcl")
	if err != nil {
		t.Fatal(err)
	}
	stack := strings.Replace(string(text), "      requests = 100\n      window   = \"60s\"\n", "      off = true\n", 1)
	for name, text := range map[string]string{"nself.hcl": stack, "lab.hcl": string(trial)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	opts := build.Options{Env: "dev"}
	c, diags := build.Compile(t.Context(), dir, opts)
	_, more := c.Write(t.Context(), build.WriteOptions{Options: opts, Version: "0.0.0-test", Now: time.Now()})
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	out := filepath.Join(dir, "out/dev")
	engine.Compose(out, "up", "--detach", "--wait", "--wait-timeout", "120").Must(t)

	request := attack.Request{URL: "https://api.shop.localhost", Connect: "127.0.0.1:443", CA: filepath.Join(out, ".secrets.d/ingress/ca.crt")}
	migrate := request
	migrate.URL, migrate.Method = "https://migrator.shop.localhost/migrate", "POST"
	if r := lab.Place(engine.Host).HTTP(t, migrate); r.Status != 200 {
		t.Fatal(r)
	}
	stop := filepath.Join(t.TempDir(), "stop")
	load, _ := json.Marshal(attack.Load{Request: request, Clients: 8, PauseMS: 10, Stop: stop})
	ended := make(chan lab.Result)
	go func() {
		ended <- engine.HostRun(lab.Command{Args: []string{"/opt/probe/probe", "load", string(load)}, Timeout: 10 * time.Minute})
	}()
	time.Sleep(time.Second)

	s := c.Environments[0].Stack
	docker := Docker{Dir: out, Project: s.Project, Run: onHost(engine)}
	all := []string{"api", "migrator", "reporter", "loner", "inner", "worker", "caller"}
	for _, services := range [][]string{{"api"}, {"api", "loner"}, all, all} {
		begun := time.Now()
		before, err := docker.Containers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		old := map[string]bool{}
		for _, c := range before {
			if slices.Contains(services, c.Service) {
				old[c.ID] = true
			}
		}
		r := &replacement{
			engine: docker, stack: s, old: old, now: time.Now,
			say:   func(format string, args ...any) { t.Logf(format, args...) },
			sleep: func(ctx context.Context, d time.Duration) error { time.Sleep(d); return ctx.Err() },
		}
		if err := r.run(t.Context(), services); err != nil {
			t.Error(err)
		}
		t.Logf("%v took %v", services, time.Since(begun))
		after, err := docker.Containers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, c := range after {
			count[c.Service]++
			if old[c.ID] || !c.well() {
				t.Errorf("%s is still there, or not well: %+v", c.Name, c)
			}
		}
		if len(count) != len(s.Services) || slices.Max(slices.Collect(maps.Values(count))) != 1 {
			t.Errorf("containers: %v", count)
		}
	}
	if err := os.WriteFile(stop, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var done attack.Done
	r := <-ended
	if err := json.Unmarshal([]byte(r.Stdout), &done); err != nil {
		t.Fatal(err, r)
	}
	t.Logf("%+v", done)
	if done.Failed > 0 || done.Requests < 1000 {
		t.Errorf("of %d requests %d failed: %s", done.Requests, done.Failed, done.First)
	}
	// Compose takes what is there for what it would have made.
	containers := func() string {
		all, err := docker.Containers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		for _, c := range all {
			b.WriteString(c.Name + c.ID + "\n")
		}
		return b.String()
	}
	before := containers()
	engine.Compose(out, "up", "--detach", "--wait", "--wait-timeout", "120").Must(t)
	if after := containers(); after != before {
		t.Errorf("up recreated containers:\n%s%s", before, after)
	}
}
