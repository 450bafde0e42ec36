//go:build lab && linux

package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// Settings of Docker, and of ssh, as they are on the host that is in order.
const (
	goodDocker = `echo '{"live-restore": true}' >/etc/docker/daemon.json`
	goodSSH    = `echo 'PasswordAuthentication no' >/etc/ssh/sshd_config.d/00-lab.conf`
	stray      = "ghcr.io/acme/api:1.4.2 serve >/dev/null"
)

// wards are the faults, put together into looks of the doctor.
func (p *patient) wards() [][]ailment {
	return [][]ailment{p.outside(), p.walls(), p.alone(), p.strangers(), p.rest(), p.speaking(), p.untold(), p.deaf(), p.weak(), p.dated(), p.yesterday()}
}

// outside is what others run, and what lies about.
func (p *patient) outside() []ailment {
	return []ailment{
		p.line("NS2010", "published database", "docker run --detach --name stray --publish 5432:8080 "+stray, "docker rm --force stray"),
		p.line("NS2011", "published container", "docker network create tools && docker run --detach --name adminer --network tools --publish 9000:8080 "+stray, "docker rm --force adminer && docker network rm tools"),
		p.line("NS2043", "left over", "docker run --detach --name old --network none --label com.docker.compose.project=shop-prod --label com.docker.compose.service=old "+stray, "docker rm --force old"),
		p.line("NS2048", "Docker's socket", "docker run --detach --name portainer --network none --volume /var/run/docker.sock:/var/run/docker.sock "+stray, "docker rm --force portainer"),
		p.line("NS2049", "an image that moves", "docker tag ghcr.io/acme/api:1.4.2 ghcr.io/acme/tool:latest && docker run --detach --name floating --network none ghcr.io/acme/tool:latest serve >/dev/null", "docker rm --force floating && docker rmi ghcr.io/acme/tool:latest"),
		p.line("NS2042", "another network", "docker network connect shop-prod_main shop-prod-ingress-1", "docker network disconnect shop-prod_main shop-prod-ingress-1"),
		p.line("NS2041", "another limit", "docker update --pids-limit 4096 shop-prod-worker-1", "docker update --pids-limit 256 shop-prod-worker-1"),
		p.line("NS2012", "a process", listenAt("8090"), "kill $(cat /run/listen.8090)"),
		p.line("NS2031", "passwords", "echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-lab.conf", goodSSH),
		p.line("NS2022", "no IPv6", "sed -i s/^IPV6=yes/IPV6=no/ /etc/default/ufw", "sed -i s/^IPV6=no/IPV6=yes/ /etc/default/ufw"),
		p.line("NS2034", "registry", `echo '{"live-restore": true, "insecure-registries": ["registry.example.com:5000"]}' >/etc/docker/daemon.json`, goodDocker),
		{"NS2071", "clock", func(t *testing.T) { p.clock(t, "no") }, func(t *testing.T) { p.clock(t, "yes") }},
		{"NS2076", "stale backup", func(t *testing.T) { p.backup(t, time.Now().Add(-30*time.Hour), time.Now()) }, func(t *testing.T) { p.backup(t, time.Now(), time.Now()) }},
		p.spoilt("NS2009", "edited by hand", "nginx/snippets/limits.conf", "echo '# by hand' >>$FILE"),
		p.spoilt("NS2008", "writable", "docker-compose.yml", "chmod 666 $FILE"),
		p.spoilt("NS2001", "world-readable", ".secrets", "chmod 644 $FILE"),
		{"NS2066", "another key", func(t *testing.T) { p.present(t, nil, true, false) }, func(t *testing.T) { p.present(t, nil, false, true) }},
	}
}

