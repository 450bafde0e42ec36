package outdir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

func cannotRead(name string, err error) *diag.Diagnostic {
	what := "Look at the path and at the log of the kernel (dmesg), then build again."
	if errors.Is(err, fs.ErrPermission) {
		what = "Nothing was changed. Build as the user who owns it, or give yourself the right to read it:\n\n    ls -ld " + escape.ShellWord(name)
	}
	return diag.Errorf("NS504", wholeFile(name), "Output directory cannot be read",
		"%s cannot be read: %s. Without knowing what is there, a build cannot tell its own files from yours. %s", quote(name), reason(err), what)
}

// cannotWrite explains a failed write, by what the reader can do about it.
func cannotWrite(name string, err error) *diag.Diagnostic {
	var what string
	there := nearest(name) // a command that looks at what was not made would say no more than that
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		what = "There is no space left on that file system, or your quota of it is used up. See what fills it, make room, and build again:\n\n    df -h " +
			escape.ShellWord(there) + "\n    df -i " + escape.ShellWord(there)
	case errors.Is(err, syscall.EROFS):
		what = "The file system is mounted read-only. A disk with errors is remounted so: look at the log of the kernel (dmesg). Otherwise name another directory:\n\n    nselfc build -o DIR"
	case errors.Is(err, fs.ErrPermission):
		what = "You have no right to write there. See who owns it, and build as that user; files that a build with sudo left behind belong to root:\n\n    ls -la " + escape.ShellWord(there)
	case errors.Is(err, syscall.EIO):
		what = "The disk reports an error. Look at the log of the kernel (dmesg) and trust no file on that disk until you know why."
	case errors.Is(err, syscall.EXDEV):
		what = "A directory below the output directory is a mount of its own, and a file cannot be moved into it in one step. Unmount it, or mount the output directory as a whole."
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EEXIST), errors.Is(err, syscall.ENOTEMPTY), errors.Is(err, fs.ErrNotExist):
		what = "Something else changed the directory at the same time, or a part of the path is a file. Look at it, and build again."
	default:
		what = "Mend that, and build again."
	}
	return diag.Errorf("NS505", wholeFile(name), "Output cannot be written",
		"%s could not be written: %s. %s", quote(name), reason(err), what)
}

// nearest gives the path itself, or of those above it the first that is a
// directory: its rights and its space are what a write needs.
func nearest(name string) string {
	for {
		info, err := os.Lstat(name)
		up := filepath.Dir(name)
		if err == nil && info.IsDir() || up == name {
			return name
		}
		name = up
	}
}

// failure is an operation of Apply that did not succeed.
type failure struct {
	path string // as people know it
	err  error
}

// errChanged is the cause of a failure in which a file was not as planned.
var errChanged = errors.New("changed since it was looked at")

func (f *failure) diagnose() *diag.Diagnostic {
	switch {
	case errors.Is(f.err, errChanged):
		return diag.Errorf("NS506", wholeFile(f.path), "Output changed during the build",
			"Something changed %s after this build had looked at it: an editor, git, or a second build. It was left as it is. Build again.", quote(f.path))
	case errors.Is(f.err, context.Canceled), errors.Is(f.err, context.DeadlineExceeded):
		return diag.Errorf("NS507", wholeFile(f.path), "Build was stopped",
			"The build was stopped before it changed anything in %s.", quote(f.path))
	}
	return cannotWrite(f.path, f.err)
}
