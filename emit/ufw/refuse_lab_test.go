//go:build lab

package ufw

import (
	"strings"
	"testing"

	"nselfc/compiler/ir"
)

// Each of these is refused with its reason, before anything is touched.
func TestRefusals(t *testing.T) {
	t.Parallel()
	limited := func() *ir.Stack {
		s := open22("shop")
		s.Firewall.SSH.From = sources(3, "203.0.113.0/24")
		return s
	}
	session := func(from, port string) string {
		return "export SSH_CONNECTION='" + from + " 50000 203.0.113.1 " + port + "'; "
	}
	const listening = `cat >$DIR/bin/ss <<'X'
#!/bin/sh
echo 'LISTEN 0 128 0.0.0.0:2222 0.0.0.0:* users:(("sshd",pid=1,fd=3))'
X
chmod +x $DIR/bin/ss; `
	tests := []struct {
		name, prepare, reason string
		stack                 *ir.Stack
	}{
		{"another ssh port", "printf '#!/bin/sh\necho listenaddress 0.0.0.0:2222\n' >$DIR/bin/sshd; ", "nself.hcl says port 22, but sshd is configured for port 2222", nil},
		{"ssh on loopback only", "printf '#!/bin/sh\necho listenaddress 127.0.0.1:22\necho listenaddress 0.0.0.0:2222\n' >$DIR/bin/sshd; ", "sshd is configured for port 2222", nil},
		{"sshd_config", "printf '#!/bin/sh\nexit 1\n' >$DIR/bin/sshd; mkdir -p /etc/ssh; mount -t tmpfs tmpfs /etc/ssh; printf 'port=2200\nMatch User x\n Port 22\n' >/etc/ssh/sshd_config; ", "configured for port 2200", nil},
		{"sshd listens elsewhere", listening, "sshd listens on port 2222", nil},
		{"no ssh server", "printf '#!/bin/sh\nexit 1\n' >$DIR/bin/sshd; mkdir -p /etc/ssh; mount -t tmpfs tmpfs /etc/ssh; ", "say --assume-ssh-port 22", nil},
		{"session on another port", session("203.0.113.5", "2222"), "your own session came in on port 2222", nil},
		{"client shut out", session("198.51.100.5", "22"), "you are connected from 198.51.100.5", limited()},
		{"IPv6 client, IPv4 list", session("2001:db8::5", "22"), "you are connected from 2001:db8::5", limited()},
		{"client found above sudo", session("198.51.100.5", "22") + "bash -c 'env -u SSH_CONNECTION ", "you are connected from 198.51.100.5", limited()},
		{"ssh denied to all", "ufw deny 22/tcp; ", "closes ssh", nil},
		{"ssh denied in a range", "ufw deny proto tcp from any to any port 20:30,80; ", "closes ssh", nil},
		{"client denied", "ufw deny from 203.0.113.0/28; " + session("203.0.113.5", "22"), "closes ssh", nil},
		{"published port denied", "ufw deny 443/tcp; ", "closes what the stack opens", nil},
		{"bad line of the user", "ufw allow 22/tcp; ufw --force enable; sed -i 's/^COMMIT/-A ufw-after-input -m conntrack --ctstate NOSUCH -j DROP\\nCOMMIT/' /etc/ufw/after.rules; ", "iptables-restore refuses /etc/ufw/after.rules", nil},
		{"bad line for IPv6", "sed -i 's/^COMMIT/-A ufw6-before-input --nonsense\\nCOMMIT/' /etc/ufw/before6.rules; ", "ip6tables-restore refuses /etc/ufw/before6.rules", nil},
		{"half a block", "echo '# BEGIN NSELF 1' >>/etc/ufw/after.rules; ", "do not pair", nil},
		{"a link", "mv /etc/ufw/after.rules /run/x; ln -s /run/x /etc/ufw/after.rules; ", "symbolic link", nil},
		{"python hook", "printf '#!/usr/bin/python3\n' >/etc/ufw/after.init; ", "not a shell script", nil},
		{"MANAGE_BUILTINS", "sed -i s/^MANAGE_BUILTINS=.*/MANAGE_BUILTINS=yes/ /etc/default/ufw; ", "MANAGE_BUILTINS", nil},
		{"uplink named like a bridge", "set -e; ip link add br-wan type veth peer name other; ip link set other up; ip link set br-wan up; ip addr add 192.0.2.2/24 dev br-wan; ip route add default via 192.0.2.1; ", "goes through br-wan", nil},
		{"a file of another build", "echo '# x' >>$DIR/shop/ufw/after.rules; ", "not the one that this apply.sh was generated with", nil},
		{"a file is missing", "rm $DIR/shop/ufw/rollback.sh; ", "rollback.sh is missing", nil},
		{"firewalld", "printf '#!/bin/sh\n' >$DIR/bin/firewall-cmd; chmod +x $DIR/bin/firewall-cmd; ", "firewalld is running", nil},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			stack := test.stack
			if stack == nil {
				stack = open22("shop", open("https", 443, "tcp", true, 4))
			}
			apply := h.install(t, stack)
			command, quote := test.prepare, ""
			if strings.Contains(command, "bash -c '") {
				quote = "; exit $?'" // without it bash would not stay above the script
			}
			// The preparation runs first, so that it is no change of the script's.
			if i := strings.LastIndex(command, "export "); i >= 0 {
				h.run(t, command[:i]+"true")
				command = command[i:]
			} else {
				h.run(t, command+"true")
				command = ""
			}
			h.unchanged(t, command+apply+" --apply"+quote, test.reason)
			if i%4 == 0 { // both make the same plan
				h.unchanged(t, command+apply+" --check"+quote, test.reason)
			}
		})
	}
}

