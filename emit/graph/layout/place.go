package layout

import (
	"cmp"
	"slices"
)

// pin spreads the pins of each box over its sides, in the order of what they lead
// to, so that lines do not cross where they leave.
func (d *diagram) pin() {
	for c, column := range d.columns {
		of := func(p *pin) float64 { return p.item.pos }
		in, out := d.pulls(c, func(w *wire) []*pin { return w.left }, of), d.pulls(c+1, func(w *wire) []*pin { return w.right }, of)
		for _, it := range column {
			if !it.lane() {
				spread(it.left, in)
				spread(it.right, out)
			}
		}
	}
}

// spread sets the offsets of the pins on one side of a box.
func spread(pins []*pin, middle map[int]pull) {
	slices.SortStableFunc(pins, func(a, b *pin) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi), cmp.Compare(middle[a.line].y, middle[b.line].y), cmp.Compare(a.line, b.line))
	})
	for i := 0; i < len(pins); {
		n := i
		for n < len(pins) && pins[n].lo == pins[i].lo && pins[n].hi == pins[i].hi {
			n++
		}
		lo, hi, count := pins[i].lo, pins[i].hi, n-i
		step := Grid
		if (count+1)*2*Grid <= hi-lo {
			step = 2 * Grid
		}
		at := (lo + hi - (count-1)*step) / 2 / Grid * Grid
		for at <= lo {
			at += Grid
		}
		for ; i < n; i++ {
			pins[i].offset = at
			at += step
		}
	}
}

// place sets the heights at which the items stand: as near as they can to what
// they are joined to, to and fro.
func (d *diagram) place() {
	at := make(map[*item]float64)
	for _, column := range d.columns {
		for _, it := range column {
			at[it] = it.pos - float64(it.h)/2
		}
	}
	const rounds = 4
	for i := range rounds {
		for c := range d.columns {
			d.settle(c, at, true, i == rounds-1)
		}
		for c := len(d.columns) - 1; c >= 0; c-- {
			d.settle(c, at, i == rounds-1, true)
		}
	}
	top := 0
	for _, column := range d.columns {
		for i, it := range column {
			it.y = round(at[it])
			if i > 0 {
				before := column[i-1]
				it.y = max(it.y, before.y+before.h+gap(before, it))
			}
			top = min(top, it.y)
		}
	}
	for _, column := range d.columns {
		for _, it := range column {
			it.y -= top
		}
	}
	d.straighten()
	d.raise()
}

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

func round(y float64) int {
	n := int(y) / Grid * Grid
	for float64(n) > y {
		n -= Grid
	}
	return n
}

func gap(a, b *item) int {
	if a.lane() && b.lane() {
		return laneGap
	}
	return boxGap
}

// settle gives a column's items the heights nearest, in the sum of squares, to
// what they are joined to on the sides asked for, in their order (pool adjacent
// violators).
func (d *diagram) settle(column int, at map[*item]float64, left, right bool) {
	items := d.columns[column]
	of := func(p *pin) float64 { return at[p.item] + float64(p.offset) }
	var in, out map[int]pull
	if left {
		in = d.pulls(column, func(w *wire) []*pin { return w.left }, of)
	}
	if right {
		out = d.pulls(column+1, func(w *wire) []*pin { return w.right }, of)
	}
	type pool struct{ sum, weight float64 }
	pools := make([]pool, 0, len(items))
	sizes := make([]int, 0, len(items))
	shift := 0.0 // of an item below the first, when all stand close
	shifts := make([]float64, len(items))
	for i, it := range items {
		if i > 0 {
			shift += float64(items[i-1].h + gap(items[i-1], it))
		}
		shifts[i] = shift
		sum, n := 0.0, 0.0
		for _, side := range []struct {
			pins []*pin
			far  map[int]pull
		}{{it.left, in}, {it.right, out}} {
			for _, p := range side.pins {
				m := side.far[p.line]
				sum += (m.y - float64(p.offset)) * m.weight
				n += m.weight
			}
		}
		if n == 0 { // joined to nothing: let the others decide
			sum, n = at[it]*0.01, 0.01
		}
		pools, sizes = append(pools, pool{sum - shift*n, n}), append(sizes, 1)
		for k := len(pools) - 1; k > 0 && pools[k-1].sum/pools[k-1].weight > pools[k].sum/pools[k].weight; k-- {
			pools[k-1] = pool{pools[k-1].sum + pools[k].sum, pools[k-1].weight + pools[k].weight}
			sizes[k-1] += sizes[k]
			pools, sizes = pools[:k], sizes[:k]
		}
	}
	i := 0
	for k, p := range pools {
		for range sizes[k] {
			at[items[i]] = p.sum/p.weight + shifts[i]
			i++
		}
	}
}

// straighten moves items within the room that they have to where most of their
// lines need no bend.
func (d *diagram) straighten() {
	for c, column := range d.columns {
		in, out := ends(d.channels[c], func(w *wire) []*pin { return w.left }), ends(d.channels[c+1], func(w *wire) []*pin { return w.right })
		for i, it := range column {
			lo, hi := 0, 1<<40
			if i > 0 {
				lo = column[i-1].y + column[i-1].h + gap(column[i-1], it)
			}
			if i < len(column)-1 {
				hi = column[i+1].y - it.h - gap(it, column[i+1])
			} else {
				hi = it.y + 8*Grid
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
