package graph

import (
	"fmt"
	"strings"
)

// paint is how one class of boxes or lines looks: fill and text for boxes, stroke
// for both, each in a light and a dark scheme. Colour is never the only sign:
// boxes say their class in words and differ in their borders, lines differ in
// width and dashes. The tests hold text against its fill to a contrast of 4.5 to
// 1, and borders and lines against the background to 3 to 1 (WCAG 2.2, AA).
type paint struct {
	class                        string
	fill, text, edge             string // light
	darkFill, darkText, darkEdge string
	width                        float64 // of the border or line
	dash                         string
}

// Backgrounds, and the texts on them.
const (
	paper, ink         = "#ffffff", "#1f2328"
	darkPaper, darkInk = "#0d1117", "#e6edf3"
	quiet, darkQuiet   = "#57606a", "#9da7b3" // text of less weight
	link, darkLink     = "#0b57b0", "#7db5ff"
)

// boxPaints gives the paint of each class, in its order, and then of what is no service.
func boxPaints() []paint {
	return []paint{
		{"internet", "#ffe3df", "#5c0f0a", "#b42318", "#4a1512", "#ffd9d4", "#ff7b6b", 3, ""},
		{"machine", "#e9ecf0", "#24292f", "#57606a", "#2a3038", "#e6edf3", "#9da7b3", 2, "2 3"},
		{"ingress", "#fff1cc", "#4a3200", "#946300", "#3d2e05", "#ffe8ae", "#d9a441", 2, ""},
		{"egress", "#e4e9ff", "#1c2a6b", "#4256c8", "#1b2450", "#dbe2ff", "#8fa2ff", 2, "8 3"},
		{"store", "#f2e7fa", "#3d1457", "#7b3fa0", "#341b45", "#f1dffc", "#c48be6", 2, ""},
		{"internal", "#e5f5e8", "#10391b", "#2c7a3f", "#12301b", "#d3f2da", "#5fb878", 1.5, ""},
		{"plain", "#f6f8fa", "#1f2328", "#57606a", "#1c2128", "#e6edf3", "#9da7b3", 1.5, ""},
		{"network", "#ffffff", "#24292f", "#57606a", "#0d1117", "#e6edf3", "#9da7b3", 1, ""},
	}
}

// linePaints gives the paint of each stroke, in its order.
func linePaints() []paint {
	return []paint{
		{class: "l-network", edge: "#57606a", darkEdge: "#9da7b3", width: 1.5},
		{class: "l-store", edge: "#7b3fa0", darkEdge: "#c48be6", width: 1.5},
		{class: "l-internet", edge: "#b42318", darkEdge: "#ff7b6b", width: 3},
		{class: "l-machine", edge: "#57606a", darkEdge: "#9da7b3", width: 2.5, dash: "2 3"},
		{class: "l-route", edge: "#946300", darkEdge: "#d9a441", width: 2.5},
		{class: "l-egress", edge: "#4256c8", darkEdge: "#8fa2ff", width: 1.5, dash: "6 4"},
		{class: "l-mount", edge: "#57606a", darkEdge: "#9da7b3", width: 1.5, dash: "1 3"},
	}
}

// style writes the picture's style sheet: the light scheme, which printers get
// too, and the dark one where a reader asks for it.
func style() string {
	var b strings.Builder
	fmt.Fprintf(&b, ".nself text{font-family:ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",\"Liberation Mono\",monospace;font-size:%dpx}\n", noteSize)
	fmt.Fprintf(&b, ".nself .name{font-size:%dpx;font-weight:bold}\n.nself .title{font-size:18px;font-weight:bold}\n", nameSize)
	b.WriteString(".nself .line path{fill:none}\n.nself .box{outline:none}\n.nself .box:focus .focus,.nself a:focus .focus{stroke-width:3;stroke-dasharray:none}\n")
	b.WriteString(".nself .focus{fill:none;stroke:none}\n")
	for _, p := range append(boxPaints(), linePaints()...) {
		dash := ""
		if p.dash != "" {
			dash = ";stroke-dasharray:" + p.dash
		}
		if p.fill == "" {
			fmt.Fprintf(&b, ".nself .%s path{stroke-width:%v%s}\n.nself .%s .case{stroke-width:%v;stroke-dasharray:none}\n", p.class, p.width, dash, p.class, p.width+4)
		} else {
			fmt.Fprintf(&b, ".nself .%s .shape{stroke-width:%v%s}\n", p.class, p.width, dash)
		}
	}
	b.WriteString(".nself .line:hover .way{stroke-width:4}\n")
	b.WriteString(scheme(false))
	b.WriteString("@media screen and (prefers-color-scheme:dark){\n" + scheme(true) + "}\n")
	return b.String()
}

// scheme writes the colours of one scheme.
func scheme(dark bool) string {
	var b strings.Builder
	pick := func(light, night string) string {
		if dark {
			return night
		}
		return light
	}
	back, front := pick(paper, darkPaper), pick(ink, darkInk)
	fmt.Fprintf(&b, ".nself .paper{fill:%s}\n.nself text{fill:%s}\n.nself text.quiet{fill:%s}\n", back, front, pick(quiet, darkQuiet))
	fmt.Fprintf(&b, ".nself .box:focus .focus,.nself a:focus .focus{stroke:%s}\n", front)
	for _, p := range append(boxPaints(), linePaints()...) {
		edge := pick(p.edge, p.darkEdge)
		if p.fill == "" {
			fmt.Fprintf(&b, ".nself .%s path{stroke:%s}\n.nself .%s .case{stroke:%s}\n.nself .%s .head,.nself .%s circle{fill:%s}\n", p.class, edge, p.class, back, p.class, p.class, edge)
			continue
		}
		fmt.Fprintf(&b, ".nself .%s .shape{fill:%s;stroke:%s}\n.nself .%s text{fill:%s}\n",
			p.class, pick(p.fill, p.darkFill), edge, p.class, pick(p.text, p.darkText))
	}
	return b.String()
}

// boxClass gives the class of a node's box.
func boxClass(n Node) string {
	switch n.Kind {
	case Service:
		return boxPaints()[n.Exposure.Class()].class
	case Internet, Outside:
		return "internet"
	case Machine:
		return "machine"
	case Route:
		return "ingress"
	case Volume:
		return "store"
	case Network:
		return "network"
	default:
		return "plain"
	}
}
