//go:build lab

package ufw

import (
	"strings"
	"testing"
)

// Two stacks share a host: each one's ports stay open, and neither one's removal
// closes ssh, or a port of the other, or opens what neither publishes.
func TestTwoStacks(t *testing.T) {
	t.Parallel()
	h := newDocker(t)
	shared := open("shared", 9100, "tcp", false, 6)
	shop := h.applied(t, open22("shop", open("https", 443, "tcp", true, 4), shared))
	blog := h.applied(t, open22("blog", open("https", 8443, "tcp", true, 4), shared))
	both := map[string]bool{
		server + ":22": true, server + ":443": true, server + ":8443": true, server + ":9100": true, server + ":9443": false,
		v6port(server6, "443"): true, v6port(server6, "8443"): true, v6port(server6, "9443"): false, managed + ":8080": false,
	}
	h.expect(t, "client", "two stacks", both)
	before := h.state(t)
	for _, apply := range []string{shop, blog, shop, blog} {
		if out := h.run(t, apply+" --apply"); !strings.HasPrefix(out, "Nothing to change") {
			t.Errorf("one stack undoes the other:\n%s", out)
		}
	}
	if diff := diffLines(before, h.state(t)); diff != "" {
		t.Error(diff)
	}
	h.run(t, "ufw reload && ufw reload")
	h.expect(t, "client", "two stacks, reloaded", both)
	// Only the stack that changed something may confirm or undo it.
	h.run(t, shop+" --remove")
	if out, code := h.try(t, blog+" --confirm"); code != 1 || !strings.Contains(out, "was of the stack shop") {
		t.Errorf("a foreign --confirm: exit %d: %s", code, out)
	}
	h.run(t, shop+" --confirm")
	h.expect(t, "client", "shop removed", map[string]bool{
		server + ":22": true, server + ":443": false, server + ":8443": true, server + ":9100": true, server + ":9443": false,
		v6port(server6, "22"): true, v6port(server6, "443"): false, v6port(server6, "8443"): true, v6port(server6, "9100"): true,
	})
	if out := h.run(t, "ufw show added; cat /etc/ufw/after.rules"); strings.Contains(out, "nself:shop") {
		t.Errorf("something of shop is left:\n%s", out)
	}
	if out := h.run(t, blog+" --check"); !strings.Contains(out, "in force") {
		t.Errorf("blog is disturbed:\n%s", out)
	}
	h.run(t, blog+" --remove && "+blog+" --confirm")
	h.expect(t, "client", "both removed", map[string]bool{server + ":22": true, server + ":9100": false, server + ":9443": true})
	if out := h.run(t, "iptables -S; ip6tables -S; cat /etc/ufw/after*"); strings.Contains(out, "NSELF") {
		t.Errorf("something is left:\n%s", out)
	}
}

// A service that is gone from the stack takes its rules along; what others wrote stays.
func TestStaleAndForeignRules(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.run(t, `ufw allow 25/tcp comment 'mail of mine' && ufw allow proto tcp from 192.0.2.0/24 to any port 5432 && ufw allow 9100/tcp &&
printf '\n# mine\n*nat\n:MINE - [0:0]\nCOMMIT' >>/etc/ufw/after.rules
iptables -N DOCKER-USER; iptables -A DOCKER-USER -s 192.0.2.9/32 -m comment --comment "fail2ban" -j DROP`)
	foreign := h.run(t, "cat /etc/ufw/after.rules; ufw show added | grep -v nself:; iptables -S DOCKER-USER")
	h.applied(t, open22("shop", open("https", 443, "tcp", true, 4), open("metrics", 9100, "tcp", false, 5), open("game", 27015, "udp", false, 6)))
	// our rule for 9100 is the user's own already: it is not taken over
	if out := h.run(t, "ufw show added"); !strings.Contains(out, "ufw allow 9100/tcp\n") || !strings.Contains(out, "nself:shop:game") {
		t.Errorf("rules:\n%s", out)
	}
	apply := h.install(t, open22("shop", open("https", 443, "tcp", true, 4, "198.51.100.0/24")))
	h.run(t, apply+" --apply && "+apply+" --confirm")
	rules := h.run(t, "ufw show added; cat /etc/ufw/after.rules /etc/ufw/after6.rules; iptables -S; ip6tables -S")
	for _, gone := range []string{"nself:shop:game", "nself:shop:metrics", "27015", "::/0 nself:shop:https"} {
		if strings.Contains(rules, gone) {
			t.Errorf("%s is left:\n%s", gone, rules)
		}
	}
	if n := strings.Count(rules, "ufw allow from 198.51.100.0/24 to any port 443 proto tcp comment 'nself:shop:https'"); n != 1 {
		t.Errorf("the narrowed rule stands %d times:\n%s", n, rules)
	}
	h.run(t, apply+" --remove && "+apply+" --confirm && ufw delete allow proto tcp from 0.0.0.0/0 to any port 22 && ufw delete allow proto tcp from ::/0 to any port 22")
	// the newline that the file of the user lacked at its end is all that stays
	if got := h.run(t, "cat /etc/ufw/after.rules; ufw show added | grep -v nself:; iptables -S DOCKER-USER"); strings.ReplaceAll(got, "\n", "") != strings.ReplaceAll(foreign, "\n", "") {
		t.Errorf("foreign text is changed:\n%s", diffLines(foreign, got))
	}
}

