package secrets

import (
	"slices"

	"nselfc/compiler/ir"
	"nselfc/emit"
)

// Outdated lists the secret files that are as nselfc wrote them, but not as it would
// write them now: a value, a certificate or the stack has changed since, and what runs
// has what was before. Those that somebody edited, that are not there, or whose values
// cannot be read are for Check; values that stand beside others are for a rotation, which
// hands them on step by step. It writes nothing.
func Outdated(dir string, stack *ir.Stack, files []emit.File, opts Options) []string {
	st, diags := openIfThere(dir, opts)
	if diags.HasErrors() {
		return nil
	}
	defer st.close()
	b, _ := prepare(st, stack, files, opts, true)
	if !b.whole || !st.exists(Dir) || len(b.generated)+len(b.left)+len(b.beside) > 0 {
		return nil
	}
	known, _, d := st.readManifest()
	if d != nil {
		return nil
	}
	due := func(address string) bool { // a certificate that the next run issues anew is no change yet
		return slices.ContainsFunc(b.reissued, func(r Reissued) bool { return r.Address == address })
	}
	var out []string
	for _, f := range files {
		if !f.Secret() || slices.ContainsFunc(f.Text.Addresses(), due) {
			continue
		}
		text, fi, d := st.read(f.Path)
		if d != nil || fi == nil || !slices.Contains(known[f.Path], digest(text)) {
			continue
		}
		if want, _ := b.render([]emit.File{f}); len(want) == 1 && string(want[0].text) != string(text) {
			out = append(out, f.Path)
		}
	}
	return out
}
