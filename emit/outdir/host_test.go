package outdir

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
)

// TestMain lets the test binary be a real build in a process of its own:
// OUTDIR_BUILD holds the directory, the version and how often to build.
func TestMain(m *testing.M) {
	job := strings.Split(os.Getenv("OUTDIR_BUILD"), "|")
	if len(job) != 3 {
		os.Exit(m.Run())
	}
	n, _ := strconv.Atoi(job[1])
	rounds, _ := strconv.Atoi(job[2])
	for i := range rounds {
		if diags := buildVersion(job[0], n+i); diags.HasErrors() {
			fmt.Println(diags[0].Code, diags[0].Detail)
			os.Exit(1)
		}
	}
	os.Exit(0)
}

// buildVersion does what nselfc build does, with the real system.
func buildVersion(dir string, n int) diag.List {
	d, problem := Open(dir)
	if problem != nil {
		return diag.List{problem}
	}
	defer d.Close()
	if problem := d.Acquire(context.Background()); problem != nil {
		return diag.List{problem}
	}
	files, meta := version(n)
	p, diags := d.Plan(files, meta, Options{})
	if diags.HasErrors() {
		return diags
	}
	_, more := d.Apply(context.Background(), p)
	return append(diags, more...)
}

func builder(t *testing.T, dir string, n, rounds int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("OUTDIR_BUILD=%s|%d|%d", dir, n, rounds))
	return cmd
}

// TestTwoBuildsAtOnce runs builds of different stacks' states in processes of
// their own: each is whole or is told that another is running.
func TestTwoBuildsAtOnce(t *testing.T) {
	dir := start(t, -1)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done, refused := 0, 0
	for i := range 6 {
		wg.Go(func() {
			out, err := builder(t, dir, i, 4).CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case strings.HasPrefix(string(out), "NS503 "):
				refused++
			default:
				t.Errorf("build %d: %v: %s", i, err, out)
			}
		})
	}
	wg.Wait()
	if done == 0 {
		t.Errorf("no build was done, %d were refused", refused)
	}
	expectWhole(t, dir, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	expectVersion(t, dir, 2)
}

