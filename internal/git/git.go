// Package git reads a folder as it is at a revision, out of git's objects.
//
// It asks the git program, which knows every format of a repository (packs,
// SHA-256, alternates, linked work trees, shallow clones), and only to read:
// no work tree, index, ref, configuration or hook is touched, nothing is fetched
// and nothing is written. Contents are those that git stores: no filter runs.
//
// It knows nothing of stacks.
package git

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// Tree is a folder as it is at a revision. Its methods and its file system may be
// used by several goroutines.
type Tree struct {
	commit string
	has    bool
	root   entry   // the folder
	way    []entry // the folders from the top of the work tree down to it, links resolved
	path   string

	info, contents *batch

	mu      sync.Mutex
	folders map[string][]entry // by object's name, sorted by file's name
	objects map[string]object  // by object's name
}

// Open finds the repository whose work tree holds dir, which need not exist any
// more, and resolves rev, anything of gitrevisions(7) that names one commit. The
// context bounds the life of the tree: when it ends, so do git's processes. An
// error is an *Error; after none, the tree wants closing.
func Open(ctx context.Context, dir, rev string) (*Tree, error) {
	if err := plausible(rev); err != nil {
		return nil, err
	}
	p, err := find()
	if err != nil {
		return nil, err
	}
	repo, prefix, err := p.discover(ctx, dir)
	if err != nil {
		return nil, err
	}
	if repo.commit, err = repo.resolve(ctx, rev); err != nil {
		return nil, err
	}
	t := &Tree{
		commit: repo.commit, path: prefix, folders: map[string][]entry{}, objects: map[string]object{},
		info: repo.batch(ctx, "--batch-check"), contents: repo.batch(ctx, "--batch"),
	}
	if err := t.enter(prefix); err != nil {
		_ = t.Close() // the first error says more
		return nil, err
	}
	return t, nil
}

// enter finds the folder in the commit's tree. A symbolic link on the way is
// followed inside the repository, as it would be in a checkout.
func (t *Tree) enter(prefix string) error {
	top, err := t.stat(t.commit + "^{tree}")
	if err != nil {
		return err
	}
	w := walker{t: t, at: []entry{{kind: folder, object: top.name}}, most: maxLinks}
	err = w.walk(prefix, true)
	last := w.at[len(w.at)-1]
	switch {
	case absent(err), err == nil && last.kind != folder && last.kind != submodule:
		return nil
	case err == nil:
		t.has, t.root, t.way = true, last, w.at
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return &Error{Kind: Other, Reason: quoted(prefix) + " cannot be entered at the revision: " + err.Error() + ".", err: err}
}

// FS gives the files of the folder, rooted at it. Symbolic links are followed as
// [os.Root] does: one that leads out of the folder is an error. A submodule is an
// empty folder. Of a folder that is not in the revision, there are no files.
// Only what is opened and read is loaded.
func (t *Tree) FS() fs.FS { return fsys{t} }

// Has tells whether the folder is there at the revision.
func (t *Tree) Has() bool { return t.has }

// Commit gives the commit's full name.
func (t *Tree) Commit() string { return t.commit }

// Path gives the folder's slash-separated path from the top of the work tree; ""
// for the top itself.
func (t *Tree) Path() string { return t.path }

// Real follows all links of a slash-separated path in the folder, as
// [filepath.EvalSymlinks] does on a disk: the result is as seen from the folder, and
// may lead out of it ("../x"), or be absolute. What is not there is an error.
func (t *Tree) Real(name string) (string, error) {
	if !t.has {
		return "", &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrNotExist}
	}
	const most = 255 // as for filepath.EvalSymlinks
	w := walker{t: t, at: slices.Clone(t.way), most: most}
	err := w.walk(name, true)
	switch {
	case errors.Is(err, errEscapes) && w.rest[0] == "":
		return path.Clean("/" + strings.Join(w.rest, "/")), nil
	case errors.Is(err, errEscapes):
		return path.Join(strings.Repeat("../", len(t.way)-1), strings.Join(w.rest, "/")), nil
	case err != nil:
		return "", &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	same := 1
	for same < len(t.way) && same < len(w.at) && t.way[same].name == w.at[same].name {
		same++
	}
	out := slices.Repeat([]string{".."}, len(t.way)-same)
	for _, e := range w.at[same:] {
		out = append(out, e.name)
	}
	return path.Join(append(out, ".")...), nil
}

// Close ends git's processes. What was read stays valid.
func (t *Tree) Close() error { return errors.Join(t.info.close(), t.contents.close()) }
