// Package format lays the text of a stack out in one way. It changes white
// space and nothing else: it knows no block, sorts nothing, and keeps every
// comment where it stands.
package format

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/rogpeppe/go-internal/diff"

	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// rounds bounds the search for a layout that formatting again leaves alone. One
// is nearly always enough; hclwrite needs another where moving a brace changes
// what it takes for one line.
const rounds = 4

// Source gives the text of a file in the standard layout: indentation and
// alignment as hclwrite sets them, LF line ends, no space at the end of a line,
// at most one blank line in a row and exactly one newline at the end. The
// contents of strings and heredocs stay as they are, CRLF included.
//
// A file that does not parse comes back unchanged with the errors. So does one
// whose tokens the new layout would change, with an error that says so: that is
// a bug, and losing a setting would be worse than an odd layout.
func Source(name string, src []byte) ([]byte, diag.List) {
	f := source.NewFile(name, src)
	if fault := source.Guard(f); fault != nil {
		return src, diag.List{diag.Errorf(fault.Code, fault.Range, fault.Summary, "%s", fault.Detail)}
	}
	if _, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos); diags.HasErrors() {
		return src, eval.FromHCLSyntax(diags)
	}
	before := src
	for range rounds {
		after := tidy(hclwrite.Format(before))
		if !sameTokens(src, after) {
			break
		}
		if bytes.Equal(before, after) {
			return after, nil
		}
		before = after
	}
	at := source.Range{File: name, Start: f.PosAt(0), End: f.PosAt(0)}
	return src, diag.List{diag.Errorf("NS901", at, "File could not be formatted",
		"The standard layout of this file would differ from it in more than white space, so the file was left as it is. "+
			"This is a bug in nselfc: please report it with the file.")}
}

// Diff gives the changes between two versions of a file as a unified diff, or
// nil when they are equal. It takes time proportional to n log n of the lines.
func Diff(name string, before, after []byte) []byte {
	return diff.Diff(name, before, name+" (formatted)", after)
}
