package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/policy"
	"nselfc/emit/dotsecrets"
	"nselfc/lang/diag"
)

// fault is one thing wrong on a host on which all else is well.
type fault struct {
	code, name string
	spoil      func(b *bench)
	says       string // a part of what the finding says
}

func faults() []fault {
	return slices.Concat(secretFaults(), networkFaults(), firewallFaults(), dockerFaults(), containerFaults(), imageFaults(), certificateFaults(), machineFaults())
}

func secretFaults() []fault {
	return []fault{
		{"NS2001", "world-readable", func(b *bench) { b.chmod(".secrets", 0o644) }, ".secrets"},
		{"NS2001", "open folder", func(b *bench) { b.chmod(".secrets.d", 0o755) }, ".secrets.d"},
		{"NS2002", "in a commit", func(b *bench) {
			b.git("init", "-q")
			b.git("add", "--force", "out/prod/.secrets")
		}, "git"},
		{"NS2003", "a value is gone", func(b *bench) { b.secret("JWT_KEY", "") }, "lacks the value of secret.jwt_key"},
		{"NS2003", "edited", func(b *bench) { b.edit(".secrets.d/api/JWT_KEY") }, "JWT_KEY"},
		{"NS2003", "not handed on", func(b *bench) { b.secret("JWT_KEY", random(b.t)+random(b.t)[:16]) }, "api/JWT_KEY is not what it would write now"},
		{"NS2003", "of a role, in several files", func(b *bench) { b.secret("POSTGRES_MAIN_ROLE_APP", random(b.t)[:42]+"A") }, "more is not what it would write now"},
		{"NS2004", "weak", func(b *bench) { b.secret("SMTP", "changeme-password-2024") }, "SMTP"},
		{"NS2005", "twice", func(b *bench) { b.secret("SMTP", b.value("MAIL")) }, "is also the value of"},
		{"NS2006", "old", func(b *bench) { b.advise("8.2.5"); b.later(100 * 24 * time.Hour) }, "secret.jwt_key"},
		{"NS2007", "copy", func(b *bench) { put(b.t, b.subject.Dir+"/.secrets.bak", "x", 0o600) }, ".secrets.bak"},
		{"NS2008", "writable file", func(b *bench) { b.chmod("docker-compose.yml", 0o666) }, "0666"},
		{"NS2008", "writable folder", func(b *bench) { b.chmod("nginx", 0o777) }, "nginx"},
		{"NS2009", "edited", func(b *bench) { b.edit("nginx/nginx.conf") }, "not what the stack compiles to"},
		{"NS2009", "a damaged lock", func(b *bench) { put(b.t, b.subject.Dir+"/nself.lock", "{{{\n", 0o644) }, "says nothing"},
		{"NS2009", "a lock of tomorrow's", func(b *bench) { b.rewrite("nself.lock", "\nlock 1\n", "\nlock 99\n") }, "nself.lock"},
		{"NS2009", "no lock", func(b *bench) { _ = os.Remove(b.subject.Dir + "/nself.lock") }, "nself.lock is not there"},
		{"NS2009", "missing", func(b *bench) { _ = os.Remove(b.subject.Dir + "/ufw/rules.txt") }, "is not there"},
	}
}

