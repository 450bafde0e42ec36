package build

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nselfc/internal/git"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// CompileAt compiles a stack as it is at a revision of the git repository that
// holds it, out of git's objects. path and opts are those of Compile, as is what
// comes out, but for the names of files in findings: see DisplayName. It is what
// Compile would give in a clean checkout in the stack's place.
//
// A stack that does not exist at the revision is no error: see Compiled.Absent.
//
// Its waivers are judged by no day: a change that gives one a new end can be reviewed
// although the old one is over.
func CompileAt(ctx context.Context, path, rev string, opts Options) (*Compiled, diag.List) {
	opts.Today = 0
	c := &Compiled{missing: map[string]bool{}}
	dir, name := split(path)
	tree, err := git.Open(ctx, dir, rev)
	if err != nil {
		return c, diag.List{noRevision(err)}
	}
	defer func() { _ = tree.Close() }() // what it had to give has been read, or the errors of that were reported
	c.Commit = tree.Commit()
	c.rev = rev + ":"
	if tree.Path() != "" {
		c.rev += tree.Path() + "/"
	}
	in := &input{dir: dir, fsys: tree.FS(), real: realAt(dir, tree)}
	if !tree.Has() {
		c.Dir, c.Absent = dir, true
		return c, nil
	}
	if d := in.list(name); d != nil {
		c.Dir = dir
		if c.Absent = d.Code == "NS120"; c.Absent {
			return c, nil
		}
		d.Subject.File = c.rev + mainFile
		return c, diag.List{d}
	}
	if _, err := fs.Lstat(in.fsys, in.names[0]); errors.Is(err, fs.ErrNotExist) {
		c.Dir, c.Absent = dir, true
		return c, nil
	}
	return c, c.compileAll(ctx, in, opts)
}

// split gives the folder of a stack and the name of its one file, or "". What is
// not there any more is a file when it is called like one.
func split(path string) (dir, name string) {
	if path == "" {
		path = "."
	}
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() || err != nil && strings.HasSuffix(path, ".hcl") {
		return filepath.Dir(path), filepath.Base(path)
	}
	return path, ""
}

// realAt follows links as they are at the revision where a path lies in the stack's
// folder, which may lead about in the repository; elsewhere, as on this host.
func realAt(dir string, tree *git.Tree) func(string) (string, error) {
	root, err := filepath.EvalSymlinks(dir)
	if err == nil {
		root, err = filepath.Abs(root)
	}
	if err != nil {
		return func(string) (string, error) { return "", err }
	}
	return func(at string) (string, error) {
		const most = 40 // ways out of the folder and in again, as for links in Linux
		at, err := filepath.Abs(at)
		for range most {
			rel, errRel := filepath.Rel(root, at)
			if err != nil || errRel != nil {
				return "", errors.Join(err, errRel)
			}
			if !filepath.IsLocal(rel) {
				return filepath.EvalSymlinks(at)
			}
			leads, err := tree.Real(filepath.ToSlash(rel))
			if err != nil {
				return "", err
			}
			if filepath.IsAbs(leads) {
				at = leads
			} else {
				at = filepath.Join(root, filepath.FromSlash(leads))
			}
			if rel, err := filepath.Rel(root, at); err != nil || filepath.ToSlash(rel) == leads {
				return at, err
			}
		}
		return "", errors.New("too many links")
	}
}

// noRevision reports what git or its repository would not give. No line of the
// stack is to blame.
func noRevision(err error) *diag.Diagnostic {
	e, ok := errors.AsType[*git.Error](err)
	switch {
	case !ok:
		return diag.Errorf("NS129", source.Range{}, "Revision cannot be read", "%s", err)
	case e.Kind == git.Unknown:
		return diag.Errorf("NS128", source.Range{}, "Unknown revision", "%s", e.Detail())
	}
	return diag.Errorf("NS129", source.Range{}, "Revision cannot be read", "%s", e.Detail())
}
