package build

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/eval"
	"nselfc/lang/source"
)

// input is the stack's folder, opened so that nothing outside it can be read
// through it, by links or otherwise.
type input struct {
	dir   string
	fsys  fs.FS
	names []string
	// real gives where a path on this host leads when all links are followed.
	real  func(string) (string, error)
	close func()
}

// mainFile is the file that a stack's folder is known by.
const mainFile = "nself.hcl"

// open finds the files of a stack. path is a folder, whose .hcl files belong
// together, or one file that is a stack by itself. nself.hcl stands for its
// folder: somebody who has moved half of a stack into a second file and still
// types "nselfc build nself.hcl" must not get the other half removed.
func open(path string) (*input, *diag.Diagnostic) {
	if path == "" {
		path = "."
	}
	at := startOf(path)
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(at, path, err)
	}
	dir, name := path, ""
	switch {
	case info.IsDir():
	case !info.Mode().IsRegular(): // opening a pipe could wait for ever
		return nil, unreadable(at, path, errors.New("it is neither a file nor a folder"))
	default:
		dir, name = filepath.Dir(path), filepath.Base(path)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, unreadable(at, dir, err)
	}
	in := &input{dir: dir, fsys: folder{root}, real: follow, close: func() { _ = root.Close() }} // opened for reading only
	if d := in.list(name); d != nil {
		in.close()
		return nil, d
	}
	return in, nil
}

// list finds the files of the stack: one by its name, or all.
func (in *input) list(name string) *diag.Diagnostic {
	if name != "" && name != mainFile {
		in.names = []string{name}
		return nil
	}
	entries, err := fs.ReadDir(in.fsys, ".")
	if err != nil {
		return unreadable(startOf(in.dir), in.dir, err)
	}
	var none string // of the name of a stack's file, and something else
	for _, e := range entries {
		hidden := strings.HasPrefix(e.Name(), ".") // an editor's
		if !e.IsDir() && !hidden && !odd(e) && strings.HasSuffix(e.Name(), ".hcl") && !strings.HasSuffix(e.Name(), lang.TestSuffix) {
			in.names = append(in.names, e.Name())
		} else if e.Name() == mainFile {
			none = filepath.Join(in.dir, mainFile)
		}
	}
	if len(in.names) == 0 {
		return noStack(in.dir, none)
	}
	sort.Strings(in.names)
	return nil
}

// odd tells a pipe, socket or device, which has no place in a stack's folder. A
// link may be fine: reading it decides.
func odd(e fs.DirEntry) bool { return e.Type()&^fs.ModeSymlink != 0 }

// noStack says that a folder holds no file of a stack. none is what has the name
// of one and is a folder or a pipe, or "".
func noStack(dir, none string) *diag.Diagnostic {
	if none != "" {
		return unreadable(startOf(none), none, errors.New("it is a folder or a device, not a file"))
	}
	start := "nselfc init"
	if dir != "." {
		word, _ := escape.ShellQuote(dir) // a path holds no NUL
		start += " " + word
	}
	return diag.Errorf("NS120", startOf(filepath.Join(dir, mainFile)), "No stack here",
		"There is no file with the ending .hcl in the folder %q. Name the folder of a stack, or start one there with\n    %s", dir, start)
}

// startOf is the range of a finding about a whole file.
func startOf(file string) source.Range {
	return source.Range{File: file, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
}

func unreadable(at source.Range, path string, err error) *diag.Diagnostic {
	if errors.Is(err, fs.ErrNotExist) {
		return diag.Errorf("NS122", at, "File cannot be read", "There is no file or folder %q.", path)
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if errors.Is(err, fs.ErrPermission) {
		word, _ := escape.ShellQuote(path) // a path holds no NUL
		return diag.Errorf("NS122", at, "File cannot be read",
			"%q cannot be read: %s. Build as the user who owns it, or give yourself the right to read it. See who may:\n\n    ls -ld %s", path, err, word)
	}
	return diag.Errorf("NS122", at, "File cannot be read", "%q cannot be read: %s. Name a folder with .hcl files, or one such file.", path, err)
}

func unknownEnvironment(in *input, name string, names []string) *diag.Diagnostic {
	file := mainFile
	if len(in.names) > 0 {
		file = in.names[0]
	}
	at := startOf(file)
	if len(names) == 1 && names[0] == "" {
		return diag.Errorf("NS124", at, "Unknown environment", "The stack has no environments; leave --env out, or declare one:\n    environment %q {}", name)
	}
	return diag.Errorf("NS124", at, "Unknown environment", "The stack has no environment named %q.%s It has: %s.", name, eval.DidYouMean(name, names), strings.Join(names, ", "))
}
