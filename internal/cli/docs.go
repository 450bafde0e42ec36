package cli

import "nselfc/lang"

// Docs prints the reference of the language.
func Docs(env Env, format string) int {
	switch format {
	case "markdown":
		return Print(env, lang.Reference())
	case "json-schema":
		b, err := lang.JSONSchema()
		if err != nil {
			return Fail(env, Bug, "this is a bug in nselfc: the schema cannot be written: %v", err)
		}
		return Print(env, string(b))
	}
	return Fail(env, Usage, "there is no format %q: it is markdown or json-schema", format)
}
