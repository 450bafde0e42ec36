package graph_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// hostile draws texts that some language of the pictures could misread.
var hostile = rapid.OneOf(
	rapid.String(),
	rapid.StringOf(rapid.RuneFrom([]rune("\"'`<>&;#%{}[]()|\\/\n\r\t -=~:@é漢🙂\u202e\u0301\u0000\ufdfd\u2028ab0"))),
	rapid.SampledFrom([]string{
		"]]>", "<!--", "--&gt;", "</text><script>alert(1)</script>", `" onload="x`, "&amp;", "&lt;b&gt;", "\\N\\l", `\"`, "`**bold**`",
		"#quot;", "style:#35;", "%%{init: {}}%%", "end", "n1 --> n2", "\xff\xfe", "a\nb", "<br>", "e\u0301\u0301\u0301\u0301", strings.Repeat("long-", 60),
	}),
)

var label = rapid.StringMatching(`[a-z][a-z0-9-]{0,20}`)

func value[T any](v T) source.Value[T] {
	return source.At(v, source.Range{File: "nself.hcl", Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}})
}

// drawStack draws a stack of the shape that the compiler makes, or, wild, one that
// no compiler would: any service on any network, in circles, with any names.
func drawStack(t *rapid.T) *ir.Stack {
	wild := rapid.IntRange(0, 3).Draw(t, "wild") == 0
	name := label
	if rapid.IntRange(0, 3).Draw(t, "hostile") == 0 {
		name = rapid.OneOf(hostile, label)
	}
	n := rapid.OneOf(rapid.IntRange(1, 10), rapid.IntRange(1, 200)).Draw(t, "services")
	density := rapid.SampledFrom([]int{0, 1, 2, 8}).Draw(t, "density")
	names := rapid.SliceOfNDistinct(name, n, n, rapid.ID[string]).Draw(t, "names")
	s := &ir.Stack{Name: value(name.Draw(t, "stack")), Environment: rapid.SampledFrom([]string{"", "prod", "dev"}).Draw(t, "environment")}
	if s.Environment == "dev" {
		s.Posture = ir.Development
	}
	for i, name := range names {
		s.Services = append(s.Services, &ir.Service{
			Name: name, Address: fmt.Sprintf("service.s%d", i), Replicas: value(rapid.SampledFrom([]int{1, 1, 1, 0, 3}).Draw(t, "replicas")),
			Store: value(rapid.SampledFrom([]string{"", "", "", "postgres", "redis"}).Draw(t, "store")), Job: rapid.IntRange(0, 9).Draw(t, "job") == 0,
		})
	}
	for i, u := range s.Services { // each has a network that some of those before it join
		if rapid.IntRange(0, 3).Draw(t, "provider") > 0 {
			consumers := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, min(density, n), rapid.ID[int]).Draw(t, "consumers")
			network(s, names[i], "provider", u)
			for _, c := range consumers {
				if c < i || wild && c != i {
					join(s.Services[c], names[i])
				}
			}
		}
		if rapid.IntRange(0, 5).Draw(t, "egress") == 0 {
			network(s, names[i]+"_egress", "egress", u)
		}
		if u.Store.V == "" && rapid.IntRange(0, 9).Draw(t, "publish") == 0 {
			publish(u, rapid.SampledFrom([]string{"127.0.0.1", "::1"}).Draw(t, "loopback"), 9000+i)
			network(s, names[i]+"_edge", "edge", u)
		}
	}
	if wild {
		for i := range rapid.IntRange(0, 5).Draw(t, "orphans") {
			o := &ir.Network{Name: fmt.Sprint("orphan", i), Internal: rapid.Bool().Draw(t, "internal"), Owner: "service.none"}
			s.Networks = append(s.Networks, o)
			for _, c := range rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, min(4, n), rapid.ID[int]).Draw(t, "members") {
				join(s.Services[c], o.Name)
			}
		}
	}
	drawVolumes(t, s, name)
	drawEdge(t, s, name)
	return s
}

