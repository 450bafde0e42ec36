package layout

// draw routes the channels and gives boxes and lines their places.
func (d *diagram) draw() *Picture {
	p := &Picture{Boxes: make([]Rect, len(d.boxes)), Ranks: d.rank, Paths: make([]Path, len(d.lines))}
	for i, l := range d.lines {
		p.Paths[i].From, p.Paths[i].To = make([]Point, len(l.From)), make([]Point, len(l.To))
	}
	x := 0
	for c := range d.channels {
		ch := &d.channels[c]
		ch.route()
		width := ch.width()
		if len(ch.wires) == 0 && (c == 0 || c == len(d.columns)) {
			width = 0 // nothing runs around the picture
		}
		for _, w := range ch.wires {
			p.wire(w, x, x+width)
		}
		x += width
		if c == len(d.columns) {
			break
		}
		wide := 0
		for _, it := range d.columns[c] {
			if !it.lane() {
				wide = max(wide, d.boxes[it.box].W)
			}
		}
		for _, it := range d.columns[c] {
			if it.lane() {
				p.Paths[it.line].Pieces = append(p.Paths[it.line].Pieces, lane(it, x, x+wide))
				continue
			}
			p.Boxes[it.box] = Rect{x, it.y, wide, it.h}
			p.Order = append(p.Order, it.box)
		}
		for _, it := range d.columns[c] {
			p.H = max(p.H, it.y+it.h)
		}
		x += wide
	}
	p.W = x
	for i := range d.lines {
		for _, piece := range p.Paths[i].Pieces {
			for _, at := range piece {
				p.H = max(p.H, at.Y+Grid/2)
			}
		}
	}
	return p
}

// lane is a line's way through a column.
func lane(it *item, from, to int) []Point {
	in, out := it.left[0].y(), it.right[0].y()
	if in == out {
		return []Point{{from, in}, {to, out}}
	}
	return []Point{{from, in}, {from, out}, {to, out}}
}

// wire draws a line's part of the channel between from and to.
func (p *Picture) wire(w *wire, from, to int) {
	path := &p.Paths[w.line]
	x := from + leaving + w.track*trackWidth
	for _, q := range w.left {
		if q.end >= 0 {
			path.From[q.end] = Point{from, q.y()}
		}
	}
	for _, q := range w.right {
		if q.end >= 0 {
			path.To[q.end] = Point{to, q.y()}
		}
	}
	switch {
	case w.straight && len(w.left) > 0 && len(w.right) > 0:
		path.Pieces = append(path.Pieces, []Point{{from, w.lo}, {to, w.lo}})
		return
	case len(w.left) == 1 && len(w.right) == 1:
		a, b := w.left[0].y(), w.right[0].y()
		path.Pieces = append(path.Pieces, []Point{{from, a}, {x, a}, {x, b}, {to, b}})
		return
	}
	path.Pieces = append(path.Pieces, []Point{{x, w.lo}, {x, w.hi}})
	meets := map[int]int{}
	for _, q := range w.left {
		path.Pieces = append(path.Pieces, []Point{{from, q.y()}, {x, q.y()}})
		meets[q.y()]++
	}
	for _, q := range w.right {
		path.Pieces = append(path.Pieces, []Point{{x, q.y()}, {to, q.y()}})
		meets[q.y()]++
	}
	for _, pins := range [...][]*pin{w.left, w.right} {
		for _, q := range pins {
			y := q.y()
			if meets[y] > 0 && (y > w.lo && y < w.hi || meets[y] > 1) {
				path.Dots = append(path.Dots, Point{x, y})
			}
			delete(meets, y)
		}
	}
}
