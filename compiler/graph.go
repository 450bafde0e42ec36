package compiler

import (
	"cmp"
	"slices"
)

// graph is a start order: needs[v] lists, ascending and each once, the vertices
// that v waits for. Vertices are the units, by name. It knows no service.
type graph struct {
	needs [][]int32
}

// order sorts the vertices so that each stands behind those that it needs, by
// levels and then by number. Vertices on a cycle, or that need one, are left
// out.
func (g graph) order() []int32 {
	n := len(g.needs)
	level, waiting := make([]int32, n), make([]int32, n)
	start, users := g.users()
	queue := make([]int32, 0, n)
	for v, needs := range g.needs {
		if waiting[v] = int32(len(needs)); waiting[v] == 0 {
			queue = append(queue, int32(v))
		}
	}
	for i := 0; i < len(queue); i++ {
		v := queue[i]
		for _, u := range users[start[v]:start[v+1]] {
			level[u] = max(level[u], level[v]+1)
			if waiting[u]--; waiting[u] == 0 {
				queue = append(queue, u)
			}
		}
	}
	slices.SortFunc(queue, func(a, b int32) int { return cmp.Or(int(level[a]-level[b]), int(a-b)) })
	return queue
}

// users turns the edges around: those of v are users[start[v]:start[v+1]].
func (g graph) users() (start, users []int32) {
	start = make([]int32, len(g.needs)+1)
	for _, needs := range g.needs {
		for _, d := range needs {
			start[d+1]++
		}
	}
	for i := range len(g.needs) {
		start[i+1] += start[i]
	}
	users = make([]int32, start[len(g.needs)])
	next := slices.Clone(start)
	for v, needs := range g.needs {
		for _, d := range needs {
			users[next[d]] = int32(v)
			next[d]++
		}
	}
	return start, users
}

// reduceBlock is how many vertices' reachability one pass of reduce follows: 16
// words for each vertex stay in the processor's cache.
const reduceBlock = 1024

// reduce drops every need that follows from the others: v needs d and x, and x
// needs d. What has to run before what stays the same. It takes O(E·V/64)
// steps, in an order that must hold all vertices.
func (g graph) reduce(order []int32) {
	// Only what is needed, and itself needs something, can make a need redundant,
	// and only the needs of vertices with several can be.
	position := make([]int32, len(g.needs)) // among the providers; -1 for others
	for v := range position {
		position[v] = -1
	}
	providers := int32(0)
	redundant := false
	for _, needs := range g.needs {
		for _, d := range needs {
			position[d] = 0
			redundant = redundant || len(needs) > 1 && len(g.needs[d]) > 0
		}
	}
	if !redundant {
		return
	}
	for _, v := range order {
		if position[v] == 0 {
			position[v] = providers
			providers++
		}
	}
	drop := make(map[[2]int32]bool)
	const words = reduceBlock / 64
	reach := make([][words]uint64, providers)
	for base := int32(0); base < providers; base += reduceBlock {
		clear(reach)
		for _, v := range order {
			var below [words]uint64 // what v's needs reach, themselves left out
			for _, d := range g.needs[v] {
				for w, set := range reach[position[d]] {
					below[w] |= set
				}
			}
			for _, d := range g.needs[v] {
				if p := position[d] - base; p >= 0 && p < reduceBlock {
					if below[p/64]&(1<<(p%64)) != 0 {
						drop[[2]int32{v, d}] = true
					}
				}
			}
			if position[v] < 0 {
				continue
			}
			for _, d := range g.needs[v] {
				if p := position[d] - base; p >= 0 && p < reduceBlock {
					below[p/64] |= 1 << (p % 64)
				}
			}
			reach[position[v]] = below
		}
	}
	for v, needs := range g.needs {
		g.needs[v] = slices.DeleteFunc(needs, func(d int32) bool { return drop[[2]int32{int32(v), d}] })
	}
}

// cycles gives one cycle of each knot of vertices that need each other: the
// shortest through the first of them, each vertex needing the next. It cuts the
// knots, so that the rest has an order.
func (g graph) cycles() [][]int32 {
	var out [][]int32
	for _, knot := range g.knots() {
		in := make(map[int32]bool, len(knot))
		for _, v := range knot {
			in[v] = true
		}
		out = append(out, g.cycle(slices.Min(knot), in))
		for _, v := range knot {
			g.needs[v] = slices.DeleteFunc(g.needs[v], func(d int32) bool { return in[d] })
		}
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// cycle finds the shortest cycle through v within a knot, breadth first.
func (g graph) cycle(v int32, in map[int32]bool) []int32 {
	from := map[int32]int32{}
	for queue := []int32{v}; len(queue) > 0; queue = queue[1:] {
		x := queue[0]
		for _, d := range g.needs[x] {
			if d == v {
				path := []int32{x}
				for x != v {
					x = from[x]
					path = append(path, x)
				}
				slices.Reverse(path)
				return path
			}
			if _, seen := from[d]; !seen && in[d] {
				from[d] = x
				queue = append(queue, d)
			}
		}
	}
	return nil
}

// knots gives the strongly connected components of several vertices (Tarjan's
// algorithm, with a stack of its own: stacks of thousands of services must not
// depend on the depth of calls).
func (g graph) knots() [][]int32 {
	n := len(g.needs)
	index, low := make([]int32, n), make([]int32, n) // index from 1
	next, onStack := make([]int32, n), make([]bool, n)
	var out [][]int32
	var stack, calls []int32
	count := int32(0)
	for root := range int32(n) {
		if index[root] == 0 {
			calls = append(calls, root)
		}
		for len(calls) > 0 {
			v := calls[len(calls)-1]
			if index[v] == 0 {
				count++
				index[v], low[v] = count, count
				stack = append(stack, v)
				onStack[v] = true
			}
			if next[v] < int32(len(g.needs[v])) {
				d := g.needs[v][next[v]]
				next[v]++
				if index[d] == 0 {
					calls = append(calls, d)
				} else if onStack[d] {
					low[v] = min(low[v], index[d])
				}
				continue
			}
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				parent := calls[len(calls)-1]
				low[parent] = min(low[parent], low[v])
			}
			if low[v] != index[v] {
				continue
			}
			i := len(stack) - 1
			for stack[i] != v {
				i--
			}
			knot := slices.Clone(stack[i:])
			stack = stack[:i]
			for _, x := range knot {
				onStack[x] = false
			}
			if len(knot) > 1 {
				out = append(out, knot)
			}
		}
	}
	return out
}
