package graph

import "nselfc/emit/graph/layout"

// legend explains the boxes and lines that the picture has, and no others.
type legend struct {
	entries []entry
	w, h    int
}

type entry struct {
	x, y  int
	class string // of a box, or of a line
	node  Node   // whose shape shows
	line  bool
	text  string
}

// lineWords says what each stroke means, in their order.
func lineWords() []string {
	return []string{
		"a network: all that it joins can reach each other",
		"a store's network, alike",
		"connections from the internet",
		"connections from this machine",
		"requests that the ingress passes on",
		"connections to the internet",
		"a volume that several services mount",
	}
}

// legendWidth keeps the legend in view where the picture is wider than a screen.
const legendWidth = 1200

func newLegend(g *Graph, s *sketch) *legend {
	l := &legend{}
	seen := map[string]bool{}
	add := func(e entry) {
		if !seen[e.class+e.text] {
			seen[e.class+e.text] = true
			l.entries = append(l.entries, e)
		}
	}
	for class := range boxPaints() {
		for _, n := range g.Nodes {
			if n.Kind == Service && int(n.Exposure.Class()) == class {
				add(entry{class: boxClass(n), node: n, text: classWords()[class]})
			}
		}
	}
	for _, n := range g.Nodes {
		switch n.Kind {
		case Route:
			add(entry{class: boxClass(n), node: n, text: "route: host and path"})
		case Network:
			add(entry{class: boxClass(n), node: n, text: "network"})
		default: // says what it is in the picture
		}
	}
	drawn := make([]bool, len(linePaints()))
	for _, line := range s.lines {
		drawn[line.stroke] = drawn[line.stroke] || len(line.From)+len(line.To) > 1
	}
	for stroke, p := range linePaints() {
		if drawn[stroke] {
			add(entry{class: p.class, line: true, text: lineWords()[stroke]})
		}
	}
	x, y := 0, 0
	for i := range l.entries {
		e := &l.entries[i]
		w := 40 + width(cells(e.text), noteSize) + 24
		if x > 0 && x+w > legendWidth {
			x, y = 0, y+24
		}
		e.x, e.y = x, y
		x += w
		l.w = max(l.w, x)
	}
	l.h = y + 48
	return l
}

// classWords says what the class of a service means, in their order.
func classWords() []string {
	return []string{
		"from the internet: publishes a port",
		"from this machine: publishes a loopback port",
		"through the ingress: a route leads to it",
		"egress: can connect to the internet",
		"store: reached by services on its network",
		"internal: reached by services on its networks only",
	}
}

func (l *legend) draw(c *canvas) {
	for _, e := range l.entries {
		if e.line {
			c.printf("<g class=\"line %s\"><path d=\"M%d %dH%d\"/></g>\n", e.class, e.x, e.y+8, e.x+32)
		} else {
			c.printf("<g class=\"%s\">", e.class)
			c.shape(e.node, layout.Rect{X: e.x + 1, Y: e.y, W: 30, H: 16})
			c.WriteString("</g>\n")
		}
		c.words(e.x+40, e.y+12, "", e.text)
	}
}
