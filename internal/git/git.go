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
	"sync"
)

// Tree is a folder as it is at a revision. Its methods and its file system may be
// used by several goroutines.
type Tree struct {
	commit string
	has    bool
	root   entry // the folder

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
	commit, err := repo.resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	t := &Tree{
		commit: commit, folders: map[string][]entry{}, objects: map[string]object{},
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
	t.root, err = t.walk(entry{kind: folder, object: top.name}, prefix, true)
	switch {
	case absent(err), err == nil && t.root.kind != folder && t.root.kind != submodule:
		t.root = entry{}
		return nil
	case err == nil:
		t.has = true
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

// Close ends git's processes. What was read stays valid.
func (t *Tree) Close() error { return errors.Join(t.info.close(), t.contents.close()) }
