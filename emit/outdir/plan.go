package outdir

import (
	"bytes"
	"cmp"
	"maps"
	"os"
	"path"
	"slices"

	"nselfc/emit"
	"nselfc/lang/diag"
)

// Meta is what the lock records beside the files.
type Meta struct {
	// Stack names the stack and its environment. Where it differs from the
	// lock's, the output is another stack's and the build stops.
	Stack    string
	Compiler string // version of nselfc, without blanks
	Inputs   []Input
	Images   []Image
	// Secrets holds every declared secret. The compiler knows no generations: 0
	// keeps the one in the lock, and is 1 for a secret that is new or of a new kind.
	Secrets []Secret
}

// Options say what a caller accepts.
type Options struct {
	// Force lists paths, relative to the output directory, whose state may be
	// overruled: a file that is not as the lock says is replaced or removed.
	// LockName accepts a build without the lock's knowledge. A path of the secret
	// store (".secrets…") says nothing here; any other unknown path is NS541.
	Force []string
	// Concealed tells the files of which no excerpt may be shown, as a secret is
	// in them; nil for none.
	Concealed func(path string) bool
}

// Plan is what a build would do to an output directory. Entries are sorted by
// path.
type Plan struct {
	Entries []*Entry
	// Unfinished says that an earlier build was interrupted.
	Unfinished bool
	// LockChanged says that the lock on disk is not the one that the build writes.
	LockChanged bool

	lock      []byte // the new lock
	recovered []byte // a lock that is true for the disk as it is; nil when nself.lock is
	lockPlace place
	leftovers []string // files in the staging directory
	staging   bool     // the staging directory is there
	blocked   bool     // Apply must refuse
	// dirModes holds the modes of directories that must change theirs.
	dirModes map[string]os.FileMode
}

// Changed tells whether a build would touch the disk at all.
func (p *Plan) Changed() bool {
	return p.LockChanged || p.Unfinished || p.staging || len(p.dirModes) > 0 ||
		slices.ContainsFunc(p.Entries, func(e *Entry) bool { return e.Writes() || e.Removes() })
}

// Plan compares the wanted files with the disk and the lock, and changes
// nothing: not a byte, not a time of a file that a mount option does not force.
// It reads no more than it must: a file whose size is neither the lock's nor the
// wanted one is not opened but for the words of its diagnostic.
//
// The diagnostics name every path that stops a build, and how to go on. With
// errors, the plan is fit for showing, and Apply refuses it.
func (d *Dir) Plan(files []emit.File, meta Meta, opts Options) (*Plan, diag.List) {
	p := &Plan{}
	entries, diags := d.wanted(files)
	if diags.HasErrors() {
		p.blocked = true
		return p, diags
	}
	l := planner{dir: d, disk: newDisk(d.root), plan: p, force: map[string]bool{}, concealed: opts.Concealed}
	defer l.disk.close()
	for _, f := range opts.Force {
		l.force[path.Clean(f)] = true
	}
	lock, next, more := l.readLocks(meta)
	diags = append(diags, more...)
	if diags.HasErrors() {
		p.blocked = true
		return p, diags
	}
	p.Entries = l.union(entries, lock, next)
	for _, e := range p.Entries {
		if err := l.judge(e); err != nil {
			l.diags = append(l.diags, cannotRead(d.path(e.Path), err))
		}
	}
	l.unlisted()
	l.waysClear()
	l.directories()
	l.staging()
	l.report()
	l.newLock(lock, next, meta)
	diags = append(diags, l.diags...)
	p.blocked = diags.HasErrors()
	return p, diags
}

type planner struct {
	dir   *Dir
	disk  *disk
	plan  *Plan
	force map[string]bool
	diags diag.List

	concealed func(path string) bool
	lockText  []byte // nself.lock as it is on disk
	// merged holds, for each text that either lock knows of a merge, the names of
	// its files without their directories; and sizes the sizes of these texts.
	merged map[text][]string
	sizes  map[int64]bool
}