func networkFaults() []fault {
	return []fault{
		{"NS2010", "host process", func(b *bench) { b.listen("tcp", "00000000:1538", "201", "postgres") }, "0.0.0.0:5432/tcp"},
		{"NS2010", "IPv6", func(b *bench) { b.listen("tcp6", "00000000000000000000000000000000:18EB", "201", "redis-server") }, "[::]:6379/tcp"},
		{"NS2010", "published container", func(b *bench) { b.stray("stray", binding("5432/tcp", "0.0.0.0", "5432")) }, "container stray"},
		{"NS2010", "the stack's own, at another port", func(b *bench) {
			b.at("main", "NetworkSettings")["Ports"] = binding("5432/tcp", "203.0.113.10", "15432")
		}, "203.0.113.10:15432/tcp"},
		{"NS2011", "published container", func(b *bench) { b.stray("adminer", binding("80/tcp", "::", "9000")) }, "[::]:9000/tcp"},
		{"NS2012", "process", func(b *bench) { b.listen("tcp6", "00000000000000000000000000000000:238C", "201", "node_exporter9") }, "node_exporter9"},
		{"NS2012", "UDP", func(b *bench) { b.listen("udp", "00000000:0202", "201", "rsyslogd") }, "0.0.0.0:514/udp"},
		{"NS2013", "not published", func(b *bench) {
			b.at("ingress", "NetworkSettings")["Ports"] = binding("8443/tcp", "0.0.0.0", "443")
		}, "port 80"},
		{"NS2014", "socket", func(b *bench) { b.listen("tcp6", "00000000000000000000000000000000:0947", "201", "dockerd") }, "[::]:2375"},
		{"NS2014", "configuration", func(b *bench) {
			b.etc("/etc/docker/daemon.json", `{"live-restore": true, "hosts": ["fd://", "tcp://0.0.0.0:2375"]}`)
		}, "root of this machine"},
		{"NS2014", "flag", func(b *bench) {
			b.process("77", "dockerd", "/usr/bin/dockerd\x00-H\x00tcp://127.0.0.1:2375\x00--live-restore\x00")
		}, "127.0.0.1:2375"},
	}
}

func binding(inside, ip, port string) map[string]any {
	return map[string]any{inside: []any{map[string]any{"HostIp": ip, "HostPort": port}}}
}

