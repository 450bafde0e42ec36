package git

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// snapshot gives what the system knows of each file below a folder, but for the
// time of the last reading.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var s syscall.Stat_t
		if err := syscall.Lstat(path, &s); err != nil {
			return err
		}
		out[path] = fmt.Sprint(s.Ino, s.Mode, s.Uid, s.Size, s.Nlink, s.Mtim, s.Ctim)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// helper prepares the test's binary as the program that prints a tree.
func helper(t *testing.T, dir, rev string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, dir, rev)
	cmd.Env = append(append(os.Environ(), asHelper+"=1"), env...)
	return cmd
}

// TestUntouched: reading changes no file of the repository or the work tree, where
// git would like to: the index is stale, a gc is due. The same holds for a user who
// may not write.
func TestUntouched(t *testing.T) {
	t.Parallel()
	r := newRepo(t, sample)
	r.git("config", "gc.auto", "1")
	r.git("config", "core.untrackedCache", "true")
	r.commit(map[string]string{"stack/nself.hcl": "second"})
	r.put(map[string]string{"stack/nself.hcl": "edited", "stack/untracked": ""})
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(r.dir, "README"), old, old); err != nil { // git status would refresh the index
		t.Fatal(err)
	}
	top := filepath.Dir(r.dir)
	before := snapshot(t, top)
	tree := open(t, filepath.Join(r.dir, "stack"), "HEAD~1")
	err := fs.WalkDir(tree.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			_, err = fs.ReadFile(tree.FS(), path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	_ = refused(t, r.dir, "no-such-branch")
	if d := cmp.Diff(before, snapshot(t, top)); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
	// The snapshot sees what git does without being held back.
	r.git("status")
	if cmp.Equal(before, snapshot(t, top)) {
		t.Error("git status leaves no trace, so this test shows nothing")
	}

	cmd := helper(t, filepath.Join(r.dir, "stack"), "HEAD~1",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0="+r.dir, "HOME=/nonexistent")
	if os.Getuid() == 0 {
		const nobody = 65534
		letIn(t, cmd, top)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	} else {
		mode(t, top, 0o222, false)
		t.Cleanup(func() { mode(t, top, 0o200, true) })
	}
	before = snapshot(t, top)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `nself.hcl: "stack \"shop\" {}\n"`) {
		t.Errorf("%v\n%s", err, out)
	}
	if d := cmp.Diff(before, snapshot(t, top)); d != "" {
		t.Errorf("as a user without the right to write (-before +after):\n%s", d)
	}
}

// letIn lets another user run a command that the test's user may run, and go
// where it goes.
func letIn(t *testing.T, cmd *exec.Cmd, top string) {
	t.Helper()
	to := filepath.Join(top, "helper")
	// By another program: what this one has open for writing, a fork would keep open,
	// and such a file cannot be run.
	if out, err := exec.Command("cp", cmd.Path, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd.Path = to
	cmd.Dir = top
	for dir := top; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode()&0o005 == 0o005 {
			continue
		}
		if !strings.HasPrefix(dir, filepath.Clean(os.TempDir())+"/") {
			t.Skipf("another user may not enter %s", dir)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// mode takes bits of the mode away below a folder, or gives them.
func mode(t *testing.T, dir string, bits fs.FileMode, give bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if give {
			return os.Chmod(path, info.Mode().Perm()|bits)
		}
		return os.Chmod(path, info.Mode().Perm()&^bits)
	})
	if err != nil {
		t.Error(err)
	}
}
