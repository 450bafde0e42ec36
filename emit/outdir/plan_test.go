package outdir

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nselfc/emit"
)

// The texts of the decision table.
const (
	textL = "as locked"
	textP = "of the interrupted build"
	textN = "as wanted"
)

func textOf(what string) string {
	return map[string]string{
		"L": generated(textL), "P": generated(textP), "N": generated(textN),
		"edit": generated("edited"), "size": generated("as Locked"), "header": generated("from elsewhere"), "plain": "mine\n",
		"conflict": generated("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> theirs"),
		"heading":  generated("Heading\n======="),
	}[what]
}

// situation puts one path into a state: what the lock says, what an interrupted
// build announced, what is on disk.
func situation(t *testing.T, path, lock, next, onDisk string) string {
	t.Helper()
	dir := fresh(t)
	meta := Lock{Stack: testMeta.Stack, Compiler: testMeta.Compiler}
	mustBuild(t, dir)
	put := func(name, what string) {
		if what == "" {
			return
		}
		l := meta
		for _, f := range GitFiles() {
			text, _ := f.Text.Plain()
			l.Files = append(l.Files, record(f.Path, text))
		}
		if what != "-" {
			l.Files = append(l.Files, record(path, textOf(what)))
		}
		write(t, dir, name, string(l.Bytes()))
	}
	put(LockName, map[string]string{"": "-"}[lock]+lock)
	put(nextName, next)
	full := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	switch onDisk {
	case "":
	case "dir":
		write(t, dir, path+"/mine", "mine\n")
	case "empty dir":
		err = os.Mkdir(full, 0o755)
	case "link":
		write(t, dir, "target", "mine\n")
		err = os.Symlink(dir+"/target", full)
	case "dangling":
		err = os.Symlink("nowhere", full)
	case "pipe":
		err = syscall.Mkfifo(full, 0o644)
	default:
		write(t, dir, path, textOf(onDisk))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func record(path, text string) Record {
	return Record{Path: path, Digest: newDisk(nil).digestOf(text), Mode: 0o644, Size: int64(len(text))}
}

// TestDecisionTable has a row for each combination that the package comment
// names, and for each kind of thing that is no file.
func TestDecisionTable(t *testing.T) {
	const path = "nginx/conf.d/api.conf"
	for _, c := range []struct {
		lock, next, disk, want string // "", or a key of textOf
		state                  State
		codes                  []string // without force
		after                  string   // text on disk after the build, or after its refusal
		forced                 string   // with force; "=" for the same
	}{
		{"", "", "", "N", Create, nil, "N", "="},
		{"L", "", "L", "L", Clean, nil, "L", "="},
		{"L", "", "L", "N", Stale, nil, "N", "="},
		{"L", "", "N", "N", Adopt, nil, "N", "="},
		{"", "", "N", "N", Adopt, nil, "N", "="},
		{"L", "", "", "N", Missing, nil, "N", "="},
		{"L", "", "", "L", Missing, nil, "L", "="},
		{"L", "", "edit", "N", HandEdited, []string{"NS520"}, "edit", "N"},
		{"L", "", "edit", "L", HandEdited, []string{"NS520"}, "edit", "L"},
		{"L", "", "plain", "L", HandEdited, []string{"NS520"}, "plain", "L"},
		{"L", "", "size", "L", HandEdited, []string{"NS520"}, "size", "L"},
		{"L", "", "size", "N", HandEdited, []string{"NS520"}, "size", "N"},
		{"L", "", "heading", "L", HandEdited, []string{"NS520"}, "heading", "L"},
		{"L", "", "conflict", "N", Conflicted, []string{"NS521"}, "conflict", "N"},
		{"", "", "plain", "N", Foreign, []string{"NS522"}, "plain", "N"},
		{"", "", "header", "N", ForeignGenerated, []string{"NS523"}, "header", "N"},
		{"L", "", "L", "", Orphan, nil, "", "="},
		{"L", "", "", "", Gone, nil, "", "="},
		{"L", "", "edit", "", EditedOrphan, []string{"NS524"}, "edit", ""},
		{"L", "", "plain", "", EditedOrphan, []string{"NS524"}, "plain", ""},
		{"L", "", "size", "", EditedOrphan, []string{"NS524"}, "size", ""},
		{"", "", "header", "", 255, nil, "header", "="}, // no directory of ours: not looked at

		// After an interrupted build both digests are ours.
		{"", "P", "P", "N", Stale, []string{"NS508"}, "N", "="},
		{"L", "P", "P", "N", Stale, []string{"NS508"}, "N", "="},
		{"L", "P", "L", "N", Stale, []string{"NS508"}, "N", "="},
		{"L", "P", "P", "P", Adopt, []string{"NS508"}, "P", "="},
		{"L", "P", "P", "L", Stale, []string{"NS508"}, "L", "="},
		{"L", "P", "L", "L", Clean, []string{"NS508"}, "L", "="},
		{"L", "P", "P", "", Orphan, []string{"NS508"}, "", "="},
		{"", "P", "P", "", Orphan, []string{"NS508"}, "", "="},
		{"L", "-", "", "", Gone, []string{"NS508"}, "", "="},
		{"L", "-", "L", "N", Stale, []string{"NS508"}, "N", "="},
		{"L", "P", "edit", "N", HandEdited, []string{"NS508", "NS520"}, "edit", "N"},
		{"L", "P", "edit", "", EditedOrphan, []string{"NS508", "NS524"}, "edit", ""},

		// What is no file.
		{"", "", "link", "N", Blocked, []string{"NS525"}, "link", "N"},
		{"L", "", "link", "N", Blocked, []string{"NS525"}, "link", "N"},
		{"", "", "dangling", "N", Blocked, []string{"NS525"}, "dangling", "N"},
		{"L", "", "link", "", EditedOrphan, []string{"NS524"}, "link", ""},
		{"", "", "pipe", "N", Blocked, []string{"NS525"}, "pipe", "N"},
		{"L", "", "pipe", "", EditedOrphan, []string{"NS524"}, "pipe", ""},
		{"", "", "dir", "N", Blocked, []string{"NS525"}, "dir", "="},
		{"L", "", "dir", "N", Blocked, []string{"NS525"}, "dir", "="},
		{"L", "", "dir", "", Gone, nil, "dir", "="},
		{"", "", "empty dir", "N", Create, nil, "N", "="},
	} {
		name := "L=" + c.lock + " P=" + c.next + " D=" + c.disk + " N=" + c.want
		t.Run(name, func(t *testing.T) {
			var files []emit.File
			if c.want != "" {
				files = append(files, file(path, map[string]string{"L": textL, "P": textP, "N": textN}[c.want]))
			}
			for _, force := range []bool{false, true} {
				dir := situation(t, path, c.lock, c.next, c.disk)
				var forced []string
				after, want := c.after, c.codes
				if force && c.state != 255 {
					forced = []string{path}
					if c.forced != "=" {
						after = c.forced
						want = slices.DeleteFunc(slices.Clone(want), func(s string) bool { return s != "NS508" })
					}
				}
				before := tree(t, dir)
				p, _, got := build(t, dir, files, forced...)
				if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
					t.Errorf("force %v: diagnostics (-want +got):\n%s", force, d)
				}
				if s := state(p, path); s != c.state {
					t.Errorf("force %v: state %s, want %s", force, s, c.state)
				}
				now := tree(t, dir)
				if p.blocked {
					if d := cmp.Diff(before, now); d != "" {
						t.Errorf("force %v: a refused build changed something:\n%s", force, d)
					}
					continue
				}
				expected := textOf(after)
				switch after {
				case "dir", "link", "dangling", "pipe":
					expected = before[path]
				}
				if now[path] != expected {
					t.Errorf("force %v: on disk %q, want %q", force, now[path], expected)
				}
				if c.disk == "link" && now["target"] != "mine\n" {
					t.Errorf("the target of the link was touched: %q", now["target"])
				}
				if _, again, got := build(t, dir, files); len(again.Created)+len(again.Updated)+len(again.Removed) > 0 || len(got) > 0 {
					t.Errorf("force %v: the second build did something: %+v %v", force, again, got)
				}
			}
		})
	}
}

// TestParentInTheWay covers what may stand where a directory is needed.
func TestParentInTheWay(t *testing.T) {
	files := []emit.File{file("nginx/conf.d/api.conf", "x")}
	for name, c := range map[string]struct {
		make  func(dir string) error
		code  string
		force string
	}{
		"symlink out of the directory": {func(dir string) error { return os.Symlink(filepath.Dir(dir), filepath.Join(dir, "nginx")) }, "NS525", "nginx/conf.d/api.conf"},
		"symlink inside": {func(dir string) error {
			return os.Symlink("real", filepath.Join(dir, "nginx"))
		}, "NS525", "nginx/conf.d/api.conf"},
		"file": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "nginx"), []byte("mine"), 0o644) }, "NS525", "nginx/conf.d/api.conf"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fresh(t)
			mustBuild(t, dir)
			if err := os.MkdirAll(filepath.Join(dir, "real", "conf.d"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := c.make(dir); err != nil {
				t.Fatal(err)
			}
			before := tree(t, filepath.Dir(dir))
			for _, force := range [][]string{nil, {c.force}} {
				if _, _, got := build(t, dir, files, force...); !slices.Equal(got, []string{c.code}) {
					t.Errorf("force %v: %v, want %s", force, got, c.code)
				}
			}
			if d := cmp.Diff(before, tree(t, filepath.Dir(dir))); d != "" {
				t.Errorf("something changed:\n%s", d)
			}
		})
	}
}

