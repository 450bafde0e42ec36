package rotation

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// TestConnections counts real connections as the kernel lists them.
func TestConnections(t *testing.T) {
	count := func(address string) int {
		text, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			t.Skip(err)
		}
		n, err := countConnections(string(text), address)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const address = "127.77.1.9" // of this machine, and of nobody else here
	if n := count(address); n != 0 {
		t.Fatalf("%d connections to begin with", n)
	}
	l, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	var open []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	if n := count(address); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
	for _, c := range open {
		c.Close()
	}
	if n := count(address); n != 0 {
		t.Errorf("%d connections after they were closed", n)
	}
	if _, err := countConnections("", "fd00::1"); err == nil {
		t.Error("an address of IPv6 is taken")
	}
}

// TestDocker looks at what docker is called with: values come on standard input alone,
// and what it says at the end is in the error.
func TestDocker(t *testing.T) {
	var calls []string
	var stdin string
	d := Docker{Dir: "/srv/out", Project: "shop", Run: func(cmd *exec.Cmd, stdout, stderr io.Writer) error {
		calls = append(calls, strings.Join(cmd.Args, " "))
		if cmd.Dir != "/srv/out" || cmd.SysProcAttr == nil || !cmd.SysProcAttr.Setpgid {
			t.Errorf("%v runs in %q, in the group of the terminal", cmd.Args, cmd.Dir)
		}
		if cmd.Stdin != nil {
			b, _ := io.ReadAll(cmd.Stdin)
			stdin += string(b)
		}
		if slices.Contains(cmd.Args, "prove") {
			fmt.Fprint(stderr, "one\ntwo\nthree\nfour\n")
			return exitStatus(3)
		}
		return nil
	}}
	ctx := context.Background()
	code, err := d.Exec(ctx, "c1", []string{"prove"}, strings.NewReader("app\nvalue\n"))
	if code != refused || err == nil || err.Error() != "docker exec: two\nthree\nfour" {
		t.Errorf("%d %v", code, err)
	}
	if stdin != "app\nvalue\n" {
		t.Errorf("standard input was %q", stdin)
	}
	c := Container{ID: "c2", Name: "shop-api-2"}
	for _, err := range []error{
		d.Create(ctx, map[string]int{"web": 4, "api": 2}), d.Attach(ctx, c, "api", []string{"api", "a.api"}),
		d.Detach(ctx, c, "api"), d.Remove(ctx, "c2"), d.Unmark(ctx, "c3", "/tmp/x", "/tmp/y"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{
		"docker exec --interactive c1 prove",
		"docker compose --project-directory . --ansi=never --progress=plain up --no-start --no-recreate --no-build --pull=never --scale api=2 --scale web=4",
		"docker network connect --alias api --alias a.api shop_api c2", "docker network disconnect shop_api c2",
		"docker stop c2", "docker rm --force c2", "docker exec c3 rm -f /tmp/x /tmp/y",
	}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Error(diff)
	}
}

type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprint("exit status ", int(s)) }
func (s exitStatus) ExitCode() int { return int(s) }

// TestContainers reads what docker inspect says, and quotes none of it when it is not JSON.
func TestContainers(t *testing.T) {
	got, err := readContainers([]byte(`[{"Id": "b", "Name": "/shop-api-2", "State": {"Running": true, "Health": {"Status": "starting"}},
		"Config": {"Env": ["X=y"], "Labels": {"com.docker.compose.service": "api", "com.docker.compose.container-number": "2"}},
		"NetworkSettings": {"Networks": {"shop_api": {"IPAddress": "10.1.2.3", "Aliases": ["api", "a.api"]}}}},
		{"Id": "a", "Name": "/shop-api-1", "State": {"Running": false, "ExitCode": 7, "Health": {"Status": "none"}},
		"Config": {"Labels": {"com.docker.compose.service": "api", "com.docker.compose.container-number": "1"}}}]`), "shop")
	if err != nil {
		t.Fatal(err)
	}
	want := []Container{
		{ID: "a", Name: "shop-api-1", Service: "api", Number: 1, ExitCode: 7, Networks: map[string]Endpoint{}},
		{ID: "b", Name: "shop-api-2", Service: "api", Number: 2, Running: true, Health: "starting", Networks: map[string]Endpoint{"api": {Address: "10.1.2.3", Aliases: []string{"api", "a.api"}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := readContainers([]byte("PASSWORD=x"), "shop"); err == nil || strings.Contains(err.Error(), "PASSWORD") {
		t.Error(err)
	}
}

// TestBatches divides the work by what the host has left.
func TestBatches(t *testing.T) {
	stack, _ := full()
	api, web := find(stack, "api"), find(stack, "web")
	old := map[string]int{"api": 1, "web": 3}
	describe := func(groups [][]batch) (out []string) {
		for _, g := range groups {
			var words []string
			for _, b := range g {
				words = append(words, fmt.Sprintf("%s %d %v", b.service.Name, b.count, b.whole))
			}
			out = append(out, strings.Join(words, ", "))
		}
		return out
	}
	declared := int64(9 << 20) // six services, one of them three times, and the ingress
	for _, tc := range []struct {
		memory int64
		subnet string
		want   []string
	}{
		{1 << 30, "10.0.0.0/28", []string{"api 1 true, web 3 true"}},
		{declared + 4<<20, "10.0.0.0/28", []string{"api 1 true, web 3 true"}},
		{declared + 3<<20, "10.0.0.0/28", []string{"api 1 true", "web 3 true"}},
		{declared + 2<<20, "10.0.0.0/28", []string{"api 1 true", "web 1 false", "web 1 false", "web 1 false"}},
		{0, "10.0.0.0/28", []string{"api 1 true", "web 1 false", "web 1 false", "web 1 false"}},
		{1 << 30, "10.0.0.0/29", []string{"api 1 true", "web 1 false", "web 1 false", "web 1 false"}}, // five addresses, of which four are taken
	} {
		for _, n := range stack.Networks {
			n.Subnet = tc.subnet
		}
		if diff := cmp.Diff(tc.want, describe(batches(stack, []*ir.Service{api, web}, old, tc.memory))); diff != "" {
			t.Errorf("%d bytes, %s: %s", tc.memory, tc.subnet, diff)
		}
	}
}

// TestManners says which services may run twice.
func TestManners(t *testing.T) {
	stack, _ := full()
	yes := source.At(true, at(1).Range)
	with := func(change func(*ir.Service)) *ir.Service {
		s := *find(stack, "api")
		change(&s)
		return &s
	}
	for name, tc := range map[string]struct {
		service *ir.Service
		want    manner
	}{
		"a service that is called":     {find(stack, "api"), exchanged},
		"a worker that nobody calls":   {find(stack, "worker"), recreated},
		"a store":                      {find(stack, "db"), recreated},
		"the ingress":                  {find(stack, "ingress"), recreated},
		"a job":                        {with(func(s *ir.Service) { s.Job = true }), awaited},
		"one that publishes a port":    {with(func(s *ir.Service) { s.Publish = []ir.Publish{{}} }), recreated},
		"one that writes a volume":     {with(func(s *ir.Service) { s.Volumes = []ir.VolumeMount{{Volume: "data"}} }), recreated},
		"one that only reads a volume": {with(func(s *ir.Service) { s.Volumes = []ir.VolumeMount{{Volume: "data", ReadOnly: yes}} }), exchanged},
	} {
		if got := mannerOf(stack, tc.service); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}
