package compose

// RenderLimit is Render with another limit of nodes.
var RenderLimit = render

// ExtraKeys tells for every key that the table knows whether it is allowed.
func ExtraKeys() map[string]bool {
	out := map[string]bool{}
	for k, rule := range extraKeys {
		out[k] = rule.fits != nil
	}
	return out
}

// SchemaURL is where Prepare puts the schema.
const SchemaURL = schemaURL

// CompileSchema compiles a schema as if it stood at a URL.
func CompileSchema(url, text string) error {
	_, err := compileSchema(url, text)
	return err
}
