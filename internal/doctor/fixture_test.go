package doctor

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nselfc/compiler/ir"
	"nselfc/internal/build"
)

// bench is a host on which nothing is wrong: the shop, built and running, as far as
// files, sockets and programs can say. A case spoils one of them.
type bench struct {
	t       *testing.T
	root    string // of the host's file system
	backups string
	subject Subject
	host    Host
	options Options
	say     map[string]Said           // by the command line
	inside  func(stdin string) Said   // of docker exec
	info    map[string]any            // docker info
	running map[string]map[string]any // containers, by service; docker inspect
	ids     map[string]string         // of images, by reference
	server  *tls.Config               // of the ingress
	ca      authority                 // that the host trusts
}

func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func healthy(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, root: t.TempDir(), backups: t.TempDir(), ids: map[string]string{}, running: map[string]map[string]any{}}
	b.ca = shop(t).ca
	dir := shop(t).unpack(t)
	roots := x509.NewCertPool()
	roots.AddCert(b.ca.cert)
	c, diags := build.Compile(context.Background(), dir, writing.Options)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	h, d := c.Host(writing)
	if d != nil {
		t.Fatal(d.Summary)
	}
	b.subject = Subject{Stack: h.Stack, Files: h.Files, Dir: h.Dir, StackDir: dir, Secrets: h.Options}
	b.options = Options{Security: true, BackupDir: b.backups}
	b.machine()
	b.engine()
	b.serve(b.owners())
	for _, name := range []string{"app.dump.age", TestedFile} {
		if err := os.Chtimes(filepath.Join(b.backups, name), builtOn, builtOn); err != nil {
			t.Fatal(err)
		}
	}
	b.host = Host{
		Root: b.root, UID: 0, Now: builtOn, Patience: time.Minute, Run: b.run,
		Room: func(string) (Room, error) {
			return Room{Bytes: 100 << 30, Free: 50 << 30, Inodes: 1000, FreeInodes: 500}, nil
		},
		Synced: func() (bool, error) { return true, nil },
		Roots:  func() (*x509.CertPool, error) { return roots, nil },
		Dial:   b.dial,
	}
	return b
}

// issue makes a certificate that the host trusts, and its key.
func (b *bench) issue(change func(*x509.Certificate)) (chain, key []byte) {
	b.t.Helper()
	return b.ca.issue(b.t, change)
}

