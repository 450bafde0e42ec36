package outdir

import (
	"context"
	"errors"
	"os"
	"syscall"

	"nselfc/lang/diag"
)

// Look is Open for somebody who will only Plan and Check, as in CI: the
// directory may belong to anybody, be open to others, and stand on a file system
// that is read-only. Apply refuses it. The error is NS501 or NS504.
func Look(dir string, below ...string) (*Dir, *diag.Diagnostic) {
	d := newDir(dir, below)
	d.reader = true
	return opened(d)
}

// Settle waits until no build is at work in the directory, and keeps the next one
// waiting until Close, so that a check does not see half of a build. It is a
// shared flock(2) on the directory itself, which writes nothing and which any
// reader may take. onWait is called once when there is something to wait for.
// Where the file system has no locks, no build works either, and there is nothing
// to wait for. The error is NS503, when the build does not end in time.
func (d *Dir) Settle(ctx context.Context, onWait func()) *diag.Diagnostic {
	if d.root == nil || d.held != nil {
		return nil
	}
	f, err := OpenQuietly(d.root, ".")
	if err != nil {
		return cannotRead(d.name, err)
	}
	err = waitForLock(ctx, f, syscall.LOCK_SH, 0)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		if onWait != nil {
			onWait()
		}
		err = waitForLock(ctx, f, syscall.LOCK_SH, d.patience)
	}
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		d.held = f // also without a lock: Close closes it
		return nil
	}
	_ = f.Close() // opened for reading
	return diag.Errorf("NS503", wholeFile(d.name), "Another build is running in the output directory",
		"Another nselfc is writing to %s, and has not ended while this one waited. What stands there is half of one build and half of another. Wait for it to end, and look again.", quote(d.name))
}

// OpenQuietly opens a file or directory for reading. Where it may, it leaves even
// the time of the last access alone (open(2), O_NOATIME: for the owner and root).
// O_NONBLOCK keeps a FIFO from stopping the caller for ever.
func OpenQuietly(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|noAtime, 0)
	if errors.Is(err, syscall.EPERM) {
		return root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	}
	return f, err
}
