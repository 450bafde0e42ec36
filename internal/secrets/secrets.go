// Package secrets is the host half of secrets: it generates what is missing in
// .secrets, computes what is derived from it, and renders the files below
// .secrets.d. It knows nothing of nself.hcl, compose or nginx: it gets the
// declarations as ir and the files as texts with holes.
//
// What holds whenever a function here returns, or the process dies:
//   - .secrets is the old file or the new one, whole; a value in it never
//     changes but by a step of a rotation (a certificate of the stack's own CA is
//     public, and is renewed).
//   - A value is on disk in .secrets, synced, before any file uses it.
//   - No file was ever readable by others, under any umask.
//   - No value is in a diagnostic, in a Report or in nself.secrets.json.
package secrets

import (
	"cmp"
	"context"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/emit/dotsecrets"
	"nselfc/internal/redact"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
)

// The names below the output directory that belong to this package. All of them
// must be in .gitignore, as must temporary files (".secrets.tmp-…").
const (
	File     = ".secrets"
	Dir      = ".secrets.d"
	LockFile = ".secrets.lock"
)

// Options is what the host knows and the compiler does not.
type Options struct {
	// Now dates certificates. It must be set.
	Now time.Time
	// StackDir is the folder of nself.hcl, which the paths of certificates that
	// their owner brings are relative to.
	StackDir string
	// Owners maps the path of a rendered file to the numeric user that reads it
	// in a container. It counts only for root, who gives the file to that user
	// with mode 0400. All others are 0444 in the 0700 directory: a bind mount
	// shows them to the container and the directory hides them on the host.
	Owners map[string]int
	// Force lists rendered files that may be overwritten although somebody
	// edited them by hand, or put them there first.
	Force []string
	// Redact learns every value that is read or made, before anything is printed of
	// it; nil where nothing is printed.
	Redact *redact.Registry
	// Environment is the name of the environment, for messages; "" for the nameless one.
	Environment string
	// Neighbours are the other environments of the stack, which may share no value
	// with this one.
	Neighbours []*Neighbour
	// LockWait is how long to wait for another build; 0 means 10 seconds.
	LockWait time.Duration
	// OnWait is called once when another build holds the lock.
	OnWait func()

	// ReadStore gives what the store of the environment holds, by key of .secrets, to
	// those who change both; nil where .secrets is all there is. It may be called more
	// than once: see openLocked.
	ReadStore func() (map[string]string, diag.List)

	// Existing makes it an error that a value is missing: nothing is generated.
	Existing bool

	// only are the addresses of the secrets that may be generated; nil means all.
	only map[string]bool
	// stored is what ReadStore gave, for Generate: values that .secrets may lack.
	stored map[string]string
	// taking are the values of a store that go before those of .secrets.
	taking *taking
	// step is called before every change of the file system. Tests make it fail
	// or kill the process.
	step func(op, path string) error
}

// Report says what was done, in names and paths only. Every list is sorted.
type Report struct {
	Generated  []string   // addresses of the secrets that were made
	Reissued   []Reissued // certificates that were renewed; their keys stay
	Kept       []string   // addresses of the secrets that were there
	Undeclared []string   // keys in .secrets that no declaration uses; they are kept
	Rendered   []string   // files below .secrets.d that were written
	Replaced   []string   // those of Rendered that had another text: a running container keeps reading the old one
	Unchanged  []string   // files below .secrets.d that were right already
	Removed    []string   // files below .secrets.d that nothing wants any more
	Foreign    []string   // files below .secrets.d that nselfc did not write
	Recorded   bool       // nself.secrets.json says something new, and is to be committed
	// Turned are the steps that Turn took, in its order. With Promote a secret's
	// current value is of a new generation, and with Undo of the one before.
	Turned []Step
}

// Step is a step that was taken.
type Step struct {
	Address string
	Op      Op
}

// Reissued is a certificate that was renewed.
type Reissued struct {
	Address string
	Reason  string // "it expires on 2027-01-02", "its names changed" …
}

// Materialize makes .secrets and .secrets.d below dir, the output directory,
// fit the stack. files are all files of the stack: those with secrets are
// rendered, and the committed ones are searched for secret values. When there is
// an error nothing has been written, unless the error is NS604 (a write failed);
// then the next run finishes the work. ctx ends the wait for another build.
func Materialize(ctx context.Context, dir string, stack *ir.Stack, files []emit.File, opts Options) (*Report, diag.List) {
	_, _, report, diags := materialize(ctx, dir, stack, files, opts, nil)
	return report, diags
}

