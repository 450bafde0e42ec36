//go:build lab && linux

package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/internal/lab"
	"nselfc/internal/lab/attack"
)

// testFirewall brings the emitted rules onto the host, with real packets as the
// judge: before, after, after a reload, and after the engine was restarted.
func (s *shop) testFirewall(t *testing.T) {
	// What an operator's hand has left open, and the rules must close: a port
	// that Docker publishes past ufw, and a process of the host.
	s.engine.Docker("run", "--detach", "--name", "stray", "--publish", "9000:8080", "ghcr.io/acme/api:1.4.2", "serve").Must(t)
	defer s.engine.Docker("rm", "--force", "stray")
	s.engine.Host("sh", "-c", "/opt/probe/probe internet 127.0.0.1:5399 :8090 >/dev/null 2>&1 &").Must(t)
	for try := 0; !lab.Place(s.engine.Host).Connect(t, "127.0.0.1:8090").Open; try++ {
		if try == 50 {
			t.Fatal("the process of the host does not listen")
		}
		time.Sleep(100 * time.Millisecond)
	}
	gateway := s.gateway(t)
	open := func(t *testing.T) {
		t.Helper()
		scan(t, s.client, lab.HostIPv4, 22, 80, 443, 8090, 9000)
		if d := s.beside("loner").Connect(t, gateway+":8090"); !d.Open {
			t.Errorf("the control, a process of the host, is not reached from a container: %+v", d)
		}
	}
	open(t)
	t.Run("rollback", func(t *testing.T) { s.testRollback(t, open) })

	s.firewall(t, "--apply").Must(t)
	s.firewall(t, "--confirm").Must(t)
	closed := func(when string) {
		t.Helper()
		t.Run(when, func(t *testing.T) {
			for _, port := range []string{":8090", ":9000"} { // again, with more patience than a scan has
				if s.client.Connect(t, lab.HostIPv4+port).Open {
					t.Errorf("%s is open", port)
				}
			}
			scan(t, s.client, lab.HostIPv4, 22, 80, 443)
			scan(t, s.client, lab.HostIPv6, 80, 443) // ssh is declared for one IPv6 network, which the client is not in
			if r := s.get(t, "loner"); r.Status != 200 {
				t.Errorf("the shop does not answer: %+v", r)
			}
			if d := s.beside("loner").Connect(t, gateway+":8090"); d.Open {
				t.Error("a container reaches a process of the host through its network's gateway")
			}
			if d := s.beside("caller").Connect(t, lab.ClientIPv4+":80"); !d.Open {
				t.Errorf("a service with egress does not reach the internet: %+v", d)
			}
		})
	}
	closed("applied")
	t.Run("other sources", s.testSources)
	if r := s.firewall(t, "--apply"); !r.OK() || !strings.Contains(r.Stdout, "Nothing to change") {
		t.Errorf("second apply: %s", r)
	}
	s.engine.Host("ufw", "reload").Must(t)
	closed("reloaded")
	if err := s.engine.Restart(); err != nil {
		t.Fatal(err)
	}
	s.engine.Docker("start", "stray").Must(t)
	s.settle(t)
	closed("engine restarted")
	s.firewall(t, "--check").Must(t)
	if out := s.engine.Host("ufw", "status", "verbose").Must(t); !strings.Contains(out, "deny (incoming)") {
		t.Errorf("ufw: %s", out)
	}
}

// firewall runs the emitted script.
func (s *shop) firewall(t *testing.T, args ...string) lab.Result {
	t.Helper()
	return s.engine.HostRun(lab.Command{Args: append([]string{s.out + "/ufw/apply.sh"}, args...), Dir: s.out})
}

// gateway gives the host's own address on the network of a service that has no
// way out: the address of the bridge, which an internal network has too.
func (s *shop) gateway(t *testing.T) string {
	t.Helper()
	bridge := s.engine.Docker("network", "inspect", "--format", `{{index .Options "com.docker.network.bridge.name"}}`, s.project+"_loner").Must(t)
	out := s.engine.Host("ip", "-4", "-oneline", "addr", "show", "dev", strings.TrimSpace(bridge)).Must(t)
	_, rest, _ := strings.Cut(out, " inet ")
	gateway, _, found := strings.Cut(rest, "/")
	if !found {
		t.Fatalf("the bridge of loner has %q", out)
	}
	return gateway
}

