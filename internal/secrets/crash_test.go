package secrets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nselfc/compiler/ir"
	"nselfc/emit"
)

// TestMain runs the test binary as a build of its own when asked to, so that a
// test can kill one, change its umask or its user.
func TestMain(m *testing.M) {
	if dir := os.Getenv("NSELFC_TEST_BUILD"); dir != "" {
		os.Exit(child(dir))
	}
	os.Exit(m.Run())
}

// child builds small, or with NSELFC_TEST_SECOND its successor, and kills
// itself before step number NSELFC_TEST_KILL.
func child(dir string) int {
	if mask, err := strconv.ParseUint(os.Getenv("NSELFC_TEST_UMASK"), 8, 16); err == nil {
		syscall.Umask(int(mask))
	}
	kill, err := strconv.Atoi(os.Getenv("NSELFC_TEST_KILL"))
	if err != nil {
		kill = -1
	}
	stack, files := small()
	if os.Getenv("NSELFC_TEST_SECOND") != "" {
		stack, files = successor()
	}
	var changes []Change
	if op := os.Getenv("NSELFC_TEST_TURN"); op != "" {
		stack, files = turningSmall()
		changes = turnsOf(op)
	}
	n := 0
	_, diags := Turn(context.Background(), dir, stack, files, Options{Now: testNow, step: func(string, string) error {
		if n == kill {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
		n++
		return nil
	}}, changes)
	for _, d := range diags {
		fmt.Println(d.Code, d.Detail)
	}
	if diags.HasErrors() {
		return 1
	}
	return 0
}

// small is a stack with few steps, each sort of them among them.
func small() (*ir.Stack, []emit.File) {
	stack := stackOf(decl("api", "hex"), leaf("pg_tls", "", "postgres"))
	return stack, []emit.File{
		file("docker-compose.yml", lit("services: {}\n")),
		file(".secrets.d/api.env", lit("KEY="), ref("secret.api"), lit("\n")),
		file(".secrets.d/postgres/server.key", ref("secret.pg_tls#private_key")),
		file(".secrets.d/old", ref("secret.api")),
	}
}

// successor is small with a secret more, a file less and one file changed.
func successor() (*ir.Stack, []emit.File) {
	stack, files := small()
	stack.Secrets = append(stack.Secrets, decl("more", "hex"))
	files[1] = file(".secrets.d/api.env", lit("NEW="), ref("secret.more"), lit("\n"))
	return stack, files[:3]
}

func command(t *testing.T, dir string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append([]string{"NSELFC_TEST_BUILD=" + dir}, env...)
	return cmd
}

// TestKilledAnywhere kills a build before each change of the file system, on an
// empty directory and on one with an older build. Whatever was in .secrets then
// is there unchanged after the next build, which needs no help; no file is half
// written, and nothing is left over.
func TestKilledAnywhere(t *testing.T) {
	for _, second := range []bool{false, true} {
		t.Run(map[bool]string{false: "first", true: "second"}[second], func(t *testing.T) {
			env := []string{"A=b"}
			stack, files := small()
			if second {
				env = []string{"NSELFC_TEST_SECOND=1"}
			}
			for kill := 0; ; kill++ {
				if kill%4 != 0 && !thorough {
					continue
				}
				dir := workDir(t)
				whole := map[string]bool{}
				if second {
					build(t, dir, stack, files)
					for _, f := range files {
						if f.Secret() {
							whole[get(t, filepath.Join(dir, f.Path))] = true
						}
					}
				}
				out, err := command(t, dir, append(env, "NSELFC_TEST_KILL="+strconv.Itoa(kill))...).CombinedOutput()
				if err == nil {
					if kill < 10 {
						t.Fatalf("the build has only %d steps", kill)
					}
					return
				}
				if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != -1 {
					t.Fatalf("step %d: %v: %s", kill, err, out)
				}
				values, texts := map[string]string{}, map[string]string{}
				if _, err := os.Lstat(filepath.Join(dir, ".secrets")); err == nil {
					values = entries(t, dir)
				}
				for _, f := range files {
					if b, err := os.ReadFile(filepath.Join(dir, f.Path)); err == nil {
						texts[f.Path] = string(b)
					}
				}
				if len(values) == 0 && len(texts) > 0 {
					t.Fatalf("step %d: a file was written before the values", kill)
				}
				wantStack, wantFiles := stack, files
				if second {
					wantStack, wantFiles = successor()
				}
				build(t, dir, wantStack, wantFiles)
				for key, value := range entries(t, dir) {
					if old, ok := values[key]; ok && old != value {
						t.Errorf("step %d: %s changed", kill, key)
					}
					delete(values, key)
				}
				if len(values) > 0 {
					t.Errorf("step %d: lost %v", kill, slices.Collect(maps.Keys(values)))
				}
				for path, text := range texts {
					now, err := os.ReadFile(filepath.Join(dir, path))
					if string(now) != text && !whole[text] && !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("step %d: %s was half written", kill, path)
					}
				}
				assertNoTemps(t, dir)
			}
		})
	}
}

