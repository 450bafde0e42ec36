package graph_test

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/emit/graph"
)

// reachable follows the graph's edges: a service's networks are those that an
// edge joins it to, in either direction, or that a route of it leads to.
func reachable(g *graph.Graph) map[[2]string]bool {
	next := map[int][]int{}
	for _, e := range g.Edges {
		if e.Kind == graph.Joins || e.Kind == graph.Owns || e.Kind == graph.Serves {
			next[e.From] = append(next[e.From], e.To)
			next[e.To] = append(next[e.To], e.From)
		}
	}
	on := func(service int) []int {
		var out []int
		for _, n := range next[service] {
			switch g.Nodes[n].Kind {
			case graph.Network:
				out = append(out, n)
			case graph.Route:
				for _, m := range next[n] {
					if g.Nodes[m].Kind == graph.Network {
						out = append(out, m)
					}
				}
			default:
			}
		}
		return out
	}
	members := map[int][]int{}
	for i, n := range g.Nodes {
		if n.Kind == graph.Service {
			for _, network := range on(i) {
				members[network] = append(members[network], i)
			}
		}
	}
	out := map[[2]string]bool{}
	for _, list := range members {
		for _, a := range list {
			for _, b := range list {
				if a != b {
					out[[2]string{g.Nodes[a].Name, g.Nodes[b].Name}] = true
				}
			}
		}
	}
	return out
}

// shared computes the same from the stack alone: who shares a network with whom.
func shared(s *ir.Stack) map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, a := range s.Services {
		for _, b := range s.Services {
			for _, x := range a.Networks {
				for _, y := range b.Networks {
					known := slices.ContainsFunc(s.Networks, func(n *ir.Network) bool { return n.Name == x.Network })
					if a != b && x.Network == y.Network && known {
						out[[2]string{a.Name, b.Name}] = true
					}
				}
			}
		}
	}
	return out
}

// exposed computes a service's exposure anew.
func exposed(s *ir.Stack, u *ir.Service) graph.Exposure {
	e := graph.Exposure{Store: u.Store.V}
	for _, p := range u.Publish {
		a, err := netip.ParseAddr(p.HostIP.V)
		open := s.Firewall == nil || slices.ContainsFunc(s.Firewall.Open, func(o ir.OpenPort) bool { return o.Container && o.Port.V == p.Host.V })
		if err == nil && a.IsLoopback() {
			e.Machine = true
		} else if open {
			e.Internet = true
		} else {
			e.Closed = true
		}
	}
	if s.Ingress != nil {
		for _, h := range s.Ingress.Hosts {
			for _, r := range h.Routes {
				e.Ingress = e.Ingress || r.Service == u.Name
			}
		}
	}
	for _, n := range s.Networks {
		joined := slices.ContainsFunc(u.Networks, func(a ir.Attachment) bool { return a.Network == n.Name })
		e.Egress = e.Egress || joined && !n.Internal
	}
	return e
}

// entered follows the edges by which connections come in.
func entered(g *graph.Graph, from graph.Kind) map[string]bool {
	out := map[string]bool{}
	seen := map[int]bool{}
	var walk func(n int)
	walk = func(n int) {
		if seen[n] {
			return
		}
		seen[n] = true
		if g.Nodes[n].Kind == graph.Service {
			out[g.Nodes[n].Name] = true
			return
		}
		for _, e := range g.Edges {
			if e.From == n && (e.Kind == graph.Enters || e.Kind == graph.Owns && g.Nodes[n].Leads) {
				walk(e.To)
			}
		}
	}
	for i, n := range g.Nodes {
		if n.Kind == from {
			walk(i)
		}
	}
	return out
}

func names[T any](list []T, name func(T) string) []string {
	out := []string{}
	for _, v := range list {
		out = append(out, name(v))
	}
	slices.Sort(out)
	return out
}

func ofKind(g *graph.Graph, kind graph.Kind) []string {
	out := []string{}
	for _, n := range g.Nodes {
		if n.Kind == kind {
			out = append(out, n.Name)
		}
	}
	slices.Sort(out)
	return out
}

