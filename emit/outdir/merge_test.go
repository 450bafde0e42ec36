package outdir

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/emit"
)

// lockOf makes a lock of facts: "path=text", "path=text+x" for an executable
// file, "ref@digest", "secret#generation", "in:name=text" and "stack:name".
func lockOf(facts ...string) *Lock {
	l := &Lock{Compiler: "0.1.0"}
	for _, f := range facts {
		if name, ok := strings.CutPrefix(f, "stack:"); ok {
			l.Stack = name
			continue
		}
		if in, ok := strings.CutPrefix(f, "in:"); ok {
			name, text, _ := strings.Cut(in, "=")
			l.Inputs = append(l.Inputs, Input{name, newDisk(nil).digestOf(text)})
			continue
		}
		if path, text, ok := strings.Cut(f, "="); ok {
			text, x := strings.CutSuffix(text, "+x")
			r := record(path, text)
			if x {
				r.Mode = 0o755
			}
			l.Files = append(l.Files, r)
			continue
		}
		if ref, digit, ok := strings.Cut(f, "@"); ok {
			digest := ""
			if digit != "" {
				digest = "sha256:" + strings.Repeat(digit, 64)
			}
			l.Images = append(l.Images, Image{ref, digest})
			continue
		}
		address, generation, _ := strings.Cut(f, "#")
		l.Secrets = append(l.Secrets, Secret{address, "hex", int(generation[0] - '0')})
	}
	l.sort()
	return l
}

// TestMergeLocks merges fact by fact, and both ways round: a rebase swaps sides.
func TestMergeLocks(t *testing.T) {
	for name, c := range map[string]struct {
		base, ours, theirs, want string
		swapped                  string // "" when it is the same
		merged                   string // files about which the sides disagree
	}{
		"nothing":                  {"a=1", "a=1", "a=1", "a=1", "", ""},
		"one side changes":         {"a=1 b=1", "a=2 b=1", "a=1 b=1", "a=2 b=1", "", "a=1 a=2"},
		"each changes another":     {"a=1 b=1", "a=2 b=1", "a=1 b=2", "a=2 b=2", "", "a=1 a=2 b=1 b=2"},
		"both change the same":     {"a=1", "a=2", "a=2", "a=2", "", ""},
		"both change":              {"a=1", "a=2", "a=3", "a=2", "a=3", "a=2 a=3"},
		"one removes":              {"a=1 b=1", "b=1", "a=1 b=1", "b=1", "", "a=1"},
		"both remove":              {"a=1 b=1", "b=1", "b=1", "b=1", "", ""},
		"one removes, one changes": {"a=1 b=1", "b=1", "a=2 b=1", "a=2 b=1", "", "a=2"},
		"one adds":                 {"a=1", "a=1 b=1", "a=1", "a=1 b=1", "", "b=1"},
		"both add the same":        {"a=1", "a=1 b=1", "a=1 b=1", "a=1 b=1", "", ""},
		"both add":                 {"a=1", "a=1 b=1", "a=1 b=2", "a=1 b=1", "a=1 b=2", "b=1 b=2"},
		"no ancestor":              {"", "a=1 b=1", "a=2 c=1", "a=1 b=1 c=1", "a=2 b=1 c=1", "a=1 a=2 b=1 c=1"},
		"mode here, text there":    {"a=1", "a=1+x", "a=2", "a=2+x", "", "a=1+x a=2"},
		"emptied":                  {"a=1", "a=", "a=1", "a=", "", "a=1 a="},
		"added empty":              {"b=1", "a= b=1", "b=1", "a= b=1", "", "a="},
		"stack renamed":            {"stack:a x=1", "stack:b x=1", "stack:a x=2", "stack:b x=2", "", "x=1 x=2"},
		"stack renamed twice":      {"stack:a", "stack:b", "stack:c", "stack:b", "stack:c", ""},
		"source":                   {"in:n=1", "in:n=2", "in:n=1 in:m=1", "in:m=1 in:n=2", "", ""},
		"image pinned":             {"x:1@ y:1@", "x:1@a y:1@", "x:1@ y:2@", "x:1@a y:2@", "", ""},
		"image pinned twice":       {"x:1@a", "x:1@b", "x:1@c", "x:1@b", "x:1@c", ""},
		"image under two pins":     {"x:1@a", "x:1@a x:1@b", "x:1@a", "x:1@a x:1@b", "", ""},
		"secret rotated":           {"s#1 r#1", "s#2 r#1", "s#1 r#1 t#1", "r#1 s#2 t#1", "", ""},
		"secret rotated by both":   {"s#1", "s#2", "s#4", "s#4", "", ""},
		"secret removed":           {"s#1", "", "s#1", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			side := func(s string) []byte {
				if name == "no ancestor" && s == c.base {
					return nil
				}
				return lockOf(strings.Fields(s)...).Bytes()
			}
			check := func(ours, theirs, want string) {
				t.Helper()
				got, diags := MergeLocks(LockName, side(c.base), side(ours), side(theirs))
				if len(diags) > 0 {
					t.Fatalf("%v: %s", codes(diags), diags[0].Detail)
				}
				l := lockOf(strings.Fields(want)...)
				l.Merged = lockOf(strings.Fields(c.merged)...).Files
				if d := cmp.Diff(string(l.Bytes()), string(got)); d != "" {
					t.Errorf("ours %q, theirs %q (-want +got):\n%s", ours, theirs, d)
				}
				if _, diags := ReadLock(LockName, got); len(diags) > 0 {
					t.Errorf("the merged lock cannot be read: %s", diags[0].Detail)
				}
			}
			check(c.ours, c.theirs, c.want)
			if c.swapped == "" {
				c.swapped = c.want
			}
			check(c.theirs, c.ours, c.swapped)
		})
	}
}

