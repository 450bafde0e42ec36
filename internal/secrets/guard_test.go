package secrets

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"nselfc/emit"
)

const nobody = 65534

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		missing(t, "root, who can give files to another user")
	}
}

// TestRefusesFiles plants, in a directory with a finished build, what an attacker
// or an accident would. Nothing may be read through it or written over it.
func TestRefusesFiles(t *testing.T) {
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	link := func(name string) func(*testing.T, string, string) {
		return func(t *testing.T, dir, victim string) {
			must(t, os.RemoveAll(filepath.Join(dir, name)))
			must(t, os.Symlink(victim, filepath.Join(dir, name)))
		}
	}
	hard := func(name string) func(*testing.T, string, string) {
		return func(t *testing.T, dir, victim string) {
			must(t, os.RemoveAll(filepath.Join(dir, name)))
			must(t, os.Link(victim, filepath.Join(dir, name)))
		}
	}
	mode := func(name string, m os.FileMode) func(*testing.T, string, string) {
		return func(t *testing.T, dir, _ string) { must(t, os.Chmod(filepath.Join(dir, name), m)) }
	}
	chown := func(name string) func(*testing.T, string, string) {
		return func(t *testing.T, dir, _ string) {
			needRoot(t)
			must(t, os.Chown(filepath.Join(dir, name), nobody, nobody))
		}
	}
	fifo := func(name string) func(*testing.T, string, string) {
		return func(t *testing.T, dir, _ string) {
			must(t, os.RemoveAll(filepath.Join(dir, name)))
			must(t, syscall.Mkfifo(filepath.Join(dir, name), 0o600))
		}
	}
	tests := []struct {
		name        string
		plant       func(t *testing.T, dir, victim string)
		code, words string
	}{
		{"symlink .secrets", link(".secrets"), "NS601", "symbolic link"},
		{"symlink lock", link(LockFile), "NS601", "symbolic link"},
		{"symlink .secrets.d", link(Dir), "NS601", "symbolic link"},
		{"symlink below", link(Dir + "/postgres"), "NS601", "symbolic link"},
		{"symlink file", link(Dir + "/api.env"), "NS601", "symbolic link"},
		{"symlink manifest", link(manifestPath), "NS601", "symbolic link"},
		{"hard link .secrets", hard(".secrets"), "NS601", "2 names"},
		{"hard link file", hard(Dir + "/api.env"), "NS601", "2 names"},
		{"hard link lock", hard(LockFile), "NS601", "2 names"},
		{"pipe .secrets", fifo(".secrets"), "NS601", "not a regular file"},
		{"pipe lock", fifo(LockFile), "NS601", "not a regular file"},
		{"pipe file", fifo(Dir + "/api.env"), "NS601", "not a regular file"},
		{"foreign .secrets", chown(".secrets"), "NS601", "belongs to user 65534"},
		{"foreign .secrets.d", chown(Dir), "NS601", "belongs to user 65534"},
		{"foreign directory", chown("."), "NS600", "belongs to user 65534"},
		{"open .secrets", mode(".secrets", 0o640), "NS602", "chmod 600"},
		{"open .secrets.d", mode(Dir, 0o750), "NS602", "chmod 700"},
		{"open below", mode(Dir+"/postgres", 0o770), "NS601", "written by other users"},
		{"world-writable directory", mode(".", 0o777), "NS600", "every user"},
		{"sticky directory", mode(".", 0o777|os.ModeSticky), "NS600", "every user"},
		{"world-writable parent", mode("..", 0o777), "NS600", "every user"},
		{"directory for a file", func(t *testing.T, dir, _ string) {
			must(t, os.Remove(filepath.Join(dir, Dir, "api.env")))
			must(t, os.Mkdir(filepath.Join(dir, Dir, "api.env"), 0o700))
		}, "NS601", "not a regular file"},
		{"output is a link", func(t *testing.T, dir, _ string) {
			must(t, os.Rename(dir, dir+"-real"))
			must(t, os.Symlink(dir+"-real", dir))
		}, "NS601", "symbolic link"},
		{"no directory", func(t *testing.T, dir, _ string) { must(t, os.RemoveAll(dir)) }, "NS605", "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := workDir(t)
			stack, files := small()
			build(t, dir, stack, files)
			victim := filepath.Join(filepath.Dir(dir), "victim")
			put(t, victim, "PRECIOUS=1\n", 0o600)
			tt.plant(t, dir, victim)
			stack, files = successor()
			before := state(t, filepath.Dir(dir))
			_, diags := run(dir, stack, files, Options{})
			wantCode(t, diags, tt.code, tt.words)
			if after := state(t, filepath.Dir(dir)); after != before {
				t.Errorf("something was written:\n%s\n%s", before, after)
			}
		})
	}
}