// TestTheGraphIsTrue compares the graph with the stack: who can reach whom, from
// where, and that nothing is missing or there twice.
func TestTheGraphIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStack(t)
		g := graph.New(s)
		if diff := cmp.Diff(shared(s), reachable(g)); diff != "" {
			t.Errorf("who can reach whom (-stack +graph):\n%s", diff)
		}
		joinedOnce(t, g)
		wantInternet, wantMachine, nodes := map[string]bool{}, map[string]bool{}, map[string]graph.Node{}
		for _, n := range g.Nodes {
			if n.Kind == graph.Service {
				nodes[n.Name] = n
			}
		}
		for _, u := range s.Services {
			want := exposed(s, u)
			if got := nodes[u.Name].Exposure; got != want {
				t.Errorf("%q: exposure %+v, want %+v", u.Name, got, want)
			}
			if want.Internet {
				wantInternet[u.Name] = true
			}
			if want.Machine {
				wantMachine[u.Name] = true
			}
		}
		if got := entered(g, graph.Internet); !maps.Equal(got, wantInternet) {
			t.Errorf("entered from the internet: %v, want %v", got, wantInternet)
		}
		if got := entered(g, graph.Machine); !maps.Equal(got, wantMachine) {
			t.Errorf("entered from the machine: %v, want %v", got, wantMachine)
		}
		leaving := []string{}
		for _, e := range g.Edges {
			if e.Kind == graph.Leaves {
				leaving = append(leaving, g.Nodes[e.From].Name)
			}
		}
		out := slices.DeleteFunc(slices.Clone(s.Networks), func(n *ir.Network) bool { return n.Internal })
		slices.Sort(leaving)
		if want := names(out, func(n *ir.Network) string { return n.Name }); !slices.Equal(leaving, want) {
			t.Errorf("networks that lead out: %q, want %q", leaving, want)
		}
		for kind, want := range map[graph.Kind][]string{
			graph.Service: names(s.Services, func(u *ir.Service) string { return u.Name }),
			graph.Network: names(s.Networks, func(n *ir.Network) string { return n.Name }),
			graph.Volume:  names(s.Volumes, func(v *ir.Volume) string { return v.Name }),
			graph.Route:   routes(s),
		} {
			if got := ofKind(g, kind); !slices.Equal(got, want) {
				t.Errorf("%v: %q, want %q", kind, got, want)
			}
		}
	})
}

// joinedOnce: a service has one line to each of its networks, and the ingress none
// beside that of a route.
func joinedOnce(t fataler, g *graph.Graph) {
	seen := map[[2]int]bool{}
	ingress := -1
	for _, e := range g.Edges {
		if e.Kind == graph.Serves && g.Nodes[e.From].Kind == graph.Service {
			ingress = e.From
		}
	}
	routed := map[int]bool{}
	for _, e := range g.Edges {
		pair := [2]int{e.From, e.To}
		if e.Kind == graph.Owns {
			pair = [2]int{e.To, e.From}
		}
		if e.Kind == graph.Joins || e.Kind == graph.Owns {
			if seen[pair] || pair[0] == ingress && routed[pair[1]] {
				t.Errorf("%q is joined to %q twice", g.Nodes[pair[0]].Name, g.Nodes[pair[1]].Name)
			}
			seen[pair] = true
		}
		if e.Kind == graph.Serves && g.Nodes[e.From].Kind == graph.Route {
			routed[e.To] = true
		}
	}
}

func routes(s *ir.Stack) []string {
	out := []string{}
	if s.Ingress == nil {
		return out
	}
	for _, h := range s.Ingress.Hosts {
		for _, r := range h.Routes {
			out = append(out, h.Name.V+r.Path.V)
		}
	}
	slices.Sort(out)
	return out
}

// TestReach holds the words of the tables to the edges.
func TestReach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := graph.New(drawStack(t))
		want := reachable(g)
		reach, got := graph.NewReach(g), map[[2]string]bool{}
		for i, n := range g.Nodes {
			if n.Kind != graph.Service {
				continue
			}
			all, total := reach.From(i, len(g.Nodes))
			most := rapid.IntRange(0, 9).Draw(t, "most")
			first, again := reach.From(i, most)
			if len(all) != total || again != total || !slices.Equal(first, all[:min(most, total)]) {
				t.Fatalf("%d: all %v, %d; first %d: %v, %d", i, all, total, most, first, again)
			}
			for _, other := range all {
				got[[2]string{n.Name, g.Nodes[other].Name}] = true
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
