package textdiff

import "slices"

// stride is how many changes walk looks ahead, and so its work for each line.
const stride = 64

// walk pairs the lines of a part without anchors: by the shortest script as far as
// stride changes reach, then from the furthest point on again.
func (m *matcher) walk(s span) {
	for s.a0 < s.a1 && s.b0 < s.b1 {
		path, _ := m.shortest(s, stride)
		m.follow(path)
		last := path[len(path)-1]
		s.a0, s.b0 = last.a1, last.b1
	}
}

// follow makes the lines on a path partners.
func (m *matcher) follow(path []span) {
	for _, s := range path {
		for i := range s.a1 - s.a0 {
			m.pair(s.a0+i, s.b0+i)
		}
	}
}

// shortest gives the stretches of common lines, some of them empty, on the way of
// the fewest changes (Myers, "An O(ND) Difference Algorithm and Its Variations",
// 1986) and tells whether it leads to the end; when most changes do not suffice, it
// is the way to the furthest point that they reach. For that it takes up to most
// steps for every line that it passes.
func (m *matcher) shortest(s span, most int) (path []span, end bool) {
	a, b := m.a[s.a0:s.a1], m.b[s.b0:s.b1]
	most = min(most, len(a)+len(b))
	mid := most + 1
	reach := make([]int32, 2*mid+1) // after d changes, the furthest line of a on diagonal k (the line of a less that of b)
	var trace [][]int32
	for d := 0; d <= most; d++ {
		trace = append(trace, slices.Clone(reach[mid-d:mid+d+1]))
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || k != d && reach[mid+k-1] < reach[mid+k+1] {
				x = int(reach[mid+k+1]) // one line of b more
			} else {
				x = int(reach[mid+k-1]) + 1 // one line of a less
			}
			from := x
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			m.work += 1 + x - from
			reach[mid+k] = int32(x)
			if x >= len(a) && x-k >= len(b) {
				return backtrack(trace, s, len(a), len(b)), true
			}
		}
	}
	best, sum := 0, -1
	for k := -most; k <= most; k += 2 {
		if x := int(reach[mid+k]); x <= len(a) && x-k <= len(b) && 2*x-k > sum {
			best, sum = k, 2*x-k
		}
	}
	x := int(reach[mid+best])
	return backtrack(trace, s, x, x-best), false
}

// backtrack reads the way back from a point. trace[d] holds, for the diagonals -d
// to d, how far d-1 changes led.
func backtrack(trace [][]int32, s span, x, y int) []span {
	var path []span
	for d := range slices.Backward(trace) {
		k := x - y
		at := func(k int) int {
			if k < -d || k > d {
				return -1
			}
			return int(trace[d][k+d])
		}
		px, py, from := 0, 0, 0 // where the change leads from, and the line of a to
		if d > 0 {
			if k == -d || k != d && at(k-1) < at(k+1) {
				px = at(k + 1)
				py, from = px-(k+1), px
			} else {
				px = at(k - 1)
				py, from = px-(k-1), px+1
			}
		}
		path = append(path, span{s.a0 + from, s.a0 + x, s.b0 + from - k, s.b0 + y})
		x, y = px, py
	}
	slices.Reverse(path)
	return path
}
