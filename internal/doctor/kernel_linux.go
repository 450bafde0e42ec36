package doctor

import (
	"golang.org/x/sys/unix"
)

// room asks statfs(2) for what an unprivileged user may still take.
func room(path string) (Room, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return Room{}, err
	}
	size := uint64(s.Bsize) //nolint:gosec // a size of blocks is not negative
	return Room{Bytes: s.Blocks * size, Free: s.Bavail * size, Inodes: s.Files, FreeInodes: s.Ffree}, nil
}

// synced asks adjtimex(2). A clock that nothing disciplines has STA_UNSYNC.
func synced() (bool, error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return false, err
	}
	return state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, nil
}