// TestAdviceKeepsValues does what the refusal of a .secrets that its owner moved,
// linked or gave away tells to do: no value is made anew.
func TestAdviceKeepsValues(t *testing.T) {
	needRoot(t) // others are told to use sudo
	sh := tool(t, "sh")
	for name, misplace := range map[string]func(path string) error{
		"moved": func(path string) error {
			return errors.Join(os.Rename(path, path+" of mine"), os.Symlink(path+" of mine", path))
		},
		"linked":     func(path string) error { return os.Link(path, path+".backup") },
		"given away": func(path string) error { return os.Chown(path, nobody, nobody) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := workDir(t)
			stack := stackOf(decl("a", "hex"), decl("b", "password"))
			build(t, dir, stack, nil)
			path := filepath.Join(dir, File)
			before := get(t, path)
			if err := misplace(path); err != nil {
				t.Fatal(err)
			}
			_, diags := run(dir, stack, nil, Options{})
			wantCode(t, diags, "NS601", "Do not just remove it")
			_, command, _ := strings.Cut(diags[0].Detail, "\n\n    ")
			if out, err := exec.Command(sh, "-c", command).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", command, err, out)
			}
			if r := build(t, dir, stack, nil); len(r.Kept) != 2 || get(t, path) != before {
				t.Errorf("after %s: %+v", command, r)
			}
		})
	}
}

// TestTakesDirectories is the other side: what many machines have, and is safe.
func TestTakesDirectories(t *testing.T) {
	dir := workDir(t)
	if err := os.Chmod(filepath.Dir(dir), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	build(t, dir, stackOf(decl("a", "hex")), nil)
	linked := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(dir), linked); err != nil {
		t.Fatal(err)
	}
	if r := build(t, filepath.Join(linked, "out"), stackOf(decl("a", "hex")), nil); len(r.Kept) != 1 {
		t.Errorf("%+v", r)
	}
	needRoot(t)
	// Root builds in somebody's home directory, whose group is private.
	if err := os.Chmod(filepath.Dir(dir), 0o775); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Dir(dir), nobody, nobody); err != nil {
		t.Fatal(err)
	}
	build(t, dir, stackOf(decl("a", "hex")), nil)
	// The control: the same with a group that others are in.
	if err := os.Chown(filepath.Dir(dir), nobody, 4); err != nil {
		t.Fatal(err)
	}
	_, diags := run(dir, stackOf(decl("a", "hex")), nil, Options{})
	wantCode(t, diags, "NS600", "written by group 4")
}

// TestAccessList opens a directory above the output to one more user, in the way
// that shows only as a right of the owner's private group.
func TestAccessList(t *testing.T) {
	dir := workDir(t)
	entry := func(tag, perm uint16, id uint32) []byte {
		b := binary.LittleEndian.AppendUint16(nil, tag)
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint16(b, perm), id)
	}
	const none, userObj, named, groupObj, mask, other = 0xffffffff, 1, 2, 4, 0x10, 0x20 // linux/posix_acl.h
	list := slices.Concat([]byte{2, 0, 0, 0}, entry(userObj, 7, none), entry(named, 7, nobody), entry(groupObj, 5, none), entry(mask, 7, none), entry(other, 5, none))
	parent := filepath.Dir(dir)
	if err := unix.Setxattr(parent, "system.posix_acl_access", list, 0); err != nil {
		missing(t, "a file system with access control lists: "+err.Error())
	}
	_, diags := run(dir, stackOf(decl("a", "hex")), nil, Options{})
	wantCode(t, diags, "NS600", "access control list")
	// What the advice says takes the right away, though the list stays.
	if err := os.Chmod(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	build(t, dir, stackOf(decl("a", "hex")), nil)
}

