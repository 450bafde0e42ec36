package build_test

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

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
			if set.args[0] != "$nself_upstream" || strings.HasSuffix(set.args[1], ".$nself_upstream") {
				continue // the second is another name of the same service
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

func (w *world) drewHeader(host, value string) bool {
	return slices.ContainsFunc(w.hosts[host], func(r target) bool { return r.headers["X-Drawn"] == value })
}
