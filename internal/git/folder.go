package git

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
)

// Bounds of what is loaded at once, in bytes. A stack has nothing as large.
const (
	maxFolder = 64 << 20 // about a million files in one folder
	maxFile   = 64 << 20
	maxLink   = 4096 // PATH_MAX of Linux
)

// maxLinks is how many symbolic links one path may lead through, as for os.Root.
const maxLinks = 8

type kind int

const (
	file kind = iota
	executable
	link
	folder
	submodule
)

// entry is a name in a folder.
type entry struct {
	name   string
	kind   kind
	object string
}

// errEscapes says what os.Root says, so that readers of either can tell.
var errEscapes = errors.New("path escapes from parent")

func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// stat asks what git has under a name, once.
func (t *Tree) stat(name string) (object, error) {
	t.mu.Lock()
	o, known := t.objects[name]
	t.mu.Unlock()
	if known {
		return o, nil
	}
	o, _, err := t.info.ask(name, 0)
	if err != nil {
		return o, err
	}
	t.mu.Lock()
	t.objects[name] = o
	t.mu.Unlock()
	return o, nil
}

// read loads an object of a kind and at most so many bytes.
func (t *Tree) read(name, kind string, most int64) ([]byte, error) {
	o, err := t.stat(name)
	switch {
	case err != nil:
		return nil, err
	case o.kind != kind:
		return nil, &Error{Reason: fmt.Sprintf("The repository is damaged: the object %s is a %s where there should be a %s.", name, o.kind, kind)}
	case o.size > most:
		return nil, fmt.Errorf("it has %d bytes, and more than %d are not read: %w", o.size, most, syscall.EFBIG)
	}
	_, contents, err := t.contents.ask(name, most)
	return contents, err
}

// list gives the entries of a folder, sorted by name.
func (t *Tree) list(e entry) ([]entry, error) {
	if e.kind != folder {
		return nil, nil // a submodule: what is in it is in another repository
	}
	t.mu.Lock()
	entries, known := t.folders[e.object]
	t.mu.Unlock()
	if known {
		return entries, nil
	}
	b, err := t.read(e.object, "tree", maxFolder)
	if err != nil {
		return nil, err
	}
	if entries, err = parse(b, len(e.object)/2); err != nil {
		return nil, &Error{Reason: fmt.Sprintf("The repository is damaged: the folder %s %s.", e.object, err)}
	}
	t.mu.Lock()
	t.folders[e.object] = entries
	t.mu.Unlock()
	return entries, nil
}

// parse reads the object of a folder: mode, name and object's digest of so many
// bytes for each entry. Nobody has looked at it before, so a name that would be a
// path is refused.
func parse(b []byte, digest int) ([]entry, error) {
	var out []entry
	for len(b) > 0 {
		mode, rest, ok := bytes.Cut(b, []byte{' '})
		name, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 || len(rest) < digest {
			return nil, errors.New("ends in the middle of an entry")
		}
		e := entry{name: string(name), object: hex.EncodeToString(rest[:digest])}
		b = rest[digest:]
		switch string(mode) {
		case "100644", "100664": // the second one as git wrote it in 2005
			e.kind = file
		case "100755":
			e.kind = executable
		case "120000":
			e.kind = link
		case "40000", "040000": // the second one as some other programs write it
			e.kind = folder
		case "160000":
			e.kind = submodule
		default:
			return nil, fmt.Errorf("has an entry of the mode %s", quoted(string(mode)))
		}
		if e.name == "" || e.name == "." || e.name == ".." || strings.Contains(e.name, "/") {
			return nil, fmt.Errorf("has an entry with the name %s", quoted(e.name))
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(x, y entry) int { return strings.Compare(x.name, y.name) })
	for i := 1; i < len(out); i++ {
		if out[i].name == out[i-1].name {
			return nil, fmt.Errorf("has two entries with the name %s", quoted(out[i].name))
		}
	}
	return out, nil
}

// walk resolves a slash-separated path below a folder, which no link may leave, and
// follows its last link only when that is wanted.
func (t *Tree) walk(root entry, name string, follow bool) (entry, error) {
	w := walker{t: t, at: []entry{root}, most: maxLinks}
	if err := w.walk(name, follow); err != nil {
		return entry{}, err
	}
	return w.at[len(w.at)-1], nil
}

// walker is on its way through folders.
type walker struct {
	t    *Tree
	at   []entry  // the folders down to here, from the one that may not be left
	most int      // links that may be followed
	rest []string // where an escape would have led on to; "" first is the root of the host
}

func (w *walker) walk(name string, follow bool) error {
	parts := strings.Split(name, "/")
	if name == "" {
		parts = nil
	}
	for links := 0; len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		here := w.at[len(w.at)-1]
		if here.kind != folder && here.kind != submodule {
			return syscall.ENOTDIR
		}
		switch part {
		case "", ".":
			continue
		case "..":
			if len(w.at) == 1 {
				w.rest = append([]string{".."}, parts...)
				return errEscapes
			}
			w.at = w.at[:len(w.at)-1]
			continue
		}
		entries, err := w.t.list(here)
		if err != nil {
			return err
		}
		i, found := slices.BinarySearchFunc(entries, part, func(e entry, name string) int { return strings.Compare(e.name, name) })
		switch {
		case !found:
			return syscall.ENOENT
		case entries[i].kind != link || !follow && len(parts) == 0:
			w.at = append(w.at, entries[i])
			continue
		}
		if links++; links > w.most {
			return syscall.ELOOP
		}
		target, err := w.t.read(entries[i].object, "blob", maxLink)
		switch {
		case err != nil:
			return err
		case len(target) == 0:
			return syscall.ENOENT
		}
		parts = append(strings.Split(string(target), "/"), parts...)
		if target[0] == '/' {
			w.rest = parts
			return errEscapes
		}
	}
	return nil
}