// union gives one entry for each path that the emitters want or a lock names.
func (l *planner) union(entries []*Entry, locks ...*Lock) []*Entry {
	index := make(map[string]*Entry, len(entries))
	for _, e := range entries {
		e.digest = l.disk.digestOf(e.Text)
		index[e.Path] = e
	}
	l.merged, l.sizes = map[text][]string{}, map[int64]bool{}
	for _, lock := range locks {
		if len(lock.Merged) > 0 { // git may also have moved what the branches agree about
			for _, r := range slices.Concat(lock.Merged, lock.Files) {
				if r.Size > 0 { // an empty text is nobody's mark
					l.merged[r.text()], l.sizes[r.Size] = append(l.merged[r.text()], path.Base(r.Path)), true
				}
			}
		}
		for _, r := range lock.Files {
			e, ok := index[r.Path]
			if !ok {
				e = &Entry{Path: r.Path}
				index[r.Path] = e
				entries = append(entries, e)
			}
			e.known = append(e.known, r)
		}
	}
	slices.SortFunc(entries, func(a, b *Entry) int { return cmp.Compare(a.Path, b.Path) })
	return entries
}

// judge finds the state of one path: the table of the package comment.
func (l *planner) judge(e *Entry) (err error) {
	e.Forced = l.force[e.Path]
	if e.onDisk, err = l.disk.look(e.Path); err != nil {
		return err
	}
	known := len(e.known) > 0
	switch e.onDisk.kind {
	case absent:
		switch {
		case e.onDisk.blockerKind == symlink || e.onDisk.blocker != "" && e.wanted:
			e.State, e.problem = Blocked, e.onDisk.blocker+" is "+e.onDisk.blockerKind.String()
		case e.wanted && known:
			e.State = Missing
		case e.wanted:
			e.State = Create
		default:
			e.State = Gone
		}
		return nil
	case directory, symlink, special:
		switch {
		case e.wanted:
			e.State, e.problem = Blocked, e.Path+" is "+e.onDisk.kind.String()
		case e.onDisk.kind == directory:
			e.State = Gone // the file is; the directory has entries of its own
		default:
			e.State = EditedOrphan
		}
		return nil
	case regular:
	}
	e.DiskMode = permissions(e.onDisk.info)
	if e.wanted {
		same, err := l.disk.equal(e.Path, e.onDisk.info, e.Text)
		if err != nil {
			return err
		}
		if same {
			e.is, e.matched = Record{Path: e.Path, Digest: e.digest, Mode: e.DiskMode, Size: int64(len(e.Text))}, true
			switch {
			case e.Mode != e.DiskMode:
				e.State = Permissions
			case known && e.known[0].Digest == e.digest && e.known[0].Mode == e.Mode:
				e.State = Clean
			default:
				e.State = Adopt
			}
			return nil
		}
	}
	if err := l.match(e); err != nil {
		return err
	}
	switch {
	case e.matched && e.wanted:
		e.State = Stale
	case e.matched:
		e.State = Orphan
	case !e.wanted:
		e.State = EditedOrphan
	default:
		return l.foreign(e)
	}
	return nil
}

// match looks for the record that the file on disk is just as; after a merge, git
// may have left there what was written elsewhere. A size that no record has saves
// the reading, however large the file is.
func (l *planner) match(e *Entry) error {
	size := e.onDisk.info.Size()
	if !l.sizes[size] && !slices.ContainsFunc(e.known, func(r Record) bool { return r.Size == size }) {
		return nil
	}
	sum, err := l.disk.digest(e.Path, e.onDisk.info)
	for _, r := range e.known {
		if r.Digest == sum && !e.matched {
			e.is, e.matched = r, true
		}
	}
	if !e.matched && l.merged[text{sum, size}] != nil {
		e.is, e.matched = Record{Path: e.Path, Digest: sum, Mode: e.DiskMode, Size: size}, true
	}
	return err
}

// Heads and texts that are read for a diagnostic alone.
const (
	headBytes = 1 << 10
	diffBytes = 4 << 20
)

// foreign tells apart the files that are not as any lock says.
func (l *planner) foreign(e *Entry) error {
	if len(e.known) == 0 {
		head, err := l.disk.read(e.Path, e.onDisk.info, headBytes)
		e.State = Foreign
		if hasHeader(head) {
			e.State = ForeignGenerated
		}
		return err
	}
	text, err := l.disk.read(e.Path, e.onDisk.info, diffBytes)
	e.State = HandEdited
	if conflictLine(text) > 0 {
		e.State = Conflicted
	}
	return err
}