// owners gives the certificate that the owner of the stack brought, and its key.
func (b *bench) owners() (chain, key []byte) {
	b.t.Helper()
	chain, err := os.ReadFile(b.subject.StackDir + "/certs/fullchain.pem")
	if err == nil {
		key, err = os.ReadFile(b.subject.StackDir + "/certs/privkey.pem")
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return chain, key
}

func random(t *testing.T) string {
	t.Helper()
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(raw)
}

// machine writes the files of a host that is as it should be.
func (b *bench) machine() {
	b.etc("/etc/ufw/ufw.conf", "ENABLED=yes\n")
	b.etc("/etc/default/ufw", "IPV6=yes\nDEFAULT_INPUT_POLICY=\"DROP\"\nDEFAULT_FORWARD_POLICY=\"DROP\"\n")
	b.etc("/etc/ufw/user6.rules", "### tuple ### limit tcp 22 ::/0 any 2001:db8:100::/48 in comment="+hex.EncodeToString([]byte("nself:shop-prod:ssh"))+
		"\n### tuple ### allow tcp 80 ::/0 any ::/0 in comment="+hex.EncodeToString([]byte("nself:shop-prod:ingress-http"))+
		"\n### tuple ### allow tcp 443 ::/0 any ::/0 in comment="+hex.EncodeToString([]byte("nself:shop-prod:ingress-https"))+"\n")
	b.etc("/etc/docker/daemon.json", `{"live-restore": true}`)
	b.tuples("limit tcp 22 0.0.0.0/0 any 203.0.113.0/24 in comment="+hex.EncodeToString([]byte("nself:shop-prod:ssh")),
		"allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in comment="+hex.EncodeToString([]byte("nself:shop-prod:ingress-http")),
		"allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in comment="+hex.EncodeToString([]byte("nself:shop-prod:ingress-https")))
	b.listen("tcp", "00000000:0016", "101", "sshd")
	b.listen("tcp", "00000000:01BB", "102", "docker-proxy")
	b.listen("tcp", "0100007F:1538", "103", "postgres") // of the host's own, for itself
	b.process("900", "monit", "")
	put(b.t, b.backups+"/app.dump.age", "x", 0o600)
	put(b.t, filepath.Join(b.backups, TestedFile), "", 0o600)
	b.say = map[string]Said{
		"timedatectl show --property=NTPSynchronized --value": {Out: "yes\n"},
		"sshd -T":                        {Out: "port 22\npermitrootlogin prohibit-password\npasswordauthentication no\n"},
		"docker compose version --short": {Out: "2.40.3\n"},
		"docker context inspect --format {{.Endpoints.docker.Host}}": {Out: "unix:///var/run/docker.sock\n"},
		"trivy --version":          {Out: "Version: 0.60.0\n"},
		"iptables-save -t filter":  {Out: b.kernel("ufw/after.rules")},
		"ip6tables-save -t filter": {Out: b.kernel("ufw/after6.rules")},
	}
	b.inside = func(string) Said { return Said{Code: refuses} }
}

// kernel is what iptables-save says when the emitted rules are in force, beside those
// of ufw, as a real one put them there, and of Docker.
func (b *bench) kernel(file string) string {
	b.t.Helper()
	x := &examination{Subject: b.subject}
	ufw := strings.TrimSuffix(strings.Replace(filepath.Base(file), "after", "ufw", 1), ".rules")
	text, err := os.ReadFile(filepath.Join("testdata", ufw+".rules"))
	first := "-A FORWARD -j " + ufw + "-before-logging-forward\n"
	if err != nil || strings.Count(string(text), first) != 1 {
		b.t.Fatalf("%v: %s", err, text)
	}
	return strings.Replace(string(text), first, ofDocker+first, 1) + "-A DOCKER-USER -j NSELF\n" + x.file(file)
}

// ofDocker are rules as its releases write them, of a bridge with a name of one's own.
const ofDocker = `-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o tools -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o tools -j DOCKER
-A FORWARD -i tools ! -o tools -j ACCEPT
-A FORWARD -i tools -o tools -j ACCEPT
-A FORWARD -i inner -o inner -j ACCEPT
-A DOCKER -d 172.30.1.2/32 ! -i tools -o tools -p tcp -m tcp --dport 8080 -j ACCEPT
-A DOCKER-FORWARD -j DOCKER-BRIDGE
-A DOCKER-FORWARD -i docker0 -j ACCEPT
-A DOCKER-BRIDGE -o docker0 -j DOCKER
-A DOCKER-ISOLATION-STAGE-1 ! -d 172.30.2.0/24 -i inner -j DROP
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
`

func (b *bench) etc(name, text string) { put(b.t, b.root+name, text, 0o644) }

func (b *bench) tuples(rules ...string) {
	b.etc("/etc/ufw/user.rules", "### tuple ### "+strings.Join(rules, "\n### tuple ### ")+"\n")
}

// process adds one to /proc.
func (b *bench) process(pid, name, cmdline string) {
	b.etc("/proc/"+pid+"/comm", name+"\n")
	b.etc("/proc/"+pid+"/cmdline", cmdline)
}

// listen adds a socket that listens, and its process, to /proc.
func (b *bench) listen(file, address, inode, owner string) {
	state := "0A"
	if strings.HasPrefix(file, "udp") {
		state = "07"
	}
	name := b.root + "/proc/net/" + file
	text, _ := os.ReadFile(name)
	b.etc("/proc/net/"+file, string(text)+fmt.Sprintf("   0: %s 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0        0 %s 1\n", address, state, inode))
	if owner == "" {
		return
	}
	b.process(inode, owner, "")
	fd := b.root + "/proc/" + inode + "/fd"
	if err := os.MkdirAll(fd, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Symlink("socket:["+inode+"]", fd+"/3"); err != nil {
		b.t.Fatal(err)
	}
}

// engine makes a container for each service, as Compose would.
func (b *bench) engine() {
	b.info = map[string]any{"ServerVersion": "28.5.1", "DockerRootDir": "/var/lib/docker", "LiveRestoreEnabled": true}
	for _, s := range b.subject.Stack.Services {
		b.ids[s.Image.V] = "sha256:" + s.Image.V
		b.running[s.Name] = b.container(s)
	}
}

func (b *bench) container(s *ir.Service) map[string]any {
	networks, ports := map[string]any{}, map[string]any{}
	for _, n := range s.Networks {
		networks["shop-prod_"+n.Network] = map[string]any{}
	}
	for _, p := range s.Publish {
		ports[fmt.Sprintf("%d/tcp", p.Container.V)] = []any{map[string]any{"HostIp": "0.0.0.0", "HostPort": strconv.Itoa(p.Host.V)}, map[string]any{"HostIp": "::", "HostPort": strconv.Itoa(p.Host.V)}}
	}
	return map[string]any{
		"Id": s.Name, "Name": "/shop-prod-" + s.Name + "-1", "Image": b.ids[s.Image.V],
		"State": map[string]any{"Status": "running", "Running": true, "Health": map[string]any{"Status": "healthy"}},
		"Config": map[string]any{
			"Image": s.Image.V, "User": s.User.V,
			"Labels": map[string]any{labelProject: "shop-prod", labelService: s.Name, labelOneOff: "False", labelAddress: s.Address, labelConfig: s.Digest},
		},
		"HostConfig": map[string]any{
			"ReadonlyRootfs": s.ReadOnly.V, "CapDrop": []any{"ALL"}, "SecurityOpt": []any{"no-new-privileges:true"}, "Memory": s.Memory.V,
			"NanoCpus": s.CPUs.V * 1e9, "PidsLimit": s.Pids.V, "RestartPolicy": map[string]any{"Name": s.Restart.V}, "NetworkMode": "shop-prod_x",
		},
		"NetworkSettings": map[string]any{"Networks": networks, "Ports": ports},
		"Mounts":          []any{map[string]any{"Type": "bind", "Source": b.subject.Dir + "/nginx", "Destination": "/etc/nginx"}},
	}
}

// at gives a part of what docker inspect says of a service's container.
func (b *bench) at(service, part string) map[string]any {
	return b.running[service][part].(map[string]any) //nolint:forcetypeassert // made above
}

// stray is a container that is no part of a stack.
func (b *bench) stray(name string, ports map[string]any) map[string]any {
	c := map[string]any{
		"Id": name, "Name": "/" + name, "State": map[string]any{"Status": "running", "Running": true}, "Config": map[string]any{"Image": "ghcr.io/acme/tool:1.4.2", "Labels": map[string]any{}},
		"HostConfig": map[string]any{"NetworkMode": "bridge"}, "NetworkSettings": map[string]any{"Ports": ports}, "Mounts": []any{},
	}
	b.running[name] = c
	return c
}

// run stands in for the programs of the host.
func (b *bench) run(_ context.Context, stdin io.Reader, args ...string) (Said, error) {
	line := strings.Join(args, " ")
	if said, ok := b.say[line]; ok {
		return said, nil
	}
	switch {
	case strings.HasPrefix(line, "docker info"):
		text, err := json.Marshal(b.info)
		return Said{Out: string(text)}, err
	case strings.HasPrefix(line, "docker ps"):
		return Said{Out: "a b c\n"}, nil
	case strings.HasPrefix(line, "docker inspect"):
		var all []any
		for _, c := range b.running {
			all = append(all, c)
		}
		text, err := json.Marshal(all)
		return Said{Out: string(text)}, err
	case strings.HasPrefix(line, "docker image inspect"):
		return Said{Out: b.ids[args[len(args)-1]]}, nil
	case strings.HasPrefix(line, "docker exec"):
		text, err := io.ReadAll(stdin)
		lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
		var out strings.Builder
		for i := 0; i+1 < len(lines); i += 2 { // a user and a password
			fmt.Fprintln(&out, b.inside(strings.TrimSuffix(lines[i]+lines[i+1], "\n")+"\n").Code)
		}
		return Said{Out: out.String()}, err
	case args[0] == "trivy":
		return Said{Out: `{"SchemaVersion": 2, "Results": [{"Target": "x"}]}`}, nil
	}
	return Said{}, fmt.Errorf("%s is not installed here: %w", args[0], exec.ErrNotFound)
}

// serve sets what the ingress answers with.
func (b *bench) serve(chain, key []byte) {
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		b.t.Fatal(err)
	}
	b.server = &tls.Config{
		MinVersion: tls.VersionTLS12, CipherSuites: offered("guide"),
		GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if !strings.HasSuffix(h.ServerName, ".example.com") {
				return nil, fmt.Errorf("unrecognized name")
			}
			return &pair, nil
		},
	}
}

func (b *bench) dial(context.Context, string) (net.Conn, error) {
	if b.server == nil {
		return nil, fmt.Errorf("connection refused")
	}
	client, server := net.Pipe()
	go func() {
		c := tls.Server(server, b.server)
		_ = c.Handshake() // the client tells
		_, _ = io.Copy(io.Discard, c)
		server.Close()
	}()
	return client, nil
}

// bring puts a certificate where its owner and the ingress have it, and serves it.
func (b *bench) bring(chain, key []byte) {
	for name, text := range map[string][]byte{"tls.crt": chain, "tls.key": key} {
		path := filepath.Join(b.subject.Dir, ".secrets.d", "ingress", name)
		if err := os.Chmod(path, 0o600); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			b.t.Fatal(err)
		}
		if err := os.Chmod(path, 0o444); err != nil {
			b.t.Fatal(err)
		}
	}
	put(b.t, b.subject.StackDir+"/certs/fullchain.pem", string(chain), 0o644)
	put(b.t, b.subject.StackDir+"/certs/privkey.pem", string(key), 0o600)
	b.serve(chain, key)
}

func (b *bench) examine() *Report { return Examine(context.Background(), b.host, b.subject, b.options) }