// TestLockedPathBehindSymlink: a hostile lock names a file behind a link with
// its right digest; it is not removed.
func TestLockedPathBehindSymlink(t *testing.T) {
	dir := fresh(t)
	mustBuild(t, dir)
	outside := filepath.Join(filepath.Dir(dir), "outside")
	write(t, outside, "victim", "mine\n")
	if err := os.Symlink(outside, filepath.Join(dir, "nginx")); err != nil {
		t.Fatal(err)
	}
	l := Lock{Compiler: "x", Files: []Record{record("nginx/victim", "mine\n")}}
	write(t, dir, LockName, string(l.Bytes()))
	_, _, got := build(t, dir, nil)
	if !slices.Equal(got, []string{"NS525"}) {
		t.Errorf("got %v", got)
	}
	if tree(t, outside)["victim"] != "mine\n" {
		t.Error("the victim is gone")
	}
}

// TestKindsChange: a path that was a file becomes a directory, and back.
func TestKindsChange(t *testing.T) {
	dir := fresh(t)
	asFile := []emit.File{file("nginx", "file"), file("z", "z")}
	asDir := []emit.File{file("nginx/conf.d/a.conf", "a"), file("nginx/b.conf", "b"), file("z", "z")}
	for range 2 {
		for _, files := range [][]emit.File{asFile, asDir} {
			mustBuild(t, dir, files...)
			expectTree(t, dir, files, nil)
		}
	}
	// A file of the user's in the directory keeps it a directory.
	write(t, dir, "nginx/conf.d/mine.conf", "mine")
	if _, _, got := build(t, dir, asFile); !slices.Equal(got, []string{"NS525"}) {
		t.Errorf("got %v", got)
	}
	if got := tree(t, dir)["nginx/conf.d/mine.conf"]; got != "mine" {
		t.Errorf("lost: %q", got)
	}
}

