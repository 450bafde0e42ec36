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

// networksOf turns members around.
func networksOf(members map[int][]int) map[int][]int {
	out := map[int][]int{}
	for n, list := range members {
		for _, s := range list {
			out[s] = append(out[s], n)
		}
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
}

// Reach gives the services that a service can open connections to, by number:
// all that share a network with it. The other way holds as well.
func Reach(members, networks map[int][]int, service int) []int {
	var out []int
	for _, n := range networks[service] {
		for _, s := range members[n] {
			if s != service {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
