package outdir

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"syscall"

	"nselfc/lang/diag"
)

// Result says what a build did. Every list is sorted.
type Result struct {
	Created   []string // not there before
	Updated   []string // replaced, for their text or their permissions
	Removed   []string
	Unchanged []string // not touched
}

// Apply makes the output directory as the plan says, under the build lock, which
// it takes if it is not held. Nothing is written when there is nothing to change.
//
// Stopping ctx while files are staged undoes all; from the moment that the first
// file is replaced, the rest follows, which takes milliseconds. After an error
// (NS505 to NS507) each file is whole, either as before or as planned, and the
// next Plan and Apply finish the work. The result says what was done.
func (d *Dir) Apply(ctx context.Context, p *Plan) (*Result, diag.List) {
	res := &Result{}
	if p.blocked {
		return res, diag.List{bug(d.name, "A plan with errors was to be carried out.")}
	}
	if problem := d.Acquire(ctx); problem != nil {
		return res, diag.List{problem}
	}
	a := applier{dir: d, root: d.root, sys: d.sys, plan: p, res: res, touched: map[string]bool{}}
	for _, e := range p.Entries {
		if e.wanted && !e.Writes() {
			res.Unchanged = append(res.Unchanged, e.Path)
		}
	}
	if !p.Changed() {
		return res, nil
	}
	if err := a.run(ctx); err != nil {
		a.abandon()
		problem := err.diagnose()
		if a.visible {
			problem.Detail += "\n\nSome files are of this build and some are older; each is whole. The next build finishes the work. Deploy nothing before."
		}
		return res, diag.List{problem}
	}
	slices.Sort(res.Removed) // orphans in the way went first
	return res, nil
}

// applier is one run of Apply.
type applier struct {
	dir  *Dir
	root *os.Root
	sys  system
	plan *Plan
	res  *Result

	staged    []string // names in the staging directory
	announced bool     // .nself.next is the lock of this build
	visible   bool     // a file of the output may differ from before
	touched   map[string]bool
}

// run is the protocol of the package comment, in order.
func (a *applier) run(ctx context.Context) *failure {
	if err := ctx.Err(); err != nil {
		return &failure{path: a.dir.name, err: err}
	}
	writes, early, late := a.sort()
	if err := a.asPlanned(); err != nil {
		return err
	}
	if err := a.clean(); err != nil {
		return err
	}
	if err := a.stage(ctx, writes); err != nil {
		return err
	}
	if err := a.announce(); err != nil {
		return err
	}
	if err := a.remove(early); err != nil {
		return err
	}
	if err := a.place(writes); err != nil {
		return err
	}
	if err := a.openUp(); err != nil {
		return err
	}
	if err := a.remove(late); err != nil {
		return err
	}
	if err := a.prune(); err != nil {
		return err
	}
	if err := a.settle(); err != nil {
		return err
	}
	return a.commit()
}

// sort gives the entries to write, and those to remove before and after that.
func (a *applier) sort() (writes, early, late []*Entry) {
	for _, e := range a.plan.Entries {
		switch {
		case e.Writes():
			writes = append(writes, e)
		case e.Removes() && e.first:
			early = append(early, e)
		case e.Removes():
			late = append(late, e)
		}
	}
	return writes, early, late
}

func (a *applier) fail(p string, err error) *failure { return &failure{path: a.dir.path(p), err: err} }

// asPlanned looks again at everything that will be replaced or removed, before
// anything happens.
func (a *applier) asPlanned() *failure {
	now := newDisk(a.root)
	defer now.close()
	for _, e := range a.plan.Entries {
		// What makes way for a file is looked at under its own path.
		if !e.Writes() && !e.Removes() || e.clear != nil {
			continue
		}
		if err := a.same(now, e); err != nil {
			return err
		}
	}
	if p, err := now.look(LockName); err != nil || !sameState(p.info, a.plan.lockPlace.info) {
		return a.fail(LockName, errChanged)
	}
	return nil
}

func (a *applier) same(now *disk, e *Entry) *failure {
	p, err := now.look(e.Path)
	switch {
	case err != nil:
		return a.fail(e.Path, err)
	case !sameState(p.info, e.onDisk.info):
		return a.fail(e.Path, errChanged)
	}
	return nil
}

