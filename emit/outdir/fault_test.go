package outdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nselfc/emit"
	"nselfc/lang/diag"
)

// fault wraps a real system: the operation number at fails. With err nil the
// process dies there: neither that operation nor a later one has any effect.
type fault struct {
	at      int
	err     error
	torn    bool // a write that fails or dies has written half
	lasting bool // so does every later operation of the same name: a full disk stays full
	count   int
	dead    bool
	name    string // of the operation that failed
	trace   []string
}

var errDead = errors.New("the process is dead")

// step counts an operation and says how it ends before it begins.
func (f *fault) step(name, arg string) error {
	f.count++
	f.trace = append(f.trace, name+" "+arg)
	switch {
	case f.dead:
		return errDead
	case f.count == f.at && f.err == nil:
		f.dead, f.name = true, name
		return errDead
	case f.count == f.at:
		f.name = name
		return f.err
	case f.lasting && f.count > f.at && f.name == name:
		return f.err
	}
	return nil
}

func (f *fault) install(d *Dir) {
	sys := realSystem()
	wrap := func(name, arg string, do func() error) error {
		if err := f.step(name, arg); err != nil {
			return &fs.PathError{Op: name, Path: arg, Err: err}
		}
		return do()
	}
	base := func(file *os.File) string {
		if i := strings.Index(file.Name(), "/out/"); i >= 0 {
			return path.Clean(file.Name()[i+len("/out/"):])
		}
		return "."
	}
	d.workers = 1
	d.sys = system{
		mkdirAll: func(p string, m os.FileMode) error {
			return wrap("mkdirAll", "out", func() error { return sys.mkdirAll(p, m) })
		},
		mkdir: func(r *os.Root, n string, m os.FileMode) error {
			return wrap("mkdir", n, func() error { return sys.mkdir(r, n, m) })
		},
		create: func(r *os.Root, n string) (file *os.File, err error) {
			err = wrap("create", n, func() error { file, err = sys.create(r, n); return err })
			return file, err
		},
		write: func(file *os.File, text string) error {
			err := wrap("write", base(file), func() error { return sys.write(file, text) })
			if err != nil && f.torn && f.count == f.at {
				_ = sys.write(file, text[:len(text)/2])
			}
			return err
		},
		chmod: func(file *os.File, m os.FileMode) error {
			return wrap("chmod", base(file), func() error { return sys.chmod(file, m) })
		},
		sync: func(file *os.File) error {
			return wrap("sync", base(file), func() error { return nil })
		},
		rename: func(r *os.Root, from, to string) error {
			return wrap("rename", from+" "+to, func() error { return sys.rename(r, from, to) })
		},
		remove: func(r *os.Root, n string) error {
			return wrap("remove", n, func() error { return sys.remove(r, n) })
		},
	}
}

// version is a set of files; the versions differ in every way that a stack can:
// texts, new and retired files, new and retired directories, a file that becomes
// a directory, a mode, and metadata of the lock.
func version(n int) ([]emit.File, Meta) {
	files := []emit.File{
		file("docker-compose.yml", fmt.Sprintf("compose %d", n)),
		file("nginx/nginx.conf", "the same"),
		file(fmt.Sprintf("nginx/conf.d/v%d.conf", n), "route"),
		file("nginx/conf.d/both.conf", fmt.Sprint("both", n%2)),
		file(fmt.Sprintf("deep%d/er/file", n), "deep"),
	}
	if n%2 == 0 {
		files = append(files, file("kind", "a file"), file("other/a", "in a directory"))
	} else {
		files = append(files, file("kind/inside/a", "in a directory"), file("kind/b", "too"), file("other", "a file"))
	}
	if n%2 == 1 {
		files[1].Mode = 0o755
	}
	meta := testMeta
	meta.Compiler = fmt.Sprint(n)
	return files, meta
}

// theirs are files that no build may touch.
var theirs = map[string]string{"mine.txt": "mine", "nginx/conf.d/mine.conf": "mine too", ".secrets": "A=b", ".secrets.d/db": "c"}