func firewallFaults() []fault {
	kernel := func(b *bench, before, after string) {
		said := b.say["iptables-save -t filter"]
		if strings.Count(said.Out, before) != 1 {
			b.t.Fatalf("%q", before)
		}
		b.say["iptables-save -t filter"] = Said{Out: strings.Replace(said.Out, before, after, 1)}
	}
	return []fault{
		{"NS2020", "off", func(b *bench) { b.etc("/etc/ufw/ufw.conf", "ENABLED=no\n") }, "ENABLED"},
		{"NS2020", "flushed", func(b *bench) {
			kernel(b, "-A INPUT -j ufw-before-logging-input\n", "")
			kernel(b, "-A INPUT -j ufw-before-input\n", "")
		}, "none of its rules"},
		{"NS2020", "chains that nothing leads to", func(b *bench) { kernel(b, "-A INPUT -j ufw-before-input\n", "") }, "for IPv4"},
		{"NS2020", "IPv6 flushed", func(b *bench) {
			said := b.say["ip6tables-save -t filter"].Out
			b.say["ip6tables-save -t filter"] = Said{Out: strings.Replace(said, "-A INPUT -j ufw6-before-input\n", "", 1)}
		}, "for IPv6"},
		{"NS2021", "in the kernel", func(b *bench) { kernel(b, ":INPUT DROP", ":INPUT ACCEPT") }, "policy of INPUT is ACCEPT for IPv4"},
		{"NS2023", "no way to DOCKER-USER", func(b *bench) { kernel(b, "-A FORWARD -j DOCKER-USER\n", "") }, "FORWARD does not lead"},
		{"NS2023", "wider, with the same comment", func(b *bench) { kernel(b, "--ctorigdstport 443 ", "") }, "443/tcp"},
		{"NS2024", "all but lo", func(b *bench) {
			kernel(b, "-A INPUT -j ufw-before-logging-input\n", "-A INPUT ! -i lo -j ACCEPT\n-A INPUT -j ufw-before-logging-input\n")
		}, "! -i lo"},
		{"NS2024", "all but answers", func(b *bench) {
			kernel(b, "-A DOCKER-USER -j NSELF\n", "-A DOCKER-USER -m conntrack ! --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A DOCKER-USER -j NSELF\n")
		}, "! --ctstate"},
		{"NS2024", "a comment that lies", func(b *bench) {
			kernel(b, "-A DOCKER-USER -j NSELF\n", "-A DOCKER-USER -m comment --comment \"-i lo ESTABLISHED\" -j ACCEPT\n-A DOCKER-USER -j NSELF\n")
		}, "-i lo ESTABLISHED"},
		{"NS2024", "by another chain", func(b *bench) {
			kernel(b, "-A DOCKER-USER -j NSELF\n", "-A DOCKER-USER -j tools\n-A tools -j tools\n-A tools -p tcp -j ACCEPT\n-A DOCKER-USER -j NSELF\n")
		}, "-j tools"},
		{"NS2021", "allow", func(b *bench) {
			b.etc("/etc/default/ufw", "IPV6=yes\nDEFAULT_INPUT_POLICY=\"ACCEPT\"\nDEFAULT_FORWARD_POLICY=\"DROP\"\n")
		}, "ACCEPT"},
		{"NS2022", "no", func(b *bench) {
			b.etc("/etc/default/ufw", "IPV6=no\nDEFAULT_INPUT_POLICY=\"DROP\"\nDEFAULT_FORWARD_POLICY=\"DROP\"\n")
		}, "IPV6"},
		{"NS2023", "no chain", func(b *bench) {
			b.say["ip6tables-save -t filter"] = Said{Out: "-A INPUT -j ufw6-before-input\n-A FORWARD -j DOCKER-USER\n"}
		}, "no chain NSELF for IPv6"},
		{"NS2023", "no way to it", func(b *bench) { kernel(b, "-A DOCKER-USER -j NSELF\n", "") }, "does not lead"},
		{"NS2023", "wrong verdict", func(b *bench) { kernel(b, `"nself deny" -j DROP`, `"nself deny" -j RETURN`) }, "nself deny"},
		{"NS2023", "one more", func(b *bench) { kernel(b, ":NSELF - [0:0]\n", ":NSELF - [0:0]\n-A NSELF-IN -p tcp -j RETURN\n") }, "is not of the stack"},
		{"NS2024", "DOCKER-USER", func(b *bench) {
			kernel(b, "-A DOCKER-USER -j NSELF\n", "-A DOCKER-USER -p tcp -j ACCEPT\n-A DOCKER-USER -j NSELF\n")
		}, "-p tcp -j ACCEPT"},
		{"NS2024", "RETURN", func(b *bench) {
			kernel(b, "-A DOCKER-USER -j NSELF\n", "-A DOCKER-USER -s 10.0.0.0/8 -j RETURN\n-A DOCKER-USER -j NSELF\n")
		}, "10.0.0.0/8"},
		{"NS2024", "INPUT", func(b *bench) {
			kernel(b, "-A INPUT -j ufw-before-logging-input\n", "-A INPUT -p tcp -m tcp --dport 9000 -j ACCEPT\n-A INPUT -j ufw-before-logging-input\n")
		}, "9000"},
		{"NS2025", "no rules", func(b *bench) { b.etc("/etc/docker/daemon.json", `{"live-restore": true, "iptables": false}`) }, "iptables: false"},
		{"NS2025", "nftables", func(b *bench) { b.info["FirewallBackend"] = map[string]any{"Driver": "nftables+firewalld"} }, "nftables"},
		{"NS2026", "a database", func(b *bench) {
			kernel(b, "-A ufw-user-input -p tcp -m tcp --dport 80 -j ACCEPT\n", "-A ufw-user-input -p tcp -m tcp --dport 5432 -j ACCEPT\n-A ufw-user-input -p tcp -m tcp --dport 80 -j ACCEPT\n")
		}, "lets everybody reach port 5432 (tcp)"},
		{"NS2026", "IPv6", func(b *bench) {
			b.say["ip6tables-save -t filter"] = Said{Out: b.say["ip6tables-save -t filter"].Out + "-A ufw6-before-forward -i eth0 -j ACCEPT\n"}
		}, "ufw6-before-forward of IPv6"},
		{"NS2021", "the kernel hands on", func(b *bench) { kernel(b, ":FORWARD DROP", ":FORWARD ACCEPT") }, "policy of FORWARD is ACCEPT for IPv4"},
		{"NS2027", "another port", func(b *bench) {
			_ = os.Remove(b.root + "/proc/net/tcp")
			b.listen("tcp", "00000000:08AE", "101", "")
			b.process("101", "sshd", "")
		}, "port 2222"},
		{"NS2027", "two ports", func(b *bench) { b.listen("tcp", "00000000:08AE", "202", "sshd") }, "port 22 and port 2222"},
		{"NS2028", "gone", func(b *bench) { b.etc("/etc/ufw/user.rules", "") }, "nself:shop-prod:"},
		{"NS2029", "one more", func(b *bench) {
			text, _ := os.ReadFile(b.root + "/etc/ufw/user.rules")
			b.etc("/etc/ufw/user.rules", string(text)+"### tuple ### allow tcp 8081 0.0.0.0/0 any 0.0.0.0/0 in\n")
		}, "8081"},
		{"NS2029", "wider for ssh", func(b *bench) {
			text, _ := os.ReadFile(b.root + "/etc/ufw/user.rules")
			b.etc("/etc/ufw/user.rules", string(text)+"### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n")
		}, "everybody"},
		{"NS2030", "yes", func(b *bench) {
			b.say["sshd -T"] = Said{Out: "port 22\npermitrootlogin yes\npasswordauthentication yes\n"}
		}, "root may log in"},
		{"NS2031", "yes", func(b *bench) {
			b.say["sshd -T"] = Said{Out: "port 22\npermitrootlogin no\npasswordauthentication yes\n"}
		}, "takes passwords"},
		{"NS2031", "by PAM", func(b *bench) {
			b.say["sshd -T"] = Said{Out: "port 22\nusepam yes\npermitrootlogin no\npasswordauthentication no\nkbdinteractiveauthentication yes\nauthenticationmethods any\n"}
		}, "takes passwords"},
		{"NS2031", "one way in without a key", func(b *bench) {
			b.say["sshd -T"] = Said{Out: "port 22\npermitrootlogin no\npasswordauthentication yes\nauthenticationmethods publickey,password password\n"}
		}, "takes passwords"},
	}
}

