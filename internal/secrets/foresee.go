package secrets

import (
	"context"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
)

// Foresee gives what Turn would make of the files, and changes nothing: a server can
// be told to refuse a value that is still in .secrets, so that it can be tried
// whether it does. Valid gives the values as they would be.
func Foresee(ctx context.Context, dir string, stack *ir.Stack, files []emit.File, opts Options, changes []Change) (*Turned, diag.List) {
	t := &Turned{Report: &Report{}, rendered: map[string]string{}}
	st, diags := open(dir, opts)
	if st == nil {
		return t, diags
	}
	defer st.close()
	unlock, more := st.lock(ctx, opts)
	if diags = append(diags, more...); diags.HasErrors() {
		return t, diags
	}
	defer unlock()
	b, more := prepare(st, stack, files, opts, false, changes...)
	if diags = append(diags, more...); diags.HasErrors() {
		return t, diags
	}
	texts, more := b.render(files)
	for _, f := range texts {
		t.rendered[f.path] = string(f.text)
	}
	t.Report, t.book = b.report(), b
	return t, append(diags, more...)
}