// attempt builds one version with a fault; it gives the diagnostics.
func attempt(t TB, dir string, n int, f *fault) diag.List {
	t.Helper()
	d := open(t, dir)
	defer d.Close()
	f.install(d)
	files, meta := version(n)
	p, diags := d.Plan(files, meta, Options{})
	if diags.HasErrors() {
		t.Fatalf("plan of version %d: %v: %s", n, codes(diags), diags[len(diags)-1].Detail)
	}
	_, more := d.Apply(context.Background(), p)
	return more
}

// expectVersion builds a version without a fault and looks at everything.
func expectVersion(t TB, dir string, n int) {
	t.Helper()
	if diags := attempt(t, dir, n, &fault{}); len(diags) > 0 {
		t.Fatalf("the build after the fault: %v: %s", codes(diags), diags[0].Detail)
	}
	files, meta := version(n)
	saved := testMeta
	testMeta = meta
	defer func() { testMeta = saved }()
	expectTree(t, dir, files, theirs)
}

// expectWhole holds at every moment: each file of ours is of one version or
// another, whole, and those of others are as they were.
func expectWhole(t TB, dir string, versions ...int) {
	t.Helper()
	may := map[string][]string{}
	for p, text := range theirs {
		may[p] = []string{text}
	}
	for _, n := range versions {
		files, _ := version(n)
		for _, f := range slices.Concat(files, GitFiles()) {
			text, _ := f.Text.Plain()
			may[f.Path] = append(may[f.Path], text)
		}
	}
	got := tree(t, dir)
	for p, text := range got {
		if text == "dir" || p == LockName || strings.HasPrefix(p, ".nself.") {
			continue
		}
		if !slices.Contains(may[p], text) {
			t.Fatalf("%s holds %q", p, text)
		}
	}
	for p := range theirs {
		if _, ok := got[p]; !ok && len(got) > 0 {
			t.Fatalf("%s is lost", p)
		}
	}
}

func start(t *testing.T, first int) string {
	t.Helper()
	dir := fresh(t)
	for p, text := range theirs {
		write(t, dir, p, text)
	}
	if first >= 0 {
		if diags := attempt(t, dir, first, &fault{}); len(diags) > 0 {
			t.Fatal(codes(diags))
		}
	}
	return dir
}

// operations lists the operations of a build of version to over version from.
func operations(t *testing.T, from, to int) []string {
	t.Helper()
	f := &fault{}
	attempt(t, start(t, from), to, f)
	if f.count < 20 {
		t.Fatalf("a build of %d operations proves little: %v", f.count, f.trace)
	}
	return f.trace
}

// TestKilledAnywhere stops a build dead before each operation in turn, and in the
// middle of each write. The next build, of the same, of the former or of a third
// version, ends clean.
func TestKilledAnywhere(t *testing.T) {
	for _, from := range []int{-1, 0, 1} {
		ops := operations(t, from, 2)
		for _, i := range moments(len(ops)) {
			for _, torn := range []bool{false, true} {
				if torn && !strings.HasPrefix(ops[i], "write ") {
					continue
				}
				for _, after := range []int{2, 0, 3} {
					dir := start(t, from)
					attempt(t, dir, 2, &fault{at: i + 1, torn: torn})
					expectWhole(t, dir, 0, 1, 2)
					expectVersion(t, dir, after)
				}
			}
		}
	}
}

// moments gives those of n operations, counted from 0, at which a build is stopped.
func moments(n int) (out []int) {
	for i := range n {
		if step := killStep; i%step == 0 {
			out = append(out, i)
		}
	}
	return out
}

// TestKilledTwice stops the build that follows a killed one, too, before each of
// its operations: by then, files of three versions are on disk.
func TestKilledTwice(t *testing.T) {
	n, m := len(operations(t, 0, 1)), len(operations(t, 1, 2))
	for first := 1; first <= n; first += killStep {
		for second := 1 + first%2; second <= m+8; second += 2 * killStep { // the second build has leftovers to remove as well
			dir := start(t, 0)
			attempt(t, dir, 1, &fault{at: first})
			attempt(t, dir, 2, &fault{at: second})
			expectWhole(t, dir, 0, 1, 2)
			expectVersion(t, dir, 1+2*(second%2))
		}
	}
}

