package secrets

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/dotsecrets"
	"nselfc/lang/diag"
	"nselfc/lang/eval"
)

// Retire takes secrets that no declaration uses out of .secrets, by their keys,
// with all that is kept beside them, and keeps them in RetiredFile. A value is on
// disk there, synced, before it leaves .secrets. unused is asked, once the names
// are known to be right, whether anything that runs still uses one.
//
// keep, when there is one, takes the keys out of the environment's store; it runs
// between the two writes, so that its failure loses nothing. It gets the keys, and
// gives the values that the store had for them, which are kept too.
func Retire(ctx context.Context, dir string, stack *ir.Stack, files []emit.File, opts Options, names []string, unused func() diag.List, keep func(keys []string) diag.List) diag.List {
	st, doc, r, done, diags := openRetired(ctx, dir, opts)
	if diags.HasErrors() {
		return diags
	}
	defer done()
	out := undeclared(doc, stack, files)
	var gone []string
	for _, name := range names {
		if !slices.Contains(out, name) && r.last(name) >= 0 && !declares(stack, name) {
			continue // done already, perhaps by a run that ended on its last step
		}
		if !slices.Contains(out, name) {
			diags = append(diags, notRetirable(st, stack, out, name))
			continue
		}
		e := retiredEntry{Key: name, Date: opts.Now.UTC().Format(time.DateOnly), Values: map[string]string{}}
		for _, key := range doc.Keys() {
			if baseKey(key) == name {
				e.Values[key], _ = doc.Get(key)
				gone = append(gone, key)
			}
		}
		r.add(e)
	}
	if diags.HasErrors() {
		return diags
	}
	if diags = append(diags, unused()...); diags.HasErrors() {
		return diags
	}
	if err := st.saveRetired(r); err != nil {
		return append(diags, st.writeFailed(RetiredFile, err))
	}
	if keep != nil {
		if diags = append(diags, keep(gone)...); diags.HasErrors() {
			return diags
		}
	}
	for _, key := range gone {
		doc.Delete(key)
	}
	return append(diags, st.saveDocument(doc)...)
}

// openRetired takes the directory, and reads the values in use and those that were
// retired. done gives it back; it is nil when there are errors.
func openRetired(ctx context.Context, dir string, opts Options) (st *store, doc *dotsecrets.Document, r *retired, done func(), diags diag.List) {
	st, done, diags = openLocked(ctx, dir, opts)
	if diags.HasErrors() {
		return nil, nil, nil, nil, diags
	}
	doc, _, more := st.readSecrets()
	r, d := st.loadRetired()
	if diags = append(diags, more...); d != nil {
		diags = append(diags, d)
	}
	if diags.HasErrors() {
		done()
		return nil, nil, nil, nil, diags
	}
	return st, doc, r, done, diags
}

// Unretire puts the newest retired value of a key back.
func Unretire(ctx context.Context, dir string, opts Options, name string, keep func(values map[string]string) diag.List) diag.List {
	st, doc, r, done, diags := openRetired(ctx, dir, opts)
	if diags.HasErrors() {
		return diags
	}
	defer done()
	i := r.last(name)
	if i < 0 {
		return append(diags, st.notRetired(r, name))
	}
	e := r.Retired[i]
	for _, key := range slices.Sorted(maps.Keys(e.Values)) {
		if have, ok := doc.Get(key); ok && have != e.Values[key] {
			return append(diags, diag.Errorf(codeNotRetired, onFile(filepath.Join(st.dir, File)), summaryNotRetired,
				"%s has another value in %s now, on line %d, which something may use. Putting the retired one back would lose it.\n\nWhere the old value is the right one, retire the new one first, after the stack has ceased to declare it; or rotate the secret.",
				key, filepath.Join(st.dir, File), doc.Line(key)))
		}
		comment := ""
		if key == name {
			comment = fmt.Sprintf("Retired on %s, and put back.", e.Date)
		}
		if err := doc.Set(key, e.Values[key], comment); err != nil {
			return append(diags, st.writeFailed(File, err))
		}
	}
	if keep != nil {
		if diags = append(diags, keep(e.Values)...); diags.HasErrors() {
			return diags
		}
	}
	if diags = append(diags, st.saveDocument(doc)...); diags.HasErrors() {
		return diags
	}
	r.Retired = slices.Delete(r.Retired, i, i+1)
	if err := st.saveRetired(r); err != nil {
		return append(diags, st.writeFailed(RetiredFile, err))
	}
	return diags
}

