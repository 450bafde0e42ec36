package outdir

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nselfc/emit"
	"nselfc/lang/diag"
)

// settled gives what a check compares of a directory: no leftovers, which git
// ignores, and no directories, which it does not keep.
func settled(t TB, dir string) map[string]string {
	out := tree(t, dir)
	for p, text := range out {
		if text == "dir" || strings.HasPrefix(p, ".nself.") {
			delete(out, p)
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, p)); err == nil && info.Mode()&0o100 != 0 {
			out[p] += " (executable)"
		}
	}
	return out
}

// check is what a check finds in a directory, as one that only looks.
func check(t TB, dir string, files []emit.File, meta Meta) diag.List {
	t.Helper()
	d, problem := Look(dir)
	if problem != nil {
		t.Fatalf("Look: %s", problem.Detail)
	}
	defer d.Close()
	if problem := d.Settle(context.Background(), nil); problem != nil {
		t.Fatalf("Settle: %s", problem.Detail)
	}
	p, diags := d.Plan(files, meta, Options{})
	return append(diags, d.Check(p)...)
}

// TestCheckAfterFault stops a build before each of its operations, and lets each
// fail. A check of the version that was built, and of the one before, says that
// something differs exactly when something does.
func TestCheckAfterFault(t *testing.T) {
	want := map[int]map[string]string{}
	for _, n := range []int{0, 1, 2} {
		dir := start(t, n)
		want[n] = settled(t, dir)
	}
	told, silent := 0, 0
	for _, from := range []int{-1, 0, 1} {
		ops := operations(t, from, 2)
		for _, i := range moments(len(ops)) {
			for _, err := range []error{nil, []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES}[i%3]} {
				dir := start(t, from)
				attempt(t, dir, 2, &fault{at: i + 1, err: err, torn: true})
				now := settled(t, dir)
				_, unfinished := tree(t, dir)[nextName]
				for _, n := range []int{0, 1, 2} {
					differs := unfinished || len(differing(want[n], now)) > 0
					files, meta := version(n)
					if found := check(t, dir, files, meta); differs != found.HasErrors() {
						t.Errorf("%v at %q from %d: check of version %d says %v, and %v differs", err, ops[i], from, n, codes(found), differing(want[n], now))
					}
					if differs {
						told++
					} else {
						silent++
					}
				}
			}
		}
	}
	if told < 200/killStep || silent < 100/killStep {
		t.Errorf("%d differed and %d did not: this proves little", told, silent)
	}
}

