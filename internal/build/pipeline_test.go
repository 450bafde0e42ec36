package build_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nselfc/internal/build"
	"nselfc/lang/diag"
)

// TestPipeline draws stacks as text and judges what comes out of the whole
// compiler by what was drawn, with readers that know nothing of the emitters.
func TestPipeline(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		w := drawWorld(rt)
		dir := filepath.Join(base, fmt.Sprint("stack", n))
		w.write(rt, dir, [][]string{w.blocks})
		e := w.compile(rt, dir)
		committed, secret := output(e)
		f := readCompose(rt, committed["docker-compose.yml"])

		w.checkServices(rt, f)
		w.checkTexts(rt, f, committed)
		w.checkSecrets(rt, f, e, committed, secret)
		w.checkNetworks(rt, f)
		published := w.checkPorts(rt, f)
		w.checkFirewall(rt, published, committed)
		w.checkNginx(rt, f, committed)

		w.write(rt, dir+"-twin", w.spread(rt))
		again, _ := output(w.compile(rt, dir+"-twin"))
		if diff := gocmp.Diff(committed, again); diff != "" {
			rt.Fatalf("other files and another order of blocks changed the output:\n%s", diff)
		}
		if err := os.RemoveAll(dir); err != nil {
			rt.Fatal(err)
		}
	})
}

// write writes the stack into a folder, one file for each group of blocks.
func (w *world) write(t *rapid.T, dir string, groups [][]string) {
	t.Helper()
	files := maps.Clone(w.files)
	for i, blocks := range groups {
		files[fmt.Sprintf("%c.hcl", 'a'+i)] = strings.Join(blocks, "\n")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// spread draws another order of the blocks, over several files.
func (w *world) spread(t *rapid.T) [][]string {
	groups := make([][]string, rapid.IntRange(1, 4).Draw(t, "groups"))
	for _, b := range rapid.Permutation(w.blocks).Draw(t, "blocks") {
		i := rapid.IntRange(0, len(groups)-1).Draw(t, "group")
		groups[i] = append(groups[i], b)
	}
	return slices.DeleteFunc(groups, func(g []string) bool { return len(g) == 0 })
}

// compile compiles twice, and wants no error, the same bytes and little time.
func (w *world) compile(t *rapid.T, dir string) *build.Environment {
	t.Helper()
	start := time.Now()
	c, diags := build.Compile(context.Background(), dir, build.Options{})
	if took := time.Since(start); took > time.Second {
		t.Errorf("compiling took %v", took)
	}
	if diags.HasErrors() || len(c.Environments) != 1 {
		t.Fatalf("%s\n%s", show(diags), strings.Join(w.blocks, "\n"))
	}
	other, _ := build.Compile(context.Background(), dir, build.Options{})
	a, aSecret := output(c.Environments[0])
	b, bSecret := output(other.Environments[0])
	if diff := gocmp.Diff(a, b) + gocmp.Diff(aSecret, bSecret); diff != "" {
		t.Fatalf("the second run differs:\n%s", diff)
	}
	if rapid.IntRange(0, 4).Draw(t, "verify") == 0 { // most of the time of a check
		if bad := c.Verify(context.Background()); len(bad) > 0 {
			t.Fatalf("compose-go reads another stack: %s", show(bad))
		}
	}
	return c.Environments[0]
}

func show(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s: %s %s: %s: %s\n", d.Subject, d.Severity, d.Code, d.Summary, d.Detail)
	}
	return b.String()
}

// checkServices holds every service against what no service may lack.
func (w *world) checkServices(t *rapid.T, f *composeFile) {
	want := slices.Clone(w.order)
	if len(w.hosts) > 0 {
		want = append(want, "ingress")
	}
	slices.Sort(want)
	if diff := gocmp.Diff(want, sortedKeys(f.Services)); diff != "" {
		t.Fatalf("services (-want +got):\n%s", diff)
	}
	if len(f.Rest) > 0 {
		t.Errorf("docker-compose.yml has keys that nobody asked for: %v", f.Rest)
	}
	for name, s := range f.Services {
		d := cmp.Or(w.services[name], &drawn{health: true, replicas: 1})
		bad := func(format string, args ...any) { t.Errorf("service %s: "+format, append([]any{name}, args...)...) }
		if len(s.Rest) > 0 {
			bad("keys that nobody asked for: %v", s.Rest)
		}
		if s.ReadOnly == d.writable {
			bad("read_only is %v", s.ReadOnly)
		}
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.Security, []string{"no-new-privileges:true"}) {
			bad("cap_drop %v, security_opt %v", s.CapDrop, s.Security)
		}
		if uid, _, _ := strings.Cut(s.User, ":"); uid == "" || uid == "0" || strings.Trim(uid, "0123456789") != "" {
			bad("user %q", s.User)
		}
		if l := s.Deploy.Resources.Limits; l.CPUs == "" || l.Memory == "" || l.Pids <= 0 || s.Memswap != l.Memory {
			bad("limits %+v, memswap_limit %s", l, s.Memswap)
		}
		if s.Logging.Options["max-size"] == "" || s.Logging.Options["max-file"] == "" {
			bad("logging %+v", s.Logging)
		}
		if (s.Healthcheck != nil) != d.health {
			bad("health check %+v, drawn %v", s.Healthcheck, d.health)
		}
		if s.Restart == "" || s.NetworkMode != "" && s.NetworkMode != "none" {
			bad("restart %q, network_mode %q", s.Restart, s.NetworkMode)
		}
		for _, m := range s.Tmpfs {
			if !strings.Contains(m, "noexec,nosuid,nodev,size=") {
				bad("tmpfs %q", m)
			}
		}
		if d.replicas > 1 && (s.Deploy.Replicas == nil || *s.Deploy.Replicas != d.replicas) {
			bad("replicas %v, drawn %d", s.Deploy.Replicas, d.replicas)
		}
		for dep := range s.DependsOn {
			if f.Services[dep] == nil {
				bad("depends on %s, which does not exist", dep)
			}
		}
	}
}

