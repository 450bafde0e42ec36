package layout

import "slices"

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
		for c := range slices.Backward(d.columns) {
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
