package outdir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
	"nselfc/lang/source"
)

// Dir is one output directory. Nothing that a Dir does can leave it: every path
// is resolved below an os.Root. A Dir belongs to one goroutine.
type Dir struct {
	name   string      // as diagnostics and suggested commands call it
	root   *os.Root    // nil while the directory does not exist
	self   os.FileInfo // the directory itself; nil with root
	held   *os.File    // carries the build lock; nil while not held
	parent string      // directory that the first of below stands in
	below  []string
	sys    system
	// workers is how many files are staged at once. fsync waits for the disk, and
	// a journalling file system commits what several callers wait for together.
	workers int
	// patience is how long Acquire waits for another build.
	patience time.Duration
	// reader says that the directory is only looked at: whose it is does not
	// matter then, nor who could change it.
	reader bool
}

// A build takes a second at most: who waits longer than this waits for something
// else, and is told.
const (
	lockPatience = 10 * time.Second
	lockPoll     = 20 * time.Millisecond
)

// Open looks at the output directory without changing anything: one that does
// not exist is a directory without files until Acquire makes it. Each of below
// names a directory in the one before, as an environment's in the stack's.
//
// The directory, and each of below, must be a real directory and no symbolic
// link, and no other user may be able to change it: what stands in it runs as
// root later (ufw/apply.sh). The error is NS501, NS502 or NS504.
func Open(dir string, below ...string) (*Dir, *diag.Diagnostic) {
	return opened(newDir(dir, below))
}

func newDir(dir string, below []string) *Dir {
	dir = filepath.Clean(dir)
	return &Dir{
		name: filepath.Join(append([]string{dir}, below...)...), parent: dir, below: below,
		sys: realSystem(), workers: 8, patience: lockPatience,
	}
}

func opened(d *Dir) (*Dir, *diag.Diagnostic) {
	if problem := d.open(); problem != nil {
		d.Close()
		return nil, problem
	}
	return d, nil
}

// Close lets go of the directory, and of the build lock where it is held.
func (d *Dir) Close() {
	if d.held != nil {
		_ = d.held.Close() // opened for reading: closing loses nothing
		d.held = nil
	}
	if d.root != nil {
		_ = d.root.Close()
		d.root = nil
	}
}

// Name gives the directory as the caller named it.
func (d *Dir) Name() string { return d.name }

