package outdir

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"
)

// kind is what a path leads to.
type kind uint8

const (
	absent kind = iota
	regular
	directory
	symlink
	special // a device, a FIFO, a socket
)

// String names the kind with its article.
func (k kind) String() string {
	return [...]string{"nothing", "a file", "a directory", "a symbolic link", "a device, pipe or socket"}[k]
}

// place is what is known of one path without opening it.
type place struct {
	kind kind
	info os.FileInfo // nil when absent
	// blocker is the nearest directory above the path that is there and is not a
	// directory; kind is then absent, and blockerKind says what it is.
	blocker     string
	blockerKind kind
}

// disk reads an output directory. It follows no symbolic link and opens nothing
// but regular files and directories.
type disk struct {
	root   *os.Root // nil while the output directory does not exist
	places map[string]place
	buf    []byte // see buffer

	// The directory that was in use last stays open: paths come in order, and a
	// root walks to each one from its top.
	near     *os.Root
	nearName string
}

func newDisk(root *os.Root) *disk {
	return &disk{root: root, places: map[string]place{}}
}

// buffer gives the one buffer that all reading and hashing shares.
func (d *disk) buffer() []byte {
	if d.buf == nil {
		d.buf = make([]byte, 64<<10)
	}
	return d.buf
}

// close lets go of the directory that was in use last.
func (d *disk) close() {
	if d.near != nil {
		_ = d.near.Close()
	}
	d.near, d.nearName = nil, ""
}

// at gives the directory that a path stands in, which lookDir has found to be
// one, and the last part of the path.
func (d *disk) at(p string) (*os.Root, string, error) {
	dir, name := path.Split(p)
	if dir == "" {
		return d.root, name, nil
	}
	dir = dir[:len(dir)-1]
	if d.nearName == dir {
		return d.near, name, nil
	}
	d.close()
	near, err := d.root.OpenRoot(dir)
	if err != nil {
		return nil, "", err
	}
	if info, err := near.Stat("."); err != nil || !os.SameFile(info, d.places[dir].info) {
		return nil, "", errors.Join(errChanged, err, near.Close())
	}
	d.near, d.nearName = near, dir
	return near, name, nil
}

// look finds out what stands at a path.
func (d *disk) look(p string) (place, error) {
	if d.root == nil {
		return place{}, nil
	}
	if dir := path.Dir(p); dir != "." {
		up, err := d.lookDir(dir)
		switch {
		case err != nil:
			return place{}, err
		case up.blocker != "":
			return place{blocker: up.blocker, blockerKind: up.blockerKind}, nil
		case up.kind == absent:
			return place{}, nil
		case up.kind != directory:
			return place{blocker: dir, blockerKind: up.kind}, nil
		}
	}
	root, name, err := d.at(p)
	if err != nil {
		return place{}, err
	}
	return lstat(root, name)
}

// lookDir finds out what stands at the path of a directory, and remembers it.
func (d *disk) lookDir(dir string) (place, error) {
	if p, ok := d.places[dir]; ok || d.root == nil {
		return p, nil
	}
	up := place{kind: directory}
	if parent := path.Dir(dir); parent != "." {
		var err error
		if up, err = d.lookDir(parent); err != nil {
			return place{}, err
		}
		if up.kind != absent && up.kind != directory {
			up = place{blocker: parent, blockerKind: up.kind}
		}
	}
	p := up // absent, or blocked further up
	if up.kind == directory {
		var err error
		if p, err = lstat(d.root, dir); err != nil {
			return place{}, err
		}
	}
	d.places[dir] = p
	return p, nil
}

func lstat(root *os.Root, name string) (place, error) {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return place{}, nil
	}
	if err != nil {
		return place{}, err
	}
	return place{kind: kindOf(info.Mode()), info: info}, nil
}

func kindOf(m fs.FileMode) kind {
	switch {
	case m.IsRegular():
		return regular
	case m.IsDir():
		return directory
	case m&fs.ModeSymlink != 0:
		return symlink
	}
	return special
}

// open opens a regular file that look has seen.
func (d *disk) open(p string, seen os.FileInfo) (*os.File, error) {
	root, name, err := d.at(p)
	if err != nil {
		return nil, err
	}
	f, err := OpenQuietly(root, name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !os.SameFile(info, seen) {
		_ = f.Close() // read only
		return nil, errors.Join(errChanged, err)
	}
	return f, nil
}

// equal tells whether a file holds exactly the text.
func (d *disk) equal(p string, seen os.FileInfo, text string) (bool, error) {
	if seen.Size() != int64(len(text)) {
		return false, nil
	}
	same := true
	err := d.stream(p, seen, func(b []byte) bool {
		same = len(b) <= len(text) && string(b) == text[:len(b)]
		text = text[min(len(b), len(text)):]
		return same && text != "" // the size is right, so this is the end
	})
	return same && text == "", err
}

// digest gives the SHA-256 of a file's content.
func (d *disk) digest(p string, seen os.FileInfo) (sum Digest, err error) {
	h := sha256.New()
	err = d.stream(p, seen, func(b []byte) bool {
		h.Write(b)
		return true
	})
	h.Sum(sum[:0])
	return sum, err
}

// read gives a file's content, up to limit bytes.
func (d *disk) read(p string, seen os.FileInfo, limit int64) ([]byte, error) {
	b := make([]byte, 0, min(seen.Size(), limit))
	err := d.stream(p, seen, func(part []byte) bool {
		b = append(b, part[:min(int64(len(part)), limit-int64(len(b)))]...)
		return int64(len(b)) < limit
	})
	return b, err
}

func (d *disk) stream(p string, seen os.FileInfo, use func([]byte) bool) error {
	f, err := d.open(p, seen)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only
	buf := d.buffer()
	for {
		n, err := f.Read(buf)
		if n > 0 && !use(buf[:n]) {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// names gives the names in a directory, in their order.
func (d *disk) names(dir string) ([]string, error) {
	f, err := OpenQuietly(d.root, dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// list gives the entries of a directory, in the order of their names.
func (d *disk) list(dir string) ([]fs.DirEntry, error) {
	f, err := OpenQuietly(d.root, dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// digestOf hashes a text by way of a buffer, so that it is not copied whole.
func (d *disk) digestOf(text string) (sum Digest) {
	h, buf := sha256.New(), d.buffer()
	for len(text) > 0 {
		n := copy(buf, text)
		h.Write(buf[:n])
		text = text[n:]
	}
	h.Sum(sum[:0])
	return sum
}
