package build

import (
	"slices"

	"nselfc/emit"
	"nselfc/internal/proof"
	"nselfc/lang/diag"
)

// prove holds the written artefacts against the rules that the compiler keeps by
// construction. A finding is a fault of nselfc, and keeps everything from being
// written.
func (e *Environment) prove() diag.List {
	var out diag.List
	for _, f := range proof.Check(e.Files) {
		subject := e.Stack.Name.Range
		if cause, ok := causeOf(e.Files, f.Place); ok {
			subject = cause.Origin.Range
		}
		out = append(out, diag.Errorf("NS902", subject, "Rule by construction is broken",
			"%s:%d breaks %s (%s): %s This is a bug in nselfc, whatever the stack says, and nothing was written. Please report it, with the "+
				"smallest stack that shows it. `nselfc explain %s` says what the rule is for.", f.File, f.Line, f.Code, diag.Title(f.Code), f.Detail, f.Code))
	}
	return out
}

// causeOf gives what caused a line, where the emitter was asked to remember it.
func causeOf(files []emit.File, at proof.Place) (emit.Mark, bool) {
	i := slices.IndexFunc(files, func(f emit.File) bool { return f.Path == at.File })
	if i < 0 {
		return emit.Mark{}, false
	}
	marks := files[i].Marks
	n, exact := slices.BinarySearchFunc(marks, at.Line, func(m emit.Mark, line int) int { return m.Line - line })
	if !exact {
		n--
	}
	if n < 0 || n >= len(marks) || marks[n].Origin.Range.IsZero() {
		return emit.Mark{}, false
	}
	return marks[n], true
}