// TestUnlisted: a generated file that nobody owns up to is warned of where nginx
// would load it, and a file of the user's is none of our business.
func TestUnlisted(t *testing.T) {
	dir := fresh(t)
	files := []emit.File{file("nginx/conf.d/api.conf", "x")}
	mustBuild(t, dir, files...)
	write(t, dir, "nginx/conf.d/old.conf", generated("old"))
	write(t, dir, "nginx/conf.d/mine.conf", "mine")
	write(t, dir, "elsewhere/old.conf", generated("old"))
	p, res, got := build(t, dir, files)
	if !slices.Equal(got, []string{"NS526"}) || state(p, "nginx/conf.d/old.conf") != Unlisted || len(res.Removed) > 0 {
		t.Errorf("got %v, %+v", got, res)
	}
	if _, res, got = build(t, dir, files, "nginx/conf.d/old.conf"); len(got) > 0 || !slices.Equal(res.Removed, []string{"nginx/conf.d/old.conf"}) {
		t.Errorf("got %v, %+v", got, res)
	}
	expectTree(t, dir, files, map[string]string{"nginx/conf.d/mine.conf": "mine", "elsewhere/old.conf": generated("old")})
}

// TestForceUnknownPath: a mistyped path is an error and not a build that ignores it.
func TestForceUnknownPath(t *testing.T) {
	dir := fresh(t)
	files := []emit.File{file("docker-compose.yml", "x")}
	if _, _, got := build(t, dir, files, "docker-compose.yaml", "./docker-compose.yml", "a", ".secrets.d/x"); !slices.Equal(got, []string{"NS541", "NS541"}) {
		t.Errorf("got %v", got)
	}
}

// TestPermissions: bits that drifted are set again, without a fuss.
func TestPermissions(t *testing.T) {
	dir := fresh(t)
	script := file("ufw/apply.sh", "x")
	script.Mode = 0o755
	files := []emit.File{script, file("nginx/nginx.conf", "x")}
	mustBuild(t, dir, files...)
	for path, mode := range map[string]os.FileMode{"ufw/apply.sh": 0o600, "nginx/nginx.conf": 0o664, "ufw": 0o700, "nginx": 0o777} {
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	d := open(t, dir)
	p, diags := d.Plan(files, testMeta, Options{})
	if got := codes(append(diags, d.Check(p)...)); !slices.Equal(got, []string{"NS535"}) {
		t.Errorf("check: %v; only the executable bit is in git", got)
	}
	d.Close()
	res := mustBuild(t, dir, files...)
	if d := cmp.Diff([]string{"nginx/nginx.conf", "ufw/apply.sh"}, res.Updated); d != "" {
		t.Error(d)
	}
	for path, want := range map[string]os.FileMode{"ufw/apply.sh": 0o755, "nginx/nginx.conf": 0o644, "ufw": 0o755, "nginx": 0o775} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v", path, info.Mode(), want)
		}
	}
	expectTree(t, dir, files, nil)
}

