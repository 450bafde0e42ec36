//go:build lab

package ufw

import (
	"strings"
	"testing"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// The addresses of the lab. The client is on the internet, the neighbour has a
// private address, the server is the host.
const (
	server, server6   = "203.0.113.1", "2001:db8:1::1"
	client, client6   = "203.0.113.2", "2001:db8:1::2"
	private           = "10.9.0.1"
	managed, managed6 = "172.30.0.2", "2001:db8:30::2" // a container of the stack, behind the bridge nself-edge
	foreign, foreign6 = "172.17.0.2", "2001:db8:17::2" // somebody else's, behind docker0
)

// open22 is plain without the limit, which a probe of many connections would trip.
func open22(project string, ports ...ir.OpenPort) *ir.Stack {
	return &ir.Stack{Project: project, Firewall: &ir.Firewall{
		Origin: source.Origin{Range: at(1)}, SSH: ir.SSH{Port: value(22, 2)}, Open: ports,
	}}
}

// newNetwork gives a host with a client on the internet and one with a private address.
func newNetwork(t *testing.T) *host {
	t.Helper()
	h := newHost(t)
	h.namespace(t, "client")
	h.namespace(t, "neighbour")
	h.run(t, `set -e
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip addr add 203.0.113.1/24 dev client; ip addr add 2001:db8:1::1/64 dev client nodad
ip addr add 10.9.0.1/24 dev neighbour
n() { ip netns exec "$@"; }
n client ip addr add 203.0.113.2/24 dev eth0; n client ip addr add 2001:db8:1::2/64 dev eth0 nodad
n client ip route add default via 203.0.113.1; n client ip -6 route add default via 2001:db8:1::1
n neighbour ip addr add 10.9.0.2/24 dev eth0; n neighbour ip route add default via 10.9.0.1`)
	return h
}

// dockerStart does to the firewall what the Docker daemon does when it starts
// (moby, libnetwork setupUserChain and the bridge driver): keep DOCKER-USER if it
// is there, append RETURN to it once, and put the jump to it in front of
// everything; then accept what goes to the published container ports.
const dockerStart = `set -e
for ipt in iptables ip6tables; do
	$ipt -N DOCKER-USER 2>/dev/null || :
	$ipt -C DOCKER-USER -j RETURN 2>/dev/null || $ipt -A DOCKER-USER -j RETURN
	$ipt -N DOCKER 2>/dev/null || $ipt -F DOCKER
	while $ipt -D FORWARD -j DOCKER 2>/dev/null; do :; done
	for bridge in docker0 nself-edge; do
		while $ipt -D FORWARD -i $bridge -j ACCEPT 2>/dev/null; do :; done
		$ipt -I FORWARD -i $bridge -j ACCEPT
		$ipt -A DOCKER -o $bridge -p tcp --dport 8080 -j ACCEPT
		$ipt -A DOCKER -o $bridge -p tcp --dport 9000 -j ACCEPT
	done
	$ipt -A DOCKER -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	$ipt -I FORWARD -j DOCKER
	while $ipt -D FORWARD -j DOCKER-USER 2>/dev/null; do :; done
	$ipt -I FORWARD -j DOCKER-USER
	$ipt -t nat -F PREROUTING
done
dnat() {
	iptables -t nat -A PREROUTING -p tcp -m addrtype --dst-type LOCAL --dport $1 -j DNAT --to-destination $2:$4
	ip6tables -t nat -A PREROUTING -p tcp -m addrtype --dst-type LOCAL --dport $1 -j DNAT --to-destination "[$3]:$4"
}
dnat 443 172.30.0.2 2001:db8:30::2 8080
dnat 8443 172.30.0.2 2001:db8:30::2 8080
dnat 9443 172.30.0.2 2001:db8:30::2 9000
dnat 8080 172.17.0.2 2001:db8:17::2 8080`

// newDocker is newNetwork with two containers and what Docker does to the firewall.
func newDocker(t *testing.T) *host {
	t.Helper()
	h := newNetwork(t)
	for name, bridge := range map[string]string{"managed": "nself-edge 172.30.0 2001:db8:30:", "foreign": "docker0 172.17.0 2001:db8:17:"} {
		h.namespace(t, name)
		h.run(t, `set -e; set -- `+bridge+` `+name+`
ip link add $1 type bridge; ip link set $1 up; ip link set $4 master $1
ip addr add $2.1/24 dev $1; ip addr add $3:1/64 dev $1 nodad
ip netns exec $4 ip addr add $2.2/24 dev eth0; ip netns exec $4 ip addr add $3:2/64 dev eth0 nodad
ip netns exec $4 ip route add default via $2.1; ip netns exec $4 ip -6 route add default via $3:1`)
		h.serve(t, name, ":8080", ":9000")
	}
	h.serve(t, "", ":22", ":9100")
	h.run(t, dockerStart)
	// Neighbour discovery takes its time on a new bridge.
	addresses := []string{server + ":8080", server + ":443", v6port(server6, "8080"), v6port(server6, "443")}
	for try := 0; ; try++ {
		reached := h.reached(t, "client", addresses)
		if len(reached) == len(addresses) {
			break
		}
		if try == 10 {
			t.Fatalf("without a firewall, only %v of %v answer", reached, addresses)
		}
	}
	return h
}

func v6port(address, port string) string { return "[" + address + "]:" + port }

// applied installs a stack, applies and confirms it.
func (h *host) applied(t *testing.T, s *ir.Stack) (apply string) {
	t.Helper()
	apply = h.install(t, s)
	h.run(t, apply+" --apply && "+apply+" --confirm")
	return apply
}

// unchanged runs a command that must be refused with a reason and leave everything as it is.
func (h *host) unchanged(t *testing.T, script, reason string) {
	t.Helper()
	before := h.state(t)
	out, code := h.try(t, script)
	if code != 1 || !strings.Contains(out, reason) {
		t.Errorf("%s: exit %d, want 1 and %q:\n%s", script, code, reason, out)
	}
	if after := h.state(t); after != before {
		t.Errorf("%s: refused, but changed something:\n%s", script, diffLines(before, after))
	}
	if h.pending() {
		t.Errorf("%s: a rollback is still pending", script)
	}
}

// diffLines shows the lines that two states do not share.
func diffLines(a, b string) string {
	var out strings.Builder
	for sign, texts := range map[string][2]string{"-": {a, b}, "+": {b, a}} {
		for line := range strings.SplitSeq(texts[0], "\n") {
			if !strings.Contains("\n"+texts[1]+"\n", "\n"+line+"\n") {
				out.WriteString(sign + " " + line + "\n")
			}
		}
	}
	return out.String()
}