// Rel turns a path that a user typed, absolute or relative to the working
// directory, into a path of this output directory, and tells whether it is one.
// Suggested commands show such paths, because a shell completes them.
func (d *Dir) Rel(typed string) (string, bool) {
	base, err := filepath.Abs(d.name)
	if err != nil {
		return "", false
	}
	full, err := filepath.Abs(typed)
	if err != nil {
		return "", false
	}
	rel, err := filepath.Rel(base, full)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

func (d *Dir) open() *diag.Diagnostic {
	if full, err := filepath.Abs(d.parent); err == nil && full == filepath.Dir(full) {
		return diag.Errorf("NS501", wholeFile(d.parent), "Output directory is not a real directory",
			"%s is the root of the file system, whose directories are the system's own: those of an environment called dev would be /dev. "+
				"Name a directory for the output:\n\n    nselfc build -o DIR", quote(d.parent))
	}
	info, err := os.Lstat(d.parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if problem := d.checkDirectory(d.parent, info, err); problem != nil {
		return problem
	}
	root, err := os.OpenRoot(d.parent)
	if problem := checkOpened(d.parent, root, info, err); problem != nil {
		return problem
	}
	name := d.parent
	for _, part := range d.below {
		name = filepath.Join(name, part)
		info, err = root.Lstat(part)
		if errors.Is(err, fs.ErrNotExist) {
			return closing(root, nil)
		}
		if problem := d.checkDirectory(name, info, err); problem != nil {
			return closing(root, problem)
		}
		next, err := root.OpenRoot(part)
		_ = root.Close()
		if problem := checkOpened(name, next, info, err); problem != nil {
			return problem
		}
		root = next
	}
	d.root, d.self = root, info
	return nil
}

func closing(r *os.Root, problem *diag.Diagnostic) *diag.Diagnostic {
	_ = r.Close()
	return problem
}

// checkDirectory judges what Lstat said of a directory on the way.
func (d *Dir) checkDirectory(name string, info os.FileInfo, err error) *diag.Diagnostic {
	at := wholeFile(name)
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return diag.Errorf("NS501", at, "Output directory is not a real directory",
			"%s cannot exist, because a part of that path is a file. Name a directory for the output:\n\n    nselfc build -o DIR", quote(name))
	case err != nil:
		return cannotRead(name, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return diag.Errorf("NS501", at, "Output directory is not a real directory",
			"%s is a symbolic link. A link can come with a branch of the repository and lead anywhere, so a build never follows one. "+
				"Name the directory that it leads to, or remove the link:\n\n    nselfc build -o DIR", quote(name))
	case !info.IsDir():
		return diag.Errorf("NS501", at, "Output directory is not a real directory",
			"%s is a file. The output is a directory of several files. Move the file away, or name another directory:\n\n    nselfc build -o DIR", quote(name))
	case d.reader:
		return nil
	case info.Mode().Perm()&0o002 != 0:
		return diag.Errorf("NS502", at, "Output directory is open to other users",
			"Every user of this machine can write to %s, and so replace the firewall script that you run as root later, or slip in a file. "+
				"Take that right away:\n\n    chmod o-w %s", quote(name), escape.ShellWord(name))
	}
	if me, other := os.Geteuid(), owner(info); me != 0 && other != me && other >= 0 {
		return diag.Errorf("NS502", at, "Output directory is open to other users",
			"%s belongs to the user with the id %d, who can replace every file in it at any time. Build as that user, or make the directory your own:\n\n"+
				"    sudo chown -R \"$(id -u)\" %s", quote(name), other, escape.ShellWord(name))
	}
	return nil
}

// checkOpened makes sure that what was opened is what was judged: a name can
// change hands between the two.
func checkOpened(name string, r *os.Root, judged os.FileInfo, err error) *diag.Diagnostic {
	if err != nil {
		return cannotRead(name, err)
	}
	if info, err := r.Stat("."); err != nil || !os.SameFile(info, judged) {
		_ = r.Close()
		return diag.Errorf("NS501", wholeFile(name), "Output directory is not a real directory",
			"%s was replaced while nselfc was opening it. Find out what else works there, and build again.", quote(name))
	}
	return nil
}

// Acquire makes the directory where it does not exist, and takes the build lock,
// so that no second build works in it until Close. It is an flock(2) on the
// directory itself: it leaves no file behind and ends with the process, however
// that ends. Apply acquires too; a build acquires before it plans, so that the
// plan cannot grow old. While another build holds the lock, it waits for 10
// seconds, or until ctx is done. The error is NS503, or the cannot-write one of Apply.
func (d *Dir) Acquire(ctx context.Context) *diag.Diagnostic {
	if d.held != nil {
		return nil
	}
	if d.reader {
		return bug(d.name, "A directory that was opened for looking was to be written.")
	}
	if d.root == nil {
		if err := d.sys.mkdirAll(d.name, 0o755); err != nil {
			return cannotWrite(d.name, err)
		}
		if problem := d.open(); problem != nil {
			return problem
		}
		if d.root == nil {
			return cannotWrite(d.name, fs.ErrNotExist)
		}
	}
	f, err := d.root.Open(".")
	if err != nil {
		return cannotRead(d.name, err)
	}
	err = waitForLock(ctx, f, syscall.LOCK_EX, d.patience)
	if err == nil {
		d.held = f
		return nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return diag.Errorf("NS503", wholeFile(d.name), "Another build is running in the output directory",
			"Another nselfc is writing to %s, and has not ended while this one waited. Two at once would mix their files. Wait for it to end, and build again.", quote(d.name))
	}
	return diag.Errorf("NS503", wholeFile(d.name), "Another build is running in the output directory",
		"Whether another nselfc is writing to %s cannot be told, because its file system has no locks (%s). "+
			"Build in a directory on a local file system:\n\n    nselfc build -o DIR", quote(d.name), reason(err))
}

// waitForLock takes the flock of a file. The kernel's own waiting could not be
// given up, so it asks again and again; the error is EWOULDBLOCK when it gives up.
func waitForLock(ctx context.Context, f *os.File, how int, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		select {
		case <-ctx.Done():
			return syscall.EWOULDBLOCK
		case <-time.After(lockPoll):
		}
	}
}

// path gives the name of a file of the directory for people.
func (d *Dir) path(p string) string { return filepath.ToSlash(filepath.Join(d.name, p)) }

// wholeFile is the place of a finding about a file and no line of it.
func wholeFile(name string) source.Range {
	return source.Range{File: filepath.ToSlash(name), Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
}

// reason gives the words of the operating system without the operation and the
// path around them, which differ between runs and systems.
func reason(err error) string {
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return no.Error()
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return strings.TrimSpace(pe.Err.Error())
	}
	return err.Error()
}
