package build

import (
	"io/fs"
	"os"

	"nselfc/emit/outdir"
)

// folder shows the stack's folder to the compiler. Nothing outside of it can be
// read through it, and reading leaves no trace where that can be helped.
type folder struct{ root *os.Root }

// Open implements fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	file, err := outdir.OpenQuietly(f.root, name)
	if err != nil {
		return nil, err // and not a file that is nil inside
	}
	return file, nil
}

// Stat implements fs.StatFS: what a file is must be known before it is opened.
func (f folder) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	return f.root.Stat(name)
}