func TestPrivateGroup(t *testing.T) {
	groups := []byte("root:x:0:\nalice:x:1000:\nstaff:x:50:alice\nbob:x:1001:alice\nusers:x:100:\n")
	tests := []struct {
		user     string
		uid, gid int
		want     bool
	}{{"alice", 1000, 1000, true}, {"bob", 1001, 1001, false}, {"alice", 1000, 50, false}, {"alice", 1000, 100, false}, {"", 7777, 7777, true}, {"alice", 1000, 7777, false}, {"alice", 500, 1000, true}}
	for _, tt := range tests {
		if got := privateIn(groups, tt.user, tt.uid, tt.gid); got != tt.want {
			t.Errorf("privateIn(%q, %d, %d) = %v", tt.user, tt.uid, tt.gid, got)
		}
	}
}

func TestLacks(t *testing.T) {
	for text, want := range map[string]bool{
		"         0          0 4294967295\n": false, "0 1000 1\n": true, "1000 1000 1\n": true, "0 1000 1\n1 100000 65536\n": false, "": false, "zero\n": false,
	} {
		if got := lacks(text, overflowUID); got != want {
			t.Errorf("lacks(%q) = %v", text, got)
		}
	}
}

// TestOwners gives a file to the user of a container, as root can.
func TestOwners(t *testing.T) {
	needRoot(t)
	dir := workDir(t)
	stack, files := quick()
	opts := Options{Owners: map[string]int{".secrets.d/postgres/server.key": 999}}
	for range 2 { // the second run keeps it all
		_, diags := run(dir, stack, files, opts)
		if diags.HasErrors() {
			t.Fatal(diags[0].Detail)
		}
		fi, err := os.Lstat(filepath.Join(dir, ".secrets.d/postgres/server.key"))
		if err != nil {
			t.Fatal(err)
		}
		if uid, _ := owner(fi); uid != 999 || fi.Mode().Perm() != 0o400 {
			t.Errorf("user %d, mode %v", uid, fi.Mode())
		}
	}
	before := state(t, dir)
	if r, _ := run(dir, stack, files, opts); len(r.Rendered) > 0 || state(t, dir) != before {
		t.Errorf("written again: %v", r.Rendered)
	}
	// Without the map the file is everybody's again, behind the directory.
	if r := build(t, dir, stack, files); len(r.Rendered) != 1 {
		t.Errorf("rendered %v", r.Rendered)
	}
	if fi, err := os.Lstat(filepath.Join(dir, ".secrets.d/postgres/server.key")); err != nil || fi.Mode().Perm() != 0o444 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
}

