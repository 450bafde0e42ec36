package layout

import "slices"

// ranks gives the column of each box: behind everything that leads to it. What
// no anchor leads to is drawn towards what it leads to itself, so that it stands
// beside its like and not alone at the left. Where boxes lead to each other in a
// circle, the one of the lowest number comes first.
func ranks(boxes []Box, lines []Line) []int {
	r := ranking{boxes: boxes, lines: lines, rank: make([]int, len(boxes))}
	r.sort()
	r.pull()
	last := 0
	for _, rank := range r.rank {
		last = max(last, rank)
	}
	for i, b := range boxes {
		if b.Last {
			r.rank[i] = last
		}
	}
	return squeeze(r.rank)
}

type ranking struct {
	boxes []Box
	lines []Line
	rank  []int
	order []int  // boxes, each behind those that lead to it
	place []int  // of each box in order
	loose []bool // no anchor leads to it
}

// sort makes the order and the leftmost ranks.
func (r *ranking) sort() {
	n := len(r.boxes)
	in, waiting := make([][]int, n), make([]int, n)                       // lines into a box; how many of them are not ready
	out, sources := make([][]int, n), make([]int, len(r.lines))           // lines out of a box; sources of a line that are not ready
	behind, free := make([]int, len(r.lines)), make([]bool, len(r.lines)) // rank behind a line's sources; no anchor among them
	for i, l := range r.lines {
		free[i], sources[i] = true, len(l.From)
		for _, e := range l.From {
			out[e.Box] = append(out[e.Box], i)
		}
		for _, e := range l.To {
			if len(l.From) > 0 {
				in[e.Box] = append(in[e.Box], i)
				waiting[e.Box]++
			}
		}
	}
	r.place, r.loose = make([]int, n), make([]bool, n)
	done := make([]bool, n)
	queue := make([]int, 0, n)
	push := func(b int) {
		done[b] = true
		queue = append(queue, b)
	}
	for b := range r.boxes {
		if waiting[b] == 0 {
			push(b)
		}
	}
	for next := 0; len(r.order) < n; {
		if len(queue) == 0 { // a circle: cut it at its first box
			for done[next] {
				next++
			}
			push(next)
		}
		b := queue[0]
		queue = queue[1:]
		r.place[b] = len(r.order)
		r.order = append(r.order, b)
		r.rank[b], r.loose[b] = r.boxes[b].Floor, !r.boxes[b].Anchor
		for _, l := range in[b] {
			if sources[l] == 0 {
				r.rank[b] = max(r.rank[b], behind[l])
				r.loose[b] = r.loose[b] && free[l]
			}
		}
		for _, l := range out[b] {
			behind[l], free[l] = max(behind[l], r.rank[b]+1), free[l] && r.loose[b]
			if sources[l]--; sources[l] > 0 {
				continue
			}
			for _, e := range r.lines[l].To {
				if waiting[e.Box]--; waiting[e.Box] == 0 && !done[e.Box] {
					push(e.Box)
				}
			}
		}
	}
}

// pull draws loose boxes to the right, up to what they lead to.
func (r *ranking) pull() {
	target := make([]int, len(r.lines)) // leftmost rank that the line leads to
	into := make([][]int, len(r.boxes))
	out := make([][]int, len(r.boxes))
	first := make([]int, len(r.lines)) // earliest place that it leads to
	for i, l := range r.lines {
		target[i], first[i] = -1, len(r.boxes)
		for _, e := range l.To {
			into[e.Box] = append(into[e.Box], i)
			first[i] = min(first[i], r.place[e.Box])
		}
		for _, e := range l.From {
			out[e.Box] = append(out[e.Box], i)
		}
	}
	for i, b := range slices.Backward(r.order) {
		if r.loose[b] {
			to := -1
			for _, l := range out[b] {
				if t := target[l]; t >= 0 && first[l] > i && (to < 0 || t < to) && !r.boxes[r.lines[l].To[0].Box].Last {
					to = t
				}
			}
			r.rank[b] = max(r.rank[b], to-1)
		}
		for _, l := range into[b] {
			if target[l] < 0 || r.rank[b] < target[l] {
				target[l] = r.rank[b]
			}
		}
	}
}

// squeeze takes empty columns out.
func squeeze(rank []int) []int {
	most := 0
	for _, r := range rank {
		most = max(most, r)
	}
	used := make([]int, most+1)
	for _, r := range rank {
		used[r] = 1
	}
	column := 0
	for r, u := range used {
		used[r] = column
		column += u
	}
	for i, r := range rank {
		rank[i] = used[r]
	}
	return rank
}
