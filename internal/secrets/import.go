package secrets

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
)

// journalFile is there while a rotation is under way (internal/rotation).
const journalFile = ".secrets.rotation"

// Import says how what a store has is taken into .secrets.
type Import struct {
	Store string // names the store in a sentence: "the age file secrets/prod.age"
	// Replace takes a value too that a server or encrypted data depends on while
	// services use the old one.
	Replace bool
	Dry     bool // only tell; nothing is written, and nothing is pushed
	// Push, unless it is nil, puts values into the store that it lacks, or has older
	// ones of, before .secrets is written.
	Push func(values map[string]string) diag.List
}

// Imported says what became of each secret, by address; every list is sorted.
type Imported struct {
	Added   []string // .secrets had none
	Changed []string // .secrets had another
	Same    []string
	Kept    []string // the store has none, and .secrets keeps its own
	Newer   []string // the one here was changed since the two were compared, and is kept
	Missing []string // neither has one
	Strange []string // keys of the store that no secret declares, and that are left there
	// Readers are the services that have files with the old value, by address of a
	// changed secret.
	Readers map[string][]string
}

// Take brings the values of the store, as Options.ReadStore gives them, into .secrets. All of them are held against
// their declarations first: either every one is taken, and the file synced, or
// nothing is changed. A value that the store does not have stays. Files that
// services read are not made; Materialize does that.
func Take(ctx context.Context, dir string, stack *ir.Stack, files []emit.File, opts Options, in Import) (*Imported, diag.List) {
	begin := openLocked
	if in.Dry {
		begin = openReading
	}
	st, done, diags := begin(ctx, dir, opts)
	if diags.HasErrors() {
		return &Imported{}, diags
	}
	defer done()
	t := &taking{Import: in, Values: st.held, st: st, files: files, Imported: Imported{Readers: map[string][]string{}}}
	var d *diag.Diagnostic
	if t.base, d = st.readSynced(); d != nil {
		return &t.Imported, append(diags, d)
	}
	opts.only, opts.taking = map[string]bool{}, t
	b, more := prepare(st, stack, files, opts, true)
	if diags = append(diags, more...); diags.HasErrors() || in.Dry {
		return &t.Imported, diags
	}
	diags = append(diags, unignored(st.dir, st.root.Name())...)
	if text := b.doc.Bytes(); string(text) != string(b.before) { // with what the store has now, in use from here on
		diags = append(diags, committedOnce(ctx, st.dir, st.root.Name(), values(b.doc))...)
	}
	if diags.HasErrors() {
		return &t.Imported, diags
	}
	pushed := map[string]string{}
	if in.Push != nil {
		if pushed = b.lackedBy(t); len(pushed) > 0 {
			diags = append(diags, in.Push(pushed)...)
		}
		if diags.HasErrors() {
			return &t.Imported, diags
		}
	}
	if err := b.save(st); err != nil {
		return &t.Imported, append(diags, st.writeFailed(File, err))
	}
	if err := b.saveRegister(st); err != nil {
		return &t.Imported, append(diags, st.writeFailed(register.Name, err))
	}
	if common := b.common(t, pushed); !maps.Equal(common, t.base) {
		if err := st.writeSynced(common); err != nil {
			return &t.Imported, append(diags, st.writeFailed(SyncedFile, err))
		}
	}
	return &t.Imported, diags
}

// common gives the digests of what .secrets and the store both have after this run.
// Of a value that is newer here, it stays what it was.
func (b *book) common(t *taking, pushed map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range b.owned() {
		theirs, stored := t.Values[key]
		if now, put := pushed[key]; put {
			theirs, stored = now, true
		}
		switch was, known := t.base[key]; {
		case stored && theirs == value:
			out[key] = digest([]byte(value))
		case stored && known:
			out[key] = was
		}
	}
	return out
}

// taking is an import on its way through prepare.
type taking struct {
	Import
	Imported
	Values map[string]string // of the store, by key of .secrets
	st     *store
	files  []emit.File
	base   map[string]string // digests of what both had before, by key
}

