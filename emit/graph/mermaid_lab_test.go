//go:build lab && linux

package graph_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"nselfc/emit/graph"
)

// mermaidDir is where tools/install-test-deps puts Mermaid.
const mermaidDir = "/usr/local/lib/nselfc-test/mermaid"

// TestMermaidItself has Mermaid's own parser read charts, hostile ones too.
func TestMermaidItself(t *testing.T) {
	node := need(t, "node")
	script := filepath.Join(mermaidDir, "read.js")
	if _, err := os.Stat(script); err != nil {
		need(t, script)
	}
	graphs := []*graph.Graph{graph.New(hostileStack())}
	for seed := range 30 {
		graphs = append(graphs, graph.New(rapid.Custom(drawStack).Example(seed)))
	}
	docs := []string{"flowchart LR\n  n0[\"a\" b\"]\n", "flowchart LR\n  n0[\"`**a**`\"]:::end\n  end\n"} // controls
	for _, g := range graphs {
		docs = append(docs, graph.Mermaid(g))
	}
	in, err := json.Marshal(docs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, script)
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var charts []chart
	if err := json.Unmarshal(out, &charts); err != nil || len(charts) != len(docs) {
		t.Fatalf("%d charts: %v", len(charts), err)
	}
	for i, c := range charts[:2] {
		if c.Error == "" {
			t.Errorf("control: %q is read", docs[i])
		}
	}
	for i, g := range graphs {
		c := charts[i+2]
		if c.Error != "" {
			t.Errorf("%s\n%s", c.Error, docs[i+2])
			continue
		}
		sameChart(t, g, c)
	}
}
