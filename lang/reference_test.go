package lang_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/lang"
	"nselfc/lang/schema"
)

var update = flag.Bool("update", false, "rewrite generated files")

func TestReferenceIsCurrent(t *testing.T) {
	const file = "../docs/language.md"
	got := lang.Reference()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/language.md is stale; run go test ./lang -update\n%s", diff)
	}
	for _, must := range []string{"### `postgres \"NAME\"`", "`max_memory`", "`scram_verifier`", "`service \"NAME\"`", "rate_limit`"} {
		if !strings.Contains(got, must) {
			t.Errorf("the reference lacks %s", must)
		}
	}
}

func TestJSONSchemaIsJSON(t *testing.T) {
	b, err := lang.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	props, _ := v["properties"].(map[string]any)
	if _, ok := props["service"]; !ok || v["$schema"] == nil {
		t.Errorf("the schema has no services: %v", v)
	}
}

// TestEverythingIsDocumented walks the table: an argument without a word on it
// would be one that nobody can use.
func TestEverythingIsDocumented(t *testing.T) {
	seen := map[*schema.Block]bool{}
	var walk func(b *schema.Block)
	walk = func(b *schema.Block) {
		if seen[b] {
			return
		}
		seen[b] = true
		if b.Doc == "" {
			t.Errorf("block %s has no documentation", b.Name)
		}
		for _, a := range b.Args {
			if a.Doc == "" {
				t.Errorf("argument %s of %s has no documentation", a.Name, b.Name)
			}
		}
		for _, n := range b.Blocks {
			walk(n.Block)
		}
	}
	walk(schema.Get().Root)
	walk(schema.Get().Module)
	if len(seen) < 20 {
		t.Errorf("only %d blocks were seen", len(seen))
	}
}
