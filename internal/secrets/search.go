package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/emit/outdir"
	"nselfc/internal/needles"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/source"
)

// Bounds of a search, in bytes: a forge takes no file above 100 MiB, and a stack
// with more around it than the second number is not in a folder of its own.
const (
	searchFile  = 128 << 20
	searchAll   = 1 << 30
	searchPart  = 1 << 20 // read at once
	searchFiles = 200_000
)

// Search says where secrets must not be.
type Search struct {
	Folder  string   // of the stack, as typed
	Sources []string // the stack's own files, slash-separated from Folder
	Outputs []string // output directories, as typed
	Values  []Value
	// Literals looks for what has the form of a credential too, and Whole in whatever
	// git would take of the folder, and not only in what it has.
	Literals, Whole bool
}

// Searched says what a search looked at.
type Searched struct {
	Files int
	// Found holds the paths, as findings name them, of files with a secret in them.
	Found map[string]bool
}

// Run searches every file that git has below the stack's folder, every file of the
// output directories that git has or would take, and the stack's own: for the
// values, as Scan does, and for private keys, whosever they are. Files are searched
// as they are in the work tree. No finding holds any part of a value. The time is
// linear in the size of the files, the memory does not depend on it, and both are
// bounded: what is not searched for that is told in a warning.
func (s Search) Run(ctx context.Context) (Searched, diag.List) {
	r := search{
		needles: needles.New(s.Values), home: s.Folder, literals: s.Literals, seen: map[string]bool{},
		result: Searched{Found: map[string]bool{}}, left: searchAll,
	}
	for _, dir := range s.Outputs {
		r.output(dir)
	}
	if s.Whole {
		r.output(s.Folder)
	}
	r.folder(s.Folder, s.Sources)
	slices.SortFunc(r.files, func(a, b candidate) int { return strings.Compare(a.shown, b.shown) })
	for _, f := range r.files {
		if ctx.Err() != nil {
			break
		}
		r.file(f)
	}
	for _, root := range r.roots {
		root.Close()
	}
	if r.passed > 0 {
		r.diags = append(r.diags, diag.Warningf(codeUnsearched, onFile(s.Folder), summaryUnsearched,
			"%d files were not searched for secrets, beginning with %s: together they are more than a stack's folder has (1 GiB, or 200,000 files). "+
				"Move the stack into a folder of its own, of which alone the files are searched.", r.passed, r.first))
	}
	return r.result, r.diags.Sort()
}

// candidate is a file that is to be searched.
type candidate struct {
	tree    *WorkTree
	name    string // below the tree's top
	shown   string // as people know it
	tracked bool
}

type search struct {
	needles  *needles.Index
	literals bool
	home     string // the stack's folder
	files    []candidate
	seen     map[string]bool
	roots    []*WorkTree
	left     int64
	passed   int
	first    string // that was passed over
	result   Searched
	diags    diag.List
}

// tree opens the work tree around a folder.
func (r *search) tree(dir string) *WorkTree {
	w, err := OpenWorkTree(dir, r.home)
	if w == nil {
		return nil // whoever reads the folder will say why
	}
	if err != nil {
		r.diags = append(r.diags, unreadIndex(dir, File+" "+Dir, err))
	}
	r.roots = append(r.roots, w)
	return w
}

// folder takes the stack's own files, and what git has below its folder.
func (r *search) folder(dir string, sources []string) {
	w := r.tree(dir)
	if w == nil {
		return
	}
	for _, name := range sources {
		r.add(w, dir, name)
	}
	for name := range w.has {
		if name = below(w.below, name); name != "" {
			r.add(w, dir, name)
		}
	}
}

// output takes what stands in an output directory and is not ignored.
func (r *search) output(dir string) {
	w := r.tree(dir)
	if w == nil {
		return
	}
	var walk func(at string)
	walk = func(at string) {
		f, err := outdir.OpenQuietly(w.top, path.Join(w.below, at))
		if err != nil {
			return // a check of the directory says why
		}
		entries, err := f.ReadDir(-1)
		if err = errors.Join(err, f.Close()); err != nil {
			return
		}
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, e := range entries {
			name := path.Join(at, e.Name())
			if _, store := inStore(name); store != "" || e.Name() == ".git" || len(r.files) > searchFiles || w.Ignored(name, e.IsDir()) {
				continue
			}
			if e.IsDir() {
				walk(name)
			} else if e.Type().IsRegular() {
				r.add(w, dir, name)
			}
		}
	}
	walk(".")
	for name := range w.has { // told as such, and not for each value in it
		if _, store := inStore(below(w.below, name)); store != "" {
			r.seen[place(w, name)] = true
		}
	}
}

func place(w *WorkTree, full string) string {
	return filepath.Join(w.top.Name(), filepath.FromSlash(full))
}

// add takes a file, once, by whatever way it is reached.
func (r *search) add(w *WorkTree, dir, name string) {
	full := path.Join(w.below, name)
	if r.seen[place(w, full)] {
		return
	}
	r.seen[place(w, full)] = true
	r.files = append(r.files, candidate{tree: w, name: full, shown: filepath.ToSlash(filepath.Join(dir, name)), tracked: w.has[full]})
}

