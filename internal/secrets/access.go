package secrets

import (
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// person is a user of this host, by /etc/passwd and /etc/group. Users that only a
// directory service knows are not there; anybody stands for them.
type person struct {
	name string
	uid  int
	gids []int
}

// anybody is a user whom no file names.
const anybody = "any other user"

// people reads who there is. Without root, who may read everything.
func people(passwd, group string) []person {
	var out []person
	byName := map[string]int{}
	for line := range strings.Lines(passwd) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 4 {
			continue
		}
		uid, errUID := strconv.Atoi(f[2])
		gid, errGID := strconv.Atoi(f[3])
		if errUID != nil || errGID != nil || uid == 0 {
			continue
		}
		byName[f[0]] = len(out)
		out = append(out, person{name: f[0], uid: uid, gids: []int{gid}})
	}
	for line := range strings.Lines(group) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 4 {
			continue
		}
		gid, err := strconv.Atoi(f[2])
		for name := range strings.SplitSeq(f[3], ",") {
			if at, known := byName[name]; known && err == nil {
				out[at].gids = append(out[at].gids, gid)
			}
		}
	}
	return append(out, person{name: anybody, uid: -1})
}

func hostPeople() []person {
	passwd, _ := os.ReadFile("/etc/passwd") // then only anybody is asked for
	group, _ := os.ReadFile("/etc/group")
	return people(string(passwd), string(group))
}

// access is what decides who may use a file or directory: mode, owner, and the
// entries of an access control list, if it has one (acl(5)).
type access struct {
	mode     fs.FileMode
	uid, gid int
	list     []aclEntry
}

type aclEntry struct {
	tag, perm uint16
	id        int
}

// Tags of entries, from linux/posix_acl.h.
const (
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20
)

func accessOf(path string) (access, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return access{}, err
	}
	a := access{mode: fi.Mode()}
	a.uid, a.gid = owner(fi)
	raw := make([]byte, 4096)
	if n, err := unix.Lgetxattr(path, "system.posix_acl_access", raw); err == nil && n > 4 {
		a.list = parseACL(raw[:n])
	}
	return a, nil
}

// parseACL reads the kernel's form: a version, and entries of eight bytes.
func parseACL(raw []byte) []aclEntry {
	if len(raw) < 4 || binary.LittleEndian.Uint32(raw) != 2 {
		return nil
	}
	var out []aclEntry
	for raw = raw[4:]; len(raw) >= 8; raw = raw[8:] {
		out = append(out, aclEntry{binary.LittleEndian.Uint16(raw), binary.LittleEndian.Uint16(raw[2:]), int(int32(binary.LittleEndian.Uint32(raw[4:])))})
	}
	return out
}

// allows tells whether a user has a right: 4 to read, 1 to go through. The order is
// the kernel's: owner, named users, groups, all others (acl(5)).
func (a access) allows(p person, right uint16) bool {
	perm := uint16(a.mode.Perm())
	if p.uid == a.uid {
		return perm>>6&right == right
	}
	if a.list == nil {
		if slices.Contains(p.gids, a.gid) {
			return perm>>3&right == right
		}
		return perm&right == right
	}
	mask := uint16(7)
	for _, e := range a.list {
		if e.tag == aclMask {
			mask = e.perm
		}
	}
	inGroup := false
	for _, e := range a.list {
		switch {
		case e.tag == aclUser && e.id == p.uid:
			return e.perm&mask&right == right
		case e.tag == aclGroupObj && slices.Contains(p.gids, a.gid), e.tag == aclGroup && slices.Contains(p.gids, e.id):
			if inGroup = true; e.perm&mask&right == right {
				return true
			}
		}
	}
	if inGroup {
		return false
	}
	for _, e := range a.list {
		if e.tag == aclOther {
			return e.perm&right == right
		}
	}
	return false
}

// readers gives those who can read a file on this host: every directory on the way
// must let them through. Root, who can read everything, is not named.
func readers(file string, all []person) ([]person, error) {
	real, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	out := slices.Clone(all)
	for _, dir := range ancestors(real) {
		a, err := accessOf(dir)
		if err != nil {
			return nil, err
		}
		out = slices.DeleteFunc(out, func(p person) bool { return !a.allows(p, 1) })
	}
	a, err := accessOf(filepath.Join(real, filepath.Base(file)))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, func(p person) bool { return !a.allows(p, 4) }), nil
}
