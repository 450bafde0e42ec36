package cli

import (
	"nselfc/lang"
	"nselfc/lang/shape"
)

// Docs prints the reference of the language.
func Docs(env Env, format string) int {
	switch format {
	case "markdown":
		return Print(env, lang.Reference())
	case "json-schema":
		return printSchema(env, lang.JSONSchema)
	case "model-schema":
		return printSchema(env, shape.JSONSchema)
	}
	return Fail(env, Usage, "there is no format %q: it is markdown, json-schema or model-schema", format)
}

func printSchema(env Env, schema func() ([]byte, error)) int {
	b, err := schema()
	if err != nil {
		return Fail(env, Bug, "this is a bug in nselfc: the schema cannot be written: %v", err)
	}
	return Print(env, string(b))
}