// file searches one file, part by part; each begins with the end of the one before,
// so that nothing is missed between two.
func (r *search) file(f candidate) {
	info, err := f.tree.top.Lstat(f.name)
	if err != nil || !info.Mode().IsRegular() {
		return // git has a link's text, a submodule's name, or what was deleted here
	}
	if r.left <= 0 || r.result.Files >= searchFiles {
		if r.passed++; r.passed == 1 {
			r.first = f.shown
		}
		return
	}
	opened, err := outdir.OpenQuietly(f.tree.top, f.name)
	if err != nil {
		r.unsearched(f, "it cannot be opened: "+reason(err))
		return
	}
	defer func() { _ = opened.Close() }() // read only
	if now, err := opened.Stat(); err != nil || !os.SameFile(info, now) {
		r.unsearched(f, "it was exchanged meanwhile")
		return
	}
	r.result.Files++
	found, keep := map[string]bool{}, part{line: 1}
	buf := make([]byte, min(searchPart, info.Size()+1))
	for read := int64(0); ; {
		n, err := io.ReadFull(opened, buf)
		read, r.left = read+int64(n), r.left-int64(n)
		now := part{keep.text + string(buf[:n]), keep.line, keep.offset}
		r.part(f, now, found)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
		if err != nil {
			r.unsearched(f, "it cannot be read: "+reason(err))
			return
		}
		if read >= searchFile {
			r.unsearched(f, fmt.Sprintf("it is larger than %d MiB", searchFile>>20))
			return
		}
		cut := max(0, len(now.text)-needles.Longest)
		keep = part{now.text[cut:], now.line + strings.Count(now.text[:cut], "\n"), now.offset + cut}
	}
}

// part is a part of a file, with where it begins.
type part struct {
	text         string
	line, offset int // from 1 and from 0
}

// part searches a part of a file.
func (r *search) part(f candidate, p part, found map[string]bool) {
	for _, h := range r.needles.SearchPart(p.text, p.line, found) {
		r.found(f, source.Pos{Line: int32(h.Line), Byte: int32(p.offset + h.Offset)}, codeLeak, "Secret in a committed file",
			"Line %d of %s holds the value of %s%s. %s\n\nTake the value out and refer to the secret instead. If that text was ever committed, the history has it: rotate the secret.",
			h.Line, f.shown, h.Address, h.How, f.risk())
	}
	for _, k := range findKeys(p.text) {
		if found[k.what] {
			continue
		}
		found[k.what] = true
		at := source.Pos{Line: int32(p.line + strings.Count(p.text[:k.offset], "\n")), Byte: int32(p.offset + k.offset)}
		r.found(f, at, codeKeyLeak, "Private key in a committed file",
			"Line %d of %s begins %s. %s Whoever has the key can pass for its owner, and a passphrase on it can be guessed at leisure.\n\n%s",
			at.Line, f.shown, k.what, f.risk(), f.keyAdvice())
	}
	if r.literals {
		r.credentials(f, p, found)
	}
}

// credentials finds literals that have the form of one. Of many in a file the first
// few are told.
func (r *search) credentials(f candidate, p part, found map[string]bool) {
	for _, c := range findCredentials(p.text) {
		at := source.Pos{Line: int32(p.line + strings.Count(p.text[:c.offset], "\n")), Byte: int32(p.offset + c.offset)}
		key := fmt.Sprint(c.what, " ", at.Line)
		if found[key] || len(found) > mostFound {
			continue
		}
		found[key] = true
		r.found(f, at, codeLiteral, "Literal that looks like a credential",
			"Line %d of %s has %s. %s\n\nDeclare a secret and refer to it instead, and have what was ever committed revoked by its issuer. Should it open nothing, say so on that line:\n\n    # %s",
			at.Line, f.shown, c.what, f.risk(), allow)
	}
}

// mostFound is how many literals of one file are told.
const mostFound = 50

func (f candidate) keyAdvice() string {
	if !f.tracked {
		return "Move the key out of the repository, or have git ignore it."
	}
	dir, base := filepath.Split(filepath.FromSlash(f.shown))
	return "Keep the key out of the repository, or at least out of the index (the file stays), and get a new one if it was ever pushed:\n\n    git -C " +
		escape.ShellWord(filepath.Clean(dir)) + " rm --cached " + escape.ShellWord(base)
}

func (f candidate) risk() string {
	if f.tracked {
		return "Git has the file: everybody who can read the repository, now or later, has what is in it."
	}
	return "Git does not ignore the file, so the next commit may take it: everybody who can read the repository, now or later, would have what is in it."
}

func (r *search) found(f candidate, at source.Pos, code, summary, detail string, args ...any) {
	r.result.Found[f.shown] = true
	r.diags = append(r.diags, diag.Errorf(code, source.Range{File: f.shown, Start: at, End: at}, summary, detail, args...))
}

const summaryUnsearched = "File not searched for secrets"

func (r *search) unsearched(f candidate, why string) {
	r.diags = append(r.diags, diag.Warningf(codeUnsearched, onFile(f.shown), summaryUnsearched,
		"%s was not searched for secrets to its end: %s. Git has the file or would take it. See that no secret is in it, or have git ignore it.", f.shown, why))
}
