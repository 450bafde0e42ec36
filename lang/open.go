// Package lang is the language: text in, a typed, ranged and evaluated Stack
// out, with kinds, modules and for_each expanded. It applies no default that
// hardens, lays out no network and judges no risk: that is the compiler's.
package lang

import (
	"errors"
	"io/fs"
	"path"
	"runtime"
	"sort"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/catalog"
	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// Source is a parsed stack: every file that it is made of, not yet evaluated.
type Source struct {
	fsys  fs.FS
	root  *folder
	files source.Files
	diags diag.List

	templates map[string]hclsyntax.Expression // by path; nil for one that did not parse
	folders   map[string]*folder              // modules and kinds by path, loaded when first used
}

// folder is one directory of HCL, or the single file that a stack is.
type folder struct {
	path   string // below the stack's folder; "catalog/redis" for a built-in kind
	fsys   fs.FS  // where its templates are read from, by path
	blocks []*hclsyntax.Block
	broken bool // a file did not parse: names may be missing
}

// Open reads and parses a stack. names are the files of the stack, relative to
// fsys, which is rooted at the stack's folder; modules, own kinds (kinds/NAME)
// and templates are read from there too, and nothing outside it.
func Open(fsys fs.FS, names []string) (*Source, diag.List) {
	s := &Source{fsys: fsys, files: source.Files{}, folders: map[string]*folder{}}
	names = append([]string(nil), names...)
	sort.Strings(names)
	s.root = s.parse(".", fsys, names)
	if len(names) == 0 {
		s.diags = append(s.diags, diag.Errorf("NS120", source.Range{File: "nself.hcl", Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}},
			"No stack here", "There is no file with the ending .hcl in this folder. Start one with\n    nselfc init"))
	}
	return s, s.diags
}

// Files gives the texts that ranges point into, those of built-in kinds included.
func (s *Source) Files() source.Files { return s.files }

// parse reads files and keeps their blocks in order of file and place.
func (s *Source) parse(dir string, fsys fs.FS, names []string) *folder {
	f := &folder{path: dir, fsys: fsys}
	results := make([]parsed, len(names))
	var wg sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, name := range names {
		wg.Add(1)
		limit <- struct{}{}
		go func() {
			defer func() { <-limit; wg.Done() }()
			results[i] = parseFile(fsys, name)
		}()
	}
	wg.Wait()
	for _, r := range results {
		if r.file != nil {
			s.files[r.file.Name] = r.file
		}
		s.diags = append(s.diags, r.diags...)
		if r.diags.HasErrors() {
			f.broken = true
		}
		if r.body == nil {
			continue
		}
		for name, attr := range r.body.Attributes {
			f.broken = true
			s.diags = append(s.diags, diag.Errorf("NS112", source.FromHCL(attr.NameRange), "Argument outside a block",
				"The argument %q stands outside every block. Values that several blocks use belong in\n    locals {\n      %s = …\n    }", name, name))
		}
		f.blocks = append(f.blocks, r.body.Blocks...)
	}
	return f
}

type parsed struct {
	file  *source.File
	body  *hclsyntax.Body
	diags diag.List
}

func parseFile(fsys fs.FS, name string) (p parsed) {
	at := source.Range{File: name, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
	b, err := readFile(fsys, name)
	if err != nil {
		p.diags = diag.List{readError(at, name, err)}
		return p
	}
	p.file = source.NewFile(name, b)
	if fault := source.Guard(p.file); fault != nil {
		p.diags = diag.List{faulty(fault)}
		return p
	}
	file, diags := hclsyntax.ParseConfig(b, name, hcl.InitialPos)
	p.diags = eval.FromHCLSyntax(diags)
	if file != nil {
		p.body, _ = file.Body.(*hclsyntax.Body)
	}
	if len(strings.TrimSpace(string(b[:min(len(b), 4096)]))) == 0 && len(b) < 4096 && len(p.diags) == 0 {
		p.diags = diag.List{diag.Warningf("NS121", at, "Empty file", "The file %s holds nothing. Delete it, or start a stack with\n    nselfc init", name)}
	}
	return p
}

func faulty(f *source.Fault) *diag.Diagnostic {
	return &diag.Diagnostic{Code: f.Code, Severity: diag.Error, Summary: f.Summary, Detail: f.Detail, Subject: f.Range}
}

// readFile reads a file of at most source.MaxBytes, without reading more than
// that of a larger one.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errIsDir
	}
	if info.Size() > source.MaxBytes {
		return nil, &tooLarge{source.SizeFault(name, info.Size())}
	}
	return fs.ReadFile(fsys, name)
}

var errIsDir = errors.New("it is a folder, not a file")

// tooLarge is the error for a file that is not even read.
type tooLarge struct{ fault *source.Fault }

func (e *tooLarge) Error() string { return e.fault.Summary }

func readError(at source.Range, name string, err error) *diag.Diagnostic {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if large := (*tooLarge)(nil); errors.As(err, &large) {
		return faulty(large.fault)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return diag.Errorf("NS122", at, "File cannot be read", "There is no file %q in the stack's folder.", name)
	}
	return diag.Errorf("NS122", at, "File cannot be read", "The file %q cannot be read: %s.", name, err)
}

// load gives the folder of a module or an own kind, parsed once.
func (s *Source) load(dir string) (*folder, error) {
	if f, ok := s.folders[dir]; ok {
		return f, nil
	}
	entries, err := fs.ReadDir(s.fsys, dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && path.Ext(e.Name()) == ".hcl" {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, fs.ErrNotExist
	}
	f := s.parse(dir, s.fsys, names)
	s.folders[dir] = f
	return f, nil
}

// kind gives the folder of a kind: the project's own first, then the catalog's.
// The second result is false when there is none of that name.
func (s *Source) kind(name string) (*folder, bool) {
	own := path.Join("kinds", name)
	if f, err := s.load(own); err == nil {
		return f, true
	}
	key := path.Join("catalog", name)
	if f, ok := s.folders[key]; ok {
		return f, true
	}
	entries, err := fs.ReadDir(catalog.FS, name)
	if err != nil {
		return nil, false
	}
	var names []string
	for _, e := range entries {
		if path.Ext(e.Name()) == ".hcl" {
			names = append(names, path.Join("catalog", name, e.Name()))
		}
	}
	f := s.parse(key, catalogFS{}, names)
	s.folders[key] = f
	return f, true
}

// kindNames lists the kinds that the stack can use, sorted.
func (s *Source) kindNames() []string {
	seen := map[string]bool{}
	for _, src := range []struct {
		fsys fs.FS
		dir  string
	}{{s.fsys, "kinds"}, {catalog.FS, "."}} {
		entries, err := fs.ReadDir(src.fsys, src.dir)
		if err != nil {
			continue // a stack without kinds of its own
		}
		for _, e := range entries {
			if e.IsDir() {
				seen[e.Name()] = true
			}
		}
	}
	out := make([]string, 0, len(seen))
	for n := range seen {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// catalogFS shows the embedded catalog under the path "catalog/", so that its
// files have names of their own beside the stack's.
type catalogFS struct{}

func (catalogFS) Open(name string) (fs.File, error) {
	rest, ok := strings.CutPrefix(name, "catalog/")
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return catalog.FS.Open(rest)
}