// walls is the firewall, and who gets in.
func (p *patient) walls() []ailment {
	return []ailment{
		p.line("NS2024", "foreign rule", "iptables -I DOCKER-USER 1 -p tcp --dport 9999 -j ACCEPT", "iptables -D DOCKER-USER -p tcp --dport 9999 -j ACCEPT"),
		p.line("NS2023", "no way to the chain", "ip6tables -D DOCKER-USER -j NSELF", "ip6tables -I DOCKER-USER 1 -j NSELF"),
		p.line("NS2029", "one more rule, with a tag of ours", "ufw allow 8081/tcp comment nself:shop-prod:ingress-https", "ufw delete allow 8081/tcp"),
		p.line("NS2026", "past ufw", "iptables -I ufw-user-input 1 -p tcp --dport 5433 -j ACCEPT && ip6tables -A INPUT -p tcp --dport 5433 -j ACCEPT", "iptables -D ufw-user-input -p tcp --dport 5433 -j ACCEPT && ip6tables -D INPUT -p tcp --dport 5433 -j ACCEPT"),
		p.line("NS2021", "lets in", `sed -i 's/^DEFAULT_INPUT_POLICY=.*/DEFAULT_INPUT_POLICY="ACCEPT"/' /etc/default/ufw`, `sed -i 's/^DEFAULT_INPUT_POLICY=.*/DEFAULT_INPUT_POLICY="DROP"/' /etc/default/ufw`),
		p.line("NS2027", "sshd at another port", "/usr/sbin/sshd -p 2222 -o PidFile=/run/second.pid; sleep 1", "kill $(cat /run/second.pid)"),
		p.line("NS2030", "root", `printf 'PermitRootLogin yes\nPasswordAuthentication no\n' >/etc/ssh/sshd_config.d/00-lab.conf`, goodSSH),
		p.line("NS2025", "no rules of Docker's", `echo '{"live-restore": true, "iptables": false}' >/etc/docker/daemon.json`, goodDocker),
		p.line("NS2055", "default password", `docker exec shop-prod-main-1 psql -X -q -h /var/run/postgresql -U postgres -d postgres -c "ALTER ROLE report_b LOGIN PASSWORD 'changeme'"`,
			`docker exec shop-prod-main-1 sh -c '/usr/local/bin/nself-postgres apply </etc/postgresql/roles.sql'`),
		p.line("NS2077", "never restored", "rm $BACKUPS/restore-tested", "touch $BACKUPS/restore-tested"),
		{"NS2078", "nobody watches", func(t *testing.T) { p.host(t, "kill $(cat /run/monit.pid)", "") }, func(t *testing.T) { p.watch(t) }},
		p.spoilt("NS2004", "weak", ".secrets", "sed -i 's/^SMTP=.*/SMTP=changeme-password-2024/' $FILE"),
		p.line("NS2007", "copy", "echo x >.secrets.bak", "rm .secrets.bak"),
		p.line("NS2053", "scanner", `cat >/usr/local/bin/trivy <<'EOT' && chmod 755 /usr/local/bin/trivy
#!/bin/sh
echo '{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{"VulnerabilityID": "LAB-2", "PkgName": "openssl", "Severity": "HIGH"}]}]}'
EOT`, "rm /usr/local/bin/trivy"),
	}
}

// alone is what others would hide.
func (p *patient) alone() []ailment {
	return []ailment{
		p.line("NS2020", "firewall off", "ufw disable", "ufw --force enable"),
		p.line("NS2014", "Docker's interface", `echo '{"live-restore": true, "hosts": ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2375"]}' >/etc/docker/daemon.json`, goodDocker),
		p.line("NS2010", "a database of the host", listenAt("5432"), "kill $(cat /run/listen.5432)"),
		p.spoilt("NS2003", "a value is gone", ".secrets", "sed -i /^JWT_KEY=/d $FILE"),
		p.line("NS2075", "no backup", "rm $BACKUPS/app.dump.age", "echo x >$BACKUPS/app.dump.age"),
		p.line("NS2032", "old engine", shim("info", `s/"ServerVersion":"[^"]*"/"ServerVersion":"24.0.7"/`), "rm /usr/local/bin/docker"),
		p.leaf("NS2060", "expired", func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-50*time.Minute), time.Now().Add(-time.Second)
		}),
		p.line("NS2044", "stopped", "docker stop --time 1 shop-prod-worker-1", "docker start shop-prod-worker-1"),
		p.line("NS2045", "another image by the name", "docker tag ghcr.io/acme/api:1.4.2 kept && docker tag nselfc-lab/base ghcr.io/acme/api:1.4.2", "docker tag kept ghcr.io/acme/api:1.4.2"),
	}
}

