package secretstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"nselfc/lang/escape"
)

// maxAge bounds the encrypted file: 16 MiB is more than any .secrets.
const maxAge = 16 << 20

// digest is the version of the file; "" of none.
func digest(sealed []byte) string {
	if sealed == nil {
		return ""
	}
	sum := sha256.Sum256(sealed)
	return hex.EncodeToString(sum[:])
}

// root opens the stack's folder: no path of the stack leads out of it, by a link
// or otherwise.
func (a *Age) root() (*os.Root, error) {
	dir := a.opts.StackDir
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, a.failed("cannot be reached", err)
	}
	return root, nil
}

// name is the file's path below the stack's folder.
func (a *Age) name() string { return path.Clean(a.settings.File.V) }

// read gives the bytes of the file.
func (a *Age) read() ([]byte, error) {
	root, err := a.root()
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // opened for reading
	info, err := root.Lstat(a.name())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Error{
			Kind: ErrAbsent, Store: a.store, Problem: "does not exist yet.",
			Advice: "Make the values here and put them there, for the recipients that nself.hcl names:\n\n    nselfc secrets generate\n    nselfc secrets sync --push",
		}
	case err != nil:
		return nil, a.failed("cannot be read", err)
	case !info.Mode().IsRegular():
		return nil, a.notPlain()
	case info.Mode().Perm()&othersWrite != 0:
		return nil, a.writable(a.name())
	}
	if err := a.closed(root); err != nil {
		return nil, err
	}
	// O_NONBLOCK: a pipe that takes the file's place must not hold the command.
	f, err := root.OpenFile(a.name(), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, a.failed("cannot be read", err)
	}
	defer func() { _ = f.Close() }() // read only
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) {
		return nil, a.notPlain()
	}
	sealed, err := io.ReadAll(io.LimitReader(f, maxAge+1))
	switch {
	case err != nil:
		return nil, a.failed("cannot be read", err)
	case len(sealed) > maxAge:
		return nil, a.failed("cannot be read", errors.New("it is larger than 16 MiB"))
	}
	return append([]byte{}, sealed...), nil
}

// write puts the file in its place in one step.
func (a *Age) write(sealed []byte) (err error) {
	root, err := a.root()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // what was written is synced
	dir := path.Dir(a.name())
	temp := path.Join(dir, "."+path.Base(a.name())+".tmp-"+rand.Text())
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return a.failed("was not written", err)
	}
	defer func() {
		if err != nil {
			_ = root.Remove(temp) // the first error is the one to tell
		}
	}()
	_, err = f.Write(sealed)
	// What is encrypted may be read, and git knows no other mode.
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return a.failed("was not written", err)
	}
	if err = root.Rename(temp, a.name()); err != nil {
		return a.failed("was not written", err)
	}
	d, err := root.Open(dir)
	if err != nil {
		return a.failed("may be lost if the machine stops now", err)
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // such a file system syncs names by itself
	}
	if err = errors.Join(err, d.Close()); err != nil {
		return a.failed("may be lost if the machine stops now", err)
	}
	return nil
}

const (
	lockWait = 10 * time.Second
	lockPoll = 50 * time.Millisecond
)

// lock keeps other processes of this machine from writing the file. It locks the
// folder, so that nothing is left behind that would have to be ignored by git.
func (a *Age) lock(ctx context.Context) (func(), error) {
	root, err := a.root()
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // the folder below stays open
	dir := path.Dir(a.name())
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return nil, a.failed("has no folder", err)
	}
	d, err := root.Open(dir)
	if err != nil {
		return nil, a.failed("cannot be reached", err)
	}
	if err := a.closed(root); err != nil {
		_ = d.Close()
		return nil, err
	}
	patience, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	for {
		err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = d.Close() }, nil // closing gives the lock back
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = d.Close()
			return nil, a.failed("cannot be locked", err)
		}
		select {
		case <-patience.Done():
			_ = d.Close()
			if err := ctx.Err(); err != nil {
				return nil, a.stopped("written", err)
			}
			return nil, &Error{
				Kind: ErrConflict, Store: a.store, Problem: fmt.Sprintf("was not written: another nselfc holds the lock of its folder, and did not end in %s.", a.patience),
				Advice: "Nothing was written. Wait until that one has ended, and run the command again. See who it is:\n\n    fuser -v " + escape.ShellWord(path.Join(a.opts.StackDir, dir)),
			}
		case <-time.After(lockPoll):
		}
	}
}

// othersWrite is the mode bit by which every user of the host may write.
const othersWrite = 0o002

// closed refuses a folder in which every user of the host may put another file: to
// encrypt values of one's own for others, their public keys are enough.
func (a *Age) closed(root *os.Root) error {
	dir := path.Dir(a.name())
	info, err := root.Stat(dir)
	if err != nil {
		return a.failed("cannot be reached", err)
	}
	if info.Mode().Perm()&othersWrite != 0 && info.Mode()&fs.ModeSticky == 0 {
		return a.writable(dir)
	}
	return nil
}

func (a *Age) writable(path string) error {
	return &Error{
		Kind: ErrInvalid, Store: a.store, Problem: "can be replaced by every user of this host, with values that they chose.",
		Advice: "Take that right away, see in git whether the file is what was committed, and run the command again:\n\n    chmod o-w " + escape.ShellWord(path),
	}
}

func (a *Age) notPlain() error {
	return &Error{
		Kind: ErrInvalid, Store: a.store, Problem: "is not a plain file: a link would lead elsewhere.",
		Advice: "See what stands there, and put a file in its place:\n\n    ls -l " + escape.ShellWord(a.settings.File.V),
	}
}

// failed words what the system said about the file.
func (a *Age) failed(what string, err error) error {
	reason := err.Error()
	if said := (*fs.PathError)(nil); errors.As(err, &said) {
		reason = said.Err.Error()
	}
	e := &Error{Kind: ErrUnavailable, Store: a.store, Problem: what + ": " + reason + ".", Advice: "Mend the cause and run the command again. See what stands there with\n\n    ls -ld " + escape.ShellWord(path.Dir(a.name()))}
	if errors.Is(err, fs.ErrPermission) {
		e.Kind = ErrDenied
	}
	return e
}

func (a *Age) stopped(what string, err error) error {
	return &Error{Kind: ErrUnavailable, Store: a.store, Problem: "was not " + what + ": the command was stopped.", Advice: "Run it again.", Cause: err}
}
