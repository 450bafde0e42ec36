package mergedriver

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nselfc/internal/secrets/register"
)

// fork makes a repository with a built stack and a branch feature. On each branch,
// the function changes the stack, or files, before all is built and committed.
func fork(t *testing.T, main, feature func(r *repository, s *stack)) *repository {
	t.Helper()
	r := newRepository(t)
	s := stack{"shop", map[string]int{"api": 2, "web": 3}}
	commit := func(s stack) {
		r.write(t, sourceName, s.source())
		if diags := build(t, filepath.Join(r.dir, "out"), s, nothing); len(diags) > 0 {
			t.Fatalf("%s: %s", codes(diags), details(diags))
		}
		r.commit(t, "build")
	}
	commit(s)
	r.must(t, "branch", "feature")
	for branch, change := range map[string]func(*repository, *stack){"main": main, "feature": feature} {
		r.must(t, "checkout", "-q", branch)
		s := stack{s.name, maps.Clone(s.services)}
		change(r, &s)
		commit(s)
	}
	r.must(t, "checkout", "-q", "main")
	return r
}

func set(name string, value int) func(*repository, *stack) {
	return func(_ *repository, s *stack) { s.services[name] = value }
}

// TestEachSideAddsAService is the everyday case: a merge without a conflict, and
// a build without --force.
func TestEachSideAddsAService(t *testing.T) {
	for _, how := range [][]string{{"merge", "-q", "--no-edit", "feature"}, {"rebase", "-q", "feature"}, {"cherry-pick", "feature"}} {
		r := fork(t, set("auth", 4), set("zoo", 6))
		if out, err := r.git(how...); err != nil {
			t.Fatalf("git %v: %s", how, out)
		}
		s, _ := parse(r.read(sourceName))
		if want := []string{"api", "auth", "web", "zoo"}; !slices.Equal(slices.Sorted(maps.Keys(s.services)), want) {
			t.Fatalf("git %v: the source has %v", how, s.services)
		}
		if diags := build(t, filepath.Join(r.dir, "out"), s, nothing); len(diags) > 0 {
			t.Errorf("git %v: %s: %s", how, codes(diags), details(diags))
		}
		checked(t, filepath.Join(r.dir, "out"), s)
	}
}

// TestWithoutTheDriver: where git is not told of the driver, the attribute that
// names it changes nothing: texts are merged, and the build says how to go on.
func TestWithoutTheDriver(t *testing.T) {
	r := fork(t, set("api", 4), set("web", 6))
	r.must(t, "config", "--unset", "merge.nselfc.driver")
	out, err := r.git("merge", "-q", "feature")
	if err == nil || !strings.Contains(out, "CONFLICT (content): Merge conflict in out/prod/nself.lock") {
		t.Fatalf("control: the lock was to conflict: %v: %s", err, out)
	}
	if text := r.read("out/prod/docker-compose.yml"); strings.Contains(out, "conflict in out/prod/docker-compose.yml") || !strings.Contains(text, "api:4") || !strings.Contains(text, "web:6") {
		t.Errorf("git did not merge the texts: %s\n%s", out, text)
	}
	s, ok := parse(r.read(sourceName))
	if diags := build(t, filepath.Join(r.dir, "out"), s, nothing); !ok || !strings.Contains(codes(diags), "NS511") {
		t.Errorf("the build says %s", codes(diags))
	}
	// A text that git merged and no build wrote is not lost in silence, and the way
	// that NS511 shows ends well.
	r.must(t, "checkout", "--no-overlay", "HEAD", "--", "out")
	if diags := build(t, filepath.Join(r.dir, "out"), s, nothing); len(diags) > 0 {
		t.Errorf("%s: %s", codes(diags), details(diags))
	}
	checked(t, filepath.Join(r.dir, "out"), s)
}

// edited commits a hand edit of a generated file on a branch.
func edited(t *testing.T, r *repository, branch, path, old, by string) {
	t.Helper()
	r.must(t, "checkout", "-q", branch)
	text := r.read(path)
	if !strings.Contains(text, old) {
		t.Fatalf("%s holds no %q:\n%s", path, old, text)
	}
	r.write(t, path, strings.Replace(text, old, by, 1))
	r.commit(t, "edit")
	r.must(t, "checkout", "-q", "main")
}

// TestHandEdits: an edit on either side is there after the merge, and stops the build.
func TestHandEdits(t *testing.T) {
	const path = "out/prod/docker-compose.yml"
	for _, c := range []struct {
		name, branch, old, by string
		conflict              bool
		said                  string
	}{
		{"merged in", "feature", "# of web", "# of web, by hand", false, "NS518 " + path},
		{"merged in, clashing", "feature", "image: api:2", "image: api:99", true, "NS518 " + path},
		{"current side", "main", "# of web", "# of web, by hand", false, "NS518 " + path},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := fork(t, set("api", 4), set("zoo", 6))
			edited(t, r, c.branch, path, c.old, c.by)
			out, err := r.git("merge", "-q", "--no-edit", "feature")
			if (err != nil) != c.conflict || !strings.Contains(out, c.said) {
				t.Fatalf("%v: %s", err, out)
			}
			if !strings.Contains(r.read(path), c.by) {
				t.Errorf("the edit is lost:\n%s", r.read(path))
			}
			s, _ := parse(r.read(sourceName))
			want := "NS520"
			if c.conflict {
				want = "NS521"
			}
			if diags := build(t, filepath.Join(r.dir, "out"), s, nothing); codes(diags) != want {
				t.Errorf("the build says %q: %s", codes(diags), details(diags))
			}
			if diags := build(t, filepath.Join(r.dir, "out"), s, everything); len(diags) > 0 {
				t.Errorf("forced: %s", codes(diags))
			}
			checked(t, filepath.Join(r.dir, "out"), s)
		})
	}
}

