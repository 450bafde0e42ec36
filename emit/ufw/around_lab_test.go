//go:build lab

package ufw

import (
	"regexp"
	"strings"
	"testing"
)

// --check says when something in front of the rules decides before them: without
// that, "in force" would be believed of a host that is open.
func TestAround(t *testing.T) {
	t.Parallel()
	const docker = "iptables -N DOCKER; iptables -A FORWARD -o docker0 -j DOCKER; iptables -I FORWARD -j DOCKER-USER; "
	// What is of one kind is tried at once: each alarm is a line of its own.
	tests := []struct {
		name, prepare string
		alarms        []string // in lines that begin with mark; none means that nothing is to be said
		mark          string
		code          int
	}{
		{name: "harmless", prepare: docker + `iptables -A INPUT -j ACCEPT # behind ufw
iptables -I INPUT -i lo -j ACCEPT; iptables -I INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables -I INPUT -p icmp -j ACCEPT
iptables -I DOCKER-USER -s 192.0.2.0/24 -j DROP # a block list of the user
iptables -A FORWARD -i docker0 -j ACCEPT
ufw allow from 203.0.113.64/26 to any port 22 # a part of the list
ufw deny 25/tcp`},
		{name: "open", code: 1, mark: "  * ", prepare: docker + `iptables -D FORWARD -j DOCKER-USER # no way to it
iptables -I INPUT -j ACCEPT; ip6tables -I INPUT -j ACCEPT; iptables -I DOCKER-USER -j RETURN`, alarms: []string{
			`: "-A INPUT -j ACCEPT". Delete it (iptables -D INPUT -j ACCEPT)`,
			"this rule of ip6tables lets everything in",
			`"-A DOCKER-USER -j RETURN"`,
			`past DOCKER-USER: "-A FORWARD -o docker0 -j DOCKER"`,
		}},
		{name: "open in part", mark: "Note: ", prepare: docker + `iptables -I INPUT -p tcp --dport 5432 -j ACCEPT; iptables -I INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT
iptables -I FORWARD -i wg0 -j ACCEPT # a tunnel
iptables -I DOCKER-USER -s 192.0.2.0/24 -j ACCEPT
iptables -A FORWARD -o backend -j DOCKER; iptables -A FORWARD -o br-0123 -j DOCKER # a bridge by another name
ufw allow 20:30/tcp comment 'from before'
printf '[Mine]\ntitle=x\ndescription=x\nports=22/tcp\n' >/etc/ufw/applications.d/mine; ufw allow Mine
ufw allow 25/tcp comment 'mail of mine'
echo 'echo listenaddress 0.0.0.0:2200' >>$DIR/bin/sshd`, alarms: []string{
			"(iptables): -A INPUT -p tcp -m tcp --dport 5432 -j ACCEPT",
			"--ctstate NEW,ESTABLISHED -j ACCEPT",
			"(iptables): -A FORWARD -i wg0 -j ACCEPT",
			"-A DOCKER-USER -s 192.0.2.0/24 -j ACCEPT",
			"on the bridge backend are not closed",
			"ssh stays open to 0.0.0.0/0 by another rule of ufw, wider than nself.hcl says (allow 20:30/tcp, from before)",
			"ssh stays open to ::/0 by another rule of ufw, wider than nself.hcl says (allow 22/tcp, no comment)",
			"and stay: allow 25/tcp from 0.0.0.0/0 (mail of mine); allow 25/tcp from ::/0",
			"sshd has the port 2200 too",
		}},
		{name: "Docker without rules", mark: "Note: ", prepare: "cp /bin/sleep $DIR/dockerd; $DIR/dockerd 60 >/dev/null 2>&1 & echo $! >$DIR/daemon; sleep 0.2", alarms: []string{"Docker runs but has no rules"}},
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
			if code != test.code {
				t.Errorf("exit %d, want %d:\n%s", code, test.code, out)
			}
			for _, alarm := range test.alarms {
				if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(test.mark) + `.*` + regexp.QuoteMeta(alarm)).MatchString(out) {
					t.Errorf("it does not say %q:\n%s", alarm, out)
				}
			}
			if test.alarms == nil && out != "The firewall of shop is in force. Nothing to change.\n" {
				t.Errorf("an alarm over nothing:\n%s", out)
			}
			// What nobody opened must not be said to be open.
			for _, innocent := range []string{"br-0123", "203.0.113.64", "deny"} {
				if strings.Contains(out, innocent) {
					t.Errorf("it speaks of %s:\n%s", innocent, out)
				}
			}
			if diff := diffLines(before, h.state(t)); diff != "" {
				t.Errorf("--check changed something:\n%s", diff)
			}
		})
	}
}

// A ufw that systemd does not start at boot protects until the next one only.
func TestBoot(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
	h := newHost(t)
	apply := h.install(t, open22("shop"))
	h.run(t, "mkdir '/run/a b' /run/bin && cp -r $DIR/shop/ufw '/run/a b/u f' && ln -s "+apply+" /run/bin/firewall && ln -s /run/bin/firewall /run/again")
	try := func(name, command string, code int, want string) {
		t.Helper()
		if out, got := h.try(t, command+" --check"); got != code || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d, want %d and %q:\n%s", name, got, code, want, out)
		}
	}
	for name, command := range map[string]string{
		"dash":               "dash " + apply,
		"POSIX mode":         "bash --posix " + apply,
		"a poor PATH":        "PATH=$DIR/bin:/nonexistent; " + apply,
		"another language":   "export LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 LANGUAGE=de; " + apply,
		"a privileged shell": "bash -p " + apply,
		"a closed terminal":  "exec </dev/null; " + apply,
	} {
		try(name, command, 2, "The host is ready")
	}
	// The files beside it are the first thing that it looks for: a host that is
	// refused next tells that they were found, and the rest need not be tried again.
	h.run(t, "mv /etc/ufw/after.rules /run/rules && ln -s /run/rules /etc/ufw/after.rules")
	for name, command := range map[string]string{
		"sh in its folder": "cd $DIR/shop/ufw; sh apply.sh",
		"spaces":           "'/run/a b/u f/apply.sh'",
		"a link":           "/run/bin/firewall",
		"a link to a link": "cd /run; ./again",
		"a link in PATH":   "PATH=/run/bin:$PATH firewall",
		"CDPATH":           "cd $DIR/shop; export CDPATH=.:/etc; bash ufw/apply.sh",
	} {
		try(name, command, 1, "/etc/ufw/after.rules is a symbolic link")
	}
	h.run(t, "rm '/run/a b/u f/rollback.sh'")
	try("control: a file is missing", "'/run/a b/u f/apply.sh'", 1, "/run/a b/u f/rollback.sh is missing")
}

// A connection that was open before proves nothing of a new one.
func TestConfirmFromTheSameSession(t *testing.T) {
	t.Parallel()
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