func dockerFaults() []fault {
	return []fault{
		{"NS2032", "old", func(b *bench) { b.info["ServerVersion"] = "26.1.4" }, "26.1.4"},
		{"NS2032", "old line", func(b *bench) { b.info["ServerVersion"] = "24.0.9" }, "24.0.9"},
		{"NS2034", "insecure", func(b *bench) {
			b.etc("/etc/docker/daemon.json", `{"live-restore": true, "insecure-registries": ["127.0.0.0/8", "localhost:5000", "registry.example.com:5000"]}`)
		}, "registry.example.com:5000"},
		{"NS2035", "two strangers", func(b *bench) { b.stray("a", nil); b.stray("b", nil) }, "default bridge"},
		{"NS2036", "off", func(b *bench) { b.info["LiveRestoreEnabled"] = false }, "live-restore"},
		{"NS2037", "old", func(b *bench) { b.say["docker compose version --short"] = Said{Out: "v2.11.2\n"} }, "2.11.2"},
		{"NS2037", "none", func(b *bench) { b.say["docker compose version --short"] = Said{Code: 1, Err: "unknown command"} }, "not there"},
	}
}

func containerFaults() []fault {
	host := func(key string, value any) func(b *bench) {
		return func(b *bench) { b.at("api", "HostConfig")[key] = value }
	}
	return []fault{
		{"NS2040", "privileged", host("Privileged", true), "privileged"},
		{"NS2040", "capability", host("CapAdd", []any{"CAP_NET_RAW"}), "NET_RAW"},
		{"NS2040", "none dropped", host("CapDrop", nil), "dropped"},
		{"NS2040", "writable root", host("ReadonlyRootfs", false), "writable"},
		{"NS2040", "new privileges", host("SecurityOpt", []any{"no-new-privileges:false"}), "gain privileges"},
		{"NS2040", "unconfined", host("SecurityOpt", []any{"no-new-privileges:true", "seccomp=unconfined"}), "seccomp=unconfined"},
		{"NS2040", "host network", host("NetworkMode", "host"), "network namespace"},
		{"NS2040", "device", host("Devices", []any{map[string]any{"PathOnHost": "/dev/kmsg"}}), "/dev/kmsg"},
		{"NS2040", "root user", func(b *bench) { b.at("api", "Config")["User"] = "" }, "the image's user"},
		{"NS2041", "memory", host("Memory", 0), "memory"},
		{"NS2041", "processes", host("PidsLimit", nil), "processes"},
		{"NS2041", "processors", host("NanoCpus", 0), "processors"},
		{"NS2041", "restart", host("RestartPolicy", map[string]any{"Name": "no"}), "restart policy"},
		{"NS2042", "one more", func(b *bench) {
			b.at("ingress", "NetworkSettings")["Networks"].(map[string]any)["shop-prod_main"] = map[string]any{} //nolint:forcetypeassert // made so
		}, "shop-prod_main"},
		{"NS2043", "left over", func(b *bench) {
			b.stray("shop-prod-old-1", nil)["Config"] = map[string]any{"Labels": map[string]any{labelProject: "shop-prod", labelService: "old"}}
		}, "no service old"},
		{"NS2044", "none", func(b *bench) { delete(b.running, "worker") }, "has no container"},
		{"NS2044", "ended", func(b *bench) { b.running["worker"]["State"] = map[string]any{"Status": "exited", "ExitCode": 3} }, "code 3"},
		{"NS2044", "unhealthy", func(b *bench) {
			b.running["worker"]["State"] = map[string]any{"Status": "running", "Running": true, "Health": map[string]any{"Status": "unhealthy"}}
		}, "is unhealthy"},
		{"NS2046", "older", func(b *bench) { b.at("cache", "Config")["Labels"].(map[string]any)[labelConfig] = "other" }, "before the files"}, //nolint:forcetypeassert // made so
		{"NS2047", "host folder", func(b *bench) { b.running["api"]["Mounts"] = []any{map[string]any{"Type": "bind", "Source": "/etc"}} }, "/etc"},
		{"NS2048", "socket", func(b *bench) {
			b.stray("portainer", nil)["Mounts"] = []any{map[string]any{"Type": "bind", "Source": "/var/run/docker.sock"}}
		}, "docker.sock"},
		{"NS2048", "privileged", func(b *bench) { b.stray("x", nil)["HostConfig"] = map[string]any{"Privileged": true} }, "privileged"},
		{"NS2055", "user", func(b *bench) {
			b.inside = func(in string) Said {
				if in == "report_b\nchangeme\n" {
					return Said{}
				}
				return Said{Code: refuses}
			}
		}, "report_b"},
		{"NS2056", "from before a rotation that nobody ends", func(b *bench) {
			b.previous(random(b.t))
			b.takes("report_a")
		}, "no rotation is under way"},
		{"NS2056", "retired", func(b *bench) {
			b.retired(random(b.t))
			b.takes("report_b")
		}, "retired on 2026-11-02"},
		{"NS2073", "ended", func(b *bench) { b.at("api", "State")["OOMKilled"] = true }, "1024 MiB"},
	}
}

