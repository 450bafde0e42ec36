package outdir

import (
	"errors"
	"io/fs"
)

// TextOnDisk gives what stands at the path of an entry, up to limit bytes, and
// whether that is all of it. Where there is no regular file, it is "".
func (d *Dir) TextOnDisk(e *Entry, limit int64) (text string, whole bool, err error) {
	if e.onDisk.kind != regular {
		return "", true, nil
	}
	return d.text(e.Path, e.onDisk, limit)
}

// TextAt is TextOnDisk for a path that may be in no plan.
func (d *Dir) TextAt(path string, limit int64) (text string, whole bool, err error) {
	if d.root == nil {
		return "", false, fs.ErrNotExist
	}
	look := newDisk(d.root)
	defer look.close()
	at, err := look.look(path)
	switch {
	case err != nil:
		return "", false, err
	case at.kind == absent:
		return "", false, fs.ErrNotExist
	case at.kind != regular:
		return "", false, errors.New("it is " + at.kind.String())
	}
	return d.text(path, at, limit)
}

func (d *Dir) text(path string, at place, limit int64) (string, bool, error) {
	read := newDisk(d.root)
	defer read.close()
	if _, err := read.look(path); err != nil { // remembers the directories on the way
		return "", false, err
	}
	b, err := read.read(path, at.info, limit)
	return string(b), err == nil && at.info.Size() <= limit, err
}
