// Package layout places boxes in columns, from left to right, and draws the
// lines between them as a circuit diagram does: a line leaves a box on its right,
// runs up or down in the gap between two columns, and enters a box on its left. A
// line with several ends has one trunk, to which the ends are joined by dots. The
// package does not know what the boxes and lines mean, nor how they are painted.
//
// The steps are those of Sugiyama, Tagawa and Toda (1981): ranks, an order within
// each column that makes the trunks short, coordinates, and then channel routing
// as in Yoshimura and Kuh (1982). The same input gives the same picture.
package layout

// Grid is the distance, in pixels, of two lines that run side by side. Heights
// and positions are multiples of it.
const Grid = 8

const (
	boxGap  = 2 * Grid // between two boxes of a column, and between a box and a line
	laneGap = Grid     // between two lines that pass through a column
)

// Box is a rectangle to place.
type Box struct {
	W, H   int  // smallest width and height; a column's boxes all get the width of its widest
	Floor  int  // leftmost column
	Anchor bool // where reading begins: what it leads to stays as far left as it can
	Last   bool // belongs into the last column
	Head   bool // belongs to what one reads first: at the top of a picture that is taller than a screen
}

// End is where a line meets a box: somewhere between Lo and Hi pixels below the
// box's top. The stretch needs Stretch(n) pixels for n lines.
type End struct {
	Box    int
	Lo, Hi int
}

// Stretch is how long the side of a box must be for n lines to meet it.
func Stretch(n int) int { return (n + 1) * Grid }

// Line leads from the right sides of some boxes to the left sides of others.
type Line struct {
	From, To []End
}

// Point is a place in the picture, in pixels from its left upper corner.
type Point struct{ X, Y int }

// Rect is where a box stands.
type Rect struct{ X, Y, W, H int }

// Path is a line as drawn: pieces of horizontal and vertical segments, dots where
// three or more of them meet, and the points at which it leaves and enters boxes,
// in the order of the Line's ends.
type Path struct {
	Pieces   [][]Point
	Dots     []Point
	From, To []Point
}

// Picture is a finished layout.
type Picture struct {
	W, H  int
	Boxes []Rect
	Ranks []int // column of each box
	Paths []Path
	Order []int // boxes as one reads them: by column, then downwards
}

// Make lays boxes and lines out. Ends must name boxes that exist.
func Make(boxes []Box, lines []Line) *Picture {
	d := &diagram{boxes: boxes, lines: lines, rank: ranks(boxes, lines)}
	d.fill()
	d.order()
	d.pin()
	d.place()
	return d.draw()
}

// item stands in a column: a box, or a line that passes through it.
type item struct {
	box, line int // one of them is -1
	h         int
	y         int // of the top of a box, of a line itself
	pos       float64
	left      []*pin
	right     []*pin
}

func (it *item) lane() bool { return it.box < 0 }

// pin is where a line meets an item, on the side that faces the channel.
type pin struct {
	item   *item
	line   int
	end    int // number of the end; -1 for a lane's
	lo, hi int
	offset int // below the item's y
	nudge  int // half a grid where two lines would else be drawn over each other
}

func (p *pin) y() int { return p.item.y + p.offset + p.nudge }

// wire is the part of a line that lies in one channel.
type wire struct {
	line        int
	left, right []*pin
	lo, hi      int
	straight    bool
	track       int
}

// channel is the gap in front of the column of the same number.
type channel struct {
	wires  []*wire
	tracks int
}

// diagram is a layout at work.
type diagram struct {
	boxes    []Box
	lines    []Line
	rank     []int
	columns  [][]*item
	channels []channel
}

// fill puts boxes and passing lines into columns, and pins into channels.
func (d *diagram) fill() {
	n := 0
	for _, r := range d.rank {
		n = max(n, r+1)
	}
	d.columns, d.channels = make([][]*item, n), make([]channel, n+1)
	of := make([]*item, len(d.boxes))
	for i, b := range d.boxes {
		of[i] = &item{box: i, line: -1, h: up(b.H)}
		d.columns[d.rank[i]] = append(d.columns[d.rank[i]], of[i])
	}
	for i, l := range d.lines {
		first, last := n, 0
		for _, e := range l.From {
			first, last = min(first, d.rank[e.Box]+1), max(last, d.rank[e.Box]+1)
		}
		for _, e := range l.To {
			first, last = min(first, d.rank[e.Box]), max(last, d.rank[e.Box])
		}
		if len(l.From)+len(l.To) < 2 {
			continue
		}
		wires := make([]*wire, last-first+1)
		for c := range wires {
			wires[c] = &wire{line: i}
			d.channels[first+c].wires = append(d.channels[first+c].wires, wires[c])
		}
		for k, e := range l.From {
			p := &pin{item: of[e.Box], line: i, end: k, lo: e.Lo, hi: e.Hi}
			of[e.Box].right = append(of[e.Box].right, p)
			w := wires[d.rank[e.Box]+1-first]
			w.left = append(w.left, p)
		}
		for k, e := range l.To {
			p := &pin{item: of[e.Box], line: i, end: k, lo: e.Lo, hi: e.Hi}
			of[e.Box].left = append(of[e.Box].left, p)
			w := wires[d.rank[e.Box]-first]
			w.right = append(w.right, p)
		}
		for c := first; c < last; c++ {
			lane := &item{box: -1, line: i}
			in, out := &pin{item: lane, line: i, end: -1}, &pin{item: lane, line: i, end: -1}
			lane.left, lane.right = []*pin{in}, []*pin{out}
			wires[c-first].right = append(wires[c-first].right, in)
			wires[c-first+1].left = append(wires[c-first+1].left, out)
			d.columns[c] = append(d.columns[c], lane)
		}
	}
}

// up rounds up to the grid.
func up(n int) int { return (n + Grid - 1) / Grid * Grid }
