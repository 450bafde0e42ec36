package graph_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nselfc/emit/graph"
)

func itoa(n int) string { return strconv.Itoa(n) }

// chart is what a reader of Mermaid gets.
type chart struct {
	Error    string
	Vertices []struct {
		ID, Text string
		Classes  []string
	}
	Edges []struct{ From, To string }
}

var (
	mermaidNode  = regexp.MustCompile(`^  (n\d+)(\[\(|\(\[|\[\[|\{\{|\[|>)"([^"]*)"(\)\]|\]\)|\]\]|\}\}|\])(?::::([a-z]+))$`)
	mermaidEdge  = regexp.MustCompile(`^  (n\d+) (?:==>|---|-->|-\.->|-\.-) (n\d+)$`)
	mermaidClass = regexp.MustCompile(`^  classDef [a-z]+ fill:#[0-9a-f]{6},color:#[0-9a-f]{6},stroke:#[0-9a-f]{6},stroke-width:[0-9.]+px(,stroke-dasharray:[0-9]+ [0-9]+)?$`)
	mermaidLabel = regexp.MustCompile(`^(?:[A-Za-z0-9 ./,()_-]|#\d+;|<br>)*$`)
	entity       = regexp.MustCompile(`#(\d+);`)
)

// readMermaid reads the part of the grammar that is written, and nothing beside it.
func readMermaid(doc string) (chart, error) {
	var c chart
	lines := strings.Split(strings.TrimSuffix(doc, "\n"), "\n")
	if lines[0] != "flowchart LR" {
		return c, fmt.Errorf("begins with %q", lines[0])
	}
	for _, l := range lines[1:] {
		if m := mermaidNode.FindStringSubmatch(l); m != nil && mermaidLabel.MatchString(m[3]) {
			text := entity.ReplaceAllStringFunc(strings.ReplaceAll(m[3], "<br>", "\n"), func(e string) string {
				n, _ := strconv.Atoi(e[1 : len(e)-1])
				return string(rune(n))
			})
			c.Vertices = append(c.Vertices, struct {
				ID, Text string
				Classes  []string
			}{m[1], text, []string{m[5]}})
		} else if m := mermaidEdge.FindStringSubmatch(l); m != nil {
			c.Edges = append(c.Edges, struct{ From, To string }{m[1], m[2]})
		} else if !mermaidClass.MatchString(l) {
			return c, fmt.Errorf("line %q", l)
		}
	}
	return c, nil
}

// sameChart holds what a reader got to the graph.
func sameChart(t fataler, g *graph.Graph, c chart) {
	if len(c.Vertices) != len(g.Nodes) || len(c.Edges) != len(g.Edges) {
		t.Fatalf("%d nodes and %d edges, want %d and %d", len(c.Vertices), len(c.Edges), len(g.Nodes), len(g.Edges))
	}
	for i, e := range g.Edges {
		if c.Edges[i].From != "n"+itoa(e.From) || c.Edges[i].To != "n"+itoa(e.To) {
			t.Errorf("edge %v is read as %v", e, c.Edges[i])
		}
	}
	for i, v := range c.Vertices {
		name := visible(g.Nodes[i].Name)
		if kind := g.Nodes[i].Kind; kind == graph.Network || kind == graph.Volume {
			name = kind.String() + " " + name
		}
		line, _, _ := strings.Cut(v.Text, "\n")
		if v.ID != "n"+itoa(i) || strings.TrimSpace(line) != strings.TrimSpace(name) || len(v.Classes) != 1 {
			t.Errorf("%q is read as %+v", name, v)
		}
	}
}

// TestMermaid reads charts of any stack with a strict reader; Mermaid's own, which
// takes a second to start, is in the lab.
func TestMermaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := graph.New(drawStack(t))
		c, err := readMermaid(graph.Mermaid(g))
		if err != nil {
			t.Fatal(err)
		}
		sameChart(t, g, c)
	})
	for _, bad := range []string{
		"graph LR\n", "flowchart LR\n  n0[\"a\" b\"]:::plain\n", "flowchart LR\n  n0[\"a#b\"]:::plain\n", "flowchart LR\n  n0[\"`a`\"]:::plain\n",
		"flowchart LR\n  n0[\"<b>\"]:::plain\n", "flowchart LR\n  n0 --> end\n", "flowchart LR\n  click n0 \"javascript:x\"\n",
	} {
		if _, err := readMermaid(bad); err == nil {
			t.Errorf("control: %q is read", bad)
		}
	}
}
