package graph_test

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nselfc/compiler/ir"
	"nselfc/emit/graph"
)

// need finds a program; without it the test is skipped, and fails in CI.
func need(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed: run tools/install-test-deps", name)
	}
	t.Skipf("%s is not installed: run tools/install-test-deps", name)
	return ""
}

// hostileStack has one service for each of many hostile names, and everything
// else that a picture can have.
func hostileStack() *ir.Stack {
	seen := map[string]bool{}
	s := rapid.Custom(drawStack).Filter(func(s *ir.Stack) bool { return len(s.Services) < 12 && s.Ingress != nil && s.Firewall != nil }).Example(3)
	for seed := range 120 {
		name := hostile.Example(seed)
		if !seen[name] {
			seen[name] = true
			s.Services = append(s.Services, &ir.Service{Name: name, Address: "service.x", Replicas: value(1)})
		}
	}
	return s
}

// spaces makes all white space alike: Graphviz writes some of it as U+00A0.
func spaces(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u00a0", " ")), " ")
}

// TestGraphvizReadsDOT has dot draw hostile names, and finds them again in what
// it drew.
func TestGraphvizReadsDOT(t *testing.T) {
	dot := need(t, "dot")
	draw := func(doc string) (string, error) {
		cmd := exec.Command(dot, "-Tsvg")
		cmd.Stdin = strings.NewReader(doc)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if s := stderr.String(); strings.Contains(strings.ToLower(s), "error") {
			t.Log(s)
		}
		return string(out), err
	}
	if _, err := draw("digraph { n0 [label=\"a\" b\"]; }"); err == nil {
		t.Fatal("control: dot reads a broken string")
	}
	g := graph.New(hostileStack())
	out, err := draw(graph.DOT(g))
	if err != nil {
		t.Fatal(err)
	}
	root, err := parse(out)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{} // lines of each node
	edges := 0
	root.walk(func(e *element) {
		if e.name == "g" && e.has("edge") {
			edges++
		}
		if e.name != "g" || !e.has("node") {
			return
		}
		id := ""
		for _, c := range e.children {
			if c.name == "title" {
				id = c.text
			} else if c.name == "text" {
				got[id] = append(got[id], spaces(c.text))
			}
		}
	})
	if edges != len(g.Edges) || len(got) != len(g.Nodes) {
		t.Errorf("%d edges and %d nodes, want %d and %d", edges, len(got), len(g.Edges), len(g.Nodes))
	}
	for i, n := range g.Nodes {
		name := spaces(visible(n.Name))
		if n.Kind == graph.Network || n.Kind == graph.Volume {
			name = spaces(n.Kind.String() + " " + name)
		}
		if lines := got["n"+itoa(i)]; name != "" && !slices.Contains(lines, name) {
			t.Errorf("%q is drawn as %q", name, lines)
		}
	}
}
