package compose_test

import (
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/schema"

	"nselfc/emit/compose"
)

// TestSchemaIsValid holds the schema against the schema of schemas, which
// Prepare leaves out, and a schema with a mistake beside it.
func TestSchemaIsValid(t *testing.T) {
	const url = "https://schema.test/compose-spec.json"
	if err := compose.CompileSchema(url, schema.Schema); err != nil {
		t.Error(err)
	}
	broken := strings.Replace(schema.Schema, `"type": "object"`, `"type": "objekt"`, 1)
	if err := compose.CompileSchema(url, broken); err == nil || !strings.Contains(err.Error(), "metaschema") {
		t.Errorf("a schema with an unknown type is taken: %v", err)
	}
}

// BenchmarkPrepare compiles the schema as the first check of a process does.
func BenchmarkPrepare(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := compose.CompileSchema(compose.SchemaURL, schema.Schema); err != nil {
			b.Fatal(err)
		}
	}
}