// strangers are containers that were made by another hand.
func (p *patient) strangers() []ailment {
	return []ailment{
		p.override("NS2040", "capability", "worker", "cap_add: [NET_RAW]"),
		p.override("NS2047", "the host's files", "api", "volumes: ['/etc:/host:ro']"),
		p.leaf("NS2062", "another name", func(c *x509.Certificate) { c.DNSNames = []string{"www.shop.example.com"} }),
		p.spoilt("NS2005", "twice", ".secrets", `sed -i "s/^SMTP=.*/SMTP=$(sed -n s/^MAIL=//p $FILE)/" $FILE`),
		p.line("NS2037", "old Compose", shim("compose version", "s/.*/2.11.2/"), "rm /usr/local/bin/docker"),
	}
}

func (p *patient) rest() []ailment {
	return []ailment{
		p.leaf("NS2064", "for trials", func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "(STAGING) Pretend Pear"} }),
		p.override("NS2046", "an older build", "cache", "labels: {io.nselfc.config: older}"),
		p.override("NS2013", "a port less", "ingress", "ports: !override ['443:8443']"),
		p.line("NS2028", "a rule less", "ufw delete allow 80/tcp", "ufw allow 80/tcp comment nself:shop-prod:ingress-http"),
		p.line("NS2035", "strangers on one bridge", "for n in 1 2; do docker run --detach --name bridged$n "+stray+"; done", "docker rm --force bridged1 bridged2"),
		p.spoilt("NS2006", "overdue", "nself.secrets.json", `sed -i 's/\("created": *"\)20[0-9-]*/\12025-01-01/' $FILE`),
		p.line("NS2036", "no live-restore", shim("info", `s/"LiveRestoreEnabled":true/"LiveRestoreEnabled":false/`), "rm /usr/local/bin/docker"),
		p.line("NS2072", "disk full", `mkdir -p /run/full && mount -t tmpfs -o size=8m,mode=755 full /run/full && cp -a $OUT/. /run/full && mount --bind /run/full $OUT && (dd if=/dev/zero of=/run/full/.fill bs=64k 2>/dev/null || true)`,
			"cd / && umount $OUT && umount /run/full"),
	}
}

// speaking is what the ingress answers.
func (p *patient) speaking() []ailment {
	return []ailment{
		p.leaf("NS2061", "soon", func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(-50*time.Minute), time.Now().Add(20*time.Minute)
		}),
		p.override("NS2068", "one more suite", "ingress", "volumes: ['$DIR/other/tls.conf:/etc/nginx/snippets/tls.conf:ro', '$DIR/other/refuse.conf:/etc/nginx/snippets/refuse.conf:ro']"),
		p.line("NS2069", "any name", "test -s $DIR/other/refuse.conf", ":"), // together with the one before
		p.line("NS2052", "known fault", "sed -i 's/8.2.9/8.2.10/' $RECORDS", "sed -i 's/8.2.10/8.2.9/' $RECORDS"),
	}
}

func (p *patient) untold() []ailment {
	return []ailment{
		{"NS2067", "not told", func(t *testing.T) { p.present(t, nil, false, false) }, func(t *testing.T) { p.present(t, nil, false, true) }},
		{"NS2002", "in git", func(t *testing.T) { p.git(t, "init", "-q"); p.git(t, "add", "--force", "out/prod/.secrets") }, func(t *testing.T) { p.host(t, "rm -rf $DIR/.git", "") }},
		p.line("NS2073", "out of memory", shim("inspect", `s/"OOMKilled": false/"OOMKilled": true/`), "rm /usr/local/bin/docker"),
	}
}