// sameNow is same without anything that was looked up before.
func (a *applier) sameNow(e *Entry) *failure {
	now := newDisk(a.root)
	defer now.close()
	return a.same(now, e)
}

// remove removes files as planned. The look just before leaves an editor the
// time between two system calls.
func (a *applier) remove(entries []*Entry) *failure {
	for _, e := range entries {
		if err := a.sameNow(e); err != nil {
			return err
		}
		a.visible = true
		if err := a.sys.remove(a.root, e.Path); err != nil {
			return a.fail(e.Path, err)
		}
		a.res.Removed = append(a.res.Removed, e.Path)
		a.touched[path.Dir(e.Path)] = true
	}
	return nil
}

// place renames the staged files to where they belong.
func (a *applier) place(writes []*Entry) *failure {
	for i, e := range writes {
		for _, dir := range e.clear {
			a.visible = true
			if err := a.sys.remove(a.root, dir); err != nil {
				return a.fail(dir, err)
			}
			delete(a.touched, dir)
			a.touched[path.Dir(dir)] = true
		}
		if err := a.sameNow(e); err != nil {
			return err
		}
		if err := a.makeParents(e.Path); err != nil {
			return err
		}
		a.visible = true
		if err := a.sys.rename(a.root, path.Join(stagingName, a.staged[i]), e.Path); err != nil {
			return a.fail(e.Path, err)
		}
		a.touched[path.Dir(e.Path)] = true
		if e.onDisk.kind == absent {
			a.res.Created = append(a.res.Created, e.Path)
		} else {
			a.res.Updated = append(a.res.Updated, e.Path)
		}
	}
	return nil
}

// makeParents makes the directories above a file, mode 0755 whatever the umask
// says: containers look into them as users of their own.
func (a *applier) makeParents(p string) *failure {
	var missing []string
	parents(p, func(dir string) bool {
		info, err := a.root.Lstat(dir)
		if err == nil && info.IsDir() {
			return false
		}
		missing = append(missing, dir)
		return true
	})
	for _, dir := range slices.Backward(missing) {
		a.visible = true
		if err := a.sys.mkdir(a.root, dir, 0o755); err != nil {
			return a.fail(dir, err)
		}
		if err := a.setMode(dir, 0o755); err != nil {
			return err
		}
		a.touched[path.Dir(dir)] = true
	}
	return nil
}

// openUp lets containers into the directories that the plan found closed, and
// other users out of those that it found open.
func (a *applier) openUp() *failure {
	for _, dir := range slices.Sorted(maps.Keys(a.plan.dirModes)) {
		if info, err := a.root.Lstat(dir); err != nil || !info.IsDir() {
			continue // it made way
		}
		a.visible = true
		if err := a.setMode(dir, a.plan.dirModes[dir]); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) setMode(dir string, mode os.FileMode) *failure {
	f, err := a.root.Open(dir)
	if err != nil {
		return a.fail(dir, err)
	}
	err = a.sys.chmod(f, mode)
	_ = f.Close() // opened for reading
	if err != nil {
		return a.fail(dir, err)
	}
	return nil
}

// prune removes the directories that held nothing but files of ours, now gone.
// One that holds anything else stays, and so does a mount point.
func (a *applier) prune() *failure {
	for _, e := range slices.Backward(a.plan.Entries) {
		if e.wanted {
			continue
		}
		var failed *failure
		parents(e.Path, func(dir string) bool {
			info, err := a.root.Lstat(dir)
			if errors.Is(err, fs.ErrNotExist) {
				return true // an interrupted build may have made the one above
			}
			if err != nil || !info.IsDir() {
				return false
			}
			err = a.sys.remove(a.root, dir)
			switch {
			case err == nil:
				a.visible = true
				delete(a.touched, dir)
				a.touched[path.Dir(dir)] = true
				return true
			case !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, syscall.EEXIST) && !errors.Is(err, syscall.EBUSY):
				failed = a.fail(dir, err)
			}
			return false
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}
