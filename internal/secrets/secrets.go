// Package secrets is the host half of secrets: it generates what is missing in
// .secrets, computes what is derived from it, and renders the files below
// .secrets.d. It knows nothing of nself.hcl, compose or nginx: it gets the
// declarations as ir and the files as texts with holes.
//
// What holds whenever a function here returns, or the process dies:
//   - .secrets is the old file or the new one, whole; a value in it never
//     changes (a certificate of the stack's own CA is public, and is renewed).
//   - A value is on disk in .secrets, synced, before any file uses it.
//   - No file was ever readable by others, under any umask.
//   - No value is in a diagnostic or a Report.
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
	// LockWait is how long to wait for another build; 0 means 10 seconds.
	LockWait time.Duration
	// OnWait is called once when another build holds the lock.
	OnWait func()

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
	st, diags := open(dir, opts)
	if st == nil {
		return &Report{}, diags
	}
	defer st.close()
	if len(stack.Secrets) == 0 && !slices.ContainsFunc(files, emit.File.Secret) && !st.exists(File) && !st.exists(Dir) {
		return &Report{}, diags
	}
	unlock, more := st.lock(ctx, opts)
	if diags = append(diags, more...); diags.HasErrors() {
		return &Report{}, diags
	}
	defer unlock()

	b, more := prepare(st, stack, files, opts, false)
	if diags = append(diags, more...); diags.HasErrors() {
		return &Report{}, diags
	}
	diags = append(diags, unignored(st.dir, st.root.Name())...)
	if len(b.generated) > 0 { // else nothing is made, and a build must not wait for git
		diags = append(diags, committedOnce(ctx, st.dir, st.root.Name())...)
	}
	if diags.HasErrors() {
		return &Report{}, diags
	}
	rendered, more := b.render(files)
	diags = append(diags, more...)
	diags = append(diags, Scan(files, b.known())...)
	tree, more := planTree(st, rendered, opts)
	if diags = append(diags, more...); diags.HasErrors() {
		return &Report{}, diags
	}
	if err := st.cleanTemps(); err != nil {
		return &Report{}, append(diags, st.writeFailed(File, err))
	}
	if err := b.save(st); err != nil {
		return &Report{}, append(diags, st.writeFailed(File, err))
	}
	report := b.report()
	return report, append(diags, tree.apply(report)...)
}

// Check tells what Materialize would generate and what is wrong with what is
// there, and writes nothing. A file below .secrets.d that somebody edited is found
// too, so that no build stops halfway for it. A directory that does not exist yet is fine, and a
// certificate file that is not there is a warning: Check also runs where the
// stack does not. It leaves Rendered, Unchanged, Removed and Foreign empty.
func Check(dir string, stack *ir.Stack, files []emit.File, opts Options) (*Report, diag.List) {
	st, diags := openIfThere(dir, opts)
	if diags.HasErrors() {
		return &Report{}, diags
	}
	defer st.close()
	b, more := prepare(st, stack, files, opts, true)
	if diags = append(diags, more...); diags.HasErrors() {
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
	file    string                // the path of .secrets, as people know it
	secrets map[string]*ir.Secret // by address
	doc     *dotsecrets.Document
	before  []byte            // the text of .secrets as it was
	values  map[string]fields // by address
	used    map[string]bool   // keys in .secrets that a declaration or derivation owns

	generated, kept []string
	reissued        []Reissued
}

// fields are the values of one secret: "" for a plain one; "certificate",
// "private_key" and "ca_certificate" for a pair.
type fields map[string]string

// prepare reads .secrets and finds or makes the value of every declared secret.
func prepare(st *store, stack *ir.Stack, files []emit.File, opts Options, dry bool) (*book, diag.List) {
	b := &book{stack: stack, opts: opts, dry: dry, file: filepath.Join(st.dir, File), secrets: map[string]*ir.Secret{}, values: map[string]fields{}, used: map[string]bool{}}
	for _, s := range stack.Secrets {
		b.secrets[s.Address] = s
	}
	b.claim(files)
	doc, text, diags := st.readSecrets()
	b.doc, b.before = doc, text
	if st.root != nil {
		diags = append(diags, tracked(st.dir, st.root.Name(), LockFile)...)
	}
	if diags.HasErrors() {
		return b, diags
	}
	if diags = append(diags, checkDeclarations(stack)...); diags.HasErrors() {
		return b, diags
	}
	for _, s := range stack.Secrets {
		switch s.Kind.V {
		case kindX509: // below: authorities come before what they sign
		case kindFiles:
			diags = append(diags, b.bring(s)...)
		default:
			diags = append(diags, b.plain(s)...)
		}
	}
	diags = append(diags, b.certificates()...)
	st.redact.Learn(b.known()...)
	diags = append(diags, b.weak()...)
	return b, diags
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
	r := &Report{Generated: b.generated, Kept: b.kept, Reissued: b.reissued}
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
		for _, field := range []string{"", "private_key"} {
			if v := b.values[address][field]; v != "" {
				out = append(out, NewValue(address, v))
			}
		}
	}
	return out
}