// deaf is an ingress that does not answer, behind a wall with a hole, of an engine that
// needs it, and a server that has forgotten nothing.
func (p *patient) deaf() []ailment {
	return []ailment{
		p.line("NS2070", "no answer", "iptables -I OUTPUT 1 -o lo -p tcp --dport 443 -j REJECT --reject-with tcp-reset", "iptables -D OUTPUT -o lo -p tcp --dport 443 -j REJECT --reject-with tcp-reset"),
		p.line("NS2023", "no way to the chain", "iptables -D DOCKER-USER -j NSELF", "iptables -I DOCKER-USER 1 -j NSELF"),
		p.line("NS2033", "an engine before 28", shim("info", `s/"ServerVersion":"[^"]*"/"ServerVersion":"27.5.1"/`)+"\ndocker network create tools && docker run --detach --name inner --network tools --publish 127.0.0.1:8081:8080 "+stray,
			"rm /usr/local/bin/docker; docker rm --force inner && docker network rm tools"),
		p.spoilt("NS2056", "the password before", ".secrets", `OLD=$(od -An -tx1 -N24 /dev/urandom | tr -d ' \n'); echo "POSTGRES_MAIN_ROLE_REPORT__PREVIOUS=$OLD" >>$FILE
echo "ALTER ROLE report_b LOGIN PASSWORD '$OLD'" | docker exec -i shop-prod-main-1 psql -X -q -h /var/run/postgresql -U postgres -d postgres`).then(p,
			`docker exec shop-prod-main-1 sh -c '/usr/local/bin/nself-postgres apply </etc/postgresql/roles.sql'`),
	}
}

// weak is a key that nginx takes only when it is told to take any.
func (p *patient) weak() []ailment {
	small := p.override("NS2065", "a small key", "ingress", "volumes: ['$DIR/other/weak.conf:/etc/nginx/snippets/tls.conf:ro']")
	key := ailment{"NS2065", "a small key", func(t *testing.T) {
		private, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		p.presentKey(t, private, nil, false, false)
		p.host(t, `mkdir -p $DIR/other && sed 's/^\(ssl_ciphers .*\);/\1:@SECLEVEL=0;/' nginx/snippets/tls.conf >$DIR/other/weak.conf && grep -q SECLEVEL $DIR/other/weak.conf`, "")
		small.spoil(t)
	}, func(t *testing.T) { p.present(t, nil, false, false); small.undo(t) }}
	return []ailment{key}
}

// dated are images of releases that were safe once, declared and running.
func (p *patient) dated() []ailment {
	again := func(t *testing.T) { t.Helper(); p.build(t); p.up(t) }
	const main, cache = "version   = \"17.12\"", "version    = \"8.2.9\""
	const old, older = "image     = \"postgres:13.23\"", "version    = \"8.2.1\""
	return []ailment{
		{"NS2050", "past its end", func(t *testing.T) { p.host(t, "docker tag postgres:17.12 postgres:13.23", ""); p.edit(t, main, old) }, func(t *testing.T) { p.edit(t, old, main); again(t) }},
		{
			"NS2051", "below the first safe release", func(t *testing.T) {
				p.host(t, "docker tag redis:8.2.9 redis:8.2.1", "")
				p.edit(t, cache, older)
				again(t)
			},
			func(t *testing.T) { p.edit(t, older, cache) },
		},
		p.line("NS2052", "known fault", ":", ":"), // of the release before the last, by the records
	}
}

// yesterday is a doctor of a release that knows nothing of the last half year.
func (p *patient) yesterday() []ailment {
	program, args := p.program, p.args
	return []ailment{{"NS2054", "an old table", func(t *testing.T) {
		dir := t.TempDir()
		source, err := filepath.Abs("../doctor/table.go")
		if err != nil {
			t.Fatal(err)
		}
		text := read(t, source)
		old := regexp.MustCompile(`tableDate = "[0-9-]+"`).ReplaceAllString(text, `tableDate = "`+time.Now().AddDate(0, 0, -200).Format(time.DateOnly)+`"`)
		if old == text {
			t.Fatal("the table has no date")
		}
		write(t, filepath.Join(dir, "table.go"), []byte(old), 0o644)
		overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{source: filepath.Join(dir, "table.go")}})
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "overlay.json"), overlay, 0o644)
		p.program, p.args = filepath.Join(dir, "nselfc"), []string{"--security", "--backup-dir", p.backups}
		if out, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", p.program, "nselfc/cmd/nselfc").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}, func(*testing.T) { p.program, p.args = program, args }}}
}