// TestMergedLocksMerge: what an earlier merge left is known after the next one.
func TestMergedLocksMerge(t *testing.T) {
	base, ours := lockOf("a=1"), lockOf("a=2")
	ours.Merged = []Record{record("b", "7")}
	got, diags := MergeLocks(LockName, base.Bytes(), ours.Bytes(), base.Bytes())
	if len(diags) > 0 {
		t.Fatal(codes(diags))
	}
	want := lockOf("a=2")
	want.Merged = []Record{record("a", "1"), record("a", "2"), record("b", "7")}
	if d := cmp.Diff(string(want.Bytes()), string(got)); d != "" {
		t.Error(d)
	}
}

// TestMergeOfDamagedLocks: no lock that ReadLock refuses is merged, and the
// finding says which side it is on.
func TestMergeOfDamagedLocks(t *testing.T) {
	good := lockOf("a=1").Bytes()
	for name, bad := range map[string]string{
		"conflict": "lock 1\n<<<<<<< HEAD\ncompiler x\n", "cut off": string(good[:len(good)-9]), "unsafe path": strings.Replace(string(good), " a\n", " ../a\n", 1),
		"newer": strings.Replace(string(good), "lock 1", "lock 2", 1), "hostile": "lock 1\ncompiler x\nmerged sha256:" + strings.Repeat("00", 32) + " 0644 1 ../x\n", "empty": "",
	} {
		for i, side := range []string{"common ancestor", "current side", "merged-in side"} {
			if name == "empty" && i == 0 {
				continue // that is no ancestor at all
			}
			texts := [][]byte{good, good, good}
			texts[i] = []byte(bad)
			got, diags := MergeLocks("out/nself.lock", texts[0], texts[1], texts[2])
			if got != nil || len(diags) != 1 || diags[0].Code != "NS516" || !strings.Contains(diags[0].Detail, "the "+side) {
				t.Errorf("%s on the %s: %q, %v: %s", name, side, got, codes(diags), details(diags))
			}
		}
	}
	got, diags := MergeLocks("out/nself.lock", good, lockOf("a=1", "b=1").Bytes(), lockOf("a=1", "B=1").Bytes())
	if got != nil || len(diags) != 1 || !strings.Contains(diags[0].Detail, "the merged stack") {
		t.Errorf("paths that clash: %q, %v", got, codes(diags))
	}
	if _, diags := MergeLocks("out/nself.lock", good, good, good); len(diags) > 0 {
		t.Errorf("control: %s", details(diags))
	}
}

