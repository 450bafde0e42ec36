package graph_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/emit/graph"
)

// drawnLine is what a line of a picture touches: nodes at their right sides, where
// lines leave, and at their left, where they enter.
type drawnLine struct {
	class       string
	right, left []string
}

// drawn reads lines out of a picture, by where they touch boxes.
func drawn(t fataler, root *element) []drawnLine {
	type box struct {
		node string
		area
	}
	var boxes []box
	root.walk(func(e *element) {
		if e.attrs["data-node"] != "" && e.attrs["class"] != "" {
			boxes = append(boxes, box{e.attrs["data-node"], shapes(t, e)})
		}
	})
	var out []drawnLine
	root.walk(func(e *element) {
		if e.name != "g" || !e.has("line") {
			return
		}
		l := drawnLine{class: e.attrs["class"]}
		way := false
		for _, p := range e.children {
			if p.name != "path" || !p.has("way") {
				continue
			}
			way = true
			points(t, p.attrs["d"], func(x, y float64) {
				for _, b := range boxes {
					if y <= b.y || y >= b.bottom {
						continue
					}
					if x == b.right && !slices.Contains(l.right, b.node) {
						l.right = append(l.right, b.node)
					}
					if x == b.x && !slices.Contains(l.left, b.node) {
						l.left = append(l.left, b.node)
					}
				}
			})
		}
		if way {
			out = append(out, l)
		}
	})
	return out
}

// service names a service as pictures do.
func service(u *ir.Service) string {
	if u.Store.V != "" {
		return "store " + visible(u.Name)
	}
	return "service " + visible(u.Name)
}

// TestLinesAreTrue reads the networks back from the lines as drawn, with nothing
// but their geometry, and compares who is on each with the stack.
func TestLinesAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStack(t)
		seen := map[string]bool{} // names must differ as shown, to be told apart here
		for _, u := range s.Services {
			if seen[service(u)] {
				t.Skip("two names look alike")
			}
			seen[service(u)] = true
		}
		root, err := parse(graph.SVG(graph.New(s)))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for _, l := range drawn(t, root) {
			if l.class != "line l-network" && l.class != "line l-store" {
				continue
			}
			if len(l.left) != 1 {
				t.Fatalf("a network's line enters %q", l.left)
			}
			var on []string
			for _, n := range l.right {
				if len(n) > 6 && n[:6] == "route " {
					n = "service the ingress"
				}
				if !slices.Contains(on, n) {
					on = append(on, n)
				}
			}
			slices.Sort(on)
			got[l.left[0]] = on
		}
		want := map[string][]string{}
		for _, n := range s.Networks {
			var on []string
			for _, u := range s.Services {
				if u.Address != n.Owner && slices.ContainsFunc(u.Networks, func(a ir.Attachment) bool { return a.Network == n.Name }) {
					on = append(on, service(u))
				}
			}
			if len(on) > 0 { // a network of its owner alone has no line
				slices.Sort(on)
				want["network "+visible(n.Name)] = on
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("who is on which network (-stack +picture):\n%s", diff)
		}
	})
}