// then undoes with one line more.
func (a ailment) then(p *patient, line string) ailment {
	undo := a.undo
	a.undo = func(t *testing.T) { undo(t); p.host(t, line, "") }
	return a
}

// listenAt starts a process of the host that listens for everybody.
func listenAt(port string) string {
	return "{ /opt/probe/probe internet 127.0.0.1:5399 :" + port + " >/dev/null 2>&1 & echo $! >/run/listen." + port + "; }; sleep 1"
}

// shim puts a docker before the real one, which says something else of one command.
func shim(command, edit string) string {
	return "cat >/usr/local/bin/docker <<'EOT' && chmod 755 /usr/local/bin/docker\n#!/bin/sh\ncase \"$*\" in\n\"" + command + "\"*) /usr/bin/docker \"$@\" | sed '" + edit + "' ;;\n*) exec /usr/bin/docker \"$@\" ;;\nesac\nEOT"
}

// line spoils, and undoes, with a line of shell on the host.
func (p *patient) line(code, name, spoil, undo string) ailment {
	return ailment{code, name, func(t *testing.T) { t.Helper(); p.host(t, spoil, "") }, func(t *testing.T) { t.Helper(); p.host(t, undo, "") }}
}

// spoilt changes a file of the output, and puts it back with its mode, in place: what
// a container has mounted is the inode.
func (p *patient) spoilt(code, name, file, spoil string) ailment {
	kept := "/run/kept." + code
	return p.line(code, name, "FILE="+file+"; cp -a $FILE "+kept+"; "+spoil, "cat "+kept+" >"+file+"; chmod --reference "+kept+" "+file)
}

// override makes the container of a service anew, with a second compose file.
func (p *patient) override(code, name, service, what string) ailment {
	file := "/run/" + code + ".yml"
	return p.line(code, name,
		`mkdir -p $DIR/other
sed 's/^ssl_ciphers /&ECDHE-ECDSA-AES256-GCM-SHA384:/' nginx/snippets/tls.conf >$DIR/other/tls.conf
sed 's/ssl_reject_handshake on;//' nginx/snippets/refuse.conf >$DIR/other/refuse.conf
cat >`+file+` <<EOT
services:
  `+service+`:
    `+what+`
EOT
docker compose -f docker-compose.yml -f `+file+` up --detach --no-deps --wait --wait-timeout 60 `+service+` >/dev/null 2>&1`,
		"docker compose up --detach --no-deps --wait --wait-timeout 60 "+service+" >/dev/null 2>&1")
}

// leaf brings a certificate that differs in one thing, and has it served.
func (p *patient) leaf(code, name string, change func(*x509.Certificate)) ailment {
	return ailment{code, name, func(t *testing.T) { p.present(t, change, false, true) }, func(t *testing.T) { p.present(t, nil, false, true) }}
}

// present puts a new certificate and its key where their owner and the ingress have
// them, or the key alone; served tells the ingress.
func (p *patient) present(t *testing.T, change func(*x509.Certificate), keyAlone, served bool) {
	t.Helper()
	p.presentKey(t, newKey(t), change, keyAlone, served)
}

// presentKey is present with a key of one's own.
func (p *patient) presentKey(t *testing.T, private crypto.Signer, change func(*x509.Certificate), keyAlone, served bool) {
	t.Helper()
	chain, key := p.authority.issueFor(t, private, change, p.stack.host("api"))
	write(t, filepath.Join(p.dir, keyFile), key, 0o600)
	p.host(t, "cat >.secrets.d/ingress/tls.key", string(key))
	if !keyAlone {
		write(t, filepath.Join(p.dir, chainFile), chain, 0o644)
		p.host(t, "cat >.secrets.d/ingress/tls.crt", string(chain))
	}
	if served {
		p.host(t, "docker kill --signal HUP shop-prod-ingress-1 >/dev/null; sleep 1", "")
	}
}

func (p *patient) git(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = p.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v %s", args, err, out)
	}
}
