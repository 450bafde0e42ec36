package compiler

import "slices"

// Docker Compose looks for cycles by walking every path from every service
// (compose-go, graph/cycle.go: no set of visited ones), so the time it takes to
// read a stack is the number of paths, which doubles with each layer of two
// services that both need both of the layer below: 48 services in 24 such layers
// take half a minute. No edge of such a graph is redundant. What helps is a
// stricter order with fewer edges: two services that may start at once are made
// to start one after the other, and whoever needs both then waits for the second
// alone.

// maxPaths is how many paths may start at one service, beyond four for each
// service before it in the order: a chain has as many as it is long. Compose
// walks some million paths a second.
const maxPaths = 256

// serialise bounds the number of paths. Where too many meet, everything below is
// strung on one chain, in the given order, so that nothing starts earlier than
// it might; the rest of the graph keeps starting in parallel. The graph must be
// reduced, and is again afterwards. It gives the first vertex at which paths
// abounded, or -1, and the length of the chain.
func (g graph) serialise(order []int32) (at int32, length int) {
	s := &chain{graph: g, rank: make([]int32, len(g.needs)), place: make([]int32, len(g.needs))}
	for i, v := range order {
		s.place[v] = int32(i)
	}
	at = -1
	for grown := true; grown; {
		grown = false
		paths := make([]int, len(g.needs))
		for i, v := range order {
			n, several := s.paths(v, paths)
			if several && n > maxPaths+4*i {
				if at < 0 {
					at = v
				}
				s.grow(v)
				grown = true
				n, _ = s.paths(v, paths)
			}
			paths[v] = n
		}
	}
	if at < 0 {
		return -1, 0
	}
	s.rewire()
	g.reduce(g.order())
	return at, len(s.links)
}

// chain is a start order without a choice: each link needs the one before.
type chain struct {
	graph
	links []int32
	rank  []int32 // place on the chain from 1; 0 for vertices that are not on it
	place []int32 // place in the order
}

// paths counts the paths from v, given those of its needs, and tells whether
// they begin with different vertices. Of needs on the chain, the last stands for
// all.
func (c *chain) paths(v int32, paths []int) (n int, several bool) {
	if c.rank[v] > 0 {
		return int(c.rank[v]), false
	}
	n = 1
	last, starts := 0, 0
	for _, d := range c.needs[v] {
		if r := int(c.rank[d]); r > 0 {
			last = max(last, r)
			continue
		}
		starts++
		n += paths[d]
	}
	if last > 0 {
		starts++
	}
	return n + last, starts > 1
}

// grow strings everything that v waits for on the chain.
func (c *chain) grow(v int32) {
	begin := len(c.links)
	c.links = append(c.links, v) // for the search; taken off again
	for i := begin; i < len(c.links); i++ {
		for _, d := range c.needs[c.links[i]] {
			if c.rank[d] == 0 {
				c.rank[d] = -1 // found
				c.links = append(c.links, d)
			}
		}
	}
	c.links = slices.Delete(c.links, begin, begin+1)
	slices.SortFunc(c.links[begin:], func(a, b int32) int { return int(c.place[a] - c.place[b]) })
	for i := begin; i < len(c.links); i++ {
		c.rank[c.links[i]] = int32(i + 1)
	}
}

// rewire makes the chain: every link needs the one before, and everything else
// needs, of the chain, only its last need there.
func (c *chain) rewire() {
	for v, needs := range c.needs {
		if c.rank[v] > 0 {
			c.needs[v] = nil
			if c.rank[v] > 1 {
				c.needs[v] = []int32{c.links[c.rank[v]-2]}
			}
			continue
		}
		last := int32(0)
		for _, d := range needs {
			last = max(last, c.rank[d])
		}
		c.needs[v] = slices.DeleteFunc(needs, func(d int32) bool { return c.rank[d] > 0 && c.rank[d] < last })
	}
}

// walk estimates what Compose's search for cycles compares: each step of each
// path is looked for among the steps before it. order must hold all vertices.
func (g graph) walk(order []int32) float64 {
	paths, steps := make([]float64, len(g.needs)), make([]float64, len(g.needs))
	total := 0.0
	for _, v := range order {
		for _, d := range g.needs[v] {
			paths[v] += 1 + paths[d]
			steps[v] += 1 + steps[d] + paths[d]
		}
		total += steps[v]
	}
	return total
}
