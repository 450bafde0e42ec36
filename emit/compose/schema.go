package compose

import (
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Prepare compiles the schema, which takes some milliseconds and is done once in
// the life of the process. A caller with a second processor runs it beside the
// work that comes before Check.
func Prepare() error {
	_, err := compiled()
	return err
}

// schemaURL is where the schema stands for its compiler, which holds nothing
// below json-schema.org against the schema of schemas. Doing so would be most of
// the work (two thirds of the time, measured), to find the same each time;
// TestSchemaIsValid does it. Should the compiler change its mind about the
// address, this gets slower and no less right.
const schemaURL = "https://json-schema.org/compose-spec.json"

// compiled is compose-go's copy of the schema of the Compose specification: a
// constant, computed when it is first needed.
var compiled = sync.OnceValues(func() (*jsonschema.Schema, error) { return compileSchema(schemaURL, schema.Schema) })

func compileSchema(url, text string) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(url, doc); err != nil {
		return nil, err
	}
	return c.Compile(url)
}

// validate holds a model against the schema. What does not fit at first sight is
// for compose-go itself to judge, and to put into words.
func validate(model map[string]any) error {
	if s, err := compiled(); err == nil && s.Validate(model) == nil {
		return nil
	}
	return schema.Validate(model)
}