func imageFaults() []fault {
	return []fault{
		{"NS2045", "another", func(b *bench) { b.at("api", "Config")["Image"] = "ghcr.io/acme/api:1.4.1" }, "1.4.1"},
		{"NS2045", "name moved", func(b *bench) { b.ids["redis:8.2.9"] = "sha256:other" }, "redis:8.2.9"},
		{"NS2049", "no tag", func(b *bench) {
			b.stray("tool", nil)["Config"] = map[string]any{"Image": "adminer", "Labels": map[string]any{}}
		}, "no tag"},
		{"NS2049", "latest", func(b *bench) { b.reimage("redis:8.2.9", "redis:latest") }, "the tag \"latest\""},
		{"NS2049", "a line of releases", func(b *bench) { b.reimage("postgres:17.12", "postgres:17-alpine") }, "a line of releases"},
		{"NS2050", "ended", func(b *bench) { b.reimage("postgres:17.12", "postgres:13.23") }, "2025-11-13"},
		{"NS2051", "old", func(b *bench) { b.reimage("redis:8.2.9", "redis:8.2.1-alpine") }, "CVE-2026-81934"},
		{"NS2052", "record", func(b *bench) { b.advise("8.2.10") }, "BIT-redis-1"},
		{"NS2053", "trivy", func(b *bench) {
			b.say["trivy image --quiet --format json --severity HIGH,CRITICAL --ignore-unfixed --scanners vuln redis:8.2.9"] = Said{Out: `{"SchemaVersion":2,"Results":[{"Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"openssl","Severity":"HIGH"}]}]}`}
		}, "CVE-1 (openssl, high)"},
	}
}