// TestEveryErrno lets each operation fail with what a disk says. The build says
// which file and what to do; before anything was replaced, nothing has changed.
func TestEveryErrno(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EIO, syscall.EACCES, syscall.EROFS, syscall.EDQUOT} {
		for _, i := range moments(len(operations(t, 0, 1))) {
			for _, lasting := range []bool{false, true} {
				if lasting && errno != syscall.ENOSPC {
					continue
				}
				at := i + 1
				dir := start(t, 0)
				before := tree(t, dir)
				f := &fault{at: at, err: errno, torn: true, lasting: lasting}
				diags := attempt(t, dir, 1, f)
				last := f.trace[at-1]
				if len(diags) == 0 {
					t.Fatalf("%s at %q went unnoticed", errno, last)
				} else {
					d := diags[0]
					if d.Code != "NS505" || !strings.Contains(d.Detail, errno.Error()) || !strings.Contains(d.Detail, dir) {
						t.Fatalf("%s at %q: %s: %s", errno, last, d.Code, d.Detail)
					}
					after := tree(t, dir)
					partly := strings.Contains(d.Detail, "Some files are of this build")
					if !partly && !lasting {
						if diff := differing(before, after); len(diff) > 0 {
							t.Fatalf("%s at %q: nothing was to change, but %v did", errno, last, diff)
						}
					}
				}
				expectWhole(t, dir, 0, 1)
				expectVersion(t, dir, 1)
			}
		}
	}
}

func differing(a, b map[string]string) []string {
	var out []string
	for p := range b {
		if _, ok := a[p]; !ok {
			out = append(out, p)
		}
	}
	for p, text := range a {
		if b[p] != text {
			out = append(out, p)
		}
	}
	return out
}

// TestProtocol reads the trace of a build: what must be durable before what.
func TestProtocol(t *testing.T) {
	f := &fault{}
	attempt(t, start(t, 0), 1, f)
	index := func(op string) int { return slices.Index(f.trace, op) }
	announced := index("rename .nself.staging/lock .nself.next")
	committed := index("rename .nself.next nself.lock")
	if announced < 0 || committed < announced || f.trace[announced+1] != "sync ." {
		t.Fatalf("announced at %d, committed at %d:\n%s", announced, committed, strings.Join(f.trace, "\n"))
	}
	if committed != len(f.trace)-2 || f.trace[len(f.trace)-1] != "sync ." {
		t.Errorf("the lock is not last, or not durable: %v", f.trace[committed:])
	}
	placed := 0
	for i, op := range f.trace {
		verb, arg, _ := strings.Cut(op, " ")
		switch verb {
		case "rename":
			from, to, _ := strings.Cut(arg, " ")
			if i == committed {
				continue
			}
			if s := index("sync " + from); s < index("write "+from) || s > i || s < 0 {
				t.Errorf("%s was renamed before it was durable", from)
			}
			if i == announced {
				continue
			}
			placed++
			if i < announced {
				t.Errorf("%s was placed before the announcement", to)
			}
			if s := slices.Index(f.trace[i:committed], "sync "+path.Dir(to)); s < 0 {
				t.Errorf("the directory of %s was not durable before the lock", to)
			}
		case "remove":
			if i < announced || i > committed {
				t.Errorf("%q outside of the announced build", op)
			}
		}
	}
	if placed < 5 {
		t.Errorf("only %d files were placed", placed)
	}
}

// TestUnchangedBuildWritesNothing: not one operation, and not one inode.
func TestUnchangedBuildWritesNothing(t *testing.T) {
	dir := start(t, 0)
	before := inodes(t, dir)
	f := &fault{}
	attempt(t, dir, 0, f)
	if f.count > 0 {
		t.Errorf("operations: %v", f.trace)
	}
	if diff := differing(before, inodes(t, dir)); len(diff) > 0 {
		t.Errorf("touched: %v", diff)
	}
	// And of a changed build, only the changed files.
	attempt(t, dir, 2, &fault{})
	after := inodes(t, dir)
	for _, p := range []string{".gitignore", ".gitattributes", "nginx/nginx.conf", "nginx/conf.d/both.conf", "kind", "other/a", "mine.txt"} {
		if before[p] != after[p] || before[p] == "" {
			t.Errorf("%s was touched", p)
		}
	}
}

