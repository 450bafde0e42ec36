package layout

import (
	"cmp"
	"slices"
)

const (
	trackWidth = 10
	leaving    = 12 // room between a column and the first trunk behind it
	entering   = 16 // room between the last trunk and the column in front of it, for an arrow's head
	nothing    = 24 // width of a gap that nothing crosses
	// switchLimit is how many trunks of one gap are sorted by their crossings,
	// which takes the square of it.
	switchLimit = 120
)

// route gives every trunk of a channel its track. Trunks that reach the same
// height are in different tracks, and no two lines are drawn over each other.
func (ch *channel) route() {
	bent := make([]*wire, 0, len(ch.wires))
	for _, w := range ch.wires {
		w.measure()
		if !w.straight {
			bent = append(bent, w)
		}
	}
	slices.SortStableFunc(bent, func(a, b *wire) int { return cmp.Compare(a.lo+a.hi, b.lo+b.hi) })
	behind := ch.constrain(bent)
	if len(bent) <= switchLimit {
		exchange(bent, behind)
	}
	bent = respect(bent, behind)
	for i, w := range bent {
		must := behind[w]
		for _, other := range bent[:i] {
			if other.lo < w.hi+Grid && w.lo < other.hi+Grid || len(must) > 0 && must[other] {
				w.track = max(w.track, other.track+1)
			}
		}
		ch.tracks = max(ch.tracks, w.track+1)
	}
}

// measure finds how far the trunk reaches.
func (w *wire) measure() {
	w.lo, w.hi = 1<<40, -1<<40
	for _, pins := range [...][]*pin{w.left, w.right} {
		for _, p := range pins {
			w.lo, w.hi = min(w.lo, p.y()), max(w.hi, p.y())
		}
	}
	w.straight = w.lo == w.hi
}

// constrain finds which trunks must stand behind which: a line that leaves at a
// height must turn away before another that enters at it comes in. Where such
// demands run in a circle, one line enters half a grid lower.
func (ch *channel) constrain(bent []*wire) map[*wire]map[*wire]bool {
	leaves := map[int]*wire{}
	for _, w := range bent {
		for _, p := range w.left {
			leaves[p.y()] = w
		}
	}
	behind := make(map[*wire]map[*wire]bool, len(bent))
	for _, w := range bent {
		for _, p := range w.right {
			other := leaves[p.y()]
			if other == nil || other == w {
				continue
			}
			if reaches(behind, other, w) {
				p.nudge = Grid / 2
				w.measure()
				continue
			}
			if behind[w] == nil {
				behind[w] = map[*wire]bool{}
			}
			behind[w][other] = true
		}
	}
	return behind
}

// reaches tells whether a stands behind b, through others or not.
func reaches(behind map[*wire]map[*wire]bool, a, b *wire) bool {
	seen := map[*wire]bool{a: true}
	for queue := []*wire{a}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == b {
			return true
		}
		for next := range behind[queue[0]] {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return false
}

// exchange swaps neighbours as long as that takes crossings away.
func exchange(bent []*wire, behind map[*wire]map[*wire]bool) {
	for range bent {
		swapped := false
		for i := 1; i < len(bent); i++ {
			a, b := bent[i-1], bent[i]
			if !behind[b][a] && crossings(b, a) < crossings(a, b) {
				bent[i-1], bent[i] = b, a
				swapped = true
			}
		}
		if !swapped {
			return
		}
	}
}

// crossings counts how often a and b cross when a's trunk is the one in front.
func crossings(a, b *wire) int {
	n := 0
	for _, p := range a.right {
		if y := p.y(); b.lo < y && y < b.hi {
			n++
		}
	}
	for _, p := range b.left {
		if y := p.y(); a.lo < y && y < a.hi {
			n++
		}
	}
	return n
}

// respect sorts trunks so that each stands behind those that it must, and else as
// they are.
func respect(bent []*wire, behind map[*wire]map[*wire]bool) []*wire {
	out := make([]*wire, 0, len(bent))
	done := make(map[*wire]bool, len(bent))
	var visit func(w *wire)
	visit = func(w *wire) {
		if done[w] {
			return
		}
		done[w] = true
		for _, other := range bent {
			if len(behind[w]) == 0 {
				break
			}
			if behind[w][other] {
				visit(other)
			}
		}
		out = append(out, w)
	}
	for _, w := range bent {
		visit(w)
	}
	return out
}

// width is how wide the gap must be.
func (ch *channel) width() int {
	if len(ch.wires) == 0 {
		return nothing
	}
	return leaving + max(0, ch.tracks-1)*trackWidth + entering
}