func join(u *ir.Service, network string) {
	u.Networks = append(u.Networks, ir.Attachment{Network: network})
}

func network(s *ir.Stack, name, purpose string, owner *ir.Service) {
	s.Networks = append(s.Networks, &ir.Network{Name: name, Internal: purpose == "provider", Purpose: purpose, Owner: owner.Address, Subnet: "10.0.0.0/28"})
	join(owner, name)
}

func publish(u *ir.Service, address string, port int) {
	u.Publish = append(u.Publish, ir.Publish{HostIP: value(address), Host: value(port), Container: value(8080), Protocol: value("tcp")})
}

func drawVolumes(t *rapid.T, s *ir.Stack, name *rapid.Generator[string]) {
	for _, v := range rapid.SliceOfNDistinct(name, 0, 6, rapid.ID[string]).Draw(t, "volumes") {
		s.Volumes = append(s.Volumes, &ir.Volume{Name: v})
		for _, c := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(s.Services)-1), 0, min(3, len(s.Services)), rapid.ID[int]).Draw(t, "mounters") {
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				s.Services[c].Volumes = append(s.Services[c].Volumes, ir.VolumeMount{Volume: v, Target: value("/data")})
			}
		}
	}
}

// drawEdge draws an ingress with routes, and a firewall.
func drawEdge(t *rapid.T, s *ir.Stack, name *rapid.Generator[string]) {
	ports := []int{80, 443}
	address := rapid.SampledFrom([]string{"", "203.0.113.9", "127.0.0.1"}).Draw(t, "address")
	if rapid.IntRange(0, 3).Draw(t, "ingress") > 0 {
		in := &ir.Service{Name: "the ingress", Address: "ingress", Replicas: value(1)}
		for _, p := range ports {
			publish(in, address, p)
		}
		network(s, "ingress_edge", "edge", in)
		s.Ingress = &ir.Ingress{Service: in.Name}
		targets := rapid.SliceOfN(rapid.IntRange(0, len(s.Services)-1), 1, 20).Draw(t, "routes")
		paths := rapid.SliceOfNDistinct(name, len(targets), len(targets), rapid.ID[string]).Draw(t, "paths")
		joined := map[string]bool{}
		for i, c := range targets {
			u := s.Services[c]
			r := &ir.Route{Address: fmt.Sprintf("%s.route[%d]", u.Address, i), Path: value("/" + paths[i]), Service: u.Name, Port: value(8080)}
			if rapid.IntRange(0, 4).Draw(t, "allow") == 0 {
				r.AllowFrom = []ir.String{value("203.0.113.0/24"), value("2001:db8::/32")}
			}
			s.Ingress.Hosts = append(s.Ingress.Hosts, &ir.Host{Name: value(fmt.Sprintf("h%d.example.com", i)), Routes: []*ir.Route{r}})
			for _, a := range u.Networks {
				if a.Network == u.Name && !joined[u.Name] {
					joined[u.Name] = true
					join(in, u.Name)
				}
			}
		}
		s.Services = append(s.Services, in)
	}
	if rapid.Bool().Draw(t, "firewall") {
		s.Firewall = &ir.Firewall{SSH: ir.SSH{Port: value(22), From: []ir.String{value("203.0.113.0/24")}}}
		for _, p := range ports[:rapid.IntRange(0, 2).Draw(t, "open")] {
			s.Firewall.Open = append(s.Firewall.Open, ir.OpenPort{ID: "i", Port: value(p), Protocol: value("tcp"), Container: true})
		}
		if rapid.Bool().Draw(t, "host port") {
			s.Firewall.Open = append(s.Firewall.Open, ir.OpenPort{ID: "vpn", Port: value(rapid.SampledFrom([]int{51820, 443}).Draw(t, "number")), Protocol: value(rapid.SampledFrom([]string{"tcp", "udp"}).Draw(t, "protocol")), From: []ir.String{value("0.0.0.0/0")}})
		}
	}
}