// materialize is Materialize after some changes of values. The book and the
// rendered files are those that are on disk now; they are nil when nothing is.
func materialize(ctx context.Context, dir string, stack *ir.Stack, files []emit.File, opts Options, changes []Change) (*book, []rendered, *Report, diag.List) {
	failed := func(diags diag.List) (*book, []rendered, *Report, diag.List) { return nil, nil, &Report{}, diags }
	st, diags := open(dir, opts)
	if st == nil {
		return failed(diags)
	}
	defer st.close()
	if len(stack.Secrets) == 0 && !slices.ContainsFunc(files, emit.File.Secret) && !st.exists(File) && !st.exists(Dir) {
		return failed(diags)
	}
	unlock, more := st.lock(ctx, opts)
	if diags = append(diags, more...); diags.HasErrors() {
		return failed(diags)
	}
	defer unlock()

	b, more := prepare(st, stack, files, opts, false, changes...)
	if diags = append(append(diags, more...), b.lacking()...); diags.HasErrors() {
		return failed(diags)
	}
	diags = append(diags, unignored(st.dir, st.root.Name())...)
	if len(b.generated) > 0 { // else nothing is made, and a build must not wait for git
		diags = append(diags, committedOnce(ctx, st.dir, st.root.Name(), values(b.doc))...)
	}
	if diags.HasErrors() {
		return failed(diags)
	}
	texts, more := b.render(files)
	diags = append(diags, more...)
	diags = append(diags, Scan(files, b.known())...)
	tree, more := planTree(st, texts, opts)
	if diags = append(diags, more...); diags.HasErrors() {
		return failed(diags)
	}
	if err := st.cleanTemps(); err != nil {
		return failed(append(diags, st.writeFailed(File, err)))
	}
	if err := b.save(st); err != nil {
		return failed(append(diags, st.writeFailed(File, err)))
	}
	if err := b.saveRegister(st); err != nil {
		return failed(append(diags, st.writeFailed(register.Name, err)))
	}
	report := b.report()
	return b, texts, report, append(diags, tree.apply(report)...)
}

// Check tells what Materialize would generate and what is wrong with what is
// there, and writes nothing. A file below .secrets.d that somebody edited is found
// too, so that no build stops halfway for it. A directory that does not exist yet is fine, and a
// certificate file that is not there is a warning: Check also runs where the
// stack does not. An error keeps it from those alone that would follow from it. It leaves Rendered, Unchanged, Removed and Foreign empty.
func Check(dir string, stack *ir.Stack, files []emit.File, opts Options) (*Report, diag.List) {
	st, diags := openIfThere(dir, opts)
	if diags.HasErrors() {
		return &Report{}, diags
	}
	defer st.close()
	b, more := prepare(st, stack, files, opts, true)
	if diags = append(diags, more...); !b.whole {
		return b.report(), diags
	}
	diags = append(diags, Scan(files, b.known())...)
	return b.report(), append(diags, b.edited(st, files)...)
}

// book holds the values of one run, by address, and the document that keeps them.
type book struct {
	stack   *ir.Stack
	opts    Options
	dry     bool                  // for Check: nothing will be rendered
	whole   bool                  // every value was looked at
	dir     string                // the output directory, as people know it
	file    string                // the path of .secrets there
	secrets map[string]*ir.Secret // by address
	doc     *dotsecrets.Document
	before  []byte            // the text of .secrets as it was
	values  map[string]fields // the current ones, by address
	beside  map[string]fields // the next or the previous ones, as the state says
	states  map[string]State
	made    map[string]*pair // the certificates of the stack's own
	used    map[string]bool  // keys in .secrets that a declaration or derivation owns

	generated, kept []string
	left            []*ir.Secret // those that have no value, and get none in this run
	reissued        []Reissued
	turned          []Step

	register       *register.Register
	registerBefore []byte                     // its text as it was; nil when there was none
	origins        map[string]register.Origin // of the values that this run stages
	recorded       bool                       // it was written
}

// fields are the values of one secret: "" for a plain one; "certificate",
// "private_key" and "ca_certificate" for a pair.
type fields map[string]string

