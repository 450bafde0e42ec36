package graph

import (
	"fmt"
	"strings"
)

// Mermaid writes the graph as a flowchart of Mermaid, which GitHub and GitLab
// draw in Markdown. They stop at 500 edges.
func Mermaid(g *Graph) string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	used := map[string]bool{}
	for i, n := range g.Nodes {
		lines := labelLines(n)
		for k := range lines {
			lines[k] = mermaidText(lines[k])
		}
		open, shut := mermaidShape(n)
		used[boxClass(n)] = true
		fmt.Fprintf(&b, "  n%d%s\"%s\"%s:::%s\n", i, open, strings.Join(lines, "<br>"), shut, boxClass(n))
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "  n%d %s n%d\n", e.From, mermaidArrow(e), e.To)
	}
	for _, p := range boxPaints() {
		if !used[p.class] {
			continue
		}
		dash := ""
		if p.dash != "" {
			dash = ",stroke-dasharray:" + p.dash
		}
		fmt.Fprintf(&b, "  classDef %s fill:%s,color:%s,stroke:%s,stroke-width:%vpx%s\n", p.class, p.fill, p.text, p.edge, p.width, dash)
	}
	return b.String()
}

func mermaidShape(n Node) (open, shut string) {
	switch n.Kind {
	case Internet, Outside:
		return "([", "])"
	case Firewall:
		return "[[", "]]"
	case Network:
		return "{{", "}}"
	case Route:
		return ">", "]"
	case Volume:
		return "[(", ")]"
	case Service:
		if n.Exposure.Class() == Stored {
			return "[(", ")]"
		}
	default: // a plain box
	}
	return "[", "]"
}

func mermaidArrow(e Edge) string {
	switch e.Kind {
	case Enters, Serves:
		return "==>"
	case Joins:
		return "---"
	case Leaves:
		return "-.->"
	case Mounts:
		return "-.-"
	default:
		return "-->"
	}
}

// mermaidText writes all but plain characters as Mermaid's own entities, which
// mean nothing to its grammar, its Markdown, or HTML.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" ./,-_()", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