// checkTexts wants every drawn text to come out as it went in.
func (w *world) checkTexts(t *rapid.T, f *composeFile, committed map[string]string) {
	for name, d := range w.services {
		s := f.Services[name]
		for key, want := range d.env {
			node := s.Environment[key]
			got, err := undollar(node.Value)
			if err != nil || got != want || node.Tag != "!!str" {
				t.Errorf("service %s: variable %s is %s %q, want %q (%v)", name, key, node.Tag, got, want, err)
			}
		}
		for i, want := range d.command {
			if got, err := undollar(s.Command[i]); err != nil || got != want {
				t.Errorf("service %s: word %d of the command is %q, want %q (%v)", name, i, got, want, err)
			}
		}
		mounted := map[string]string{}
		for _, m := range s.Volumes {
			target, err := undollar(m.Target)
			source, errSource := undollar(m.Source)
			if err != nil || errSource != nil {
				t.Errorf("service %s: %v %v", name, err, errSource)
			}
			mounted[target] = source
		}
		for path, want := range d.configs {
			file := strings.TrimPrefix(mounted[path], "./")
			if got, ok := committed[file]; !ok || got != want {
				t.Errorf("service %s: %s comes from %q and holds %q, want %q", name, path, file, got, want)
			}
		}
		for _, path := range d.volumes {
			if mounted[path] == "" {
				t.Errorf("service %s: nothing is mounted at %q: %v", name, path, mounted)
			}
		}
	}
}

// checkSecrets wants secrets in secret files alone, and each of them declared.
func (w *world) checkSecrets(t *rapid.T, f *composeFile, e *build.Environment, committed, secret map[string]string) {
	declared := map[string]bool{}
	for _, s := range e.Stack.Secrets {
		declared[s.Address] = true
	}
	for _, file := range e.Files {
		for _, address := range file.Text.Addresses() {
			if !declared[address] {
				t.Errorf("%s holds %s, which nothing declares", file.Path, address)
			}
		}
		if file.Secret() != strings.HasPrefix(file.Path, ".secrets.d/") {
			t.Errorf("%s is secret: %v", file.Path, file.Secret())
		}
	}
	for path, text := range committed {
		if strings.Contains(text, "\x00") {
			t.Errorf("%s holds a token", path)
		}
		for address := range declared {
			if text != "" && strings.Contains(strings.ReplaceAll(text, "$$", "$"), "${"+address+"}") {
				t.Errorf("%s holds the placeholder of %s", path, address)
			}
		}
	}
	for name, s := range f.Services {
		got := map[string]bool{}
		for _, m := range s.Secrets {
			file := strings.TrimPrefix(f.Secrets[m.Source].File, "./")
			if _, ok := secret[file]; !ok {
				t.Errorf("service %s: %s comes from %q, which is no secret file", name, m.Target, file)
			}
			got[strings.TrimPrefix(m.Target, "/run/secrets/")] = true
		}
		d := cmp.Or(w.services[name], &drawn{})
		for _, want := range d.files {
			if !got[want] {
				t.Errorf("service %s: no secret file %s", name, want)
			}
		}
		if (len(d.envKeys) > 0) != (len(s.EnvFile) == 1) {
			t.Errorf("service %s: env_file %v for %v", name, s.EnvFile, d.envKeys)
		}
		for _, key := range d.envKeys {
			text := secret[strings.TrimPrefix(s.EnvFile[0].Path, "./")]
			if _, shown := s.Environment[key]; shown || !strings.HasPrefix(text, key+"=") && !strings.Contains(text, "\n"+key+"=") {
				t.Errorf("service %s: the secret variable %s is in docker-compose.yml (%v), or not in the env file:\n%q", name, key, shown, text)
			}
		}
	}
}