// TestLook: whoever only looks needs no right but to read, leaves no trace, not
// even the time of an access, and cannot write.
func TestLook(t *testing.T) {
	dir := start(t, 0)
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1_000_000_000, 0)
	var files, want []string
	for p, text := range tree(t, dir) {
		files = append(files, p)
		if err := os.Chtimes(filepath.Join(dir, p), old, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if text != "dir" {
			want = append(want, p)
		}
	}
	v, meta := version(0)
	if found := check(t, dir, v, meta); len(found) > 0 {
		t.Errorf("found %v", codes(found))
	}
	for _, p := range files {
		var st syscall.Stat_t
		if err := syscall.Lstat(filepath.Join(dir, p), &st); err != nil || st.Atim.Sec != old.Unix() {
			t.Errorf("%s was accessed at %v: %v", p, st.Atim, err)
		}
	}
	if len(want) < 5 {
		t.Errorf("only %v were looked at", want)
	}
	d, problem := Look(dir)
	if problem != nil {
		t.Fatal(problem.Detail)
	}
	defer d.Close()
	v, meta = version(1)
	p, _ := d.Plan(v, meta, Options{})
	before := inodes(t, dir)
	if _, diags := d.Apply(context.Background(), p); !slices.Equal(codes(diags), []string{"NS900"}) {
		t.Errorf("apply: %v", codes(diags))
	}
	if diff := differing(before, inodes(t, dir)); len(diff) > 0 {
		t.Errorf("touched: %v", diff)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	asUser(t, 12345, func() {
		v, meta := version(0)
		if found := check(t, dir, v, meta); len(found) > 0 {
			t.Errorf("as another user: %v", codes(found))
		}
	})
}

// TestSettle: a look waits for a build, a build for a look, and a look for no other.
func TestSettle(t *testing.T) {
	dir := start(t, 0)
	builder, looker := open(t, dir), look(t, dir)
	if problem := builder.Acquire(context.Background()); problem != nil {
		t.Fatal(problem.Detail)
	}
	looker.patience = 100 * time.Millisecond
	waits := 0
	if problem := looker.Settle(context.Background(), func() { waits++ }); problem == nil || problem.Code != "NS503" || waits != 1 {
		t.Errorf("beside a build: %v, %d times told", problem, waits)
	}
	looker.patience = lockPatience
	if problem := looker.Settle(context.Background(), builder.Close); problem != nil {
		t.Errorf("after it: %s", problem.Detail)
	}
	defer looker.Close()
	second := look(t, dir)
	defer second.Close()
	if problem := second.Settle(context.Background(), func() { t.Error("one look waits for another") }); problem != nil {
		t.Error(problem.Detail)
	}
	builder = open(t, dir)
	defer builder.Close()
	builder.patience = 100 * time.Millisecond
	if problem := builder.Acquire(context.Background()); problem == nil || problem.Code != "NS503" {
		t.Errorf("a build beside a look: %v", problem)
	}
	absent := look(t, filepath.Join(dir, "absent"))
	if problem := absent.Settle(context.Background(), nil); problem != nil {
		t.Error(problem.Detail)
	}
}

func look(t *testing.T, dir string) *Dir {
	t.Helper()
	d, problem := Look(dir)
	if problem != nil {
		t.Fatal(problem.Detail)
	}
	return d
}

// TestOthers: everything that a commit would take and no build wrote, each
// directory of it once.
func TestOthers(t *testing.T) {
	dir := fresh(t)
	files := []emit.File{file("docker-compose.yml", "x"), file("nginx/conf.d/api.conf", "x")}
	mustBuild(t, dir, files...)
	for _, p := range []string{
		".env", "nginx/conf.d/mine.conf", "theirs/a", "theirs/deep/b", "ignored.txt", "ignored/a", "some/ignored.txt", "some/b", "nothing/ignored.txt",
		".secrets", ".secrets.d/api/KEY", ".secrets~", ".nself.next", ".git/config",
	} {
		write(t, dir, p, "mine")
	}
	if err := errors.Join(os.Symlink("/etc", filepath.Join(dir, "link")), os.MkdirAll(filepath.Join(dir, "empty/dir"), 0o755), os.Remove(filepath.Join(dir, ".nself.next"))); err != nil {
		t.Fatal(err)
	}
	d := look(t, dir)
	defer d.Close()
	p, diags := d.Plan(files, testMeta, Options{})
	if len(diags) > 0 {
		t.Fatal(codes(diags))
	}
	before := inodes(t, dir)
	var got []string
	for _, f := range d.Others(p, func(name string, _ bool) bool { return strings.Contains(name, "ignored") }) {
		if f.Code != "NS536" {
			t.Errorf("%s: %s", f.Code, f.Detail)
		}
		got = append(got, strings.TrimPrefix(f.Subject.File, dir+"/"))
	}
	if want := []string{".env", "link", "nginx/conf.d/mine.conf", "some", "theirs"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if diff := differing(before, inodes(t, dir)); len(diff) > 0 {
		t.Errorf("touched: %v", diff)
	}
	for i := range 3 * maxOthers {
		write(t, dir, "nginx/many-"+strings.Repeat("x", i%50)+strings.Repeat("y", i/50), "")
	}
	if found := d.Others(p, func(string, bool) bool { return false }); len(found) > maxOthers+1 {
		t.Errorf("%d findings", len(found))
	}
}

// TestAlike: of one kind, the reason once, every name, and the remedy once.
func TestAlike(t *testing.T) {
	dir := fresh(t)
	var files []emit.File
	for i := range 60 {
		files = append(files, file("f"+string(rune('a'+i/26))+string(rune('a'+i%26)), "x"))
	}
	d := look(t, dir)
	p, _ := d.Plan(files, testMeta, Options{})
	list := d.Check(p)
	joined := Alike(list)
	if len(list) != 62 || len(joined) != 1 {
		t.Fatalf("%d findings were joined to %d", len(list), len(joined))
	}
	text := joined[0].Detail
	for _, want := range []string{"The same is true of 61 files more", "/fag\n", "… and 21 others", "nselfc build"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("%q stands there %d times:\n%s", want, strings.Count(text, want), text)
		}
	}
	if list[0].Detail == text {
		t.Error("the list itself was changed")
	}
}

// TestConcealed: no line of a file that a secret is in is shown.
func TestConcealed(t *testing.T) {
	dir := fresh(t)
	files := []emit.File{file("docker-compose.yml", "x"), file("other.yml", "x")}
	mustBuild(t, dir, files...)
	for _, f := range files {
		write(t, dir, f.Path, generated("password: hunter22"))
	}
	d := look(t, dir)
	defer d.Close()
	_, diags := d.Plan(files, testMeta, Options{Concealed: func(p string) bool { return p == "docker-compose.yml" }})
	if len(diags) != 2 || strings.Contains(diags[0].Detail, "hunter22") || !strings.Contains(diags[0].Detail, "a secret is in it") || !strings.Contains(diags[1].Detail, "hunter22") {
		t.Errorf("%v", codes(diags))
	}
}
