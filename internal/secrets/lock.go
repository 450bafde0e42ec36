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