// take puts the values into the document.
func (b *book) take(t *taking) diag.List {
	if t == nil {
		return nil
	}
	if d := b.rotating(t); d != nil {
		return diag.List{d}
	}
	var diags diag.List
	declared := map[string]bool{}
	for _, s := range b.stack.Secrets {
		if s.Kind.V == kindFiles {
			continue // its owner keeps it
		}
		declared[s.Key] = true
		if d := b.takeOne(t, s); d != nil {
			diags = append(diags, d)
		}
	}
	for key := range t.Values {
		if base := baseKey(key); !declared[base] && !slices.Contains(t.Strange, base) {
			t.Strange = append(t.Strange, base)
		}
	}
	for _, list := range [][]string{t.Added, t.Changed, t.Same, t.Kept, t.Newer, t.Missing, t.Strange} {
		slices.Sort(list)
	}
	return diags
}

// takeOne decides about one secret.
func (b *book) takeOne(t *taking, s *ir.Secret) *diag.Diagnostic {
	main := s.Key + parts(s)[0]
	have, had := b.doc.Get(main)
	value, stored := t.Values[main]
	switch {
	case !stored && !had:
		t.Missing = append(t.Missing, s.Address)
		return nil
	case !stored:
		t.Kept = append(t.Kept, s.Address)
		return nil
	case had && have == value && (class(s) != classPair || b.slot(s) == slotIn(t.Values, s)):
		t.Same = append(t.Same, s.Address)
		return nil
	}
	decided := takeTheirs
	if had && have != value && !t.Replace {
		decided = b.newer(t, s, main, have, value)
	}
	if decided == keepOurs {
		t.Newer = append(t.Newer, s.Address)
		return nil
	}
	if d := b.taken(t, s, value); d != nil {
		return d
	}
	if decided == undecided {
		return b.undecided(t, s)
	}
	if !had {
		t.Added = append(t.Added, s.Address)
	} else {
		t.Changed = append(t.Changed, s.Address)
		readers, d := t.st.readers(b.stack, t.files, s)
		if d != nil {
			return d
		}
		t.Readers[s.Address] = readers
		if d := t.inUse(s, readers); d != nil {
			return d
		}
	}
	for _, key := range slices.Sorted(maps.Keys(t.Values)) {
		if baseKey(key) != s.Key {
			continue
		}
		_, there := b.doc.Get(key)
		if isSalt(key) && there {
			continue // servers have what was made with it
		}
		if err := b.doc.Set(key, t.Values[key], s.Address+", from the store"); err != nil {
			return b.unfitInStore(t, s, "it cannot be written as dotenv")
		}
	}
	for _, ending := range []string{suffixCertificate, suffixSlot} { // they were the other value's
		if _, ok := t.Values[s.Key+ending]; !ok {
			b.doc.Delete(s.Key + ending)
		}
	}
	return nil
}

// slotIn gives the login of a pair that a store's value is of.
func slotIn(held map[string]string, s *ir.Secret) string {
	if held[s.Key+suffixSlot] == slotB {
		return slotB
	}
	return slotA
}

// isSalt tells what is kept beside a value to derive others from it.
func isSalt(key string) bool {
	i := strings.LastIndex(key, "__")
	return i > 0 && slices.ContainsFunc([]string{suffixSCRAM, suffixPBKDF2, suffixBcrypt}, func(suffix string) bool { return strings.HasPrefix(key[i:], suffix) })
}

// taken holds a value against its declaration. Certificates are looked at with all
// others; so is what is only a warning.
func (b *book) taken(t *taking, s *ir.Secret, value string) *diag.Diagnostic {
	if s.Kind.V == kindX509 {
		return nil
	}
	if !fits(s, value) {
		return b.unfitInStore(t, s, "it is not "+shape(s)+": "+had(s, value))
	}
	if problem := guessable(b.stack, s, value); problem != "" && b.stack.Posture == ir.Production {
		return b.unfitInStore(t, s, "it "+problem)
	}
	return nil
}

