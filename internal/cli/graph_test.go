package cli

import (
	"context"
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/internal/build"
)

var update = flag.Bool("update", false, "rewrite the pictures of the documents")

// TestGraphDocument keeps the picture in docs/graph.md what the command prints.
func TestGraphDocument(t *testing.T) {
	const file = "../../docs/graph.md"
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	env, stdout, stderr := testEnv()
	if code := Graph(context.Background(), env, Display{}, "../../examples/shop", GraphMermaid, build.Options{Env: "prod"}); code != OK {
		t.Fatalf("code %d:\n%s", code, stderr)
	}
	block := regexp.MustCompile("(?s)```mermaid\n(.*?)```")
	found := block.FindAllSubmatchIndex(doc, -1)
	if len(found) != 1 {
		t.Fatalf("%d pictures in %s", len(found), file)
	}
	at := found[0]
	if *update {
		out := string(doc[:at[2]]) + stdout.String() + string(doc[at[3]:])
		if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(doc[at[2]:at[3]]), stdout.String()); diff != "" {
		t.Errorf("the picture in %s is stale; run go test ./internal/cli -update\n%s", file, diff)
	}
}