// TestHugeFile: what cannot be ours by its size is not read, however large.
func TestHugeFile(t *testing.T) {
	dir := fresh(t)
	files := []emit.File{file("docker-compose.yml", "x"), file("orphan", "y")}
	mustBuild(t, dir, files...)
	for _, p := range []string{"docker-compose.yml", "orphan"} {
		if err := os.Truncate(filepath.Join(dir, p), 1<<37); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	if _, _, got := build(t, dir, files[:1]); !slices.Equal(got, []string{"NS520", "NS524"}) {
		t.Errorf("got %v", got)
	}
	if took := time.Since(begin); took > busy {
		t.Errorf("it took %v", took)
	}
}

// TestReplacedBetweenLookAndOpen: what is read is what was judged.
func TestReplacedBetweenLookAndOpen(t *testing.T) {
	dir := fresh(t)
	write(t, dir, "a", "a")
	write(t, dir, "b", "b")
	d := open(t, dir)
	defer d.Close()
	k := newDisk(d.root)
	at, err := k.look("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "b"), filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := k.read("a", at.info, 10); !errors.Is(err, errChanged) {
		t.Errorf("got %v", err)
	}
	other, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if problem := checkOpened(dir, other, d.self, nil); problem == nil || problem.Code != "NS501" {
		t.Errorf("got %v", problem)
	}
}

// TestOwnNames: what stands at the names that a build keeps for itself is looked
// at before it is used or removed.
func TestOwnNames(t *testing.T) {
	for name, c := range map[string]struct {
		make   func(path func(string) string) error
		code   string
		forced string // code when the lock is forced; "" for none
	}{
		"lock is a symlink": {func(path func(string) string) error {
			return errors.Join(os.WriteFile(path("real"), []byte("lock 1\ncompiler x\n"), 0o644), os.Symlink("real", path(LockName)))
		}, "NS525", ""},
		"lock is a directory": {func(path func(string) string) error { return os.Mkdir(path(LockName), 0o755) }, "NS525", "NS525"},
		"lock is a pipe":      {func(path func(string) string) error { return syscall.Mkfifo(path(LockName), 0o644) }, "NS525", ""},
		"staging is a symlink": {func(path func(string) string) error {
			return errors.Join(os.Mkdir(path("real"), 0o755), os.WriteFile(path("real/0"), nil, 0o644), os.Symlink("real", path(stagingName)))
		}, "NS525", "NS525"},
		"staging is a file": {func(path func(string) string) error { return os.WriteFile(path(stagingName), nil, 0o644) }, "NS525", "NS525"},
		"staging holds a file of the user's": {func(path func(string) string) error {
			return errors.Join(os.Mkdir(path(stagingName), 0o755), os.WriteFile(path(stagingName+"/mine"), nil, 0o644))
		}, "NS525", "NS525"},
		"staging holds a directory": {func(path func(string) string) error { return os.MkdirAll(path(stagingName+"/0"), 0o755) }, "NS525", "NS525"},
		"announcement is garbage":   {func(path func(string) string) error { return os.WriteFile(path(nextName), []byte("x"), 0o644) }, "NS510", "NS510"},
		"announcement is hostile": {func(path func(string) string) error {
			l := Lock{Compiler: "x", Files: []Record{record("../x", "")}}
			return os.WriteFile(path(nextName), l.Bytes(), 0o644)
		}, "NS512", "NS512"},
		"announcement is a symlink": {func(path func(string) string) error { return os.Symlink("nowhere", path(nextName)) }, "NS525", "NS525"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fresh(t)
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := c.make(func(p string) string { return filepath.Join(dir, p) }); err != nil {
				t.Fatal(err)
			}
			before := tree(t, dir)
			files := []emit.File{file("docker-compose.yml", "x")}
			if _, _, got := build(t, dir, files); !slices.Equal(got, []string{c.code}) {
				t.Errorf("got %v, want %s", got, c.code)
			}
			if diff := differing(before, tree(t, dir)); len(diff) > 0 {
				t.Errorf("changed: %v", diff)
			}
			_, _, got := build(t, dir, files, LockName)
			if c.forced != "" && !slices.Equal(got, []string{c.forced}) || c.forced == "" && len(got) > 0 {
				t.Errorf("forced: got %v, want %q", got, c.forced)
			}
			if real, ok := before["real"]; ok && tree(t, dir)["real"] != real {
				t.Error("what a link leads to was touched")
			}
		})
	}
}
