package graph

import "slices"

// Members gives, for each network, the services on it, by number: those that an
// edge joins to it, and the ingress where a route does.
func (g *Graph) Members() map[int][]int {
	ingress := map[int]int{} // of each route
	for _, e := range g.Edges {
		if e.Kind == Serves && g.Nodes[e.To].Kind == Route {
			ingress[e.To] = e.From
		}
	}
	out := map[int][]int{}
	for _, e := range g.Edges {
		switch e.Kind {
		case Serves:
			if in, ok := ingress[e.From]; ok {
				out[e.To] = append(out[e.To], in)
			}
		case Joins:
			out[e.To] = append(out[e.To], e.From)
		case Owns:
			out[e.From] = append(out[e.From], e.To)
		default: // says nothing of networks
		}
	}
	for n, list := range out {
		slices.Sort(list)
		out[n] = slices.Compact(list)
	}
	return out
}

// Reach answers who can open connections to whom: all that share a network.
type Reach struct {
	Members  map[int][]int // services of each network
	Networks map[int][]int // networks of each service

	nodes int
	round int
	seen  []int // by node, the round that met it last
	met   []int
}

// NewReach makes the answers ready.
func NewReach(g *Graph) *Reach {
	r := &Reach{Members: g.Members(), Networks: map[int][]int{}, nodes: len(g.Nodes), seen: make([]int, len(g.Nodes))}
	for n, list := range r.Members {
		for _, s := range list {
			r.Networks[s] = append(r.Networks[s], n)
		}
	}
	for _, list := range r.Networks {
		slices.Sort(list)
	}
	return r
}

// From gives the services that a service can open connections to, by number, and
// how many they are; of more than the most, it gives the first. The other way
// holds as well.
func (r *Reach) From(service, most int) ([]int, int) {
	r.met = r.met[:0]
	r.round++
	r.seen[service] = r.round
	for _, n := range r.Networks[service] {
		for _, s := range r.Members[n] {
			if r.seen[s] != r.round {
				r.seen[s] = r.round
				r.met = append(r.met, s)
			}
		}
	}
	total := len(r.met)
	if total <= 4*most {
		slices.Sort(r.met)
		return slices.Clone(r.met[:min(total, most)]), total
	}
	// On a network of thousands, sorting all for each of them would take long.
	first := make([]int, 0, most)
	for s := 0; s < r.nodes && len(first) < most; s++ {
		if r.seen[s] == r.round && s != service {
			first = append(first, s)
		}
	}
	return first, total
}