// Purge forgets retired values for good: those of some keys, or all. It tells
// what went.
func Purge(ctx context.Context, dir string, opts Options, names []string) ([]Retired, diag.List) {
	st, done, diags := openLocked(ctx, dir, opts)
	if diags.HasErrors() {
		return nil, diags
	}
	defer done()
	r, d := st.loadRetired()
	if d != nil {
		return nil, append(diags, d)
	}
	for _, name := range names {
		if r.last(name) < 0 {
			diags = append(diags, st.notRetired(r, name))
		}
	}
	if diags.HasErrors() {
		return nil, diags
	}
	var gone []Retired
	r.Retired = slices.DeleteFunc(r.Retired, func(e retiredEntry) bool {
		if len(names) > 0 && !slices.Contains(names, e.Key) {
			return false
		}
		gone = append(gone, Retired{e.Key, e.Date})
		return true
	})
	if err := st.saveRetired(r); err != nil {
		return nil, append(diags, st.writeFailed(RetiredFile, err))
	}
	return gone, diags
}

// saveDocument writes .secrets, whole.
func (st *store) saveDocument(doc *dotsecrets.Document) diag.List {
	if err := st.write(File, doc.Bytes(), 0o600, -1); err != nil {
		return diag.List{st.writeFailed(File, err)}
	}
	if err := st.syncDir("."); err != nil {
		return diag.List{st.writeFailed(File, err)}
	}
	return nil
}

const summaryNotRetired = "Nothing to put back or to purge"

func (st *store) notRetired(r *retired, name string) *diag.Diagnostic {
	var names []string
	for _, e := range r.Retired {
		names = append(names, e.Key)
	}
	there := "Nothing was ever retired there, or all of it was purged."
	if len(names) > 0 {
		slices.Sort(names)
		there = "There is " + strings.Join(slices.Compact(names), ", ") + "."
	}
	full := filepath.Join(st.dir, RetiredFile)
	return diag.Errorf(codeNotRetired, onFile(full), summaryNotRetired, "%s has no value of %q.%s %s", full, name, eval.DidYouMean(name, names), there)
}

func declares(stack *ir.Stack, name string) bool {
	return slices.ContainsFunc(stack.Secrets, func(s *ir.Secret) bool { return name == s.Key || name == s.Address })
}

// notRetirable says why a secret stays.
func notRetirable(st *store, stack *ir.Stack, there []string, name string) *diag.Diagnostic {
	for _, s := range stack.Secrets {
		if name != s.Key && name != s.Address {
			continue
		}
		return about(s, diag.Errorf(codeDeclared, s.Origin.Range, "Secret in use",
			"%s is declared here, so the next build would make a new value, which nothing that runs knows.\n\nTake the declaration and what refers to it out of the stack first, build, and start what changed. To replace the value instead:\n\n    nselfc secrets rotate %s", s.Address, s.Address))
	}
	full := filepath.Join(st.dir, File)
	hint := eval.DidYouMean(name, there)
	switch {
	case len(there) > 0 && hint == "":
		hint = " What no declaration uses is " + strings.Join(there, ", ") + "."
	case hint == "":
		hint = " Every value there is of a secret that the stack declares."
	}
	return diag.Errorf(codeUnretirable, onFile(full), "Nothing of that name to retire", "%s has no value of %q.%s", full, name, hint)
}
