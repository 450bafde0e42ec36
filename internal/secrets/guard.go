package secrets

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// checkPath refuses an output directory that another user could exchange or
// write to: the directory itself, and every directory above it, both as the path
// is spelt and as symbolic links resolve it. It returns the resolved path.
//
// Directories belong to root or to the user who builds. Root may also build
// below somebody's home directory, whose owner could take the output away but
// not read it; the output directory itself must be root's then. Directories that
// others may write to are taken above the output directory when they are sticky
// (/tmp), and when the group is the owner's private one (umask 002, Debian).
func checkPath(dir string) (string, diag.List) {
	unsafe := func(path, problem, advice string) diag.List {
		return diag.List{diag.Errorf(codeUnsafeDir, onFile(dir), "Unsafe output directory",
			"%s %s. Whoever can change that directory can put a file of their own where nselfc writes secrets, or read them.\n\n%s", path, problem, advice)}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", diag.List{(&store{dir: dir}).readFailed("", err)}
	}
	if fi, err := os.Lstat(abs); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
		return "", diag.List{diag.Errorf(codeUnsafeFile, onFile(dir), "Unsafe file in the output directory",
			"%s is a symbolic link. nselfc writes secrets only into the directory that it was given, never where a link points.\n\nName the directory itself with -o, or remove the link.", dir)}
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", diag.List{(&store{dir: dir}).readFailed("", err)}
	}
	me := os.Geteuid()
	for _, path := range append(ancestors(abs), ancestors(real)...) {
		fi, err := os.Lstat(path)
		if err != nil {
			return "", diag.List{(&store{dir: dir}).readFailed("", err)}
		}
		uid, gid := owner(fi)
		link, self := fi.Mode()&fs.ModeSymlink != 0, path == real
		if uid != me && uid != 0 && (me != 0 || self || link) && (self || !unmapped(uid)) {
			chown := "sudo chown "
			if self {
				chown = "sudo chown -R " // with .secrets in it, which would be refused next
			}
			return "", unsafe(path, fmt.Sprintf("belongs to user %d, and this command runs as user %d", uid, me),
				"Run the command as that user, or give the directory to the user who builds:\n\n    "+chown+strconv.Itoa(me)+" "+escape.ShellWord(path))
		}
		if self && uid != me {
			return "", unsafe(path, "belongs to root, and this command does not run as root",
				"Run the command as root, as before, or take the whole directory over:\n\n    sudo chown -R "+strconv.Itoa(me)+" "+escape.ShellWord(path))
		}
		if link {
			continue
		}
		sticky := fi.Mode()&fs.ModeSticky != 0 && !self
		if fi.Mode()&0o002 != 0 && !sticky {
			return "", unsafe(path, "may be written by every user of this machine", "Close it:\n\n    chmod o-w "+escape.ShellWord(path))
		}
		if fi.Mode()&0o020 != 0 && !sticky && gid != 0 && !privateGroup(uid, gid) {
			return "", unsafe(path, fmt.Sprintf("may be written by group %d, which has other members", gid), "Close it:\n\n    chmod g-w "+escape.ShellWord(path))
		}
		if fi.Mode()&0o020 != 0 && !sticky && listed(path) {
			return "", unsafe(path, "may be written by those whom its access control list names", "See who that is, and close it:\n\n    getfacl "+escape.ShellWord(path)+"\n    chmod g-w "+escape.ShellWord(path))
		}
	}
	return real, nil
}

// listed tells whether a file has a POSIX access control list. The group's bits
// of its mode are then the most that anybody on the list has, and no right of the
// group's own (acl(5)), so that privateGroup says nothing.
func listed(path string) bool {
	n, err := unix.Getxattr(path, "system.posix_acl_access", nil)
	return err == nil && n > 0
}

// overflowUID stands for every user who has no number in this user namespace.
const overflowUID = 65534

// unmapped tells whether a number is no user at all: in a sandbox or rootless
// container the host's root shows as the overflow user, and owns the directories
// above (user_namespaces(7)).
func unmapped(uid int) bool {
	if uid != overflowUID {
		return false
	}
	text, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && lacks(string(text), uid)
}

// lacks reads uid_map: lines of first number inside, first outside, count.
func lacks(uidMap string, uid int) bool {
	for line := range strings.Lines(uidMap) {
		var first, outside, count int
		if n, err := fmt.Sscan(line, &first, &outside, &count); n != 3 || err != nil || uid >= first && uid < first+count {
			return false
		}
	}
	return uidMap != ""
}

// ancestors lists a path and every directory above it, the root first.
func ancestors(path string) []string {
	var out []string
	for p := path; ; p = filepath.Dir(p) {
		out = append([]string{p}, out...)
		if p == filepath.Dir(p) {
			return out
		}
	}
}

// owner gives the numeric user and group of a file.
func owner(fi fs.FileInfo) (uid, gid int) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, -1 // no such system: nobody's file is refused by every check
	}
	return int(st.Uid), int(st.Gid)
}

// links gives the number of names of a file.
func links(fi fs.FileInfo) uint64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return uint64(st.Nlink)
}

// privateGroup tells whether the group is the user's own: same number or name,
// and without members in /etc/group. What cannot be found out is not private.
func privateGroup(uid, gid int) bool {
	groups, err := os.ReadFile("/etc/group")
	if err != nil {
		return false
	}
	name := ""
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		name = u.Username
	}
	return privateIn(groups, name, uid, gid)
}

// privateIn decides privateGroup from the text of /etc/group (group(5)).
func privateIn(groups []byte, userName string, uid, gid int) bool {
	for line := range bytes.Lines(groups) {
		f := strings.Split(strings.TrimSpace(string(line)), ":")
		if len(f) < 4 || f[2] != strconv.Itoa(gid) {
			continue
		}
		return (f[3] == "" || f[3] == userName) && (f[0] == userName || uid == gid)
	}
	return uid == gid // the number is in no group of this machine, as in a container
}