func assertNoTemps(t *testing.T, dir string) {
	t.Helper()
	for line := range strings.Lines(state(t, dir)) {
		if strings.Contains(line, tempPrefix) {
			t.Errorf("left over: %s", line)
		}
	}
}

// TestWriteFails fails each change in turn, as a full disk does: an error with a
// place and advice, the old state whole, and success once there is room.
func TestWriteFails(t *testing.T) {
	for fail := 0; ; fail++ {
		dir := workDir(t)
		stack, files := small()
		build(t, dir, stack, files)
		values := entries(t, dir)
		stack, files = successor()
		n := 0
		_, diags := run(dir, stack, files, Options{step: func(string, string) error {
			n++
			if n == fail+1 {
				return &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
			}
			return nil
		}})
		if !diags.HasErrors() {
			if fail < 10 {
				t.Fatalf("only %d steps", fail)
			}
			return
		}
		wantCode(t, diags, "NS604", "no space left on device")
		wantCode(t, diags, "NS604", "df -h")
		assertNoTemps(t, dir)
		now := entries(t, dir)
		for key, value := range values {
			if now[key] != value {
				t.Errorf("step %d: %s changed", fail, key)
			}
		}
		build(t, dir, stack, files)
	}
}

// TestFullDisk fills a real file system of 64 KiB.
func TestFullDisk(t *testing.T) {
	dir := workDir(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=0755"); err != nil {
		missing(t, "the right to mount a file system: "+err.Error())
	}
	defer func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	build(t, dir, stackOf(decl("a", "hex")), nil)
	before := get(t, filepath.Join(dir, ".secrets"))
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("the control: the disk is not full")
	}
	stack := stackOf(decl("a", "hex"), decl("b", "hex"))
	_, diags := run(dir, stack, nil, Options{})
	wantCode(t, diags, "NS604", "no space left on device")
	if get(t, filepath.Join(dir, ".secrets")) != before {
		t.Error(".secrets was changed")
	}
	assertNoTemps(t, dir)
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	build(t, dir, stack, nil)
}

// TestUmask holds that the modes are ours under the umasks that leave everything
// and nothing.
func TestUmask(t *testing.T) {
	for _, mask := range []string{"000", "022", "077", "0777"} {
		dir := workDir(t)
		if out, err := command(t, dir, "NSELFC_TEST_UMASK="+mask).CombinedOutput(); err != nil {
			t.Fatalf("umask %s: %v: %s", mask, err, out)
		}
		for path, mode := range map[string]fs.FileMode{".secrets": 0o600, LockFile: 0o600, Dir: 0o700, Dir + "/postgres": 0o700, Dir + "/api.env": 0o444, manifestPath: 0o600} {
			if fi, err := os.Lstat(filepath.Join(dir, path)); err != nil || fi.Mode().Perm() != mode {
				t.Errorf("umask %s: %s has %v, %v", mask, path, fi.Mode(), err)
			}
		}
	}
}

// TestTwoAtOnce runs builds of one directory side by side, processes and
// goroutines: one makes the values, the others find them.
func TestTwoAtOnce(t *testing.T) {
	dir := workDir(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if out, err := command(t, dir).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	stack, files := small()
	var mu sync.Mutex
	made := 0
	for range 3 {
		wg.Go(func() {
			r, diags := run(dir, stack, files, Options{LockWait: 30 * time.Second})
			if diags.HasErrors() {
				t.Error(diags[0].Detail)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(r.Generated) > 0 {
				made++
			}
		})
	}
	wg.Wait()
	if made > 1 {
		t.Errorf("%d builds made values", made)
	}
	r := build(t, dir, stack, files)
	if len(r.Generated)+len(r.Rendered) > 0 {
		t.Errorf("the state is not the last one: %+v", r)
	}
}

func TestLockHeld(t *testing.T) {
	dir := workDir(t)
	st, diags := open(dir, Options{})
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	defer st.close()
	unlock, diags := st.lock(t.Context(), Options{})
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	waits := 0
	opts := Options{LockWait: 120 * time.Millisecond, OnWait: func() { waits++ }}
	_, diags = run(dir, stackOf(decl("a", "hex")), nil, opts)
	wantCode(t, diags, "NS603", "held by another nselfc")
	if waits != 1 {
		t.Errorf("OnWait was called %d times", waits)
	}
	unlock()
	if _, diags = run(dir, stackOf(decl("a", "hex")), nil, opts); diags.HasErrors() {
		t.Error("the lock was given back, and is refused")
	}
}