func (b *book) unfitInStore(t *taking, s *ir.Secret, problem string) *diag.Diagnostic {
	return about(s, diag.Errorf(codeStoreUnfit, s.Origin.Range, "Unfit value in the store",
		"The value of %s (%s) in %s cannot be used: %s. Nothing was changed here: %s is as it was.\n\nPut the right value into the store, or change the declaration, and bring the values again:\n\n    nselfc secrets sync",
		s.Address, s.Key, t.Store, problem, b.file))
}

// inUse refuses to change a value behind the back of what depends on the old one.
func (t *taking) inUse(s *ir.Secret, readers []string) *diag.Diagnostic {
	if len(readers) == 0 || t.Replace || !slices.Contains([]string{classPair, classDual, classManual}, class(s)) {
		return nil
	}
	return about(s, diag.Errorf(codeStoreInUse, s.Origin.Range, summaryStoreInUse,
		"%s has another value in %s than here, and files of %s are made from the one here. %s Nothing was changed.\n\nIf the one here is right, put it into the store: nselfc secrets set does that. If the store's is right and the server has it already, or nothing runs here yet:\n\n    nselfc secrets sync --replace",
		s.Address, t.Store, strings.Join(readers, ", "), Breaks(s, readers)))
}

// undecided refuses to choose between two values of which nobody knows which is
// older: an old one that comes back is one that servers refuse.
func (b *book) undecided(t *taking, s *ir.Secret) *diag.Diagnostic {
	return about(s, diag.Errorf(codeStoreInUse, s.Origin.Range, summaryStoreInUse,
		"%s has another value in %s than here, and the one here is of a later generation than its first or was changed since the two were compared: nobody but you can know which is the newer. Nothing was changed.\n\n"+
			"If the one here is right, put it into the store: nselfc secrets set does that. If the store's is right:\n\n    nselfc secrets sync --replace", s.Address, t.Store))
}

const summaryStoreInUse = "Value in use differs from the store's"

// rotating refuses to bring values into a rotation, here or on another host.
func (b *book) rotating(t *taking) *diag.Diagnostic {
	const summary = "Rotation under way"
	if t.st.exists(journalFile) {
		return diag.Errorf(codeUnderWay, onFile(filepath.Join(b.dir, journalFile)), summary,
			"A rotation has begun here and has not ended. Values from the store would be put between its steps, and lock services out. Nothing was changed.\n\nEnd it first:\n\n    nselfc secrets rotate --resume")
	}
	for _, s := range b.stack.Secrets {
		for _, ending := range []string{suffixNext, suffixPrevious} {
			if b.stands(s, ending) {
				return about(s, diag.Errorf(codeUnderWay, s.Origin.Range, summary,
					"%s is being rotated: %s has two values of it. One from the store would be a third. Nothing was changed.\n\nEnd the rotation first:\n\n    nselfc secrets rotate --resume", s.Address, b.file))
			}
			if t.has(s, ending) {
				return about(s, diag.Errorf(codeUnderWay, s.Origin.Range, summary,
					"%s has two values of %s: another host is rotating it, and which of the two is right here is not known yet. Nothing was changed.\n\nEnd the rotation on that host, and bring the values then:\n\n    nselfc secrets sync", t.Store, s.Address))
			}
		}
	}
	return nil
}

// has tells whether the store has a value of a secret with an ending.
func (t *taking) has(s *ir.Secret, ending string) bool {
	return slices.ContainsFunc(parts(s), func(part string) bool { _, ok := t.Values[s.Key+ending+part]; return ok })
}

// lackedBy gives what .secrets has of the secrets that the store has nothing of, or
// an older value.
func (b *book) lackedBy(t *taking) map[string]string {
	kept := map[string]bool{}
	for _, s := range b.stack.Secrets {
		kept[s.Key] = slices.Contains(t.Kept, s.Address) || slices.Contains(t.Newer, s.Address)
	}
	out := b.owned()
	maps.DeleteFunc(out, func(key, _ string) bool { return !kept[baseKey(key)] })
	return out
}