// TestBuildLock: the second waits while the first holds the directory, and is
// refused when that takes too long; the lock ends with its holder.
func TestBuildLock(t *testing.T) {
	dir := start(t, 0)
	d := open(t, dir)
	if problem := d.Acquire(t.Context()); problem != nil {
		t.Fatal(problem.Detail)
	}
	before := tree(t, dir)
	second := open(t, dir)
	second.patience = 50 * time.Millisecond
	if problem := second.Acquire(t.Context()); problem == nil || problem.Code != "NS503" {
		t.Errorf("a second build was let in: %v", problem)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	second.patience = time.Hour
	if problem := second.Acquire(stopped); problem == nil || problem.Code != "NS503" {
		t.Errorf("a second build that was stopped was let in: %v", problem)
	}
	if diff := differing(before, tree(t, dir)); len(diff) > 0 {
		t.Errorf("the lock leaves litter, or the refused build wrote: %v", diff)
	}
	time.AfterFunc(100*time.Millisecond, d.Close)
	if out, err := builder(t, dir, 1, 1).CombinedOutput(); err != nil {
		t.Errorf("a build does not wait for the one before it: %v %s", err, out)
	}
}

// TestKilledProcess kills real builds at random moments.
func TestKilledProcess(t *testing.T) {
	dir := start(t, -1)
	killed := 0
	for round := range 25 {
		cmd := builder(t, dir, round%2, 50)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(5+rand.IntN(30)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil && strings.Contains(err.Error(), "killed") {
			killed++
		}
		expectWhole(t, dir, versions(0, 60)...)
		if diags := buildVersion(dir, round%3); diags.HasErrors() {
			t.Fatalf("after the kill: %s %s", diags[0].Code, diags[0].Detail)
		}
	}
	if killed == 0 {
		t.Error("every build ended before it was killed")
	}
	expectVersion(t, dir, 1)
}

func versions(from, to int) []int {
	var out []int
	for n := from; n < to; n++ {
		out = append(out, n)
	}
	return out
}

// TestUmask: no umask makes a file or directory more or less open.
func TestUmask(t *testing.T) {
	masks := []int{0, 0o077}
	if os.Geteuid() == 0 {
		masks = append(masks, 0o777) // root alone can use a directory that nobody may
	}
	for _, mask := range masks {
		dir := fresh(t)
		if err := os.Mkdir(dir, 0o755); err != nil { // Acquire's own directory obeys the umask
			t.Fatal(err)
		}
		old := syscall.Umask(mask)
		diags := buildVersion(dir, 1)
		syscall.Umask(old)
		if diags.HasErrors() {
			t.Fatalf("umask %03o: %s", mask, diags[0].Detail)
		}
		files, _ := version(1)
		want := map[string]os.FileMode{LockName: 0o644, "kind": 0o755, "kind/inside": 0o755, "nginx/conf.d": 0o755}
		for _, f := range slices.Concat(files, GitFiles()) {
			want[f.Path] = os.FileMode(f.Mode)
		}
		for p, mode := range want {
			info, err := os.Stat(filepath.Join(dir, p))
			if err != nil || info.Mode().Perm() != mode {
				t.Errorf("umask %03o: %s: %v %v, want %v", mask, p, info.Mode(), err, mode)
			}
		}
	}
}

// TestOpen lists the directories that a build refuses.
func TestOpen(t *testing.T) {
	base := filepath.Dir(fresh(t))
	path := func(p string) string { return filepath.Join(base, p) }
	for _, err := range []error{
		os.Mkdir(path("real"), 0o755), os.Symlink("real", path("link")), os.Symlink("nowhere", path("dangling")),
		os.WriteFile(path("file"), nil, 0o644), os.Mkdir(path("open"), 0o755), os.Chmod(path("open"), 0o777),
		os.Mkdir(path("sticky"), 0o755), os.Chmod(path("sticky"), 0o777|os.ModeSticky), os.Mkdir(path("group"), 0o755), os.Chmod(path("group"), 0o775),
		os.Mkdir(path("real/prod"), 0o755), os.Symlink("prod", path("real/dev")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		dir   string
		below []string
		code  string
	}{
		{"real", nil, ""},
		{"real/.", nil, ""},
		{"group", nil, ""},
		{"new/deep", nil, ""},
		{"real", []string{"prod"}, ""},
		{"real", []string{"new"}, ""},
		{"new", []string{"prod"}, ""},
		{"link", nil, "NS501"},
		{"link/", nil, "NS501"},
		{"link/.", nil, "NS501"},
		{"dangling", nil, "NS501"},
		{"file", nil, "NS501"},
		{"file/below", nil, "NS501"},
		{"link", []string{"prod"}, "NS501"},
		{"real", []string{"dev"}, "NS501"},
		{"file", []string{"prod"}, "NS501"},
		{strings.Repeat("../", 40), []string{"nself-test"}, "NS501"},
		{"open", nil, "NS502"},
		{"sticky", nil, "NS502"},
		{"open", []string{"prod"}, "NS502"},
	} {
		d, problem := Open(path(c.dir), c.below...)
		got := ""
		if problem != nil {
			got = problem.Code
		} else {
			d.Close()
		}
		if got != c.code {
			t.Errorf("%s %v: %q, want %q", c.dir, c.below, got, c.code)
		}
	}
	if _, err := os.Stat(path("new")); err == nil {
		t.Error("Open made a directory")
	}
}

// TestBelow: an environment's directory is made in the stack's.
func TestBelow(t *testing.T) {
	dir := fresh(t)
	d, problem := Open(dir, "prod")
	if problem != nil {
		t.Fatal(problem.Detail)
	}
	defer d.Close()
	files := []emit.File{file("docker-compose.yml", "x")}
	p, _ := d.Plan(files, testMeta, Options{})
	if _, diags := d.Apply(context.Background(), p); len(diags) > 0 {
		t.Fatal(codes(diags))
	}
	expectTree(t, filepath.Join(dir, "prod"), files, nil)
	if rel, ok := d.Rel(filepath.Join(dir, "prod/nginx/nginx.conf")); !ok || rel != "nginx/nginx.conf" {
		t.Errorf("Rel gives %q %v", rel, ok)
	}
	for _, p := range []string{filepath.Join(dir, "dev/nginx.conf"), filepath.Join(dir, "prod"), dir, "x"} {
		if rel, ok := d.Rel(p); ok {
			t.Errorf("Rel(%q) gives %q", p, rel)
		}
	}
}

// asUser runs f with the rights of another user, which one thread can have alone.
func asUser(t *testing.T, uid int, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		missing(t, "another user's rights need root")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	set := func(uid int) {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); errno != 0 {
			t.Fatalf("setresuid: %v", errno)
		}
	}
	set(uid)
	defer set(0)
	f()
}

func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// TestForeignOwner: whose directory it is, his files they are.
func TestForeignOwner(t *testing.T) {
	dir := start(t, 0)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	asUser(t, 12345, func() {
		if _, problem := Open(dir); problem == nil || problem.Code != "NS502" {
			t.Errorf("got %v", problem)
		}
	})
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	d, problem := Open(dir) // root may: a checkout in a container is another's
	if problem != nil {
		t.Fatal(problem.Detail)
	}
	d.Close()
}

// TestUnreadable: what cannot be read stops the build and is not taken for absent.
func TestUnreadable(t *testing.T) {
	for path, mode := range map[string]os.FileMode{"docker-compose.yml": 0, LockName: 0, "nginx": 0, "": 0o311} {
		dir := start(t, 0)
		for _, p := range []string{".", LockName, "docker-compose.yml", "nginx", "nginx/conf.d", "deep0", "deep0/er", "other"} {
			if err := os.Chown(filepath.Join(dir, p), 12345, -1); err != nil {
				missing(t, "another owner needs root")
			}
		}
		if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(filepath.Join(dir, path), mode)); err != nil {
			t.Fatal(err)
		}
		asUser(t, 12345, func() {
			d, problem := Open(dir)
			if problem != nil {
				if problem.Code != "NS504" {
					t.Errorf("%q: Open: %s %s", path, problem.Code, problem.Detail)
				}
				return
			}
			defer d.Close()
			files, meta := version(1)
			p, diags := d.Plan(files, meta, Options{})
			if !p.blocked || !slices.Contains(codes(diags), "NS504") {
				t.Errorf("%q: %v", path, codes(diags))
			}
		})
	}
}

// inNamespace runs the calling test again in a mount namespace of its own.
func inNamespace(t *testing.T) bool {
	t.Helper()
	if os.Getenv("OUTDIR_NAMESPACE") != "" {
		return true
	}
	if os.Geteuid() != 0 {
		missing(t, "mounts need root")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "OUTDIR_NAMESPACE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		missing(t, "mount namespaces are not permitted here")
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in the namespace: %v\n%s", err, out)
	}
	return false
}

// TestReadOnlyDirectory: planning needs no right to write, and a build says why
// it cannot.
func TestReadOnlyDirectory(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	dir := start(t, 0)
	write(t, dir, "nginx/conf.d/both.conf", "edited")
	if err := errors.Join(syscall.Mount(dir, dir, "", syscall.MS_BIND, ""), syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	if err := os.WriteFile(filepath.Join(dir, "control"), nil, 0o644); !errors.Is(err, syscall.EROFS) {
		t.Fatalf("the directory can be written to: %v", err)
	}
	d := open(t, dir)
	defer d.Close()
	files, meta := version(0)
	p, diags := d.Plan(files, meta, Options{})
	if !slices.Equal(codes(diags), []string{"NS520"}) || len(d.Check(p)) > 0 {
		t.Errorf("version 0: %v, %v", codes(diags), codes(d.Check(p)))
	}
	p, diags = d.Plan(files, meta, Options{Force: []string{"nginx/conf.d/both.conf"}})
	if len(diags) > 0 {
		t.Errorf("forced: %v", codes(diags))
	}
	_, diags = d.Apply(context.Background(), p)
	if !slices.Equal(codes(diags), []string{"NS505"}) || !strings.Contains(diags[0].Detail, "read-only") {
		t.Errorf("apply: %v", codes(diags))
	}
}

// TestPlanTouchesNothing compares every inode before and after.
func TestPlanTouchesNothing(t *testing.T) {
	dir := start(t, 0)
	attempt(t, dir, 1, &fault{at: 30}) // leftovers, an announcement, files of two versions
	before := inodes(t, dir)
	d := open(t, dir)
	defer d.Close()
	for n := range 3 {
		files, meta := version(n)
		p, _ := d.Plan(files, meta, Options{})
		d.Check(p)
	}
	if diff := differing(before, inodes(t, dir)); len(diff) > 0 {
		t.Errorf("touched: %v", diff)
	}
	absent := filepath.Join(filepath.Dir(dir), "absent")
	d = open(t, absent)
	files, meta := version(0)
	if p, diags := d.Plan(files, meta, Options{}); len(diags) > 0 || state(p, "kind") != Create {
		t.Errorf("no directory: %v", codes(diags))
	}
	if _, err := os.Lstat(absent); err == nil {
		t.Error("planning made the directory")
	}
}

// TestFullDisk fills a real file system, by bytes and by inodes.
func TestFullDisk(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	for name, c := range map[string]struct {
		options string
		files   int
		size    int
	}{
		"bytes":  {"size=256k", 1, 1 << 20},
		"inodes": {"size=4m,nr_inodes=60", 100, 1},
	} {
		t.Run(name, func(t *testing.T) {
			mount := t.TempDir()
			if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, c.options); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(mount, 0) })
			dir := filepath.Join(mount, "out")
			if diags := buildVersion(dir, 0); len(diags) > 0 {
				t.Fatal(diags[0].Detail)
			}
			before := inodes(t, dir)
			files, meta := version(0)
			for i := range c.files {
				files = append(files, emit.File{Path: fmt.Sprintf("big/%d", i), Mode: 0o644, Text: secret.Literal(strings.Repeat("x", c.size))})
			}
			d, problem := Open(dir)
			if problem != nil {
				t.Fatal(problem.Detail)
			}
			defer d.Close()
			p, _ := d.Plan(files, meta, Options{})
			_, diags := d.Apply(context.Background(), p)
			if !slices.Equal(codes(diags), []string{"NS505"}) || !strings.Contains(diags[0].Detail, "df -h "+dir) {
				t.Errorf("got %v", diags)
			}
			after := inodes(t, dir)
			delete(before, ".") // its times tell that the staging directory came and went
			delete(after, ".")
			if diff := differing(before, after); len(diff) > 0 {
				t.Errorf("changed: %v", diff)
			}
			d.Close()
			if diags := buildVersion(dir, 1); len(diags) > 0 {
				t.Errorf("a build that fits fails: %s", diags[0].Detail)
			}
		})
	}
}

