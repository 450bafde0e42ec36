package git

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sync"
	"syscall"
	"time"
)

// fsys is the file system of a tree's folder.
type fsys struct{ t *Tree }

// find resolves a path as a method of fs.FS gets it.
func (f fsys) find(op, name string, follow bool) (*node, error) {
	fail := func(err error) (*node, error) { return nil, &fs.PathError{Op: op, Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	if !f.t.has {
		return fail(fs.ErrNotExist)
	}
	e, err := f.t.walk(f.t.root, name, follow)
	if err != nil {
		return fail(err)
	}
	// A file has the name under which it was asked for.
	e.name = path.Base(name)
	return &node{t: f.t, e: e}, nil
}

func (f fsys) Open(name string) (fs.File, error) {
	n, err := f.find("open", name, true)
	if err != nil {
		return nil, err
	}
	return &handle{node: n, path: name}, nil
}

func (f fsys) Stat(name string) (fs.FileInfo, error) {
	n, err := f.find("stat", name, true)
	if err != nil {
		return nil, err
	}
	return n.info("stat", name)
}

func (f fsys) Lstat(name string) (fs.FileInfo, error) {
	n, err := f.find("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return n.info("lstat", name)
}

func (f fsys) ReadLink(name string) (string, error) {
	n, err := f.find("readlink", name, false)
	if err != nil {
		return "", err
	}
	if n.e.kind != link {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	target, err := f.t.read(n.e.object, "blob", maxLink)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return string(target), nil
}

func (f fsys) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := f.find("readdir", name, true)
	if err != nil {
		return nil, err
	}
	return n.entries("readdir", name)
}

func (f fsys) ReadFile(name string) ([]byte, error) {
	n, err := f.find("readfile", name, true)
	if err != nil {
		return nil, err
	}
	b, err := n.contents()
	if err != nil {
		return nil, &fs.PathError{Op: "readfile", Path: name, Err: err}
	}
	return b, nil
}

// node is a file with the tree that it is in. It is an fs.DirEntry.
type node struct {
	t *Tree
	e entry
}

func (n *node) Name() string      { return n.e.name }
func (n *node) IsDir() bool       { return n.mode().IsDir() }
func (n *node) Type() fs.FileMode { return n.mode().Type() }
func (n *node) String() string    { return fs.FormatDirEntry(n) }

func (n *node) Info() (fs.FileInfo, error) { return n.info("stat", n.e.name) }

// mode gives what git knows of a file's mode.
func (n *node) mode() fs.FileMode {
	switch n.e.kind {
	case executable:
		return 0o755
	case link:
		return fs.ModeSymlink | 0o777
	case folder, submodule:
		return fs.ModeDir | 0o755
	case file:
	}
	return 0o644
}

func (n *node) info(op, name string) (fs.FileInfo, error) {
	i := info{name: n.e.name, mode: n.mode()}
	if i.IsDir() {
		return i, nil
	}
	o, err := n.t.stat(n.e.object)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	i.size = o.size
	return i, nil
}

func (n *node) entries(op, name string) ([]fs.DirEntry, error) {
	if !n.IsDir() {
		return nil, &fs.PathError{Op: op, Path: name, Err: syscall.ENOTDIR}
	}
	list, err := n.t.list(n.e)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	out := make([]fs.DirEntry, len(list))
	for i, e := range list {
		out[i] = &node{t: n.t, e: e}
	}
	return out, nil
}

// stored are the first bytes of files that git has only in another form, which a
// program outside of git makes the file of.
var stored = []struct{ by, prefix string }{
	{"Git LFS", "version https://git-lfs.github.com/spec/"},
	{"git-crypt", "\x00GITCRYPT\x00"},
}

// contents reads a file. One that is kept elsewhere is an error: its stand-in would
// be taken for it.
func (n *node) contents() ([]byte, error) {
	if n.IsDir() {
		return nil, syscall.EISDIR
	}
	b, err := n.t.read(n.e.object, "blob", maxFile)
	if err != nil {
		return nil, err
	}
	for _, s := range stored {
		if bytes.HasPrefix(b, []byte(s.prefix)) {
			return nil, fmt.Errorf("git has it only as %s keeps it, which is not read", s.by)
		}
	}
	return b, nil
}

// info is an fs.FileInfo. Git knows no times.
type info struct {
	name string
	size int64
	mode fs.FileMode
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }
func (i info) String() string     { return fs.FormatFileInfo(i) }

// handle is an open file or folder, whose contents are loaded when they are asked for.
type handle struct {
	*node
	path string

	mu      sync.Mutex
	closed  bool
	reader  *bytes.Reader
	listing []fs.DirEntry // what ReadDir has not given yet
	listed  bool
}

func (h *handle) Stat() (fs.FileInfo, error) { return h.info("stat", h.path) }

func (h *handle) Read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return 0, &fs.PathError{Op: "read", Path: h.path, Err: fs.ErrClosed}
	}
	if h.reader == nil {
		b, err := h.contents()
		if err != nil {
			return 0, &fs.PathError{Op: "read", Path: h.path, Err: err}
		}
		h.reader = bytes.NewReader(b)
	}
	return h.reader.Read(p)
}

func (h *handle) ReadDir(n int) ([]fs.DirEntry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, &fs.PathError{Op: "readdir", Path: h.path, Err: fs.ErrClosed}
	}
	if !h.listed {
		list, err := h.entries("readdir", h.path)
		if err != nil {
			return nil, err
		}
		h.listing, h.listed = list, true
	}
	if n <= 0 || n > len(h.listing) {
		if n > 0 && len(h.listing) == 0 {
			return nil, io.EOF
		}
		n = len(h.listing)
	}
	out := h.listing[:n:n]
	h.listing = h.listing[n:]
	return out, nil
}

func (h *handle) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return &fs.PathError{Op: "close", Path: h.path, Err: fs.ErrClosed}
	}
	h.closed, h.reader, h.listing = true, nil, nil
	return nil
}