// TestTextsOfAMerge: wherever git left a text that a build of either branch wrote,
// it is the build's to replace or remove, and any other text is not.
func TestTextsOfAMerge(t *testing.T) {
	dir := fresh(t)
	mustBuild(t, dir, file("conf.d/a.conf", "new a"), file("conf.d/b.conf", "new b"))
	write(t, dir, "conf.d/a.conf", generated("old b"))      // moved over another
	write(t, dir, "conf.d/e.conf", "")                      // nobody's, and as empty as one that was
	write(t, dir, "conf.d/c.conf", generated("old c"))      // moved to where nothing was, nor is
	write(t, dir, "conf.d/c.bak", generated("old c"))       // a copy that somebody made
	write(t, dir, "conf.d/d.conf", generated("a person's")) // nobody's
	lock, diags := ReadLock(LockName, []byte(tree(t, dir)[LockName]))
	if len(diags) > 0 {
		t.Fatal(details(diags))
	}
	if p, _, _ := build(t, dir, nil); state(p, "conf.d/a.conf") != EditedOrphan || state(p, "conf.d/c.conf") != Unlisted {
		t.Fatalf("control: without a merge, a is %s and c %s", state(p, "conf.d/a.conf"), state(p, "conf.d/c.conf"))
	}
	lock.Merged = []Record{record("conf.d/b.conf", generated("old b")), record("old.d/c.conf", generated("old c")), record("e.conf", "")}
	write(t, dir, LockName, string(lock.Bytes()))
	write(t, dir, "conf.d/f.conf", generated("new b")) // a text that both branches have
	want := []emit.File{file("conf.d/a.conf", "merged a"), file("conf.d/b.conf", "new b"), file("conf.d/f.conf", "f")}
	p, res, got := build(t, dir, want)
	if !slices.Equal(got, []string{"NS526", "NS526"}) || state(p, "conf.d/a.conf") != Stale || state(p, "conf.d/c.conf") != Orphan || state(p, "conf.d/d.conf") != Unlisted {
		t.Errorf("%v: a is %s, c %s, d %s", got, state(p, "conf.d/a.conf"), state(p, "conf.d/c.conf"), state(p, "conf.d/d.conf"))
	}
	if !slices.Equal(res.Removed, []string{"conf.d/c.conf"}) {
		t.Errorf("removed %v", res.Removed)
	}
	expectTree(t, dir, want, map[string]string{"conf.d/e.conf": "", "conf.d/c.bak": generated("old c"), "conf.d/d.conf": generated("a person's")})
	if lock, _ := ReadLock(LockName, []byte(tree(t, dir)[LockName])); len(lock.Merged) > 0 {
		t.Error("a build's lock still tells of the merge")
	}
}

// FuzzMergeLocks: whatever stands on the three sides, the result is a lock that
// reads as it was written, or nothing; and a side that did not change decides
// nothing.
func FuzzMergeLocks(f *testing.F) {
	base, ours := sampleLock().Bytes(), lockOf("a=1", "x:1@a", "secret.jwt_key#4", "stack:b").Bytes()
	f.Add(base, ours, lockOf("b=1").Bytes())
	f.Add([]byte(nil), base, ours)
	f.Add(base, []byte("lock 1\n<<<<<<< HEAD\n"), ours)
	f.Fuzz(func(t *testing.T, base, ours, theirs []byte) {
		got, diags := MergeLocks("x", base, ours, theirs)
		if len(diags) > 0 {
			if got != nil || len(diags) != 1 || diags[0].Code != "NS516" {
				t.Fatalf("%v with %q", codes(diags), got)
			}
			return
		}
		l, wrong := ReadLock("x", got)
		if len(wrong) > 0 {
			t.Fatalf("%s\n%s", details(wrong), got)
		}
		l.sort()
		if d := cmp.Diff(string(got), string(l.Bytes())); d != "" {
			t.Error(d)
		}
		for _, sides := range [][2][]byte{{theirs, base}, {base, theirs}} {
			alone, diags := MergeLocks("x", base, sides[0], sides[1])
			if len(diags) > 0 {
				continue // an empty base is no lock of a side
			}
			want, _ := ReadLock("x", theirs)
			have, _ := ReadLock("x", alone)
			have.Merged, want.Merged = nil, nil
			for i := range have.Secrets { // these only grow
				have.Secrets[i].Generation, want.Secrets[i].Generation = 1, 1
			}
			if d := cmp.Diff(string(want.Bytes()), string(have.Bytes())); d != "" {
				t.Errorf("the side that changed does not win:\n%s", d)
			}
		}
	})
}