func certificateFaults() []fault {
	leaf := func(change func(b *bench, c *x509.Certificate)) func(b *bench) {
		return func(b *bench) { b.bring(b.issue(func(c *x509.Certificate) { change(b, c) })) }
	}
	return []fault{
		{"NS2060", "expired", leaf(func(b *bench, c *x509.Certificate) {
			c.NotBefore, c.NotAfter = b.host.Now.Add(-90*24*time.Hour), b.host.Now.Add(-time.Hour)
		}), "expired"},
		{"NS2060", "not yet", leaf(func(b *bench, c *x509.Certificate) { c.NotBefore = b.host.Now.Add(time.Hour) }), "valid from"},
		{"NS2061", "soon", leaf(func(b *bench, c *x509.Certificate) {
			c.NotBefore, c.NotAfter = b.host.Now.Add(-80*24*time.Hour), b.host.Now.Add(10*24*time.Hour)
		}), "10.0 days"},
		{"NS2062", "name", leaf(func(_ *bench, c *x509.Certificate) { c.DNSNames = []string{"www.shop.example.com"} }), "api.shop.example.com"},
		{"NS2063", "self-signed", func(b *bench) { b.bring(selfSigned(b.t, b.host.Now, "api.shop.example.com", elliptic.P256())) }, "no way leads"},
		{"NS2064", "trial", func(b *bench) { b.bring(selfSigned(b.t, b.host.Now, "(STAGING) Pretend Pear X1", elliptic.P256())) }, "STAGING"},
		{"NS2066", "key", func(b *bench) {
			_, key := b.issue(nil)
			b.chmod(".secrets.d/ingress/tls.key", 0o600)
			put(b.t, b.subject.Dir+"/.secrets.d/ingress/tls.key", string(key), 0o444)
			put(b.t, b.subject.StackDir+"/certs/privkey.pem", string(key), 0o600)
		}, "is not the key"},
		{"NS2067", "not told", func(b *bench) { b.serve(b.issue(func(c *x509.Certificate) { c.SerialNumber = big.NewInt(9) })) }, "not told of the new one"},
		{"NS2068", "old version", func(b *bench) { b.server.MinVersion, b.server.CipherSuites = tls.VersionTLS11, nil }, "profile guide"},
		{"NS2068", "suite", func(b *bench) {
			b.server.CipherSuites = append(offered("guide"), tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA)
		}, "CBC"},
		{"NS2069", "any name", func(b *bench) {
			get := b.server.GetCertificate
			b.server.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				return get(&tls.ClientHelloInfo{ServerName: "api.shop.example.com"})
			}
		}, "without a route"},
	}
}

