package layout

import (
	"cmp"
	"slices"
)

// sweeps is how often the columns are put into order, to and fro. More changed
// no picture of the examples.
const sweeps = 12

// order sorts each column by the middle of what its items are joined to, to and
// fro, and keeps the order whose trunks are shortest in all.
func (d *diagram) order() {
	for _, column := range d.columns {
		stack(column)
	}
	best := d.snapshot()
	shortest := d.length()
	for i := range sweeps {
		if i%2 == 0 {
			for c := range d.columns {
				d.sort(c, c, func(it *item) []*pin { return it.left }, func(w *wire) []*pin { return w.left })
			}
		} else {
			for c := range slices.Backward(d.columns) {
				d.sort(c, c+1, func(it *item) []*pin { return it.right }, func(w *wire) []*pin { return w.right })
			}
		}
		if l := d.length(); l < shortest {
			shortest, best = l, d.snapshot()
		}
	}
	for c, column := range best {
		d.columns[c] = column
		stack(column)
	}
}

func (d *diagram) snapshot() [][]*item {
	out := make([][]*item, len(d.columns))
	for c, column := range d.columns {
		out[c] = slices.Clone(column)
	}
	return out
}

// stack sets the positions of a column's items, around its middle.
func stack(column []*item) {
	y := 0
	for _, it := range column {
		it.pos = float64(y) + float64(it.h)/2
		y += it.h + boxGap
	}
	for _, it := range column {
		it.pos -= float64(y) / 2
	}
}

// sort puts one column into the order of what it is joined to in a channel; pins
// and far give the sides that matter. What is joined to nothing there stays
// about where it is.
func (d *diagram) sort(column, ch int, pins func(*item) []*pin, far func(*wire) []*pin) {
	if ch >= len(d.channels) {
		return
	}
	middle := d.pulls(ch, far, func(p *pin) float64 { return p.item.pos })
	items := d.columns[column]
	want := make(map[*item]float64, len(items))
	for _, it := range items {
		sum, weight := 0.0, 0.0
		for _, p := range pins(it) {
			m := middle[p.line]
			sum += m.y * m.weight
			weight += m.weight
		}
		want[it] = it.pos
		if weight > 0 {
			want[it] = sum / weight
		}
	}
	slices.SortStableFunc(items, func(a, b *item) int { return cmp.Compare(want[a], want[b]) })
	stack(items)
}

// pull is what a line does to an item: where to, and how strongly.
type pull struct{ y, weight float64 }

// pulls gives, for each line in a channel, the middle of its pins on one side,
// weighed by their number.
func (d *diagram) pulls(ch int, side func(*wire) []*pin, of func(*pin) float64) map[int]pull {
	out := make(map[int]pull, len(d.channels[ch].wires))
	for _, w := range d.channels[ch].wires {
		if pins := side(w); len(pins) > 0 {
			out[w.line] = pull{mean(pins, of), float64(len(pins))}
		}
	}
	return out
}

func mean(pins []*pin, of func(*pin) float64) float64 {
	sum := 0.0
	for _, p := range pins {
		sum += of(p)
	}
	return sum / float64(len(pins))
}

// length is how far all trunks reach, as the items are stacked.
func (d *diagram) length() float64 {
	sum := 0.0
	for _, ch := range d.channels {
		for _, w := range ch.wires {
			sum += span(w)
		}
	}
	return sum
}

func span(w *wire) float64 {
	all := slices.Concat(w.left, w.right)
	lo, hi := all[0].item.pos, all[0].item.pos
	for _, p := range all {
		lo, hi = min(lo, p.item.pos), max(hi, p.item.pos)
	}
	return hi - lo
}
