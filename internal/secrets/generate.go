package secrets

import (
	"context"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
)

// Generate makes the values that are missing, of all secrets or of some, and writes
// them to .secrets. Nothing that is there changes, and nothing is rendered. An
// authority is made with what it signs.
//
// With a store, a value that is there is no missing one. keep puts new values there
// before they are in .secrets.
func Generate(ctx context.Context, dir string, stack *ir.Stack, files []emit.File, opts Options, which []*ir.Secret, keep func(values map[string]string) diag.List) (*Report, diag.List) {
	st, done, diags := openLocked(ctx, dir, opts)
	if diags.HasErrors() {
		return &Report{}, diags
	}
	defer done()
	opts.only, opts.stored = closure(stack, which), st.held
	b, more := prepare(st, stack, files, opts, true)
	if diags = append(diags, more...); diags.HasErrors() {
		return &Report{}, diags
	}
	if len(b.generated) > 0 {
		if diags = append(diags, committedOnce(ctx, st.dir, st.root.Name(), values(b.doc))...); diags.HasErrors() {
			return &Report{}, diags
		}
	}
	lacked := map[string]string{}
	if keep != nil {
		var differ []string
		if lacked, differ = b.lackedIn(st.held); len(differ) > 0 {
			return &Report{}, append(diags, diag.Errorf(codeStoreDiffers, stack.Store.Origin.Range, summaryStoreDiffers,
				"The store and .secrets have different values of %s. Which of them running services use, nselfc cannot know, and it changes none that is there.\n\nWhere the store is right, bring its values here:\n\n    nselfc secrets sync",
				strings.Join(differ, ", ")))
		}
		if len(lacked) > 0 {
			if diags = append(diags, keep(lacked)...); diags.HasErrors() {
				return &Report{}, diags
			}
		}
	}
	if err := b.save(st); err != nil {
		return &Report{}, append(diags, st.writeFailed(File, err))
	}
	if err := b.saveRegister(st); err != nil {
		return &Report{}, append(diags, st.writeFailed(register.Name, err))
	}
	return b.report(), append(diags, st.noteSynced(lacked)...)
}

const summaryStoreDiffers = "Store and .secrets differ"

// lackedIn gives what .secrets has and the store lacks, or has an older certificate
// of; and the secrets of which the two have different values. What a rotation is about
// to change is neither.
func (b *book) lackedIn(held map[string]string) (lacked map[string]string, differ []string) {
	lacked = map[string]string{}
	for _, s := range b.stack.Secrets {
		if len(parts(s)) == 0 || b.stateOf(s) != Settled {
			continue
		}
		main := s.Key + parts(s)[0]
		ours, _ := b.doc.Get(main)
		theirs, stored := held[main]
		if stored && ours != theirs || stored && class(s) == classPair && b.slot(s) != slotIn(held, s) {
			differ = append(differ, s.Key)
			continue
		}
		for key, value := range b.current(s) {
			if have, there := held[key]; !there || have != value && !isSalt(key) { // who has other salts has other verifiers of the same value
				lacked[key] = value
			}
		}
	}
	slices.Sort(differ)
	return lacked, differ
}

// closure gives the addresses of secrets that nselfc makes, with the authorities
// that sign them.
func closure(stack *ir.Stack, which []*ir.Secret) map[string]bool {
	out := map[string]bool{}
	var add func(s *ir.Secret)
	add = func(s *ir.Secret) {
		if out[s.Address] || !generated(s) {
			return
		}
		out[s.Address] = true
		for _, other := range stack.Secrets {
			if s.X509 != nil && other.Address == s.X509.SignedBy {
				add(other)
			}
		}
	}
	for _, s := range which {
		add(s)
	}
	return out
}

// leaves tells whether this run makes no value for a secret that has none, and
// notes that.
func (b *book) leaves(s *ir.Secret) bool {
	if !b.opts.Existing && (b.opts.only == nil || b.opts.only[s.Address]) {
		return false
	}
	if !slices.Contains(b.left, s) {
		b.left = append(b.left, s)
	}
	return true
}

// lacking refuses to go on without values that this run may not make.
func (b *book) lacking() diag.List {
	if len(b.left) == 0 || !b.opts.Existing {
		return nil
	}
	var names []string
	for _, s := range b.left {
		names = append(names, s.Address)
	}
	slices.Sort(names)
	return diag.List{diag.Errorf(codeNoValue, onFile(b.file), "Secret without a value",
		"%s has no value of %s, so the files that services read cannot be made; of those, nothing was written.\n\nWhere a store keeps the values, bring them here; else make what is missing:\n\n    nselfc secrets sync\n    nselfc secrets generate", b.file, strings.Join(names, ", "))}
}

// owned gives all that .secrets has of the declared secrets, by key.
func (b *book) owned() map[string]string {
	out := map[string]string{}
	for key := range b.used {
		if value, ok := b.doc.Get(key); ok {
			out[key] = value
		}
	}
	return out
}

// fill puts what the store has of secrets that .secrets lacks into the document.
func (b *book) fill() {
	lacking := map[string]bool{}
	for _, s := range b.stack.Secrets {
		lacking[s.Key] = len(parts(s)) > 0 && !b.stands(s, "")
	}
	for key, value := range b.opts.stored {
		if _, ok := b.doc.Get(key); !ok && lacking[baseKey(key)] && !underWay(key) {
			_ = b.doc.Set(key, value, "") // it came out of a document like this
		}
	}
}
