package lang

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// place tells a finding in the files of a module or kind to whoever used it.
// One in the project's own files stays where it is, with the uses that led
// there. One in a built-in kind moves to what its author can change: the
// argument that caused it, or the block.
func (x *instance) place(d *diag.Diagnostic) {
	if len(x.calls) == 0 || !x.dir.owns(d.Subject.File) {
		return
	}
	calls := x.calls
	if x.dir.builtIn() {
		last := calls[len(calls)-1]
		calls = calls[:len(calls)-1]
		inner := d.Subject
		d.Subject = last.Range
		if at, ok := x.cause(inner); ok {
			d.Subject = at
		}
		d.With(inner, "%s is made of this", last.Address)
	}
	for _, call := range slices.Backward(calls) {
		d.With(call.Range, "as %s uses it", call.Address)
	}
}

// owns tells whether a file is one of the folder, or a template below it.
func (f *folder) owns(file string) bool {
	if path.Ext(file) == ".hcl" {
		return path.Dir(file) == f.path
	}
	return f.path == "." || strings.HasPrefix(file, f.path+"/")
}

// cause finds the argument that an expression of the folder was given by whoever
// uses it: that of the smallest expression around the finding which has one.
func (x *instance) cause(at source.Range) (source.Range, bool) {
	var found source.Range
	size := int32(-1)
	see := func(node hclsyntax.Node) hcl.Diagnostics {
		e, ok := node.(hclsyntax.Expression)
		if !ok {
			return nil
		}
		r := source.FromHCL(e.Range())
		if r.File != at.File || r.Start.Byte > at.Start.Byte || r.End.Byte < at.End.Byte || size >= 0 && r.End.Byte-r.Start.Byte >= size {
			return nil
		}
		for _, t := range e.Variables() {
			if len(t) < 2 || t.RootName() != "var" {
				continue
			}
			if step, ok := t[1].(hcl.TraverseAttr); ok {
				if in, ok := x.given[step.Name]; ok {
					found, size = in.at, r.End.Byte-r.Start.Byte
					return nil
				}
			}
		}
		return nil
	}
	for _, b := range x.dir.blocks {
		_ = hclsyntax.VisitAll(b.Body, see) // see finds no fault
	}
	if t, ok := x.src.templates[at.File]; ok && t.expr != nil {
		_ = hclsyntax.VisitAll(t.expr, see)
	}
	return found, size >= 0
}
