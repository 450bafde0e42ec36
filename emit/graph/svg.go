package graph

import (
	"fmt"
	"strings"

	"nselfc/emit/graph/layout"
)

// margin is the room around the picture, in pixels.
const margin = 16

// SVG draws the graph as one file that needs no other: no script, font or
// network. It follows the reader's light or dark scheme, and each box can be
// reached by the keyboard and is read out with what it can reach.
func SVG(g *Graph) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + drawing(g, "")
}

// canvas writes the picture. The texts of the graph go through text,
// which makes any string safe in XML.
type canvas struct {
	strings.Builder
	sketch *sketch
	facts  *facts
	rows   string // prefix of the anchors that boxes link to; "" for no links
}

func (c *canvas) printf(format string, args ...any) { fmt.Fprintf(&c.Builder, format, args...) }

// drawing gives the svg element. rows is the prefix of the ids of table rows that
// the boxes link to, or "".
func drawing(g *Graph, rows string) string {
	c := &canvas{sketch: newSketch(g), facts: newFacts(g), rows: rows}
	p := c.sketch.picture()
	legend := newLegend(g, c.sketch)
	head := 48 + legend.h
	if rows != "" {
		head = legend.h // the page has the title
	}
	w := max(p.W, legend.w, width(cells(g.Title()), 18), width(cells(g.summary()), noteSize)) + 2*margin
	h := head + p.H + 2*margin
	c.printf(`<svg xmlns="http://www.w3.org/2000/svg" class="nself" width="%d" height="%d" viewBox="0 0 %d %d" role="group" aria-labelledby="graph-title graph-desc">`+"\n", w, h, w, h)
	c.printf("<title id=\"graph-title\">%s</title>\n<desc id=\"graph-desc\">%s</desc>\n", text(g.Title()), text(g.summary()))
	c.printf("<style>\n%s</style>\n<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", style(), w, h)
	if rows == "" {
		c.words(margin, margin+16, "title", clean(g.Title()))
		c.words(margin, margin+36, "quiet", clean(g.summary()))
	}
	c.printf("<g transform=\"translate(%d %d)\">\n", margin, margin+head-legend.h)
	legend.draw(c)
	c.printf("</g>\n<g transform=\"translate(%d %d)\">\n<g aria-hidden=\"true\">\n", margin, margin+head)
	for i, l := range c.sketch.lines {
		c.line(l, p.Paths[i])
	}
	c.WriteString("</g>\n<g role=\"list\">\n")
	for _, i := range p.Order {
		c.figure(&c.sketch.figures[i], p.Boxes[i])
	}
	c.WriteString("</g>\n</g>\n</svg>\n")
	return c.String()
}

// words writes one line of a cleaned text at its base line. What may come from a
// font of unknown widths is squeezed into the width that was measured for it.
func (c *canvas) words(x, y int, class, s string) {
	fit, size := "", noteSize
	if class == "name" {
		size = nameSize
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r >= 0x530 && r != '…' }); i >= 0 {
		fit = fmt.Sprintf(` textLength="%d" lengthAdjust="spacingAndGlyphs"`, width(cells(s), size)-1)
	}
	if class != "" {
		class = ` class="` + class + `"`
	}
	c.printf("<text x=\"%d\" y=\"%d\"%s%s xml:space=\"preserve\">%s</text>\n", x, y, class, fit, text(s))
}

// data writes the pieces of a path as SVG has them.
func data(p layout.Path) string {
	var b strings.Builder
	for _, piece := range p.Pieces {
		for k, at := range piece {
			switch {
			case k == 0:
				fmt.Fprintf(&b, "M%d %d", at.X, at.Y)
			case at.X == piece[k-1].X:
				fmt.Fprintf(&b, "V%d", at.Y)
			default:
				fmt.Fprintf(&b, "H%d", at.X)
			}
		}
	}
	return b.String()
}