// prepare reads .secrets and finds or makes the value of every declared secret.
func prepare(st *store, stack *ir.Stack, files []emit.File, opts Options, dry bool, changes ...Change) (*book, diag.List) {
	b := &book{
		stack: stack, opts: opts, dry: dry, dir: st.dir, file: filepath.Join(st.dir, File), secrets: map[string]*ir.Secret{}, used: map[string]bool{},
		values: map[string]fields{}, beside: map[string]fields{}, states: map[string]State{}, origins: map[string]register.Origin{},
	}
	for _, s := range stack.Secrets {
		b.secrets[s.Address] = s
	}
	b.claim(files)
	doc, text, diags := st.readSecrets()
	b.doc, b.before = doc, text
	if st.root != nil {
		diags = append(diags, tracked(st.dir, st.root.Name(), LockFile)...)
	}
	reg, before, d := readRegister(st.dir, st.root, stack.Name.V)
	if d != nil {
		diags = append(diags, d)
	}
	b.register, b.registerBefore = reg, before
	if diags.HasErrors() && !(dry && readable(doc, diags)) {
		return b, diags
	}
	if reg == nil {
		b.register = register.New(stack.Name.V) // what is wrong with the one there is said
	}
	b.fill()
	declared := checkDeclarations(stack)
	if diags = append(diags, declared...); diags.HasErrors() && !dry || declared.HasErrors() {
		return b, diags
	}
	diags = append(diags, b.take(opts.taking)...)
	for _, c := range changes {
		if d := b.turn(c); d != nil {
			diags = append(diags, d)
		}
	}
	torn := map[string]bool{}
	for _, s := range stack.Secrets {
		if d := b.slots(s); d != nil {
			diags = append(diags, d)
			torn[s.Address] = true
		}
		b.states[s.Address] = b.stateOf(s)
	}
	if diags.HasErrors() && !dry {
		return b, diags
	}
	for _, s := range stack.Secrets {
		if torn[s.Address] && s.Kind.V != kindX509 {
			continue
		}
		switch s.Kind.V {
		case kindX509: // below: authorities come before what they sign
		case kindFiles:
			if opts.only == nil { // what it lacks is in the way of no other
				diags = append(diags, b.bring(s)...)
			}
		default:
			diags = append(diags, b.plain(s)...)
		}
	}
	diags = append(diags, b.certificates()...)
	st.redact.Learn(b.known()...)
	diags = append(diags, b.weak()...)
	diags = append(diags, b.unique()...)
	b.record()
	b.whole = true
	return b, append(diags, b.overdue()...)
}

// readable tells whether .secrets was read all the same, by somebody who only looks:
// that others can read it too, or that git has it, is wrong with the file and not with
// the values in it.
func readable(doc *dotsecrets.Document, diags diag.List) bool {
	return doc != nil && !slices.ContainsFunc(diags, func(d *diag.Diagnostic) bool {
		beside := []string{codeOpenMode, codeTracked, codeRegister}
		return d.Severity == diag.Error && !slices.Contains(beside, d.Code)
	})
}

// save writes .secrets when the document changed.
func (b *book) save(st *store) error {
	st.learn(b.doc)
	text := b.doc.Bytes()
	if string(text) == string(b.before) || b.before == nil && len(b.used) == 0 {
		return nil
	}
	if err := st.write(File, text, 0o600, -1); err != nil {
		return err
	}
	return st.syncDir(".") // before any file uses a value
}

func (b *book) report() *Report {
	r := &Report{Generated: b.generated, Kept: b.kept, Reissued: b.reissued, Turned: b.turned, Recorded: b.recorded}
	if b.doc != nil {
		for _, key := range b.doc.Keys() {
			if !b.used[key] {
				r.Undeclared = append(r.Undeclared, key)
			}
		}
	}
	slices.Sort(r.Generated)
	slices.Sort(r.Kept)
	slices.Sort(r.Undeclared)
	slices.SortFunc(r.Reissued, func(a, b Reissued) int { return cmp.Compare(a.Address, b.Address) })
	return r
}

// known lists what Scan must not find: every value but certificates, which are
// public.
func (b *book) known() []Value {
	var out []Value
	for _, address := range slices.Sorted(maps.Keys(b.values)) {
		for _, values := range []fields{b.values[address], b.beside[address]} {
			for _, field := range []string{"", "private_key"} {
				if v := values[field]; v != "" {
					out = append(out, NewValue(address, v))
				}
			}
		}
	}
	return out
}
