package secrets

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"nselfc/emit/dotsecrets"
	"nselfc/internal/redact"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// maxSize bounds every file that is read: 16 MiB is 5000 certificates.
const maxSize = 16 << 20

// tempPrefix begins the names of files that are being written. One that a crash
// left behind is removed by the next run, under the lock.
const tempPrefix = ".secrets.tmp-"

// store reads and writes below one output directory, through an os.Root: no
// path leads out of it, and no symbolic link is ever followed to its end.
type store struct {
	dir    string // as the user named it, for messages
	root   *os.Root
	redact *redact.Registry
	step   func(op, path string) error
	held   map[string]string // what the environment's store holds, by key of .secrets
}

// open checks the directory and everything above it. The store is nil when there
// are errors.
func open(dir string, opts Options) (*store, diag.List) {
	real, diags := checkPath(dir)
	if diags.HasErrors() {
		return nil, diags
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, append(diags, (&store{dir: dir}).readFailed("", err))
	}
	st := &store{dir: dir, root: root, redact: opts.Redact, step: opts.step}
	if st.step == nil {
		st.step = func(string, string) error { return nil }
	}
	return st, diags
}

// openIfThere is open for reading only: a directory that does not exist is an
// empty one.
func openIfThere(dir string, opts Options) (*store, diag.List) {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return &store{dir: dir}, nil
	}
	opts.step = nil
	return open(dir, opts)
}

func (st *store) close() {
	if st.root != nil {
		_ = st.root.Close() // nothing was written through the directory handle
	}
}

func (st *store) exists(name string) bool {
	if st.root == nil {
		return false
	}
	_, err := st.root.Lstat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// inspect refuses what is not a plain file of ours with one name. nil without
// a diagnostic means that there is no such file.
func (st *store) inspect(name string) (fs.FileInfo, *diag.Diagnostic) {
	if st.root == nil {
		return nil, nil
	}
	fi, err := st.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, st.readFailed(name, err)
	}
	uid, _ := owner(fi)
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		return nil, st.misplaced(name, "is a symbolic link, and writing it would write where it points", "rm")
	case !fi.Mode().IsRegular():
		return nil, st.unsafe(name, "is not a regular file", "ls -ld")
	case links(fi) != 1:
		return nil, st.misplaced(name, fmt.Sprintf("has %d names (hard links), so its text can also be read and changed elsewhere", links(fi)), "find / -xdev -samefile")
	case uid != os.Geteuid() && (os.Geteuid() != 0 || !strings.HasPrefix(name, Dir+"/")):
		// Root gives rendered files to the users of containers, inside a directory
		// that is root's alone.
		return nil, st.misplaced(name, fmt.Sprintf("belongs to user %d, and this command runs as user %d", uid, os.Geteuid()), "ls -l")
	}
	return fi, nil
}

func (st *store) unsafe(name, problem, command string) *diag.Diagnostic {
	return st.refuse(name, problem, "See who did, save what you need, and remove it. Begin with\n\n    "+command+" "+escape.ShellWord(filepath.Join(st.dir, name)))
}

// misplaced is unsafe for what may well be the user's own file, moved, linked, or
// edited with sudo. Whoever removed .secrets for it would get new values, which
// no running service knows.
func (st *store) misplaced(name, problem, command string) *diag.Diagnostic {
	if name != File {
		return st.unsafe(name, problem, command)
	}
	install := "sudo install -m 600 -o " + strconv.Itoa(os.Geteuid())
	if os.Geteuid() == 0 {
		install = "install -m 600"
	}
	full := filepath.Join(st.dir, name)
	return st.refuse(name, problem, fmt.Sprintf("Do not just remove it: the next build would make a new value for every secret, and no running service knows those. "+
		"If the values are yours, put a file of your own in its place that has them:\n\n    %s %s %s && mv %[3]s %[2]s", install, escape.ShellWord(full), escape.ShellWord(full+".own")))
}

func (st *store) refuse(name, problem, advice string) *diag.Diagnostic {
	full := filepath.Join(st.dir, name)
	return diag.Errorf(codeUnsafeFile, onFile(full), "Unsafe file in the output directory",
		"%s %s. nselfc neither reads nor replaces such a file: somebody may have put it there to get at the secrets.\n\n%s", full, problem, advice)
}

