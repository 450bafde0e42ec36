package lang

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"nselfc/lang/catalog"
	"nselfc/lang/diag"
	"nselfc/lang/eval"
	"nselfc/lang/schema"
	"nselfc/lang/source"
)

// folder is one directory of HCL, or the single file that a stack is.
type folder struct {
	path   string // below the stack's folder; "catalog/redis" for a built-in kind
	fsys   fs.FS  // where its templates are read from, by path
	names  []string
	blocks []*hclsyntax.Block
	diags  diag.List // what parsing found
	broken bool      // one of them is an error: names may be missing
}

// builtIn is the folder that the paths of built-in kinds begin with.
const builtIn = "catalog/"

// maxFiles bounds the files of one folder.
const maxFiles = 10_000

func (f *folder) builtIn() bool { return strings.HasPrefix(f.path, builtIn) }

func (f *folder) report(d *diag.Diagnostic) {
	d.Detail = eval.Clip(d.Detail)
	f.diags = append(f.diags, d)
	f.broken = f.broken || d.Severity == diag.Error
}

// parse reads files and keeps their blocks in order of file and place.
func (s *Source) parse(dir string, fsys fs.FS, names []string) *folder {
	f := &folder{path: dir, fsys: fsys, names: names}
	if len(names) > maxFiles {
		f.report(diag.Errorf("NS127", startOf(names[maxFiles]), "Too many files",
			"This folder has %d files with the ending .hcl; %d are the most that one stack, module or kind may have. Every such file of a folder belongs to it, so the wrong folder may have been named. "+
				"Move what is no part of it out, or join files that belong together.", len(names), maxFiles))
		return f
	}
	results := make([]parsed, len(names))
	sideBySide(len(names), func(i int) { results[i] = readParsed(fsys, names[i]) })
	tokens := 0
	for i, r := range results {
		if tokens += r.pieces.Tokens; tokens > source.MaxTokens {
			f.report(faulty(source.TokenFault(names[i], source.Range{})))
			return f
		}
	}
	sideBySide(len(names), func(i int) { results[i].parse() })
	var empty diag.List
	for _, r := range results {
		if r.file != nil {
			s.files[r.file.Name] = r.file
		}
		for _, d := range r.diags {
			f.report(d)
		}
		if r.empty != nil {
			empty = append(empty, r.empty)
		}
		if r.body == nil {
			continue
		}
		for _, attr := range attributesInOrder(r.body) {
			f.report(outsideBlocks(attr))
		}
		f.blocks = append(f.blocks, r.body.Blocks...)
	}
	if len(f.blocks) > 0 { // a folder without any block has a graver error
		f.diags = append(f.diags, empty...)
	}
	return f
}

func outsideBlocks(attr *hclsyntax.Attribute) *diag.Diagnostic {
	d := diag.Errorf("NS112", source.FromHCL(attr.NameRange), "Argument outside a block", "The argument %q stands outside every block. ", attr.Name)
	if hint := schema.Get().Root.Hint(attr.Name); hint != "" {
		d.Detail += hint
	} else {
		d.Detail += fmt.Sprintf("Values that several blocks use belong in\n    locals {\n      %s = …\n    }", attr.Name)
	}
	return d
}

type parsed struct {
	file   *source.File
	pieces source.Pieces
	body   *hclsyntax.Body
	diags  diag.List
	empty  *diag.Diagnostic // the warning of a file that holds nothing
}

// readParsed reads a file and looks whether it may be parsed.
func readParsed(fsys fs.FS, name string) (p parsed) {
	b, err := readFile(fsys, name)
	if err != nil {
		p.diags = diag.List{readError(startOf(name), name, err)}
		return p
	}
	p.file = source.NewFile(name, b)
	pieces, fault := source.GuardPieces(p.file, pieceSize)
	if fault != nil {
		p.diags = diag.List{faulty(fault)}
		return p
	}
	p.pieces = pieces
	return p
}

// parse parses what was read without a fault.
func (p *parsed) parse() {
	if len(p.diags) > 0 {
		return
	}
	b, name := p.file.Bytes, p.file.Name
	if p.body = parsePieces(p.file, p.pieces.Cuts); p.body == nil {
		file, diags := hclsyntax.ParseConfig(b, name, hcl.InitialPos)
		p.diags = eval.FromHCLSyntax(diags)
		if file != nil {
			p.body, _ = file.Body.(*hclsyntax.Body)
		}
	}
	if len(b) < 4096 && strings.TrimSpace(strings.TrimPrefix(string(b), "\uFEFF")) == "" {
		p.empty = diag.Warningf("NS121", startOf(name), "Empty file", "The file %s holds nothing. Delete it, or start a stack with\n    nselfc init", name)
	}
}

