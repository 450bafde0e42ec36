package layout

import "slices"

// straighten moves items within the room that they have to where most of their
// lines need no bend.
func (d *diagram) straighten() {
	for c, column := range d.columns {
		in, out := ends(d.channels[c], func(w *wire) []*pin { return w.left }), ends(d.channels[c+1], func(w *wire) []*pin { return w.right })
		for i, it := range column {
			lo, hi := 0, it.y+8*Grid
			if i > 0 {
				lo = column[i-1].y + column[i-1].h + gap(column[i-1], it)
			}
			if i < len(column)-1 {
				hi = column[i+1].y - it.h - gap(it, column[i+1])
			}
			votes := map[int]int{it.y: 0}
			for _, p := range it.left {
				if q := in[p.line]; q != nil {
					votes[q.y()-p.offset]++
				}
			}
			for _, p := range it.right {
				if q := out[p.line]; q != nil {
					votes[q.y()-p.offset]++
				}
			}
			best := it.y
			for y, n := range votes {
				if y >= lo && y <= hi && (n > votes[best] || n == votes[best] && distance(y, it.y) < distance(best, it.y)) {
					best = y
				} else if y >= lo && y <= hi && n == votes[best] && distance(y, it.y) == distance(best, it.y) {
					best = min(best, y)
				}
			}
			it.y = best
		}
	}
}

// ends gives the one pin on the far side of each line with one pin on either.
func ends(ch channel, far func(*wire) []*pin) map[int]*pin {
	out := make(map[int]*pin, len(ch.wires))
	for _, w := range ch.wires {
		if len(w.left) == 1 && len(w.right) == 1 {
			out[w.line] = far(w)[0]
		}
	}
	return out
}

func distance(a, b int) int { return max(a-b, b-a) }

// screen is how tall a picture may be, in pixels, to be seen whole.
const screen = 800

// raise puts the first columns, where reading begins, at the top of a picture that
// is taller than a screen. In the middle nobody would see them.
func (d *diagram) raise() {
	bottom := 0
	for _, column := range d.columns {
		for _, it := range column {
			bottom = max(bottom, it.y+it.h)
		}
	}
	if bottom <= screen {
		return
	}
	head, top := 0, bottom
	for _, column := range d.columns {
		if slices.ContainsFunc(column, func(it *item) bool { return it.lane() || !d.boxes[it.box].Head }) {
			break
		}
		head++
		for _, it := range column {
			top = min(top, it.y)
		}
	}
	for _, column := range d.columns[:head] {
		for _, it := range column {
			it.y -= top
		}
	}
}
