package graph

import (
	"fmt"
	"strings"
)

// facts says in words what the graph holds.
type facts struct {
	*Reach
	graph    *Graph
	mounts   map[int][]int // volumes of each service
	mounters map[int][]int // services of each volume
}

func newFacts(g *Graph) *facts {
	f := &facts{Reach: NewReach(g), graph: g, mounts: map[int][]int{}, mounters: map[int][]int{}}
	for _, e := range g.Edges {
		if e.Kind == Mounts {
			f.mounts[e.From] = append(f.mounts[e.From], e.To)
			f.mounters[e.To] = append(f.mounters[e.To], e.From)
		}
	}
	return f
}

// summary counts what the picture shows.
func (g *Graph) summary() string {
	stores, services := 0, 0
	kinds := map[Kind]int{}
	for _, n := range g.Nodes {
		kinds[n.Kind]++
		if n.Kind == Service {
			if n.Exposure.Store != "" {
				stores++
			} else {
				services++
			}
		}
	}
	return strings.Join([]string{
		count(services, "service"), count(stores, "store"), count(kinds[Network], "network"), count(kinds[Route], "route"), count(kinds[Volume], "volume"),
	}, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// mostNames is how many names a spoken label lists.
const mostNames = 12

// few lists names, and says how many more there are.
func (f *facts) few(nodes []int, total int) string {
	var names []string
	for _, n := range nodes[:min(len(nodes), mostNames)] {
		names = append(names, f.graph.Nodes[n].Name)
	}
	out := strings.Join(names, ", ")
	if more := total - mostNames; more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}

// label is what a screen reader says of a node, and a browser on hovering.
func (f *facts) label(node int) string {
	n := f.graph.Nodes[node]
	sentences := []string{}
	add := func(format string, args ...any) { sentences = append(sentences, fmt.Sprintf(format, args...)) }
	switch n.Kind {
	case Network:
		add("Network %s", n.Name)
		if n.Leads {
			add("It leads out of the host")
		}
		if on := f.Members[node]; len(on) > 1 {
			add("All on it can reach each other: %s", f.few(on, len(on)))
		} else if len(on) == 1 {
			add("On it: %s", f.few(on, len(on)))
		}
	case Service:
		noun := "Service"
		if n.Exposure.Store != "" {
			noun = "Store"
		}
		add("%s %s", noun, n.Name)
		add("%s", strings.Join(n.Exposure.Words(), ", "))
		if on := f.Networks[node]; len(on) > 0 {
			add("On %s %s", plural(len(on), "network"), f.few(on, len(on)))
		} else {
			add("On no network")
		}
		if others, n := f.From(node, mostNames); n > 0 {
			add("Can reach %s", f.few(others, n))
		} else {
			add("Can reach no other service")
		}
		if v := f.mounts[node]; len(v) > 0 {
			add("Mounts %s %s", plural(len(v), "volume"), f.few(v, len(v)))
		}
	case Route:
		add("Route %s", n.Name)
	case Volume:
		add("Volume %s", n.Name)
		if by := f.mounters[node]; len(by) > 0 {
			add("Mounted by %s", f.few(by, len(by)))
		}
	case Outside:
		add("The internet, for connections that begin in a container")
		return sentences[0] + "."
	default:
		add("%s", n.Name)
	}
	if n.Kind != Network {
		sentences = append(sentences, n.Notes...)
	}
	return strings.Join(sentences, ". ") + "."
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// line says what a line means.
func (f *facts) line(l line) string {
	switch l.stroke {
	case strokeNetwork, strokeStore, strokeMount:
		return f.label(l.node)
	default:
		return lineWords()[l.stroke]
	}
}