// TestRefusals: what only a bug of ours can bring about is said to be one, and
// two outputs with one path are refused.
func TestRefusals(t *testing.T) {
	token := secret.Of(&secret.Expr{Address: "secret.jwt_key"})
	for name, c := range map[string]struct {
		files []emit.File
		code  string
	}{
		"a secret":               {[]emit.File{{Path: "x", Mode: 0o644, Text: token}}, "NS900"},
		"the secret store":       {[]emit.File{{Path: ".secrets.d/x", Mode: 0o644}}, "NS900"},
		"the lock":               {[]emit.File{{Path: "nself.lock", Mode: 0o644}}, "NS900"},
		"out of the directory":   {[]emit.File{{Path: "../x", Mode: 0o644}}, "NS900"},
		"no mode":                {[]emit.File{{Path: "x"}}, "NS900"},
		"set-user-id":            {[]emit.File{{Path: "x", Mode: 0o4755}}, "NS900"},
		"a path twice":           {[]emit.File{file("x", "a"), file("x", "b")}, "NS540"},
		"a path in two cases":    {[]emit.File{file("nginx/Api.conf", "a"), file("nginx/api.conf", "b")}, "NS540"},
		"file and directory":     {[]emit.File{file("nginx", "a"), file("nginx/api.conf", "b")}, "NS540"},
		"the same in two cases":  {[]emit.File{file("Nginx", "a"), file("nginx/conf.d/api.conf", "b")}, "NS540"},
		"the file that git gets": {[]emit.File{file(".gitignore", "a")}, "NS540"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fresh(t)
			p, _, got := build(t, dir, c.files)
			if !slices.Equal(got, []string{c.code}) {
				t.Errorf("got %v, want %s", got, c.code)
			}
			d := open(t, dir)
			if _, diags := d.Apply(context.Background(), p); !slices.Equal(codes(diags), []string{"NS900"}) {
				t.Errorf("Apply of such a plan: %v", codes(diags))
			}
			if _, err := os.Lstat(dir); err == nil {
				t.Error("something was made")
			}
		})
	}
}