// read gives the bytes of a file that inspect accepts, or nil when it does not exist.
func (st *store) read(name string) ([]byte, fs.FileInfo, *diag.Diagnostic) {
	before, d := st.inspect(name)
	if before == nil {
		return nil, nil, d
	}
	f, err := st.root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, st.readFailed(name, err)
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost
	fi, err := f.Stat()
	if err != nil {
		return nil, nil, st.readFailed(name, err)
	}
	if !os.SameFile(before, fi) {
		return nil, nil, st.unsafe(name, "was exchanged while it was being opened", "ls -l")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(text) > maxSize {
		err = errors.New("it is larger than 16 MiB")
	}
	if err != nil {
		return nil, nil, st.readFailed(name, err)
	}
	return append([]byte{}, text...), fi, nil
}

// readSecrets parses .secrets. Its mode must keep others out: a file that was
// open has perhaps been read, which a silent chmod would hide.
func (st *store) readSecrets() (*dotsecrets.Document, []byte, diag.List) {
	text, fi, d := st.read(File)
	if d != nil {
		return nil, nil, diag.List{d}
	}
	if fi == nil {
		return dotsecrets.New(), nil, nil
	}
	full := filepath.Join(st.dir, File)
	doc, diags := dotsecrets.Parse(full, text)
	st.learn(doc)
	if d := st.private(File, fi, "600"); d != nil {
		diags = append(diags, d)
	}
	return doc, text, diags
}

// learn keeps all values of .secrets out of what is printed from here on, whether
// anything declares them or not.
func (st *store) learn(doc *dotsecrets.Document) {
	for _, key := range doc.Keys() {
		if value, _ := doc.Get(key); !public(key) {
			st.redact.Learn(NewValue(key, value))
		}
	}
}

func (st *store) private(name string, fi fs.FileInfo, mode string) *diag.Diagnostic {
	if fi.Mode().Perm()&0o077 == 0 {
		return nil
	}
	full := filepath.Join(st.dir, name)
	return diag.Errorf(codeOpenMode, onFile(full), "Secrets open to other users",
		"%s has mode %04o: other users of this machine can get at the secrets in it, and perhaps did.\n\nClose it, and rotate what others may have read:\n\n    chmod %s %s",
		full, fi.Mode().Perm(), mode, escape.ShellWord(full))
}

// write puts a file in its place in one step: readers see the old one or the
// new one, whole. The text goes to a new file that only we can read, which gets
// its owner and mode and is synced before it takes the name. uid -1 keeps ours.
// The name lasts once the caller has synced the directory.
func (st *store) write(name string, text []byte, mode fs.FileMode, uid int) (err error) {
	temp := path.Join(path.Dir(name), tempPrefix+rand.Text())
	if err := st.step("create", name); err != nil {
		return err
	}
	f, err := st.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	renamed := false
	defer func() {
		if !renamed {
			_ = f.Close()
			_ = st.root.Remove(temp) // the first error is the one to tell; the next run cleans up
		}
	}()
	if err := f.Chmod(0o600); err != nil { // a umask such as 0777 took the bits away
		return err
	}
	if err := st.step("write", name); err != nil {
		return err
	}
	if _, err := io.Copy(f, bytes.NewReader(text)); err != nil {
		return err
	}
	if uid >= 0 {
		if err := f.Chown(uid, -1); err != nil {
			return err
		}
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := st.step("sync", name); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := st.step("rename", name); err != nil {
		return err
	}
	if err := st.root.Rename(temp, name); err != nil {
		return err
	}
	renamed = true
	return nil
}

func (st *store) remove(name string) error {
	if err := st.step("remove", name); err != nil {
		return err
	}
	return st.root.Remove(name)
}

// syncDir makes the names in a directory last. File systems that cannot sync a
// directory say EINVAL, and need no sync.
func (st *store) syncDir(dir string) error {
	if err := st.step("syncdir", dir); err != nil {
		return err
	}
	d, err := st.root.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// cleanTemps removes what a killed run left behind beside .secrets. It runs under
// the lock, so that nobody is writing such a file.
func (st *store) cleanTemps() error {
	d, err := st.root.Open(".")
	if err != nil {
		return err
	}
	names, err := d.Readdirnames(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, tempPrefix) {
			continue
		}
		if fi, err := st.root.Lstat(name); err != nil || !fi.Mode().IsRegular() {
			continue
		}
		if err := st.remove(name); err != nil {
			return err
		}
	}
	return nil
}