// settle waits for the stack to become healthy by itself, as it must after an
// update of the engine or a power cut, when nobody is there.
func (s *shop) settle(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for {
		sick := ""
		for _, c := range s.engine.Containers(t, s.project) {
			if c.State != "running" || c.Health != "healthy" {
				sick += fmt.Sprintf(" %s is %s %s;", c.Name, c.State, c.Health)
			}
		}
		if sick == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not healthy by itself after a restart of the engine:%s", sick)
		}
		time.Sleep(time.Second)
	}
}

// testRollback applies the rules and confirms nothing: what was must come back.
func (s *shop) testRollback(t *testing.T, open func(*testing.T)) {
	const timeout = 20 * time.Second // a busy machine takes more than ten to apply
	before := s.filters(t)
	armed := time.Now()
	s.firewall(t, "--apply", "--timeout", strconv.Itoa(int(timeout.Seconds()))).Must(t)
	if d := s.client.Connect(t, lab.HostIPv4+":9000"); d.Open {
		t.Error("the rules are not in force before the confirmation")
	}
	if cmp.Equal(before, s.filters(t)) {
		t.Error("the control: no rule has changed")
	}
	for time.Since(armed) < timeout+30*time.Second && !s.client.Connect(t, lab.HostIPv4+":9000").Open {
		time.Sleep(500 * time.Millisecond)
	}
	if took := time.Since(armed); took < timeout {
		t.Errorf("rolled back after %v already", took)
	}
	open(t)
	if diff := cmp.Diff(before, s.filters(t)); diff != "" {
		t.Errorf("the rollback left something:\n%s", diff)
	}
	if r := s.firewall(t, "--confirm"); r.OK() || !strings.Contains(r.Stderr, "too late") {
		t.Errorf("a confirmation after the rollback: %s", r)
	}
}

// filters gives what decides about packets: the rules of both families, and
// what ufw would load at the next boot.
func (s *shop) filters(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, command := range []string{"iptables -S", "ip6tables -S", "ufw status verbose", "cd /etc/ufw && sha256sum *.rules ufw.conf ../default/ufw"} {
		out[command] = s.engine.Host("sh", "-c", command).Must(t)
	}
	return out
}

// testSources gives the client further addresses and speaks from them: one of
// the IPv6 network that ssh is declared for, and a private one, which careless
// rules trust.
func (s *shop) testSources(t *testing.T) {
	t.Run("IPv6 of the ssh network", func(t *testing.T) {
		defer s.speak(t, "-6", "2001:db8:100::20/64", lab.HostIPv6)()
		scan(t, s.client, lab.HostIPv6, 22, 80, 443)
	})
	t.Run("private IPv4", func(t *testing.T) {
		defer s.speak(t, "-4", "10.77.0.20/24", lab.HostIPv4)()
		scan(t, s.client, lab.HostIPv4, 80, 443)
		for _, address := range s.addresses(t, "api", "cache", "ingress", "main") {
			got := s.client.Scan(t, attack.Scan{Host: address, From: 5000, To: 9000, TimeoutMS: 500})
			if len(got.Open) > 0 {
				t.Errorf("%v answer at a container's own address %s", got.Open, address)
			}
		}
	})
}

// speak gives the client a further address, from which it speaks to the host
// until undo is called.
func (s *shop) speak(t *testing.T, family, address, host string) (undo func()) {
	t.Helper()
	source, _, _ := strings.Cut(address, "/")
	add := []string{"ip", family, "addr", "replace", address, "dev", "eth0"}
	if family == "-6" {
		add = append(add, "nodad") // or it is no source yet
	}
	s.engine.Client(add...).Must(t)
	s.engine.Client("ip", family, "route", "replace", host, "dev", "eth0", "src", source).Must(t)
	return func() { s.engine.Client("ip", family, "route", "del", host, "dev", "eth0", "src", source).Must(t) }
}

// addresses gives those of the services' containers, on every network.
func (s *shop) addresses(t *testing.T, services ...string) []string {
	t.Helper()
	var out []string
	for _, name := range services {
		ips := s.engine.Docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", s.container(t, name).Name).Must(t)
		out = append(out, strings.Fields(ips)...)
	}
	return out
}
