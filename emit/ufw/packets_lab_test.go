//go:build lab

package ufw

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"
)

// Published ports are open and everything else of a container is closed, for
// IPv4 and IPv6, whatever the source, and after whatever reload or restart.
func TestContainerPorts(t *testing.T) {
	t.Parallel()
	h := newDocker(t)
	// Without our chain, with ufw on: the bypass that all this is about. If these
	// were closed, the rest of this test would prove nothing.
	h.run(t, "ufw allow 22/tcp && ufw --force enable")
	h.expect(t, "client", "control: ufw alone", map[string]bool{
		server + ":443": true, server + ":8443": true, server + ":9443": true, server + ":8080": true,
		managed + ":9000": true, foreign + ":8080": true, server + ":9100": false,
		v6port(server6, "8080"): true, v6port(managed6, "9000"): true,
	})
	h.run(t, "ufw --force disable")
	h.run(t, "iptables -I DOCKER-USER 1 -s 192.0.2.66/32 -m comment --comment mine -j DROP && ip6tables -A DOCKER-USER -s 2001:db8:66::/64 -j DROP")

	apply := h.applied(t, open22("shop", open("https", 443, "tcp", true, 4)))
	want := map[string]bool{
		server + ":22":    true,
		server + ":443":   true,  // published
		server + ":8443":  false, // another port that leads to the same container port
		server + ":9443":  false, // another container port
		server + ":8080":  false, // somebody else's container
		server + ":9100":  false, // a process of the host
		managed + ":8080": false, // direct routing
		managed + ":9000": false,
		foreign + ":8080": false,
	}
	both := maps.Clone(want)
	for address, reachable := range want {
		for v4, v6 := range map[string]string{server: server6, managed: managed6, foreign: foreign6} {
			if host, port, _ := strings.Cut(address, ":"); host == v4 {
				both[v6port(v6, port)] = reachable
			}
		}
	}
	matrix := func(when string) {
		t.Helper()
		h.expect(t, "client", when, both)
		h.expect(t, "neighbour", when+", private source", map[string]bool{
			private + ":22": true, private + ":443": true, private + ":8443": false, private + ":8080": false,
			managed + ":8080": false, foreign + ":9000": false,
		})
		// What containers need goes on: out, to each other's published ports, and answers.
		h.expect(t, "managed", when, map[string]bool{client + ":7000": true, v6port(client6, "7000"): true})
		for _, tool := range []string{"iptables", "ip6tables"} {
			rules, inbound, _ := strings.Cut(h.run(t, tool+" -S DOCKER-USER; echo; "+tool+" -S NSELF-IN"), "\n\n")
			rules += "\n"
			if n := strings.Count(rules, "-j NSELF\n"); n != 1 {
				t.Errorf("%s: %d jumps to NSELF:\n%s", when, n, rules)
			}
			if jump, mine := strings.Index(rules, "-j NSELF"), strings.Index(rules, "-j DROP"); mine < 0 && when != "after a boot" || jump < 0 {
				t.Errorf("%s: a rule of the user is gone:\n%s", when, rules)
			}
			if n := strings.Count(inbound, "ctorigdstport 443 "); n != 1 {
				t.Errorf("%s: the published port has %d rules", when, n)
			}
		}
	}
	h.serve(t, "client", ":7000")
	matrix("after --apply")
	h.run(t, "ufw reload && ufw reload")
	matrix("after two reloads")
	h.run(t, dockerStart)
	matrix("after a restart of Docker")
	h.run(t, "ufw reload")
	matrix("after a restart and a reload")
	// A boot: no rules at all, then ufw, then Docker.
	h.run(t, `for ipt in iptables ip6tables; do
$ipt -F; $ipt -X; $ipt -t nat -F; for c in INPUT OUTPUT FORWARD; do $ipt -P $c ACCEPT; done; done
/lib/ufw/ufw-init start`)
	h.run(t, dockerStart)
	matrix("after a boot")
	if out := h.run(t, apply+" --apply"); !strings.HasPrefix(out, "Nothing to change") {
		t.Errorf("--apply after a boot says:\n%s", out)
	}
}

// A source list holds for the published port, and a list of one family leaves
// the other closed.
func TestSources(t *testing.T) {
	t.Parallel()
	h := newDocker(t)
	h.applied(t, open22("shop",
		open("four", 443, "tcp", true, 4, client+"/32"),
		open("six", 8443, "tcp", true, 5, "2001:db8:1::/64"),
		open("host", 9100, "tcp", false, 6, "10.9.0.0/16"),
	))
	h.expect(t, "client", "sources", map[string]bool{
		server + ":443": true, v6port(server6, "443"): false,
		server + ":8443": false, v6port(server6, "8443"): true,
		server + ":9100": false, v6port(server6, "9100"): false,
	})
	h.expect(t, "neighbour", "sources", map[string]bool{private + ":443": false, private + ":9100": true})
}

// watch opens new ssh connections and keeps one up, from two families, while
// something is done; none may fail.
func (h *host) watch(t *testing.T, what string, during func()) {
	t.Helper()
	type probe struct {
		in  io.WriteCloser
		out *bufio.Reader
	}
	var probes []probe
	for _, address := range []string{server + ":22", v6port(server6, "22")} {
		cmd := h.role("client", "flow "+address)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		probes = append(probes, probe{in, h.start(t, cmd)})
	}
	during()
	time.Sleep(200 * time.Millisecond)
	for i, p := range probes {
		_ = p.in.Close()
		line, err := p.out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		var total, failed int
		if _, err := fmt.Sscan(line, &total, &failed); err != nil {
			t.Fatal(err)
		}
		if failed != 0 || total < 10 {
			t.Errorf("%s: probe %d: %d of %d connections to ssh failed", what, i, failed, total)
		}
	}
}

// ssh answers at every moment: new connections and one that is open.
func TestSSHStaysOpen(t *testing.T) {
	t.Parallel()
	h := newNetwork(t)
	h.serve(t, "", ":22", ":9100")
	apply := h.install(t, open22("shop", open("https", 443, "tcp", true, 4)))
	h.watch(t, "first apply", func() { h.run(t, apply+" --apply") })
	h.expect(t, "client", "applied", map[string]bool{server + ":9100": false, v6port(server6, "9100"): false})
	h.watch(t, "rollback", func() { h.run(t, apply+" --rollback") })
	h.expect(t, "client", "rolled back", map[string]bool{server + ":9100": true, v6port(server6, "9100"): true})
	h.run(t, apply+" --apply && "+apply+" --confirm")
	h.run(t, "ufw default allow incoming && ufw default allow routed && sed -i s/^IPV6=.*/IPV6=no/ /etc/default/ufw")
	h.watch(t, "apply that mends the policies", func() { h.run(t, apply+" --apply && "+apply+" --confirm") })
	h.expect(t, "client", "mended", map[string]bool{server + ":9100": false, v6port(server6, "9100"): false})
	h.watch(t, "remove", func() { h.run(t, apply+" --remove && "+apply+" --confirm") })

	// The control: a watch that cannot fail would prove nothing.
	if len(h.reached(t, "client", []string{server + ":9100"})) != 0 {
		t.Error("control: a closed port answers")
	}
}
