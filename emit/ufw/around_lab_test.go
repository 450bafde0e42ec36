//go:build lab

package ufw

import (
	"strings"
	"testing"
)

// --check says when something in front of the rules decides before them: without
// that, "in force" would be believed of a host that is open.
func TestAround(t *testing.T) {
	t.Parallel()
	const allowed = "iptables -N DOCKER; iptables -A FORWARD -o docker0 -j DOCKER; iptables -I FORWARD -j DOCKER-USER; "
	tests := []struct {
		name, prepare, want string
		code                int
	}{
		{"nothing", "true", "is in force", 0},
		{"all comes in", "iptables -I INPUT -j ACCEPT", `"-A INPUT -j ACCEPT". Delete it (iptables -D INPUT -j ACCEPT)`, 1},
		{"all comes in by IPv6", "ip6tables -I INPUT -j ACCEPT", "this rule of ip6tables lets everything in", 1},
		{"something comes in", "iptables -I INPUT -p tcp --dport 5432 -j ACCEPT", "(iptables): -A INPUT -p tcp -m tcp --dport 5432 -j ACCEPT", 0},
		{"behind ufw", "iptables -A INPUT -j ACCEPT", "", 0},
		{"loopback and answers", "iptables -I INPUT -i lo -j ACCEPT; iptables -I INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables -I INPUT -p icmp -j ACCEPT", "", 0},
		{"new connections too", "iptables -I INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT", "--ctstate NEW,ESTABLISHED -j ACCEPT", 0},
		{"a tunnel", allowed + "iptables -I FORWARD -i wg0 -j ACCEPT", "(iptables): -A FORWARD -i wg0 -j ACCEPT", 0},
		{"DOCKER-USER left by all", "iptables -I DOCKER-USER -j RETURN", `"-A DOCKER-USER -j RETURN"`, 1},
		{"DOCKER-USER left by some", "iptables -I DOCKER-USER -s 192.0.2.0/24 -j ACCEPT", "-A DOCKER-USER -s 192.0.2.0/24 -j ACCEPT", 0},
		{"a block list of the user", "iptables -I DOCKER-USER -s 192.0.2.0/24 -j DROP", "", 0},
		{"no way to DOCKER-USER", allowed + "iptables -D FORWARD -j DOCKER-USER", `past DOCKER-USER: "-A FORWARD -o docker0 -j DOCKER"`, 1},
		{"Docker in order", allowed + "iptables -A FORWARD -i docker0 -j ACCEPT", "", 0},
		{"a bridge by another name", allowed + "iptables -A FORWARD -o backend -j DOCKER; iptables -A FORWARD -o br-0123 -j DOCKER", "on the bridge backend are not closed", 0},
		{"Docker without rules", "cp /bin/sleep $DIR/dockerd; $DIR/dockerd 60 >/dev/null 2>&1 & echo $! >$DIR/daemon; sleep 0.2", "Docker runs but has no rules", 0},
		{"another rule for ssh", "ufw allow 20:30/tcp comment 'from before'", "ssh stays open to 0.0.0.0/0 by another rule of ufw", 0},
		{"a profile for ssh", "printf '[Mine]\\ntitle=x\\ndescription=x\\nports=22/tcp\\n' >/etc/ufw/applications.d/mine; ufw allow Mine", "ssh stays open to ::/0 by another rule of ufw", 0},
		{"a part of the list", "ufw allow from 203.0.113.64/26 to any port 22", "", 0},
		{"another port", "ufw allow 25/tcp comment 'mail of mine'", "and stay: allow 25/tcp from 0.0.0.0/0 (mail of mine); allow 25/tcp from ::/0", 0},
		{"a denial", "ufw deny 25/tcp", "", 0},
		{"another port of sshd", "echo 'echo listenaddress 0.0.0.0:2200' >>$DIR/bin/sshd", "sshd has the port 2200 too", 0},
	}
	h := newHost(t)
	s := open22("shop", open("https", 443, "tcp", true, 4))
	s.Firewall.SSH.From = sources(3, "203.0.113.0/24")
	apply := h.applied(t, s)
	h.run(t, "cp -a /etc/ufw /run/saved; iptables-save >/run/saved4; ip6tables-save >/run/saved6")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h.sshd(t, 22)
			h.run(t, "exec >/dev/null; "+test.prepare)
			defer h.run(t, "[ ! -e $DIR/daemon ] || kill $(cat $DIR/daemon); rm -f $DIR/daemon; iptables-restore /run/saved4; ip6tables-restore /run/saved6; cp -a /run/saved/. /etc/ufw/")
			before := h.state(t)
			out, code := h.try(t, "export SSH_CONNECTION='203.0.113.5 1 203.0.113.1 22'; "+apply+" --check")
			if code != test.code || !strings.Contains(out, test.want) {
				t.Errorf("exit %d, want %d and %q:\n%s", code, test.code, test.want, out)
			}
			if test.want == "" && out != "The firewall of shop is in force. Nothing to change.\n" {
				t.Errorf("an alarm over nothing:\n%s", out)
			}
			if diff := diffLines(before, h.state(t)); diff != "" {
				t.Errorf("--check changed something:\n%s", diff)
			}
		})
	}
}

