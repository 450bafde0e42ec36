package shape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// JSONSchema gives the schema of the model's JSON form (draft 2020-12). Readers let
// stand what a later minor version adds.
func JSONSchema() ([]byte, error) {
	props := map[string]any{
		"format_version": map[string]any{"type": "string", "pattern": `^1\.[0-9]+$`},
	}
	required := []string{"format_version"}
	for _, a := range Model() {
		props[a.Name] = a.schema()
		required = append(required, a.Name)
	}
	doc := map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "The model of a stack, format version 1",
		"description": "Written by nselfc model. Within format version 1, members are added and none is removed or changes its type: read over those that you do not know.",
		"type":        "object", "properties": props, "required": required,
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(doc)
	return b.Bytes(), err
}

func (a Attribute) schema() map[string]any {
	texts := map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
	out := map[string]any{}
	switch a.Kind {
	case String:
		out["type"] = "string"
		if len(a.Enum) > 0 {
			out["enum"] = a.Enum
		}
	case Number:
		out["type"] = "number"
	case Bool:
		out["type"] = "boolean"
	case Strings:
		out = texts
	case StringMap:
		out = map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
	case StringsMap:
		out = map[string]any{"type": "object", "additionalProperties": texts}
	case Object:
		out = objectSchema(a.Of)
	case Objects:
		out = map[string]any{"type": "array", "items": objectSchema(a.Of)}
	case ObjectMap:
		out = map[string]any{"type": "object", "additionalProperties": objectSchema(a.Of)}
	}
	if a.Optional && a.Kind != String {
		out["type"] = []string{out["type"].(string), "null"}
	}
	out["description"] = a.Doc
	return out
}

func objectSchema(attrs []Attribute) map[string]any {
	props := make(map[string]any, len(attrs))
	required := make([]string, len(attrs))
	for i, a := range attrs {
		props[a.Name], required[i] = a.schema(), a.Name
	}
	return map[string]any{"type": "object", "properties": props, "required": required}
}

// Markdown gives the reference of the model.
func Markdown() string {
	var b strings.Builder
	for _, a := range Model() {
		fmt.Fprintf(&b, "### `%s`\n\n%s. %s\n", a.Name, upper(a.words()), a.Doc)
		if len(a.Of) > 0 {
			b.WriteString("\n| attribute | type | meaning |\n|---|---|---|\n")
			rows(&b, "", a.Of)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func rows(b *strings.Builder, prefix string, attrs []Attribute) {
	for _, a := range attrs {
		doc := a.Doc
		if len(a.Enum) > 0 {
			doc += " One of: `" + strings.Join(a.Enum, "`, `") + "`."
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, a.Name, a.words(), strings.ReplaceAll(doc, "|", `\|`))
		below := prefix + a.Name + "."
		if a.Kind == Objects {
			below = prefix + a.Name + "[*]."
		}
		rows(b, below, a.Of)
	}
}

func (a Attribute) words() string {
	words := [...]string{
		"text", "number", "bool", "list of texts", "texts by name", "lists of texts by name", "object", "list of objects", "objects by name",
	}[a.Kind]
	if a.Optional && a.Kind != String {
		words += " or null"
	}
	return words
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
