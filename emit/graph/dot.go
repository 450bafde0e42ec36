package graph

import (
	"fmt"
	"strings"
)

// DOT writes the graph in the language of Graphviz.
func DOT(g *Graph) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n", dotString(g.Title()))
	fmt.Fprintf(&b, "  graph [rankdir=LR, fontname=\"monospace\", labelloc=t, label=%s];\n", dotString(g.Title()))
	b.WriteString("  node [fontname=\"monospace\", fontsize=12, style=filled, margin=\"0.15,0.08\"];\n  edge [color=\"#57606a\"];\n")
	paints := map[string]paint{}
	for _, p := range boxPaints() {
		paints[p.class] = p
	}
	for i, n := range g.Nodes {
		p := paints[boxClass(n)]
		style := "filled"
		if p.dash != "" {
			style = "filled,dashed"
		}
		margin := ""
		if n.Kind == Route {
			margin = `, margin="0.3,0.16"` // room for the point
		}
		fmt.Fprintf(&b, "  n%d [label=%s, shape=%s%s, style=%q, penwidth=%v, fillcolor=%q, color=%q, fontcolor=%q];\n",
			i, dotString(labelLines(n)...), dotShape(n), margin, style, p.width, p.fill, p.edge, p.text)
	}
	for _, e := range g.Edges {
		p := linePaints()[edgeStroke(g, e)]
		style := "solid"
		if p.dash != "" {
			style = "dashed"
		}
		direction := "forward"
		if e.Kind == Joins || e.Kind == Mounts {
			direction = "none"
		}
		fmt.Fprintf(&b, "  n%d -> n%d [dir=%s, style=%s, penwidth=%v, color=%q];\n", e.From, e.To, direction, style, p.width, p.edge)
	}
	b.WriteString("}\n")
	return b.String()
}

// labelLines is a node's text in the languages that lay out themselves: what it
// is, its name, and more to know.
func labelLines(n Node) []string {
	var out []string
	switch n.Kind {
	case Network:
		out = append(out, "network "+n.Name)
	case Volume:
		out = append(out, "volume "+n.Name)
	case Service:
		out = append(out, n.Name)
		out = append(out, n.Exposure.Words()...)
	default:
		out = append(out, n.Name)
	}
	return append(out, n.Notes...)
}

func dotShape(n Node) string {
	switch n.Kind {
	case Internet, Outside:
		return "ellipse"
	case Firewall:
		return "box3d"
	case Network:
		return "hexagon"
	case Route:
		return "cds"
	case Volume:
		return "folder"
	case Service:
		if n.Exposure.Class() == Stored {
			return "cylinder"
		}
		return "box"
	default:
		return "component"
	}
}

// edgeStroke says how an edge is painted.
func edgeStroke(g *Graph, e Edge) stroke {
	switch e.Kind {
	case Enters:
		if g.Nodes[e.From].Kind == Machine {
			return strokeMachine
		}
		return strokeInternet
	case Serves:
		return strokeRoute
	case Leaves:
		return strokeEgress
	case Mounts:
		return strokeMount
	default:
		node := e.From
		if e.Kind == Joins {
			node = e.To
		}
		if o := g.Nodes[node].Owner; o >= 0 && g.Nodes[o].Exposure.Store != "" {
			return strokeStore
		}
		return strokeNetwork
	}
}

// dotString writes lines as one quoted string. A backslash begins an escape there
// and an ampersand an HTML entity.
func dotString(lines ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;")
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = escape.Replace(clean(l))
	}
	return `"` + strings.Join(out, `\n`) + `"`
}