// A ufw that systemd does not start at boot protects until the next one only.
func TestBoot(t *testing.T) {
	h := newHost(t)
	h.run(t, "mkdir -p /run/systemd/system")
	apply := h.install(t, open22("shop"))
	for state, want := range map[string]int{"enabled": 2, "static": 2, "not-found": 2, "disabled": 1, "masked": 1, "masked-runtime": 1} {
		h.stub(t, "systemctl", `[ "$1" = is-enabled ] && echo `+state+"; exit 1")
		out, code := h.try(t, apply+" --check")
		if code != want || want == 1 && !strings.Contains(out, "ufw.service is "+state+", so the next boot would have no firewall") {
			t.Errorf("%s: exit %d:\n%s", state, code, out)
		}
	}
}

// A disk that is full, or fills up while ufw writes over its own files in place,
// leaves the firewall and every file as they were.
func TestFullDisk(t *testing.T) {
	h := newHost(t)
	apply := h.install(t, open22("shop", open("https", 443, "tcp", true, 4)))
	h.run(t, `set -e; mkdir /run/small; mount -t tmpfs -o size=600k tmpfs /run/small
cp -a /etc/ufw /run/small/ufw; mount --bind /run/small/ufw /etc/ufw`)
	before := h.state(t)
	done := false
	for _, free := range []string{"0", "4", "16", "32", "48", "64", "300"} {
		out, code := h.try(t, "cat /dev/zero >/run/small/fill 2>/dev/null; truncate -s -"+free+"k /run/small/fill; "+apply+" --apply")
		done = code == 0
		if code == 1 {
			if !strings.Contains(out, "there is no room in /etc/ufw") && !strings.Contains(out, "No space left on device") {
				t.Errorf("%s KiB free: not told:\n%s", free, out)
			}
		} else {
			h.run(t, apply+" --rollback")
		}
		if diff := diffLines(before, h.state(t)); diff != "" {
			t.Errorf("%s KiB free, exit %d: something is left:\n%s\n%s", free, code, diff, out)
		}
		if left := h.run(t, "ls -A /etc/ufw"); strings.Contains(left, "nself") {
			t.Errorf("%s KiB free, exit %d: files are left: %s", free, code, left)
		}
	}
	if !done {
		t.Error("control: with room enough --apply fails too")
	}
}

// However the script is started, it finds its folder and says what it means.
func TestStarts(t *testing.T) {
	h := newHost(t)
	apply := h.install(t, open22("shop"))
	h.run(t, "mkdir '/run/a b' /run/bin && cp -r $DIR/shop/ufw '/run/a b/u f' && ln -s "+apply+" /run/bin/firewall && ln -s /run/bin/firewall /run/again")
	for name, command := range map[string]string{
		"dash":               "dash " + apply,
		"POSIX mode":         "bash --posix " + apply,
		"sh in its folder":   "cd $DIR/shop/ufw; sh apply.sh",
		"spaces":             "'/run/a b/u f/apply.sh'",
		"a link":             "/run/bin/firewall",
		"a link to a link":   "cd /run; ./again",
		"a link in PATH":     "PATH=/run/bin:$PATH firewall",
		"CDPATH":             "cd $DIR/shop; export CDPATH=.:/etc; bash ufw/apply.sh",
		"a poor PATH":        "PATH=$DIR/bin:/nonexistent; " + apply,
		"another language":   "export LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 LANGUAGE=de; " + apply,
		"a privileged shell": "bash -p " + apply,
		"a closed terminal":  "exec </dev/null; " + apply,
	} {
		out, code := h.try(t, command+" --check")
		if code != 2 || !strings.Contains(out, "The host is ready") {
			t.Errorf("%s: exit %d:\n%s", name, code, out)
		}
	}
}

// A connection that was open before proves nothing of a new one.
func TestConfirmFromTheSameSession(t *testing.T) {
	h := newHost(t)
	apply := h.install(t, open22("shop"))
	session := func(port string) string {
		return "export SSH_CONNECTION='203.0.113.5 " + port + " 203.0.113.1 22'; "
	}
	h.run(t, session("50000")+apply+" --apply")
	if out := h.run(t, session("50000")+apply+" --confirm"); !strings.Contains(out, "is the one that --apply came by") || !strings.Contains(out, "Confirmed") {
		t.Errorf("the same session:\n%s", out)
	}
	h.run(t, session("50000")+apply+" --remove")
	if out := h.run(t, session("50001")+apply+" --confirm"); strings.Contains(out, "Note") {
		t.Errorf("a new session:\n%s", out)
	}
	h.run(t, apply+" --apply")
	if out := h.run(t, apply+" --confirm"); strings.Contains(out, "Note") {
		t.Errorf("at the console:\n%s", out)
	}
}
