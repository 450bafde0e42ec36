// Package sariftest holds SARIF against the schema that OASIS published, for the tests
// of all that writes it.
package sariftest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Validator gives a function that says what the schema of SARIF 2.1.0 has against a
// text. The pinned developer tools bring a copy of the schema along (gosec tests its own
// output with it); where they cannot be had, the test is skipped, and fails in CI.
func Validator(t *testing.T) func(text string) error {
	t.Helper()
	schema, err := compiled(t)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the SARIF schema cannot be had: %v", err)
		}
		t.Skipf("SKIPPED: the SARIF schema cannot be had without the developer tools: %v", err)
	}
	return func(text string) error {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return err
		}
		return schema.Validate(value)
	}
}

func compiled(t *testing.T) (*jsonschema.Schema, error) {
	tools, err := toolsModule()
	if err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-modfile="+tools, "-json", "github.com/securego/gosec/v2").Output()
	if err != nil {
		return nil, err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, err
	}
	return jsonschema.NewCompiler().Compile(filepath.Join(module.Dir, "report", "sarif", "testdata", "sarif-schema-2.1.0.json"))
}

// toolsModule finds the go.mod of the developer tools above the folder of the test.
func toolsModule() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		file := filepath.Join(dir, "tools", "go.mod")
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no folder above the test has tools/go.mod")
		}
	}
}