// startOf is the range of a finding about a whole file.
func startOf(name string) source.Range {
	return source.Range{File: name, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
}

// sideBySide calls f for each of n, as many at a time as there are processors.
func sideBySide(n int, f func(int)) {
	var wg sync.WaitGroup
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		limit <- struct{}{}
		wg.Go(func() {
			f(i)
			<-limit
		})
	}
	wg.Wait()
}

func faulty(f *source.Fault) *diag.Diagnostic {
	return &diag.Diagnostic{Code: f.Code, Severity: diag.Error, Summary: f.Summary, Detail: f.Detail, Subject: f.Range}
}

// errNotAFile is the error for a folder or a device in the place of a file.
var errNotAFile = errors.New("it is a folder or a device, not a file")

// tooLarge is the error for a file that is not even read.
type tooLarge struct{ fault *source.Fault }

func (e *tooLarge) Error() string { return e.fault.Summary }

// readFile reads a file of at most source.MaxBytes, and no byte of a larger one.
// Line ends come out as LF, and a byte order mark not at all, however the editor
// or git wrote them on this machine: they would end up in heredocs and templates,
// and the same stack would give other bytes on Windows.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotAFile
	}
	if info.Size() > source.MaxBytes {
		return nil, &tooLarge{source.SizeFault(name, info.Size())}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, source.MaxBytes+1)) // it may have grown
	if bytes.IndexByte(b, '\r') >= 0 {
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	}
	return bytes.TrimPrefix(b, []byte("\uFEFF")), errors.Join(err, f.Close())
}

// leftRoot is what package os says of a path that leaves an os.Root by a link;
// it exports no error to compare with.
const leftRoot = "path escapes from parent"

func readError(at source.Range, name string, err error) *diag.Diagnostic {
	if large := (*tooLarge)(nil); errors.As(err, &large) {
		return faulty(large.fault)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return diag.Errorf("NS122", at, "File cannot be read", "There is no file %q in the stack's folder.", name)
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err // the path stands in the sentence already
	}
	if err.Error() == leftRoot {
		return diag.Errorf("NS122", at, "File cannot be read",
			"%q is a link to a place outside the stack's folder. Nothing outside is read, so that the folder alone, as it stands in git, says what is built. Put a copy of the file in the place of the link, or make a folder of the stack's own out of what several stacks share and use it as a module.", name)
	}
	if errors.Is(err, fs.ErrPermission) {
		return diag.Errorf("NS122", at, "File cannot be read",
			"The file %q cannot be read: %s. Build as the user who owns it, or give yourself the right to read it.", name, err)
	}
	return diag.Errorf("NS122", at, "File cannot be read", "The file %q cannot be read: %s.", name, err)
}

// load gives the folder of a module or an own kind, parsed once.
func (s *Source) load(dir string) (*folder, bool) {
	if f, ok := s.folders[dir]; ok {
		return f, f != nil
	}
	s.folders[dir] = nil
	names := filesOf(s.fsys, dir)
	if len(names) == 0 {
		return nil, false
	}
	s.folders[dir] = s.parse(dir, s.fsys, names)
	return s.folders[dir], true
}

// kind gives the folder of a kind: the project's own first, then the catalog's.
// It gives false when there is none of that name.
func (s *Source) kind(name string) (*folder, bool) {
	if f, ok := s.load(path.Join("kinds", name)); ok {
		return f, true
	}
	key := builtIn + name
	f, ok := s.folders[key]
	if !ok {
		if names := filesOf(catalogFS{}, key); len(names) > 0 {
			f = s.parse(key, catalogFS{}, names)
		}
		s.folders[key] = f
	}
	return f, f != nil
}

// filesOf lists the paths of the HCL files of a folder, sorted.
func filesOf(fsys fs.FS, dir string) []string {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil // a folder that is not there has none
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && path.Ext(e.Name()) == ".hcl" && !strings.HasSuffix(e.Name(), TestSuffix) {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names
}

// catalogFS shows the embedded catalog under the path "catalog/", so that its
// files have names of their own beside the stack's.
type catalogFS struct{}

func (catalogFS) Open(name string) (fs.File, error) {
	rest, ok := strings.CutPrefix(name, builtIn)
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return catalog.FS.Open(rest)
}
