package render

import (
	"encoding/json"
	"io"
)

// JSON writes the report as one indented JSON object and a newline.
func JSON(w io.Writer, r *Report) error { return encode(w, r) }

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
