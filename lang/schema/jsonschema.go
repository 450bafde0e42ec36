package schema

// JSONSchema describes a block as JSON Schema (draft 2020-12), in the shape of
// HCL's JSON syntax: an argument is a property, and a block with labels is an
// object for each label. Editors and generators read it; the compiler does not.
func (b *Block) JSONSchema() map[string]any {
	props := map[string]any{}
	var required []string
	for _, a := range b.Args {
		props[a.Name] = a.jsonSchema()
		if a.Required {
			required = append(required, a.Name)
		}
	}
	for _, n := range b.Blocks {
		props[n.Name] = n.jsonSchema()
		if n.Min > 0 {
			required = append(required, n.Name)
		}
	}
	out := map[string]any{
		"type":                 "object",
		"description":          b.Doc,
		"properties":           props,
		"additionalProperties": b.Open,
	}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (n *Nested) jsonSchema() map[string]any {
	out := n.JSONSchema()
	for range n.Labels {
		out = map[string]any{"type": "object", "additionalProperties": out}
	}
	if len(n.Labels) > 0 || n.Max == 1 {
		return out
	}
	return map[string]any{"anyOf": []any{out, map[string]any{"type": "array", "items": out}}}
}

func (a *Argument) jsonSchema() map[string]any {
	out := map[string]any{"description": a.Doc}
	if a.Default != "" {
		out["x-default"] = a.Default // as the language writes it; not always a JSON value
	}
	str := map[string]any{"type": "string"}
	switch a.Type {
	case String, Text, Duration, Ref, TypeExpr:
		out["type"] = "string"
	case Number:
		out["type"] = []string{"number", "string"}
	case Integer:
		out["type"] = []string{"integer", "string"}
	case Bool:
		out["type"] = []string{"boolean", "string"}
	case Size:
		out["type"] = []string{"string", "integer"}
	case Strings:
		out["anyOf"] = []any{map[string]any{"type": "array", "items": str}, str}
	case Command:
		out["anyOf"] = []any{map[string]any{"type": "array", "items": str}, str}
	case TextMap:
		out["anyOf"] = []any{map[string]any{"type": "object", "additionalProperties": str}, str}
	case Any, Expr:
	}
	if len(a.Enum) > 0 {
		enum := make([]any, 0, len(a.Enum))
		for _, e := range a.Enum {
			enum = append(enum, e)
		}
		// An expression is allowed too: in JSON syntax it is a template string.
		out["anyOf"] = []any{map[string]any{"enum": enum}, map[string]any{"type": "string", "pattern": `\$\{`}}
		delete(out, "type")
	}
	return out
}