// Settings of Docker under which DOCKER-USER does not protect.
func TestRefusesDocker(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.run(t, "test -d /etc/docker || { mkdir -p /run/upper && mount -t tmpfs tmpfs /opt; }")
	apply := h.install(t, open22("shop"))
	daemon := func(arguments string) string {
		// the daemon of the last time must be gone
		return "while pgrep -x dockerd; do sleep 0.1; done; cp /bin/sh $DIR/dockerd; ($DIR/dockerd -c 'sleep 2; :' " + arguments + " >/dev/null 2>&1 &); sleep 0.2; "
	}
	for arguments, reason := range map[string]string{
		"--iptables=false":                       "iptables=false",
		"--firewall-backend=nftables":            "firewall backend nftables",
		"--bridge=br0":                           "default bridge br0",
		"--config-file $DIR/daemon-nft.json":     "firewall backend nftables",
		"--config-file $DIR/daemon-off.json":     "iptables=false",
		"--config-file=$DIR/daemon-invalid.json": "cannot be read",
	} {
		write(t, h, "daemon-nft.json", `{"firewall-backend": "nftables"}`)
		write(t, h, "daemon-off.json", `{"iptables": false, "log-driver": "local"}`)
		write(t, h, "daemon-invalid.json", `{"iptables": false`)
		h.unchanged(t, daemon(arguments)+apply+" --check", reason)
	}
	// The control: a daemon as it should be.
	write(t, h, "daemon.json", `{"iptables": true, "firewall-backend": "iptables", "bridge": "docker0"}`)
	if out, code := h.try(t, daemon("--iptables --config-file $DIR/daemon.json")+apply+" --check"); code != 2 {
		t.Errorf("a good daemon: exit %d:\n%s", code, out)
	}
	// A daemon.json in its usual place counts without a daemon.
	if _, code := h.try(t, "test -d /etc/docker"); code == 0 {
		h.run(t, "cp $DIR/daemon-nft.json /etc/docker/daemon.json")
		h.unchanged(t, apply+" --apply", "/etc/docker/daemon.json chooses the firewall backend nftables")
	}
}

// What is fine must not be refused.
func TestAccepts(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]string{
		"a blocklist that spares the client": "ufw deny from 192.0.2.0/24; export SSH_CONNECTION='203.0.113.5 1 203.0.113.1 22'; ",
		"a mapped client":                    "export SSH_CONNECTION='::ffff:203.0.113.5 1 ::ffff:203.0.113.1 22'; ",
		"several ports":                      "printf '#!/bin/sh\necho port 2222\necho listenaddress 0.0.0.0:2222\necho listenaddress 0.0.0.0:22\n' >$DIR/bin/sshd; ",
		"an allow of the user before a deny": "ufw allow 22/tcp; ufw deny proto tcp from any to any port 1:1000; ",
		"assumed port":                       "printf '#!/bin/sh\nexit 1\n' >$DIR/bin/sshd; set -- --assume-ssh-port 22; ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			s := open22("shop", open("https", 4430, "tcp", true, 4))
			if strings.Contains(name, "mapped") {
				s.Firewall.SSH.From = sources(3, "203.0.113.0/24")
			}
			apply := h.install(t, s)
			if out, code := h.try(t, prepare+apply+` --apply "$@" && `+apply+" --confirm && "+apply+` --check "$@"`); code != 0 {
				t.Errorf("exit %d:\n%s", code, out)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	apply := h.install(t, plain())
	for arguments, want := range map[string]int{
		"": 0, "--help": 0, "--nonsense": 64, "--apply --check": 64, "--apply --timeout": 64, "--apply --timeout 0": 64,
		"--apply --timeout 1x": 64, "--timeout '$(reboot)'": 64, "--assume-ssh-port 65536": 64, "--apply --timeout 99999999999999999999": 64,
	} {
		if out, code := h.try(t, apply+" "+arguments); code != want {
			t.Errorf("%q: exit %d, want %d:\n%s", arguments, code, want, out)
		}
	}
	for _, command := range []string{"--check", "--apply", "--confirm", "--rollback", "--remove"} {
		if out, code := h.try(t, "chmod 755 $DIR $DIR/..; setpriv --reuid 65534 --clear-groups "+apply+" "+command); code != 1 || !strings.Contains(out, "needs root") {
			t.Errorf("%s without root: exit %d: %s", command, code, out)
		}
	}
	// Two at once: the second one says so and leaves.
	if out, code := h.try(t, "(flock 9; sleep 8) 9>/run/nself-ufw.lock & sleep 0.3; "+apply+" --apply"); code != 1 || !strings.Contains(out, "another run") {
		t.Errorf("a second run: exit %d: %s", code, out)
	}
}