func machineFaults() []fault {
	old := func(b *bench, name string, by time.Duration) {
		when := b.host.Now.Add(-by)
		if err := os.Chtimes(filepath.Join(b.backups, name), when, when); err != nil {
			b.t.Fatal(err)
		}
	}
	return []fault{
		{"NS2054", "table", func(b *bench) { b.later(77 * 24 * time.Hour) }, "days old"},
		{"NS2071", "timedatectl", func(b *bench) { b.say["timedatectl show --property=NTPSynchronized --value"] = Said{Out: "no\n"} }, "timedatectl"},
		{"NS2071", "kernel", func(b *bench) {
			delete(b.say, "timedatectl show --property=NTPSynchronized --value")
			b.host.Synced = func() (bool, error) { return false, nil }
		}, "the kernel"},
		{"NS2072", "bytes", func(b *bench) {
			b.host.Room = func(string) (Room, error) { return Room{Bytes: 40 << 30, Free: 1 << 30}, nil }
		}, "1024 MiB of 40960"},
		{"NS2072", "inodes", func(b *bench) {
			b.host.Room = func(string) (Room, error) {
				return Room{Bytes: 40 << 30, Free: 30 << 30, Inodes: 1000, FreeInodes: 9}, nil
			}
		}, "9 of 1000 inodes"},
		{"NS2075", "unknown", func(b *bench) { b.options.BackupDir = "" }, "redis.cache.service.main"},
		{"NS2075", "empty", func(b *bench) { _ = os.Remove(b.backups + "/app.dump.age") }, "there is one copy"},
		{"NS2076", "stale", func(b *bench) { old(b, "app.dump.age", 30*time.Hour) }, "30 hours old"},
		{"NS2077", "never", func(b *bench) { _ = os.Remove(filepath.Join(b.backups, TestedFile)) }, "ever restored"},
		{"NS2077", "long ago", func(b *bench) { old(b, TestedFile, 60*24*time.Hour) }, "last restored on"},
		{"NS2078", "nobody", func(b *bench) { _ = os.RemoveAll(b.root + "/proc/900") }, "watches this host"},
	}
}

// apart are the codes that no case of the list has, with the test that has one.
var apart = map[string]string{"NS2033": "TestLoopback", "NS2065": "TestWeakKey", "NS2070": "TestNoTLS"}

// TestFaults: each fault is found by the code that is meant, and by no other.
func TestFaults(t *testing.T) {
	tried := map[string]bool{}
	for _, f := range faults() {
		tried[f.code] = true
		t.Run(f.code+" "+f.name, func(t *testing.T) {
			b := healthy(t)
			f.spoil(b)
			r := b.examine()
			if got := codesOf(r); !slices.Equal(got, []string{f.code}) {
				t.Fatalf("found by %v", got)
			}
			for _, one := range r.Results {
				for _, x := range one.Findings {
					if x.Object == "" || len(x.Evidence) < 30 || x.Fix == "" || x.At.IsZero() || strings.Contains(x.Evidence+x.Fix, "%!") {
						t.Errorf("%+v", x)
					}
					if one.Code == f.code && !strings.Contains(x.Object+" "+x.Evidence, f.says) {
						t.Errorf("%s: it does not say %q: %s", x.Object, f.says, x.Evidence)
					}
				}
			}
		})
	}
	for _, c := range checks() {
		if !tried[c.code] && apart[c.code] == "" {
			t.Errorf("no case spoils %s", c.code)
		}
	}
}

