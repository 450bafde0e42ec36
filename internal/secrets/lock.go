package secrets

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

const (
	defaultLockWait = 10 * time.Second
	lockPoll        = 50 * time.Millisecond
)

// lock takes the directory for this process. The lock is the kernel's (flock),
// so that it ends with the process, however that ends; the file stays.
func (st *store) lock(ctx context.Context, opts Options) (func(), diag.List) {
	if _, d := st.inspect(LockFile); d != nil {
		return nil, diag.List{d}
	}
	if err := st.step("create", LockFile); err != nil {
		return nil, diag.List{st.writeFailed(LockFile, err)}
	}
	f, err := st.root.OpenFile(LockFile, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, diag.List{st.writeFailed(LockFile, err)}
	}
	if err := f.Chmod(0o600); err != nil { // a umask such as 0777 took the bits away
		_ = f.Close()
		return nil, diag.List{st.writeFailed(LockFile, err)}
	}
	wait := opts.LockWait
	if wait == 0 {
		wait = defaultLockWait
	}
	patience, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for first := true; ; first = false {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // closing gives the lock back
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = f.Close()
			return nil, diag.List{st.lockFailed("cannot be locked: "+err.Error(), "The file system must support flock(2); some network file systems do not. Build on a local disk.")}
		}
		if first && opts.OnWait != nil {
			opts.OnWait()
		}
		select {
		case <-patience.Done():
			_ = f.Close()
			end := "which did not end in " + wait.String()
			if ctx.Err() != nil {
				end = "and this build was stopped before that one ended"
			}
			return nil, diag.List{st.lockFailed("is held by another nselfc, "+end,
				"Wait until it has ended. See who holds the file with\n\n    fuser -v "+escape.ShellWord(filepath.Join(st.dir, LockFile)))}
		case <-time.After(lockPoll):
		}
	}
}

func (st *store) lockFailed(problem, advice string) *diag.Diagnostic {
	full := filepath.Join(st.dir, LockFile)
	return diag.Errorf(codeLocked, onFile(full), "Output directory in use",
		"%s %s. Two builds at once could each make a value for the same secret, and one of the two would be lost.\n\n%s", full, problem, advice)
}

// openLocked takes the directory for a command that changes .secrets. Where the
// environment has a store, it is read first, so that nobody waits for the lock while
// a server or a person takes their time; and once more behind the lock when somebody
// changed .secrets meanwhile, as what was read may be older than that by now.
func openLocked(ctx context.Context, dir string, opts Options) (*store, func(), diag.List) {
	before, held, diags := "", map[string]string(nil), diag.List(nil)
	if opts.ReadStore != nil {
		before = stamp(dir)
		if held, diags = opts.ReadStore(); diags.HasErrors() {
			return nil, nil, diags
		}
	}
	st, diags := open(dir, opts)
	if st == nil {
		return nil, nil, diags
	}
	st.held = held
	unlock, more := st.lock(ctx, opts)
	if diags = append(diags, more...); diags.HasErrors() {
		st.close()
		return nil, nil, diags
	}
	done := func() { unlock(); st.close() }
	diags = append(append(diags, tracked(st.dir, st.root.Name(), LockFile)...), unignored(st.dir, st.root.Name())...)
	if err := st.cleanTemps(); err != nil {
		diags = append(diags, st.writeFailed(File, err))
	}
	if !diags.HasErrors() && opts.ReadStore != nil && stamp(dir) != before {
		var more diag.List
		st.held, more = opts.ReadStore()
		diags = append(diags, more...)
	}
	if diags.HasErrors() {
		done()
		return nil, nil, diags
	}
	return st, done, diags
}

// stamp changes whenever values of a directory do, with each step of a rotation, and
// when values were put into the store that .secrets has had for a while.
func stamp(dir string) (out string) {
	st, diags := openIfThere(dir, Options{})
	if diags.HasErrors() {
		return "" // whoever opens it to write says why
	}
	defer st.close()
	for _, name := range []string{File, journalFile, SyncedFile} {
		text, _, _ := st.read(name)
		out += digest(text)
	}
	return out
}

// openReading is openLocked for those who write nothing: a directory that is not there
// is an empty one, and nobody waits.
func openReading(_ context.Context, dir string, opts Options) (*store, func(), diag.List) {
	st, diags := openIfThere(dir, opts)
	if diags.HasErrors() {
		return nil, nil, diags
	}
	if opts.ReadStore != nil {
		var more diag.List
		st.held, more = opts.ReadStore()
		diags = append(diags, more...)
	}
	return st, st.close, diags
}