// TestNotRoot builds as an ordinary user, and holds who can read the result.
func TestNotRoot(t *testing.T) {
	needRoot(t)
	dir := workDir(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(filepath.Dir(dir), "build")
	for _, above := range []string{filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))} { // t.TempDir is private
		if err := os.Chmod(above, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bin, text, 0o755); err != nil {
		t.Fatal(err)
	}
	as := func(uid uint32) (string, error) {
		cmd := exec.Command(bin)
		cmd.Env = []string{"NSELFC_TEST_BUILD=" + dir}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := as(1500); err == nil || !strings.Contains(out, "NS600") {
		t.Errorf("another user's directory was taken: %s", out)
	}
	if err := os.Chown(dir, 1500, 1500); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if out, err := as(1500); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if out, err := as(1600); err == nil || !strings.Contains(out, "NS600") {
		t.Errorf("another user's directory was taken: %s", out)
	}
	read := func(uid uint32, path string) error {
		cmd := exec.Command("cat", filepath.Join(dir, path))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		return cmd.Run()
	}
	for _, path := range []string{".secrets", ".secrets.d/api.env", ".secrets.d/postgres/server.key", manifestPath} {
		if read(1600, path) == nil {
			t.Errorf("another user can read %s", path)
		}
		if read(1500, path) != nil {
			t.Errorf("the control: the owner cannot read %s", path)
		}
	}
}

// TestTree holds what happens to the files of .secrets.d that are no longer
// wanted, were edited, or are somebody else's.
func TestTree(t *testing.T) {
	dir := workDir(t)
	stack, files := quick()
	build(t, dir, stack, files)
	old := []emit.File{files[1], files[4]}

	put(t, filepath.Join(dir, Dir, "mine/notes"), "mine", 0o600)
	r, diags := run(dir, stack, old, Options{})
	wantCode(t, diags, "NS408", "notes")
	if len(r.Removed) != 4 || len(r.Foreign) != 1 || len(r.Unchanged) != 2 || diags.HasErrors() {
		t.Errorf("%+v", r)
	}
	if get(t, filepath.Join(dir, Dir, "mine/notes")) != "mine" {
		t.Error("a foreign file was changed")
	}

	edited := filepath.Join(dir, files[1].Path)
	put(t, edited, "edited", 0o600)
	before := state(t, dir)
	_, diags = run(dir, stack, files, Options{})
	wantCode(t, diags, "NS407", "--force "+edited)
	if _, diags = Check(dir, stack, files, Options{Now: testNow}); len(diags) != 1 || diags[0].Code != "NS407" {
		t.Errorf("Check does not see the edit: %+v", diags)
	}
	if _, diags = Check(dir, stack, files, Options{Now: testNow, Force: []string{files[1].Path}}); len(diags) != 0 {
		t.Errorf("Check does not accept the edit: %+v", diags)
	}
	if state(t, dir) != before {
		t.Error("something was written")
	}
	if r, diags = run(dir, stack, files, Options{Force: []string{files[1].Path}}); diags.HasErrors() || len(r.Rendered) != 5 {
		t.Errorf("%v %+v", diags, r)
	}

	// An edited file that nothing wants any more is somebody's work, and stays.
	put(t, edited, "edited", 0o600)
	r, diags = run(dir, stack, files[2:], Options{})
	wantCode(t, diags, "NS408", "api.env")
	if diags.HasErrors() || get(t, edited) != "edited" || len(r.Foreign) != 2 {
		t.Errorf("%+v", r)
	}
	// And when it is wanted again it is in the way.
	_, diags = run(dir, stack, files, Options{})
	wantCode(t, diags, "NS407", "api.env")
}

func TestAdoptsWithoutManifest(t *testing.T) {
	dir := workDir(t)
	stack, files := quick()
	build(t, dir, stack, files)
	if err := os.Remove(filepath.Join(dir, manifestPath)); err != nil {
		t.Fatal(err)
	}
	if _, diags := Check(dir, stack, files, Options{Now: testNow}); len(diags) > 0 {
		t.Errorf("Check refuses files that are right: %+v", diags)
	}
	if r := build(t, dir, stack, files); len(r.Unchanged) != 6 {
		t.Errorf("%+v", r)
	}
}

// TestManifestIsUntrusted holds that a manifest cannot make nselfc delete.
func TestManifestIsUntrusted(t *testing.T) {
	sum := digest([]byte("x"))
	for _, line := range []string{sum + " ../victim", sum + " /etc/passwd", sum + " .secrets", sum + " .secrets.d/../.secrets", sum, "zz .secrets.d/a", "\x00", sum + " .secrets.d/.manifest"} {
		dir := workDir(t)
		stack, files := quick()
		build(t, dir, stack, files)
		put(t, filepath.Join(dir, "../victim"), "x", 0o600)
		put(t, filepath.Join(dir, manifestPath), line+"\n", 0o600)
		before := state(t, dir)
		_, diags := run(dir, stack, nil, Options{})
		wantCode(t, diags, "NS409", "Line 1")
		if state(t, dir) != before || get(t, filepath.Join(dir, "../victim")) != "x" {
			t.Errorf("%q: something was written", line)
		}
	}
}