// TestCatalogue: each check has its entry, held on the host, and its page; and each
// entry that is held there its check.
func TestCatalogue(t *testing.T) {
	entries := map[string]policy.Rule{}
	for _, r := range policy.Rules() {
		if r.Held == policy.OnHost {
			entries[r.Code] = r
		}
	}
	for _, c := range checks() {
		if entries[c.code].Title == "" || diag.Title(c.code) != entries[c.code].Title {
			t.Errorf("%s: entry %q, page %q", c.code, entries[c.code].Title, diag.Title(c.code))
		}
		delete(entries, c.code)
	}
	for code := range entries {
		t.Errorf("%s is looked for by nobody", code)
	}
	if len(checks()) < 40 {
		t.Errorf("only %d checks", len(checks()))
	}
}

func (b *bench) chmod(name string, mode os.FileMode) {
	b.t.Helper()
	if err := os.Chmod(filepath.Join(b.subject.Dir, name), mode); err != nil {
		b.t.Fatal(err)
	}
}

// edit writes over a file of the output without a change of its mode.
func (b *bench) edit(name string) {
	b.t.Helper()
	path := filepath.Join(b.subject.Dir, name)
	fi, err := os.Stat(path)
	if err != nil {
		b.t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = os.Chmod(path, 0o600)
	put(b.t, path, string(text)+"\n# by hand\n", fi.Mode().Perm())
}

func (b *bench) git(args ...string) {
	b.t.Helper()
	if out, err := gitIn(b.subject.StackDir, args...); err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
}

func (b *bench) document() *dotsecrets.Document {
	text, err := os.ReadFile(b.subject.Dir + "/.secrets")
	if err != nil {
		b.t.Fatal(err)
	}
	doc, _ := dotsecrets.Parse(".secrets", text)
	return doc
}

func (b *bench) value(key string) string {
	v, ok := b.document().Get(key)
	if !ok {
		b.t.Fatalf("no %s", key)
	}
	return v
}

// secret gives a key another value in .secrets, and in no other file; "" takes it out.
func (b *bench) secret(key, value string) {
	text, _ := os.ReadFile(b.subject.Dir + "/.secrets")
	var out strings.Builder
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, key+"=") {
			if n++; value == "" {
				continue
			}
			line = key + "=" + value + "\n"
		}
		out.WriteString(line)
	}
	if n != 1 {
		b.t.Fatalf("%s stands there %d times", key, n)
	}
	put(b.t, b.subject.Dir+"/.secrets", out.String(), 0o600)
}

// later looks on another day, on which all else is as fresh as today.
func (b *bench) later(by time.Duration) {
	b.host.Now = b.host.Now.Add(by)
	b.freshen()
	b.subject.Secrets.Now = b.host.Now
}

// freshen makes new what ages by itself.
func (b *bench) freshen() {
	now := b.host.Now
	for _, name := range []string{"app.dump.age", TestedFile} {
		if err := os.Chtimes(filepath.Join(b.backups, name), now, now); err != nil {
			b.t.Fatal(err)
		}
	}
	b.bring(b.issue(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-time.Hour), now.Add(90*24*time.Hour) }))
}

// reimage gives the services of an image another one, declared and running.
func (b *bench) reimage(before, after string) {
	n := 0
	for _, s := range b.subject.Stack.Services {
		if s.Image.V == before {
			s.Image.V = after
			n++
			b.ids[after] = b.ids[before]
			b.at(s.Name, "Config")["Image"] = after
		}
	}
	if n == 0 {
		b.t.Fatalf("nobody runs %s", before)
	}
}

// advise brings a record of a fault of Redis that a release mends.
func (b *bench) advise(fixed string) {
	b.options.Advisories = filepath.Join(b.t.TempDir(), "osv.json")
	put(b.t, b.options.Advisories, fmt.Sprintf(`{"id": "BIT-redis-1", "affected": [{"package": {"ecosystem": "Bitnami", "name": "redis"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "8.0.0"}, {"fixed": %q}]}]}]}`, fixed), 0o644)
}

// selfSigned makes a certificate that signs itself, by any name.
func selfSigned(t *testing.T, now time.Time, name string, curve elliptic.Curve) (chain, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"api.shop.example.com"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(80 * 24 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}