// checkNetworks wants two services to share a network if and only if one refers
// to the other or both refer to a third, and a way out for those that asked.
func (w *world) checkNetworks(t *rapid.T, f *composeFile) {
	refs := map[string]map[string]bool{"ingress": {}}
	for name, d := range w.services {
		refs[name] = d.refs
	}
	for _, targets := range w.hosts {
		for _, r := range targets {
			refs["ingress"][r.service] = true
		}
	}
	share := func(a, b *composeService) bool {
		return slices.ContainsFunc(sortedKeys(a.Networks), func(n string) bool { _, ok := b.Networks[n]; return ok })
	}
	for a, sa := range f.Services {
		for b, sb := range f.Services {
			want := refs[a][b] || refs[b][a]
			for third := range refs[a] {
				want = want || refs[b][third]
			}
			if a != b && share(sa, sb) != want {
				t.Errorf("%s and %s share a network: %v", a, b, !want)
			}
		}
		out := false
		for n := range sa.Networks {
			if f.Networks[n] == nil {
				t.Fatalf("%s joins %s, which does not exist", a, n)
			}
			out = out || !f.Networks[n].Internal
		}
		d := cmp.Or(w.services[a], &drawn{egress: true})
		if want := d.egress || len(d.publish) > 0; out != want {
			t.Errorf("%s has a way out: %v", a, out)
		}
		if len(sa.Networks) == 0 && sa.NetworkMode != "none" {
			t.Errorf("%s would join the default network", a)
		}
	}
	seen := map[string]string{}
	for name, n := range f.Networks {
		for _, key := range []string{n.IPAM.Config[0].Subnet, n.DriverOpts["com.docker.network.bridge.name"]} {
			if other, ok := seen[key]; ok || key == "" {
				t.Errorf("networks %s and %s have %q", name, other, key)
			}
			seen[key] = name
		}
	}
}

// port is one published port.
type port struct{ number, protocol, address string }

// checkPorts wants nothing published but by the ingress and on loopback, and no
// store at all. It gives what is open to other machines.
func (w *world) checkPorts(t *rapid.T, f *composeFile) []port {
	var open []port
	for name, s := range f.Services {
		var got []string
		for _, p := range s.Ports {
			got = append(got, p.Published)
			if name == "ingress" {
				if p.HostIP != w.address {
					t.Errorf("the ingress listens on %q, want %q", p.HostIP, w.address)
				}
				if p.HostIP != "127.0.0.1" && p.HostIP != "::1" {
					open = append(open, port{p.Published, p.Protocol, p.HostIP})
				}
				continue
			}
			if p.HostIP != "127.0.0.1" || w.services[name].store || !w.dev {
				t.Errorf("%s publishes %+v", name, p)
			}
		}
		var want []string
		for _, p := range cmp.Or(w.services[name], &drawn{publish: []int{w.http, w.https}}).publish {
			want = append(want, strconv.Itoa(p))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s publishes %v, want %v", name, got, want)
		}
	}
	return open
}