// line paints a line over a wider one in the colour of the paper, which parts it
// from those that it crosses; its dots; and heads where it enters boxes.
func (c *canvas) line(l line, p layout.Path) {
	if len(p.Pieces) == 0 {
		return
	}
	way := data(p)
	c.printf("<g class=\"line %s\"><title>%s</title><path class=\"case\" d=\"%s\"/><path class=\"way\" d=\"%s\"/>",
		linePaints()[l.stroke].class, text(c.facts.line(l)), way, way)
	for _, at := range p.Dots {
		c.printf(`<circle cx="%d" cy="%d" r="%g"/>`, at.X, at.Y, linePaints()[l.stroke].width+1.5)
	}
	if l.stroke != strokeMount {
		for _, at := range p.To {
			c.printf(`<polygon class="head" points="%d,%d %d,%d %d,%d"/>`, at.X, at.Y, at.X-9, at.Y-4, at.X-9, at.Y+4)
		}
	}
	c.WriteString("</g>\n")
}

// figure paints a box with its networks.
func (c *canvas) figure(f *figure, r layout.Rect) {
	n := c.sketch.graph.Nodes[f.node]
	label := c.facts.label(f.node)
	open, shut := fmt.Sprintf(`<g class="box %s" id="node-%d" data-node="%s" role="listitem" tabindex="0" aria-label="%s">`, boxClass(n), f.node, c.named(f.node), text(label)), "</g>\n"
	if c.rows != "" {
		open = fmt.Sprintf(`<g class="box %s" id="node-%d" data-node="%s" role="listitem"><a href="#%s%d" aria-label="%s">`, boxClass(n), f.node, c.named(f.node), c.rows, f.node, text(label))
		shut = "</a></g>\n"
	}
	c.printf("%s<title>%s</title>\n", open, text(label))
	x, w := r.X+f.tab, r.W-f.tab
	c.shape(n, layout.Rect{X: x, Y: r.Y, W: w, H: f.body})
	height := nameLine*len(f.name) + noteLine*len(f.notes)
	y := r.Y + (f.body-height)/2
	for _, t := range f.name {
		c.words(x+padX, y+nameLine-5, "name", t)
		y += nameLine
	}
	for _, t := range f.notes {
		if t.node >= 0 {
			c.printf("<g id=\"node-%d\" data-node=\"%s\">", t.node, c.named(t.node))
		}
		c.words(x+padX, y+noteLine-4, "", t.text)
		if t.node >= 0 {
			c.WriteString("</g>\n")
		}
		y += noteLine
	}
	c.printf(`<rect class="focus" x="%d" y="%d" width="%d" height="%d" rx="6"/>`, r.X-4, r.Y-4, r.W+8, r.H+8)
	c.WriteString(shut)
	for _, t := range f.tabs {
		c.badge(t, layout.Rect{X: r.X, Y: r.Y + t.y, W: f.tab, H: t.h}, true)
	}
	for _, t := range f.strips {
		c.badge(t, layout.Rect{X: r.X, Y: r.Y + t.y, W: r.W, H: t.h}, false)
	}
}

// named gives what a node is, for tools that read the picture.
func (c *canvas) named(node int) string {
	n := c.sketch.graph.Nodes[node]
	kind := n.Kind.String()
	if n.Exposure.Store != "" {
		kind = "store"
	}
	return text(kind + " " + n.Name)
}

// badge paints a network on its owner's box. A tab says what it is above its name.
func (c *canvas) badge(b badge, r layout.Rect, tab bool) {
	label := c.facts.label(b.node)
	c.printf("<g class=\"network\" id=\"node-%d\" data-node=\"%s\" role=\"listitem\" aria-label=\"%s\"><title>%s</title>\n", b.node, c.named(b.node), text(label), text(label))
	c.cut(r)
	y := r.Y
	lines := len(b.text)
	if tab {
		lines++
	}
	y += (r.H - noteLine*lines) / 2
	if tab {
		c.words(r.X+padX, y+noteLine-4, "", "network")
		y += noteLine
	}
	for _, t := range b.text {
		c.words(r.X+padX, y+noteLine-4, "", t)
		y += noteLine
	}
	c.WriteString("</g>\n")
}
