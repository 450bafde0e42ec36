package outdir

import (
	"os"
	"syscall"
)

// system holds every operation of a build that changes the disk or makes a
// change durable. They stand in one place so that the tests can let each of them
// fail, and stop the build dead before each of them.
type system struct {
	mkdirAll func(path string, perm os.FileMode) error // outside of any root: the output directory itself
	mkdir    func(r *os.Root, name string, perm os.FileMode) error
	create   func(r *os.Root, name string) (*os.File, error) // mode 0600; the name must be new
	write    func(f *os.File, text string) error
	chmod    func(f *os.File, mode os.FileMode) error
	sync     func(f *os.File) error
	rename   func(r *os.Root, from, to string) error
	remove   func(r *os.Root, name string) error // a file, a symlink or an empty directory
}

func realSystem() system {
	return system{
		mkdirAll: os.MkdirAll,
		mkdir:    (*os.Root).Mkdir,
		create: func(r *os.Root, name string) (*os.File, error) {
			return r.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		},
		write: func(f *os.File, text string) error {
			_, err := f.WriteString(text)
			return err
		},
		chmod:  (*os.File).Chmod,
		sync:   (*os.File).Sync,
		rename: (*os.Root).Rename,
		remove: (*os.Root).Remove,
	}
}

// owner gives the user id of a file's owner.
func owner(info os.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// sameState tells whether two looks at a path saw the same file with the same
// content, as far as the inode knows. The time of the last change of the inode
// (ctime) cannot be set back by touch(1).
func sameState(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Mode() == b.Mode() && a.Size() == b.Size() &&
		a.ModTime().Equal(b.ModTime()) && changeTime(a) == changeTime(b)
}

// permissions gives the permission bits of a file as chmod(2) counts them,
// set-user-id, set-group-id and sticky included.
func permissions(info os.FileInfo) uint32 {
	m := uint32(info.Mode().Perm())
	for bit, flag := range map[uint32]os.FileMode{0o4000: os.ModeSetuid, 0o2000: os.ModeSetgid, 0o1000: os.ModeSticky} {
		if info.Mode()&flag != 0 {
			m |= bit
		}
	}
	return m
}
