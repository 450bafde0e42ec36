package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// TestPublishedSchemas holds the workflow and the job against the schemas that
// GitHub's and GitLab's editors use. testdata/schema says where they are from.
func TestPublishedSchemas(t *testing.T) {
	for _, c := range []struct{ schema, file, good, bad string }{
		{"github-workflow.json", "github-actions.yml", "runs-on: ubuntu-24.04", "runs_on: ubuntu-24.04"},
		{"gitlab-ci.json", "gitlab-ci.yml", "interruptible: true", "interruptible: perhaps"},
	} {
		t.Run(c.file, func(t *testing.T) {
			schema, err := jsonschema.NewCompiler().Compile("testdata/schema/" + c.schema)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(ciExamples + c.file)
			if err != nil {
				t.Fatal(err)
			}
			validate := func(text string) error {
				var tree any
				if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
					t.Fatal(err)
				}
				b, err := json.Marshal(tree)
				if err != nil {
					t.Fatal(err)
				}
				if tree, err = jsonschema.UnmarshalJSON(bytes.NewReader(b)); err != nil {
					t.Fatal(err)
				}
				return schema.Validate(tree)
			}
			if err := validate(string(text)); err != nil {
				t.Error(err)
			}
			bad := strings.Replace(string(text), c.good, c.bad, 1)
			if bad == string(text) || validate(bad) == nil {
				t.Errorf("control: %q passes", c.bad)
			}
		})
	}
}