// checkFirewall wants the rules to open what is published and declared, in the
// families of the sources, and nothing else.
func (w *world) checkFirewall(t *rapid.T, published []port, committed map[string]string) {
	for path, v6 := range map[string]bool{"ufw/after.rules": false, "ufw/after6.rules": true} {
		text, ok := committed[path]
		if ok != w.firewall {
			t.Errorf("%s: written %v", path, ok)
		}
		if !ok {
			continue
		}
		want := map[rule]bool{}
		add := func(r rule, from []string) {
			if len(from) == 0 {
				r.source = "anywhere"
				want[r] = true
			}
			for _, s := range from {
				if strings.Contains(s, ":") == v6 {
					r.source = prefix(t, s)
					want[r] = true
				}
			}
		}
		add(rule{action: "ssh", protocol: "tcp", port: strconv.Itoa(w.sshPort)}, w.ssh)
		for _, p := range published {
			if p.address != "" && strings.Contains(p.address, ":") != v6 {
				continue // nothing is published on this family
			}
			add(rule{action: "allow", protocol: p.protocol, port: p.number}, nil)
			add(rule{action: "allow", protocol: p.protocol, port: p.number, published: true}, nil)
		}
		for _, a := range w.allow {
			add(rule{action: "allow", protocol: a.protocol, port: strconv.Itoa(a.port)}, a.from)
		}
		got := map[rule]bool{}
		for _, r := range readRules(t, text) {
			if r.port == strconv.Itoa(w.sshPort) && !r.published {
				r.action = "ssh" // allow or limit
			}
			got[r] = true
		}
		if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(rule{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// checkNginx wants the declared hosts and no other, each with its routes.
func (w *world) checkNginx(t *rapid.T, f *composeFile, committed map[string]string) {
	if len(w.hosts) == 0 {
		for path := range committed {
			if strings.HasPrefix(path, "nginx/") {
				t.Errorf("%s was written for a stack without routes", path)
			}
		}
		return
	}
	conf, err := readNginx(committed, "nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	hosts := map[string]bool{"": true}
	for h := range w.hosts {
		hosts[h] = true
	}
	got := map[string]bool{}
	for _, server := range find(conf, "server") {
		name := find(server.body, "server_name")[0].args[0]
		got[name] = true
		tls := strings.Contains(strings.Join(find(server.body, "listen")[0].args, " "), "ssl")
		if name == "" || !tls {
			if len(find(server.body, "proxy_pass")) > 0 {
				t.Errorf("the server %q, TLS %v, leads to a service", name, tls)
			}
			continue
		}
		w.checkServer(t, f, name, server)
	}
	if diff := gocmp.Diff(hosts, got); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
}

func (w *world) checkServer(t *rapid.T, f *composeFile, host string, server directive) {
	var want, got []string
	for _, r := range w.hosts[host] {
		want = append(want, r.service)
	}
	for _, l := range find(server.body, "location") {
		for _, set := range find(l.body, "set") {
			if set.args[0] != "$nself_upstream" {
				continue
			}
			service, number, _ := strings.Cut(set.args[1], ":")
			got = append(got, service)
			if f.Services[service] == nil || !slices.Contains(f.Services[service].Expose, number) {
				t.Errorf("%s leads to %s, where nothing listens", host, set.args[1])
			}
		}
		for _, h := range find(l.body, "add_header") {
			if h.args[0] == "X-Drawn" && !w.drewHeader(host, strings.ReplaceAll(h.args[1], "${nself_dollar}", "$")) {
				t.Errorf("%s sends the header %q", host, h.args[1])
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("routes of %s (-want +got):\n%s", host, diff)
	}
}

// TestReadersRefuse holds the readers to what they are for: each must refuse
// output that is wrong in its language.
func TestReadersRefuse(t *testing.T) {
	if _, err := undollar("a$$b"); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"$HOME", "${X}", "$$$HOME"} {
		if _, err := undollar(s); err == nil {
			t.Errorf("undollar takes %q", s)
		}
	}
	for _, s := range []string{"a", "a;}", "a {", "a {b", `a "b`, `a "b"c;`, "include snippets/none.conf;"} {
		if _, err := readNginx(map[string]string{"nginx/nginx.conf": s}, "nginx.conf"); err == nil {
			t.Errorf("the reader of nginx takes %q", s)
		}
	}
	got, err := readNginx(map[string]string{"nginx/nginx.conf": "a { b \"c;\\\"}\" ${d}{ } } # }\n"}, "nginx.conf")
	want := []directive{{name: "a", body: []directive{{name: "b", args: []string{`c;"}`, "${d}"}}}}}
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(directive{})); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func (w *world) drewHeader(host, value string) bool {
	return slices.ContainsFunc(w.hosts[host], func(r target) bool { return r.headers["X-Drawn"] == value })
}
