package outdir

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// stagedLock is the name of a lock in the staging directory; the files that wait
// there are called by their number.
const stagedLock = "lock"

// clean removes what an interrupted build left in the staging directory, and
// makes a lock true that such a build left behind the disk: from then on it does
// not matter which build each file is from. Then it opens a new staging
// directory, which nobody else may look into.
func (a *applier) clean() *failure {
	if a.plan.staging {
		for _, name := range a.plan.leftovers {
			if err := a.sys.remove(a.root, path.Join(stagingName, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return a.fail(path.Join(stagingName, name), err)
			}
		}
		if err := a.sys.remove(a.root, stagingName); err != nil {
			return a.fail(stagingName, err)
		}
	}
	if err := a.sys.mkdir(a.root, stagingName, 0o700); err != nil {
		return a.fail(stagingName, err)
	}
	if a.plan.recovered == nil {
		return nil
	}
	if err := a.stageLock(a.plan.recovered); err != nil {
		return err
	}
	if err := a.sys.rename(a.root, path.Join(stagingName, stagedLock), LockName); err != nil {
		return a.fail(LockName, err)
	}
	return a.syncDir(".")
}

// stage writes every new file under a number and makes it durable. That takes
// all the space that the build needs, before it changes anything.
func (a *applier) stage(ctx context.Context, writes []*Entry) *failure {
	a.staged = make([]string, len(writes))
	for i := range writes {
		a.staged[i] = strconv.Itoa(i)
	}
	return a.sideBySide(len(writes), func(i int) *failure { return a.stageFile(ctx, a.staged[i], writes[i]) })
}

// sideBySide does n things that wait for the disk, several at once, and begins
// none after the first that failed.
func (a *applier) sideBySide(n int, do func(i int) *failure) *failure {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		next  int
		first *failure
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if first != nil || next == n {
			return 0, false
		}
		next++
		return next - 1, true
	}
	for range min(max(a.dir.workers, 1), n) {
		wg.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				err := do(i)
				if err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return first
}

func (a *applier) stageFile(ctx context.Context, name string, e *Entry) *failure {
	if err := ctx.Err(); err != nil {
		return &failure{path: a.dir.name, err: err}
	}
	if err := a.writeNew(path.Join(stagingName, name), e.Text, os.FileMode(e.Mode)); err != nil {
		return a.fail(e.Path, err)
	}
	return nil
}

func (a *applier) stageLock(text []byte) *failure {
	if err := a.writeNew(path.Join(stagingName, stagedLock), string(text), 0o644); err != nil {
		return a.fail(LockName, err)
	}
	return nil
}

// writeNew writes a file that must not exist yet. Its mode is set on the open
// file, so that the umask has no say.
func (a *applier) writeNew(name, text string, mode os.FileMode) (err error) {
	f, err := a.sys.create(a.root, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := a.sys.write(f, text); err != nil {
		return err
	}
	if err := a.sys.chmod(f, mode); err != nil {
		return err
	}
	return a.sys.sync(f)
}

// announce puts the new lock beside the one in force, unless they are the same:
// then each file that will be placed is known by the lock already.
func (a *applier) announce() *failure {
	if !a.plan.LockChanged {
		return nil
	}
	if err := a.stageLock(a.plan.lock); err != nil {
		return err
	}
	if err := a.sys.rename(a.root, path.Join(stagingName, stagedLock), nextName); err != nil {
		return a.fail(nextName, err)
	}
	a.announced = true
	return a.syncDir(".")
}

// settle makes durable what place, remove and prune did.
func (a *applier) settle() *failure {
	dirs := slices.Sorted(maps.Keys(a.touched))
	return a.sideBySide(len(dirs), func(i int) *failure { return a.syncDir(dirs[i]) })
}

// commit puts the new lock in force. With it, the build is done.
func (a *applier) commit() *failure {
	if err := a.sys.remove(a.root, stagingName); err != nil {
		return a.fail(stagingName, err)
	}
	switch {
	case a.announced:
		if err := a.sys.rename(a.root, nextName, LockName); err != nil {
			return a.fail(LockName, err)
		}
	case a.plan.Unfinished:
		if err := a.sys.remove(a.root, nextName); err != nil {
			return a.fail(nextName, err)
		}
	}
	return a.syncDir(".")
}

// abandon removes what is staged, as far as it can, after a failure; what it
// cannot remove, the next build does. The announcement is withdrawn only while
// every file is still as before.
func (a *applier) abandon() {
	if a.announced && !a.visible {
		_ = a.sys.remove(a.root, nextName)
	}
	for _, name := range append([]string{stagedLock}, a.staged...) {
		_ = a.sys.remove(a.root, path.Join(stagingName, name))
	}
	_ = a.sys.remove(a.root, stagingName)
}

func (a *applier) syncDir(dir string) *failure {
	f, err := a.root.Open(dir)
	if err != nil {
		return a.fail(dir, err)
	}
	err = a.sys.sync(f)
	_ = f.Close() // opened for reading
	// Some network file systems cannot sync a directory, and do with every change
	// of one what sync would do, or nothing.
	if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return a.fail(dir, err)
	}
	return nil
}
