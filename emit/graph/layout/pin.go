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
