package outdir

import (
	"path"
	"strings"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// readLocks reads nself.lock and, where an earlier build was interrupted, the
// lock that it was about to put in force. Neither is ever nil. Forcing the lock
// makes a build do without one that cannot be trusted, and not mind the name of
// the stack in one that can.
func (l *planner) readLocks(meta Meta) (lock, next *Lock, diags diag.List) {
	forced := l.force[LockName]
	var at place
	lock, l.lockText, at, diags = l.readLock(LockName)
	l.plan.lockPlace = at
	if forced && diags.HasErrors() && at.kind != directory {
		lock, diags = &Lock{}, nil
	}
	next, _, at, more := l.readLock(nextName)
	if len(more) > 0 {
		// Nothing is lost without it: files of the interrupted build that this one
		// wants otherwise count as edited. But who wrote it is worth asking.
		for _, d := range more {
			d.Detail = "An interrupted build leaves " + nextName + " behind, but this one is not what a build writes. Remove it, and build again:\n\n    rm " +
				escape.ShellWord(l.dir.path(nextName))
		}
		return lock, &Lock{}, append(diags, more[0])
	}
	l.plan.Unfinished = at.kind != absent
	if !diags.HasErrors() && !forced && lock.Stack != "" && meta.Stack != "" && lock.Stack != meta.Stack {
		diags = append(diags, diag.Errorf("NS514", wholeFile(l.dir.path(LockName)), "Output belongs to another stack",
			"%s holds the output of the stack %s, and this is %s. Building here would remove the files of the other stack. Name another directory:\n\n"+
				"    nselfc build -o DIR\n\nOr, if the stack was renamed, accept that. The containers and volumes of the old name stay behind on the host, "+
				"and with them the data: see docker compose ls before you deploy.\n\n    nselfc build --force %s",
			quote(l.dir.name), quote(lock.Stack), quote(meta.Stack), escape.ShellWord(l.dir.path(LockName))))
	}
	return lock, next, diags
}

// readLock reads one lock; one that is not there is empty.
func (l *planner) readLock(name string) (*Lock, []byte, place, diag.List) {
	shown := l.dir.path(name)
	at, err := l.disk.look(name)
	switch {
	case err != nil:
		return &Lock{}, nil, at, diag.List{cannotRead(shown, err)}
	case at.kind == absent:
		return &Lock{}, nil, at, nil
	case at.kind != regular:
		return &Lock{}, nil, at, diag.List{l.notRegular(name, name+" is "+at.kind.String(), at.kind)}
	}
	text, err := l.disk.read(name, at.info, maxLockBytes+1)
	if err != nil {
		return &Lock{}, nil, at, diag.List{cannotRead(shown, err)}
	}
	lock, diags := ReadLock(shown, text)
	return lock, text, at, diags
}

// staging looks for what an interrupted build staged.
func (l *planner) staging() {
	at, err := l.disk.look(stagingName)
	switch {
	case err != nil:
		l.diags = append(l.diags, cannotRead(l.dir.path(stagingName), err))
		return
	case at.kind == absent:
		return
	case at.kind != directory:
		l.diags = append(l.diags, l.notRegular(stagingName, stagingName+" is "+at.kind.String(), directory))
		return
	}
	entries, err := l.disk.list(stagingName)
	if err != nil {
		l.diags = append(l.diags, cannotRead(l.dir.path(stagingName), err))
		return
	}
	l.plan.staging = true
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.Trim(e.Name(), "0123456789") != "" && e.Name() != stagedLock {
			l.diags = append(l.diags, l.notRegular(stagingName, path.Join(stagingName, e.Name())+" is not from a build", directory))
			return
		}
		l.plan.leftovers = append(l.plan.leftovers, e.Name())
	}
}

// waysClear settles the paths at which one kind of thing must give way to
// another: a directory that holds nothing but orphans of ours to a file, and an
// orphan to a directory.
func (l *planner) waysClear() {
	index := make(map[string]*Entry, len(l.plan.Entries))
	for _, e := range l.plan.Entries {
		index[e.Path] = e
	}
	for _, e := range l.plan.Entries {
		if e.State != Blocked || !e.wanted {
			continue
		}
		switch {
		case e.onDisk.kind == directory:
			inside, dirs, other := l.inside(e.Path, index)
			if other != "" {
				e.problem += ", and " + other + " is in it"
				continue
			}
			for _, o := range inside {
				o.first = true
			}
			e.clear, e.onDisk = dirs, place{}
		case e.onDisk.blockerKind == regular:
			o := index[e.onDisk.blocker]
			if o == nil || !o.Removes() {
				continue
			}
			o.first = true
			e.onDisk = place{}
		default:
			continue
		}
		e.problem = ""
		e.State = Create
		if len(e.known) > 0 {
			e.State = Missing
		}
	}
}

// inside gives the entries below a directory and the directories, deepest first;
// or else the first thing in it that is not ours to remove.
func (l *planner) inside(dir string, index map[string]*Entry) (in []*Entry, dirs []string, other string) {
	entries, err := l.disk.list(dir)
	if err != nil {
		return nil, nil, dir
	}
	for _, f := range entries {
		name := path.Join(dir, f.Name())
		if f.IsDir() {
			below, subdirs, other := l.inside(name, index)
			if other != "" {
				return nil, nil, other
			}
			in, dirs = append(in, below...), append(dirs, subdirs...)
			continue
		}
		e := index[name]
		if e == nil || !e.Removes() {
			return nil, nil, name
		}
		in = append(in, e)
	}
	return in, append(dirs, dir), ""
}