// A change of the declared port moves ssh's rule, opens before it closes, and
// never takes over a rule of the user.
func TestMovedSSH(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.run(t, "ufw allow 22/tcp comment 'by hand'")
	h.applied(t, plain())
	if out := h.run(t, "ufw show added"); !strings.Contains(out, "ufw allow 22/tcp comment 'by hand'") {
		t.Errorf("the user's rule was taken over:\n%s", out)
	}
	h.sshd(t, 22, 2222)
	moved := plain()
	moved.Firewall.SSH.Port = value(2222, 2)
	h.applied(t, moved)
	if out := h.run(t, "ufw show added"); !strings.Contains(out, "ufw limit 2222/tcp comment 'nself:shop:ssh'") || strings.Contains(out, "limit 22/tcp") {
		t.Errorf("rules:\n%s", out)
	}
}

// The block of a newer release stays when an older one applies after it.
func TestNewerBlockStays(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	apply := h.applied(t, plain())
	h.run(t, `sed -i -e 's/^# BEGIN NSELF 1 /# BEGIN NSELF 2 /' -e 's/^\*filter$/&\n# a line of the newer layout/' /etc/ufw/after.rules`)
	if out := h.run(t, apply+" --apply"); !strings.HasPrefix(out, "Nothing to change") {
		t.Errorf("an older release changes a newer layout:\n%s", out)
	}
}

// The same through the other iptables, that of legacy tables.
func TestLegacyTables(t *testing.T) {
	t.Parallel()
	need(t, "iptables-legacy")
	h := newHost(t)
	h.run(t, `set -e
cp -a /etc/alternatives /run/alternatives
for f in iptables ip6tables; do for s in "" -save -restore; do ln -sf /usr/sbin/${f}-legacy$s /run/alternatives/$f$s; done; done
mount --bind /run/alternatives /etc/alternatives
iptables -V | grep -q legacy`)
	before := h.state(t)
	apply := h.install(t, plain())
	h.run(t, apply+" --apply --timeout 60")
	if out := h.run(t, "iptables-legacy -S; ip6tables-legacy -S"); strings.Count(out, "-A DOCKER-USER -j NSELF\n") != 2 {
		t.Errorf("rules:\n%s", out)
	}
	if out := h.run(t, apply+" --apply"); !strings.HasPrefix(out, "Nothing to change") {
		t.Errorf("second apply:\n%s", out)
	}
	h.run(t, apply+" --rollback")
	if diff := diffLines(before, h.state(t)); diff != "" {
		t.Errorf("rollback:\n%s", diff)
	}
}

// Every form of a source comes out as ufw itself spells it: a second apply finds
// its own rules again.
func TestRichAgain(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.sshd(t, 2222)
	s := rich()
	s.Firewall.SSH.From = sources(3, "203.0.113.9/24", "198.51.100.7", "192.0.2.0/31", "10.0.0.0/8", "2001:DB8:0:0:1::/80", "fe80::/10", "2001:db8::", "2001:0:0:1:0:0:0:1", "::1", "0.0.0.0/0", "::/0", "::/1")
	apply := h.applied(t, s)
	before := h.state(t)
	if out := h.run(t, apply+" --apply"); !strings.Contains(out, "Nothing to change") {
		t.Errorf("second apply:\n%s", out)
	}
	if diff := diffLines(before, h.state(t)); diff != "" {
		t.Error(diff)
	}
	if out, code := h.try(t, "ufw --dry-run reload && iptables-save | iptables-restore --test"); code != 0 {
		t.Errorf("exit %d: %s", code, out)
	}
}

// Rules that the kernel lost, though ufw's files have them, are noticed and come back.
func TestDriftOfTheKernel(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	apply := h.applied(t, open22("shop", open("https", 443, "tcp", true, 4)))
	want := h.run(t, "iptables -S; ip6tables -S")
	const chain = "bring the chain NSELF in the kernel in line with the block "
	for loss, plan := range map[string][]string{
		"ip6tables -D ufw6-user-input -p tcp -m tcp --dport 443 -j ACCEPT": {"reload ufw: the kernel lacks rules that ufw's files have (ip6tables)"},
		// the chains of the two families are judged apart
		"iptables -D DOCKER-USER -j NSELF; ip6tables -I NSELF-IN 1 -j RETURN": {chain + "(iptables)", chain + "(ip6tables)"},
		"iptables -D NSELF-IN 5; ip6tables -F NSELF":                          {chain + "(iptables)", chain + "(ip6tables)"},
	} {
		h.run(t, loss)
		if out, code := h.try(t, apply+" --check"); code != 2 || out != "The host is ready. --apply would:\n  "+strings.Join(plan, "\n  ")+"\n" {
			t.Errorf("%s: --check ends with %d:\n%s", loss, code, out)
		}
		h.run(t, apply+" --apply && "+apply+" --confirm")
		if diff := diffLines(want, h.run(t, "iptables -S; ip6tables -S")); diff != "" {
			t.Errorf("%s:\n%s", loss, diff)
		}
	}
}
