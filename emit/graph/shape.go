package graph

import (
	"fmt"

	"nselfc/emit/graph/layout"
)

// shape paints the outline that belongs to a node: round ends for what is outside,
// double sides for the firewall, a point for a route, a drum for what stores, cut
// corners for a network, a rectangle for what runs.
func (c *canvas) shape(n Node, r layout.Rect) {
	x, y, right, bottom := r.X, r.Y, r.X+r.W, r.Y+r.H
	switch {
	case n.Kind == Internet, n.Kind == Outside:
		c.rect(r, min(r.H, 40)/2)
	case n.Kind == Firewall:
		c.rect(r, 0)
		c.printf("<path class=\"shape\" d=\"M%d %dV%dM%d %dV%d\"/>\n", x+4, y, bottom, right-4, y, bottom)
	case n.Kind == Route:
		c.printf("<path class=\"shape\" d=\"M%d %dH%dL%d %dL%d %dH%dZ\"/>\n", x, y, right-pointX, right, y+r.H/2/layout.Grid*layout.Grid, right-pointX, bottom, x)
	case drum(n):
		lid := fmt.Sprintf("A%g %d 0 0 1", float64(r.W)/2, lidY)
		c.printf("<path class=\"shape\" d=\"M%d %d%s %d %dV%d%s %d %dZ\"/>\n", x, y+lidY, lid, right, y+lidY, bottom-lidY, lid, x, bottom-lidY)
		c.printf("<path class=\"shape\" d=\"M%d %dA%g %d 0 0 0 %d %d\"/>\n", x, y+lidY, float64(r.W)/2, lidY, right, y+lidY)
	case n.Kind == Network:
		c.cut(r)
	default:
		c.rect(r, 4)
	}
}

// cut paints a network's outline: corners cut off, as no service's are.
func (c *canvas) cut(r layout.Rect) {
	const cut = 5
	x, y, right, bottom := r.X, r.Y, r.X+r.W, r.Y+r.H
	c.printf("<path class=\"shape\" d=\"M%d %dH%dL%d %dV%dL%d %dH%dL%d %dV%dZ\"/>\n",
		x+cut, y, right-cut, right, y+cut, bottom-cut, right-cut, bottom, x+cut, x, bottom-cut, y+cut)
}

func (c *canvas) rect(r layout.Rect, round int) {
	c.printf("<rect class=\"shape\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>\n", r.X, r.Y, r.W, r.H, round)
}

// drum tells what is painted as one.
func drum(n Node) bool { return n.Kind == Volume || n.Kind == Service && n.Exposure.Class() == Stored }