// TestDamagedLock: a lock that no build wrote makes git report a conflict, on
// whichever side it is.
func TestDamagedLock(t *testing.T) {
	const path = "out/prod/nself.lock"
	for _, branch := range []string{"main", "feature"} {
		r := fork(t, set("api", 4), set("zoo", 6))
		edited(t, r, branch, path, "lock 1", "lock 0")
		out, err := r.git("merge", "-q", "feature")
		if err == nil || !strings.Contains(out, "NS516 "+path) || !strings.Contains(out, "Merge conflict in "+path) || strings.Contains(out, "conflict in out/dev") {
			t.Errorf("on %s: %v: %s", branch, err, out)
		}
		advice := regexp.MustCompile(`git (checkout --no-overlay HEAD -- \S+)`).FindStringSubmatch(out)
		if advice == nil {
			t.Fatalf("no advice in %s", out)
		}
		if branch == "main" {
			continue // HEAD has the damage, and the text speaks of a commit without it
		}
		r.must(t, strings.Fields(advice[1])...)
		s, _ := parse(r.read(sourceName))
		if diags := build(t, filepath.Join(r.dir, "out"), s, nothing); len(diags) > 0 {
			t.Errorf("%s: %s", codes(diags), details(diags))
		}
		checked(t, filepath.Join(r.dir, "out"), s)
	}
}

// TestFilesOfOthers: what lies among the output and no build ever wrote is merged
// as if there were no driver, and without a word of ours.
func TestFilesOfOthers(t *testing.T) {
	const path = "out/prod/README"
	lines := func(first, last string) string { return first + "\n1\n2\n3\n4\n5\n" + last + "\n" }
	write := func(text string) func(*repository, *stack) {
		return func(r *repository, _ *stack) { r.write(t, path, text) }
	}
	r := fork(t, write(lines("a", "x")), write(lines("b", "x")))
	if out, err := r.git("merge", "-q", "--no-edit", "feature"); err == nil || strings.Contains(out, "NS5") || !strings.Contains(r.read(path), "<<<<<<<") {
		t.Errorf("both add: %v: %s", err, out)
	}
	r = fork(t, func(*repository, *stack) {}, func(*repository, *stack) {})
	r.write(t, path, lines("a", "z"))
	r.commit(t, "x")
	r.must(t, "checkout", "-q", "-B", "feature")
	r.write(t, path, lines("b", "z"))
	r.commit(t, "x")
	r.must(t, "checkout", "-q", "main")
	r.write(t, path, lines("a", "y"))
	r.commit(t, "x")
	if out := r.must(t, "merge", "-q", "--no-edit", "feature"); strings.Contains(out, "NS5") || r.read(path) != lines("b", "y") {
		t.Errorf("%s\n%s", out, r.read(path))
	}
}

// TestUnreadableFiles: what cannot be read is a conflict, and no crash.
func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, p := range []string{"out/nself.lock", "out/x"} {
		f := File{Base: "none", Ours: "none", Theirs: "none", Path: p, MarkerSize: 7}
		if clean, diags := Merge(t.Context(), f); clean || codes(diags) != "NS517" {
			t.Errorf("%s: %v %s", p, clean, codes(diags))
		}
	}
	if _, err := os.Stat("none"); err == nil {
		t.Error("a file was made")
	}
}

// TestRecordsOfSecrets merges what hosts have written into the output: secret by
// secret, as no build brings back what a merge forgot. A side that cannot be read is
// a conflict, with both texts.
func TestRecordsOfSecrets(t *testing.T) {
	const path = "out/prod/" + register.Name
	record := func(damage string, notes ...string) func(*repository, *stack) {
		return func(r *repository, s *stack) {
			known := register.New("shop")
			for i, address := range notes {
				known.Note(address, "hex", "2030-05-0"+strconv.Itoa(i+1), register.Found, "")
			}
			r.write(t, path, damage+string(known.Bytes()))
			s.services["changed"] = len(notes)
		}
	}
	r := fork(t, record("", "secret.a", "secret.b", "secret.b"), record("", "secret.a", "secret.a", "secret.c"))
	if out, err := r.git("merge", "-q", "--no-edit", "feature"); err != nil {
		t.Fatalf("a conflict: %v: %s", err, out)
	}
	merged, err := register.Read([]byte(r.read(path)))
	if err != nil {
		t.Fatal(err)
	}
	for address, generation := range map[string]int{"secret.a": 2, "secret.b": 2, "secret.c": 1} {
		if e := merged.Entries[address]; e == nil || e.Generation != generation {
			t.Errorf("%s: %+v", address, e)
		}
	}
	r = fork(t, record("", "secret.a"), record("[", "secret.a", "secret.b"))
	out, err := r.git("merge", "-q", "--no-edit", "feature")
	if err == nil || !strings.Contains(out, "Merge conflict in "+path) || !strings.Contains(out, "NS517 "+path) {
		t.Fatalf("a damaged side was merged: %v: %s", err, out)
	}
	if text := r.read(path); !strings.Contains(text, "<<<<<<<") || !strings.Contains(text, "secret.b") {
		t.Errorf("a side is lost: %s", text)
	}
}