// inodes gives all that lstat(2) tells of every path but the time of the last
// access, and the text.
func inodes(t TB, dir string) map[string]string {
	t.Helper()
	out := tree(t, dir)
	out["."] = ""
	for p, text := range out {
		var st syscall.Stat_t
		if err := syscall.Lstat(path.Join(dir, p), &st); err != nil {
			t.Fatalf("%v", err)
		}
		st.Atim = syscall.Timespec{}
		out[p] = fmt.Sprintf("%+v %s", st, text)
	}
	return out
}

// TestStopped: an interrupt while files are staged undoes all.
func TestStopped(t *testing.T) {
	dir := start(t, 0)
	before := tree(t, dir)
	for stop := range 6 {
		ctx, cancel := context.WithCancel(context.Background())
		d := open(t, dir)
		f := &fault{}
		f.install(d)
		create := d.sys.create
		d.sys.create = func(r *os.Root, name string) (*os.File, error) {
			if stop--; stop < 0 {
				cancel()
			}
			return create(r, name)
		}
		files, meta := version(1)
		p, diags := d.Plan(files, meta, Options{})
		if len(diags) > 0 {
			t.Fatal(codes(diags))
		}
		if _, diags = d.Apply(ctx, p); !slices.Equal(codes(diags), []string{"NS507"}) {
			t.Fatalf("got %v", codes(diags))
		}
		d.Close()
		if diff := differing(before, tree(t, dir)); len(diff) > 0 {
			t.Fatalf("changed: %v", diff)
		}
		cancel()
	}
	expectVersion(t, dir, 1)
}

// TestChangedMeanwhile: whatever happens to a path between the plan and its turn
// is left as it is.
func TestChangedMeanwhile(t *testing.T) {
	edit := map[string]string{"docker-compose.yml": "edited", "nginx/conf.d/v0.conf": "edited", "deep0/er/file": "edited", "deep1/er/file": "a stranger's"}
	for p, text := range edit {
		for _, when := range []string{"after the plan", "while staging"} {
			dir := start(t, 0)
			d := open(t, dir)
			files, meta := version(1)
			plan, diags := d.Plan(files, meta, Options{})
			if len(diags) > 0 {
				t.Fatal(codes(diags))
			}
			if when == "after the plan" {
				write(t, dir, p, text)
			} else {
				rename := d.sys.rename
				d.sys.rename = func(r *os.Root, from, to string) error {
					if to == nextName {
						write(t, dir, p, text)
					}
					return rename(r, from, to)
				}
			}
			_, diags = d.Apply(context.Background(), plan)
			if !slices.Equal(codes(diags), []string{"NS506"}) {
				t.Errorf("%s %s: %v", p, when, codes(diags))
			}
			d.Close()
			if got := tree(t, dir)[p]; got != text {
				t.Errorf("%s %s: lost: %q", p, when, got)
			}
			if _, _, got := build(t, dir, files); !slices.ContainsFunc(got, func(c string) bool { return c >= "NS520" && c <= "NS525" }) {
				t.Errorf("%s %s: the next build does not stop: %v", p, when, got)
			}
		}
	}
}

// TestSneakyEdit: an edit that keeps size, inode and time of modification shows
// in the inode's own time.
func TestSneakyEdit(t *testing.T) {
	dir := start(t, 0)
	d := open(t, dir)
	defer d.Close()
	files, meta := version(1)
	p, _ := d.Plan(files, meta, Options{})
	full := path.Join(dir, "docker-compose.yml")
	info, err := os.Stat(full)
	if err != nil {
		t.Fatal(err)
	}
	// The kernel's clock for inodes ticks every few milliseconds.
	time.Sleep(20 * time.Millisecond)
	write(t, dir, "docker-compose.yml", generated("compose X"))
	if err := os.Chtimes(full, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if now, err := os.Stat(full); err != nil || now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime()) {
		t.Fatalf("the edit is not sneaky: %v", err)
	}
	if _, diags := d.Apply(context.Background(), p); !slices.Equal(codes(diags), []string{"NS506"}) {
		t.Errorf("got %v", codes(diags))
	}
}
