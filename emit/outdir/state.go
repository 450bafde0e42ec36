package outdir

// State is what a plan found at one path, from what the lock says (L), what is
// on disk (D) and what the emitters want (N).
type State uint8

// The states. The package comment has the table.
const (
	Clean       State = iota // D = N, as the lock says
	Create                   // only N
	Stale                    // D = L, N differs
	Missing                  // L and N, nothing on disk
	Adopt                    // D = N, and the lock does not know
	Permissions              // D = N, but for the permission bits
	Orphan                   // D = L, no N
	Gone                     // only L
	// Errors, unless forced.
	HandEdited       // D is neither L nor N
	Conflicted       // the same, and git's conflict markers are in it
	Foreign          // D and N, no L
	ForeignGenerated // the same, and it begins with our header
	EditedOrphan     // D differs from L, no N
	Blocked          // something that is no regular file is in the way
	// A warning.
	Unlisted // only D, with our header, beside our files
)

// String gives the word that reports use.
func (s State) String() string {
	return [...]string{
		"clean", "create", "stale", "missing", "adopt", "permissions", "orphan", "gone",
		"hand-edited", "conflicted", "foreign", "foreign-generated", "edited orphan", "blocked", "unlisted",
	}[s]
}

// Entry is one path of a plan.
type Entry struct {
	Path  string
	State State
	// Forced says that the caller accepted a state that would stop the build, or
	// asked for the removal of an Unlisted file.
	Forced bool
	Text   string // what the emitters want; "" when they want nothing
	Mode   uint32 // the same, permission bits
	// DiskMode holds the permission bits on disk; 0 when there is no regular file.
	DiskMode uint32

	wanted  bool
	digest  Digest   // of Text
	known   []Record // what the lock, and that of an unfinished build, say
	onDisk  place
	is      Record // what is on disk, where that is known by digest
	matched bool   // is holds
	problem string // what is in the way, for Blocked
	first   bool   // must be removed before anything is put in place
	clear   []string
}

// Writes tells whether a build puts a file in place at the path.
func (e *Entry) Writes() bool {
	switch e.State {
	case Create, Stale, Missing, Permissions:
		return true
	case HandEdited, Conflicted, Foreign, ForeignGenerated:
		return e.Forced
	case Blocked:
		return e.Forced && e.replaceable()
	case Clean, Adopt, Orphan, Gone, EditedOrphan, Unlisted:
	}
	return false
}

// Removes tells whether a build removes the file at the path.
func (e *Entry) Removes() bool {
	switch e.State {
	case Orphan:
		return true
	case EditedOrphan, Unlisted:
		return e.Forced
	case Clean, Create, Stale, Missing, Adopt, Permissions, Gone, HandEdited, Conflicted, Foreign, ForeignGenerated, Blocked:
	}
	return false
}

// replaceable tells whether rename(2) can put a file where the thing in the way
// stands: over a link or a pipe, but over no directory, and below no file.
func (e *Entry) replaceable() bool {
	return e.wanted && (e.onDisk.kind == symlink || e.onDisk.kind == special)
}

// stops tells whether the entry stops the build.
func (e *Entry) stops() bool {
	switch e.State {
	case HandEdited, Conflicted, Foreign, ForeignGenerated, EditedOrphan:
		return !e.Forced
	case Blocked:
		return !e.Writes()
	case Clean, Create, Stale, Missing, Adopt, Permissions, Orphan, Gone, Unlisted:
	}
	return false
}

// executableDiffers tells whether git would see the difference of permissions:
// of them, it keeps the executable bit of the owner alone.
func (e *Entry) executableDiffers() bool { return (e.Mode^e.DiskMode)&0o100 != 0 }
