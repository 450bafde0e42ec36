package secrets

import (
	"nselfc/emit"
	"nselfc/internal/needles"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Value is a secret that must not be found. It never prints itself.
type Value = needles.Value

// NewValue names a value that Scan looks for.
func NewValue(address, text string) Value { return needles.NewValue(address, text) }

// Scan searches the committed files for the values, as they are and URL-, JSON-,
// base64- and hex-encoded. The compiler cannot write a value, as it has none;
// but somebody may have copied one into nself.hcl or a template, which this
// finds. Values of fewer than 8 bytes are not searched for. Secret files are
// passed over. Each secret is told once for each file. The time is linear in the
// size of the files.
func Scan(files []emit.File, values []Value) diag.List {
	ix := needles.New(values)
	if ix.Empty() {
		return nil
	}
	var diags diag.List
	for _, f := range files {
		text, plain := f.Text.Plain()
		if !plain {
			continue
		}
		for _, hit := range ix.Search(text) {
			at := source.Pos{Line: int32(hit.Line), Byte: int32(hit.Offset)}
			diags = append(diags, diag.Errorf(codeLeak, source.Range{File: f.Path, Start: at, End: at}, "Secret in a committed file",
				"Line %d of %s would hold the value of %s%s. The file is committed: everybody who can read the repository, now or later, would have it.\n\n"+
					"Remove the value from nself.hcl or the template that it was copied into, refer to %s instead, and rotate it if that text was ever pushed.",
				hit.Line, f.Path, hit.Address, hit.How, hit.Address))
		}
	}
	return diags
}
