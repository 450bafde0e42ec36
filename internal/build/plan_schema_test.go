package build_test

import (
	"bytes"
	"encoding/json"
	"os"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// planSchema is docs/plan.schema.json, made to refuse what it does not describe. The
// published one lets readers take what a later version adds.
var planSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	b, err := os.ReadFile("../../docs/plan.schema.json")
	if err != nil {
		return nil, err
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("plan.schema.json", closed(tree)); err != nil {
		return nil, err
	}
	return c.Compile("plan.schema.json")
})

// closed forbids members that are not listed, but for the resources, which belong to
// nself.model.json, and snippets.
func closed(tree any) any {
	switch tree := tree.(type) {
	case map[string]any:
		for name, v := range tree {
			if name != "resource" && name != "snippet" {
				tree[name] = closed(v)
			}
		}
		if _, open := tree["additionalProperties"]; !open && tree["type"] == "object" && tree["properties"] != nil {
			tree["additionalProperties"] = false
		}
	case []any:
		for i := range tree {
			tree[i] = closed(tree[i])
		}
	}
	return tree
}

// valid holds the JSON of a plan against the schema.
func valid(text []byte) error {
	schema, err := planSchema()
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// TestPlanSchema validates plans that a stack without errors does not give, and wants
// the schema to refuse what is none.
func TestPlanSchema(t *testing.T) {
	t.Parallel()
	dir := open(t)
	reviewable(t, dir)
	plans := map[string]string{}
	for name, args := range map[string][]string{
		"hand edits": {}, "a revision": {"--base", "HEAD~1"}, "nothing built": {"-o", "nowhere"}, "no such environment": {"--env", "nope"}, "no such revision": {"--base", "nope"},
	} {
		plans[name] = run(t, command(t, dir, append([]string{"plan", "--format", "json"}, args...)...)).stdout
	}
	put(t, dir+"/out/prod/nself.model.json", "<<<<<<< HEAD\n")
	plans["a damaged model"] = run(t, command(t, dir, "plan", "--format", "json")).stdout
	put(t, dir+"/nself.hcl", "stack \"s\" {\n  domian = 1\n}\n")
	plans["a stack with errors"] = run(t, command(t, dir, "plan", "--format", "json")).stdout
	for name, text := range plans {
		if err := valid([]byte(text)); err != nil {
			t.Errorf("%s: %v\n%.2000s", name, err, text)
		}
	}
	for name, spoil := range map[string]func(plan map[string]any){
		"a member too many": func(p map[string]any) { p["more"] = 1 },
		"one too few":       func(p map[string]any) { delete(p, "changed") },
		"another type":      func(p map[string]any) { p["changed"] = "yes" },
		"another status":    func(p map[string]any) { p["environments"].([]any)[0].(map[string]any)["status"] = "fine" },
	} {
		var p map[string]any
		if err := json.Unmarshal([]byte(plans["hand edits"]), &p); err != nil {
			t.Fatal(err)
		}
		spoil(p)
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if valid(text) == nil {
			t.Errorf("the schema takes %s", name)
		}
	}
}
