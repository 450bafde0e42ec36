package graph

import (
	"nselfc/emit/graph/layout"
)

// Sizes in pixels.
const (
	nameLine = 18 // height of a line of a name
	noteLine = 16
	padX     = 8
	padY     = 7
	limitX   = 30 // columns of text in a box
	tabX     = 16 // columns of text in a network's tab
	wallX    = 24 // columns of text in a firewall's rules
	pointX   = 8  // depth of a route's point
	lidY     = 4  // height of a drum's lid
	mostName = 6  // lines; the title of the figure and the tables have the whole
	mostNote = 4
)

// figure is a box of the picture. A service carries its networks with it: those
// that others join as tabs at its left, where their lines come in, and those that
// lead out of the host as strips below. So each network stands in the picture
// once, beside what it is there for.
type figure struct {
	node   int // number
	name   []string
	notes  []noted
	tabs   []badge
	strips []badge
	pins   int // lines that leave at the right
	text   int // width of the text
	body   int // height of the box without its strips
	tab    int // width of the tabs
	lid    int // height of a drum's lid, which no text may touch
	point  int // width of a route's point
}

// noted is a line of text below a name. The first of those that stand for a
// volume has its number; others have -1.
type noted struct {
	text string
	node int
}

// note adds a text, broken into lines.
func (f *figure) note(text string, limit, node int) {
	for _, t := range wrap(clean(text), limit, mostNote) {
		f.notes = append(f.notes, noted{t, node})
		node = -1
	}
}

// badge is a network on its owner's box.
type badge struct {
	node int
	text []string
	y, h int // below the top of the box
	pins int // lines that come in at the left
}

// sketch is a graph with what the layout needs to know.
type sketch struct {
	graph   *Graph
	figures []figure
	of      []int // figure of each node; -1 for a volume that is a line of its service's text
	lines   []line
}

// stroke is how a line is painted.
type stroke uint8

const (
	strokeNetwork stroke = iota
	strokeStore
	strokeInternet
	strokeMachine
	strokeRoute
	strokeEgress
	strokeMount
)

// line is one line of the picture, with what it says.
type line struct {
	stroke stroke
	node   int // the network, volume or door that it belongs to
	layout.Line
}

func newSketch(g *Graph) *sketch {
	s := &sketch{graph: g, of: make([]int, len(g.Nodes))}
	mounts, mounter := make([]int, len(g.Nodes)), make([]int, len(g.Nodes))
	for _, e := range g.Edges {
		if e.Kind == Mounts {
			mounts[e.To]++
			mounter[e.To] = e.From
		}
	}
	for i, n := range g.Nodes {
		s.of[i] = -1
		if n.Kind == Network && n.Owner >= 0 || n.Kind == Volume && mounts[i] == 1 {
			continue
		}
		s.of[i] = len(s.figures)
		s.figures = append(s.figures, s.figure(i))
	}
	for i, n := range g.Nodes {
		switch {
		case n.Kind == Network && n.Owner >= 0:
			f := &s.figures[s.of[n.Owner]]
			if n.Leads {
				f.strips = append(f.strips, badge{node: i, text: wrap("network "+clean(n.Name), limitX, mostNote)})
			} else {
				f.tabs = append(f.tabs, badge{node: i, text: wrap(clean(n.Name), tabX, mostNote+1)})
			}
			s.of[i] = s.of[n.Owner]
		case n.Kind == Volume && s.of[i] < 0:
			f := &s.figures[s.of[mounter[i]]]
			f.note("volume "+n.Name, limitX, i)
		}
	}
	s.connect()
	for i := range s.figures {
		s.figures[i].measure()
	}
	s.attach()
	return s
}

// figure makes the text of a node's box.
func (s *sketch) figure(node int) figure {
	n := s.graph.Nodes[node]
	f := figure{node: node, name: wrap(clean(n.Name), limitX, mostName)}
	limit := limitX + 2
	if n.Kind == Firewall || n.Kind == Host {
		limit = wallX
	}
	note := func(text string) { f.note(text, limit, -1) }
	switch n.Kind {
	case Route:
		f.point = pointX
	case Service:
		if drum(n) {
			f.lid = lidY
		}
		for _, w := range n.Exposure.Words() {
			note(w)
		}
	case Network:
		note("network")
	case Volume:
		f.lid = lidY
		note("volume")
	default: // the notes say it
	}
	if n.Kind != Network {
		for _, text := range n.Notes {
			note(text)
		}
	}
	return f
}

// measure gives the box its size, with room for every line that meets it.
func (f *figure) measure() {
	for _, t := range f.name {
		f.text = max(f.text, width(cells(t), nameSize))
	}
	for _, t := range f.notes {
		f.text = max(f.text, width(cells(t.text), noteSize))
	}
	f.body = up(max(2*(padY+f.lid)+nameLine*len(f.name)+noteLine*len(f.notes), layout.Stretch(f.pins)))
	y := 0
	for i := range f.tabs {
		t := &f.tabs[i]
		f.tab = max(f.tab, width(len("network"), noteSize)+2*padX)
		for _, text := range t.text {
			f.tab = max(f.tab, width(cells(text), noteSize)+2*padX)
		}
		t.y, t.h = y, up(max(2*padY+noteLine*(1+len(t.text)), layout.Stretch(t.pins)))
		y += t.h
	}
	f.body = max(f.body, y)
	if n := len(f.tabs); n > 0 {
		f.tabs[n-1].h = f.body - f.tabs[n-1].y
	}
	y = f.body
	for i := range f.strips {
		t := &f.strips[i]
		for _, text := range t.text {
			f.text = max(f.text, width(cells(text), noteSize)-f.tab)
		}
		t.y, t.h = y, up(max(8+noteLine*len(t.text), layout.Stretch(max(1, t.pins))))
		y += t.h
	}
}

func (f *figure) width() int { return f.tab + f.text + 2*padX + f.point }

func (f *figure) height() int {
	h := f.body
	for _, s := range f.strips {
		h += s.h
	}
	return h
}

// up rounds up to the grid of the layout.
func up(n int) int { return (n + layout.Grid - 1) / layout.Grid * layout.Grid }