// unlisted finds generated files that neither a lock nor the emitters name, in
// the directories that they use: nginx loads whatever stands in conf.d.
func (l *planner) unlisted() {
	if l.disk.root == nil {
		return
	}
	ours := map[string]bool{".": true}
	known := make(map[string]bool, len(l.plan.Entries))
	for _, e := range l.plan.Entries {
		known[e.Path] = true
		parents(e.Path, func(dir string) bool {
			seen := ours[dir]
			ours[dir] = true
			return !seen
		})
	}
	var found []*Entry
	for _, dir := range slices.Sorted(maps.Keys(ours)) {
		if dir != "." {
			if p, err := l.disk.lookDir(dir); err != nil || p.kind != directory {
				continue // judge has reported what matters of it
			}
		}
		names, err := l.disk.names(dir)
		if err != nil {
			l.diags = append(l.diags, cannotRead(l.dir.path(dir), err))
			continue
		}
		for _, name := range names {
			name = path.Join(dir, name)
			if known[name] || checkPath(name) != "" {
				continue
			}
			at, err := l.disk.look(name)
			if err != nil || at.kind != regular {
				continue
			}
			if l.movedByMerge(name, at) {
				found = append(found, &Entry{Path: name, State: Orphan, onDisk: at, DiskMode: permissions(at.info)})
				continue
			}
			// One that cannot be read is none of ours to judge.
			if head, err := l.disk.read(name, at.info, headBytes); err != nil || !hasHeader(head) {
				continue
			}
			found = append(found, &Entry{
				Path: name, State: Unlisted, Forced: l.force[name], onDisk: at, DiskMode: permissions(at.info),
			})
		}
	}
	l.plan.Entries = append(l.plan.Entries, found...)
	slices.SortFunc(l.plan.Entries, func(a, b *Entry) int { return cmp.Compare(a.Path, b.Path) })
}

// movedByMerge tells whether a file that no lock names was written by a build of a
// merged branch in another directory: git moves files after those of a directory
// that the other branch renamed, and keeps their names.
func (l *planner) movedByMerge(name string, at place) bool {
	if !l.sizes[at.info.Size()] {
		return false
	}
	sum, err := l.disk.digest(name, at.info)
	return err == nil && slices.Contains(l.merged[text{sum, at.info.Size()}], path.Base(name))
}

// directories looks at the modes of the directories that files are wanted in.
// Git keeps none, and a checkout or an interrupted build under a strict umask
// makes directories that the users of containers cannot enter; under a lax one,
// directories in which anyone could replace a file. Group writing is left alone.
func (l *planner) directories() {
	l.plan.dirModes = map[string]os.FileMode{}
	for _, e := range l.plan.Entries {
		if !e.wanted {
			continue
		}
		parents(e.Path, func(dir string) bool {
			at, err := l.disk.lookDir(dir)
			if err == nil && at.kind == directory {
				if mode := at.info.Mode(); mode&0o057 != 0o055 {
					l.plan.dirModes[dir] = mode&^0o002 | 0o055
				}
			}
			return true
		})
	}
}

// newLock writes the lock as it will be, and the one that describes the disk as
// an interrupted build left it.
func (l *planner) newLock(lock, next *Lock, meta Meta) {
	n := Lock{
		Stack: meta.Stack, Compiler: cmp.Or(meta.Compiler, "unknown"),
		Inputs: slices.Clone(meta.Inputs), Images: slices.Clone(meta.Images), Secrets: slices.Clone(meta.Secrets),
	}
	for i, s := range n.Secrets {
		if s.Generation == 0 {
			n.Secrets[i].Generation = max(1, lock.generation(s.Address, s.Kind), next.generation(s.Address, s.Kind))
		}
	}
	r := *lock
	if r.Compiler == "" {
		r = *next
	}
	r.Files = nil
	for _, e := range l.plan.Entries {
		if e.wanted {
			n.Files = append(n.Files, Record{Path: e.Path, Digest: e.digest, Mode: e.Mode, Size: int64(len(e.Text))})
		}
		switch {
		case e.matched:
			r.Files = append(r.Files, e.is)
		case len(e.known) > 0:
			r.Files = append(r.Files, e.known[0])
		}
	}
	p := l.plan
	p.lock = n.Bytes()
	// The paths are checked; the rest comes from callers as it is.
	rest := n
	rest.Files = nil
	if _, wrong := ReadLock(l.dir.path(LockName), rest.Bytes()); len(wrong) > 0 {
		l.diags = append(l.diags, bug(l.dir.path(LockName), "The new lock cannot be read back: line %d: %s", wrong[0].Subject.Start.Line, wrong[0].Summary))
	}
	if p.Unfinished {
		if r := r.Bytes(); !bytes.Equal(r, l.lockText) {
			p.recovered = r
		}
	}
	p.LockChanged = p.recovered != nil || !bytes.Equal(p.lock, l.lockText)
}
