package secrets

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
)

// shared is a stack with a secret of each class, and the services that read them.
func shared() (*ir.Stack, []emit.File) {
	stack, files := turning()
	files[0] = file(".secrets.d/db/roles.sql", ref("secret.app")) // without verifiers, which are slow on purpose
	for service, names := range map[string][]string{"api": {"db", "cache", "key", "ca.crt"}, "db": {"roles.sql", "server.key"}} {
		s := &ir.Service{Name: service}
		for _, n := range names {
			s.Secrets = append(s.Secrets, ir.Mount{File: ".secrets.d/" + service + "/" + n})
		}
		stack.Services = append(stack.Services, s)
	}
	return stack, files
}

// bring is an import, with what the store holds.
type bring struct {
	Values       map[string]string
	Replace, Dry bool
	Push         func(values map[string]string) diag.List
}

func reading(values map[string]string) func() (map[string]string, diag.List) {
	return func() (map[string]string, diag.List) { return values, nil }
}

func take(dir string, in bring) (*Imported, diag.List) {
	stack, files := shared()
	return Take(context.Background(), dir, stack, files, Options{Now: testNow, ReadStore: reading(in.Values)}, Import{Store: "the test's store", Replace: in.Replace, Dry: in.Dry, Push: in.Push})
}

func brings(t *testing.T, dir string, in bring) *Imported {
	t.Helper()
	r, diags := take(dir, in)
	for _, d := range diags {
		t.Fatalf("%s: %s: %s", d.Code, d.Summary, d.Detail)
	}
	return r
}

// other gives values of another host with the same stack.
func other(t *testing.T) map[string]string {
	t.Helper()
	dir := workDir(t)
	stack, files := shared()
	build(t, dir, stack, files)
	return entries(t, dir)
}

func with(values map[string]string, pairs ...string) map[string]string {
	values = maps.Clone(values)
	for i := 0; i < len(pairs); i += 2 {
		if values[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(values, pairs[i])
		}
	}
	return values
}

var every = []string{"secret.app", "secret.ca", "secret.cache", "secret.key", "secret.tls"}

// TestTakeAll brings the values to a host that has none, and then finds nothing to do.
func TestTakeAll(t *testing.T) {
	dir, values := workDir(t), other(t)
	values["LEFT"] = "x"
	if diff := cmp.Diff(&Imported{Added: every, Strange: []string{"LEFT"}, Readers: map[string][]string{}}, brings(t, dir, bring{Values: values, Dry: true})); diff != "" {
		t.Error(diff)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("a dry run wrote %v", left)
	}
	brings(t, dir, bring{Values: values})
	if diff := cmp.Diff(with(values, "LEFT", ""), entries(t, dir)); diff != "" {
		t.Error(diff)
	}
	before := state(t, dir)
	r := brings(t, dir, bring{Values: values})
	if diff := cmp.Diff(&Imported{Same: every, Strange: []string{"LEFT"}, Readers: map[string][]string{}}, r); diff != "" {
		t.Error(diff)
	}
	if after := state(t, dir); after != before {
		t.Errorf("a second run wrote:\n%s\n%s", before, after)
	}
	stack, files := shared()
	if _, diags := run(dir, stack, files, Options{Existing: true}); diags.HasErrors() {
		t.Errorf("the values make no files: %s", diags[0].Detail)
	}
	if r := brings(t, workDir(t), bring{Dry: true}); !slices.Equal(r.Missing, every) {
		t.Errorf("missing: %v", r.Missing)
	}
}

// TestTakeKeeps holds that no value of this host is lost, that pushing it is asked
// for, and that a push that fails changes nothing here.
func TestTakeKeeps(t *testing.T) {
	dir := workDir(t)
	stack, files := shared()
	build(t, dir, stack, files)
	mine := entries(t, dir)
	values := with(mine, "KEY", "", "APP", "")
	if r := brings(t, dir, bring{Values: values}); !slices.Equal(r.Kept, []string{"secret.app", "secret.key"}) {
		t.Fatalf("kept %v", r.Kept)
	}
	if diff := cmp.Diff(mine, entries(t, dir)); diff != "" {
		t.Error(diff)
	}
	before := state(t, dir)
	_, diags := take(dir, bring{Values: with(values, "CACHE", ""), Push: func(map[string]string) diag.List {
		return diag.List{diag.Errorf("NS632", at(3).Range, "conflict", "conflict")}
	}})
	if !diags.HasErrors() || state(t, dir) != before {
		t.Error("a push that failed changed something here")
	}
	var pushed map[string]string
	brings(t, dir, bring{Values: values, Push: func(v map[string]string) diag.List { pushed = v; return nil }})
	for _, key := range []string{"KEY", "APP"} {
		if pushed[key] != mine[key] {
			t.Errorf("%s was not pushed", key)
		}
	}
	if _, ok := pushed["CACHE"]; ok {
		t.Error("a value that the store has was pushed")
	}
}

// TestTakeChanges holds what becomes of values that differ: those that only services
// read are taken, and whoever reads them is named; those that a server checks are
// not, while a service has the old one.
func TestTakeChanges(t *testing.T) {
	stack, files := shared()
	theirs := other(t)
	for _, tt := range []struct {
		name    string
		keys    []string
		changed string
		readers []string
		refused string
	}{
		{"restart", []string{"KEY"}, "secret.key", []string{"api"}, ""},
		{"certificate", []string{"CA__PRIVATE_KEY", "CA__CERTIFICATE", "TLS__PRIVATE_KEY", "TLS__CERTIFICATE"}, "secret.tls", []string{"api", "db"}, ""},
		{"pair", []string{"APP"}, "secret.app", []string{"api", "db"}, "NS647"},
		{"dual", []string{"CACHE"}, "secret.cache", []string{"api"}, "NS647"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := workDir(t)
			build(t, dir, stack, files)
			mine := entries(t, dir)
			values := maps.Clone(mine)
			for _, k := range tt.keys {
				values[k] = theirs[k]
			}
			before := state(t, dir)
			if tt.refused != "" {
				_, diags := take(dir, bring{Values: values})
				d := wantCode(t, diags, tt.refused, "Nothing was changed")
				if !strings.Contains(d.Detail, strings.Join(tt.readers, ", ")) || state(t, dir) != before {
					t.Errorf("the readers are not named, or something was written: %s", d.Detail)
				}
			}
			r := brings(t, dir, bring{Values: values, Replace: true})
			if !slices.Contains(r.Changed, tt.changed) || !slices.Equal(r.Readers[tt.changed], tt.readers) {
				t.Fatalf("changed %v, read by %v", r.Changed, r.Readers)
			}
			for _, k := range tt.keys {
				if entries(t, dir)[k] != theirs[k] {
					t.Errorf("%s is the old one", k)
				}
			}
			build(t, dir, stack, files)
		})
	}
	t.Run("nothing reads it yet", func(t *testing.T) {
		dir := workDir(t)
		brings(t, dir, bring{Values: theirs})
		if r := brings(t, dir, bring{Values: with(theirs, "APP", other(t)["APP"])}); !slices.Equal(r.Changed, []string{"secret.app"}) {
			t.Errorf("%v", r)
		}
	})
	t.Run("the other login", func(t *testing.T) {
		dir := workDir(t)
		brings(t, dir, bring{Values: theirs})
		if r := brings(t, dir, bring{Values: with(theirs, "APP__SLOT", "b")}); !slices.Equal(r.Changed, []string{"secret.app"}) || entries(t, dir)["APP__SLOT"] != "b" {
			t.Errorf("%v", r)
		}
	})
}

// TestTakeOld holds that a store which missed a rotation does not bring the old
// value back: servers refuse it by then.
func TestTakeOld(t *testing.T) {
	stack, files := shared()
	rotated := func(t *testing.T, dir, address string) {
		t.Helper()
		for _, op := range []Op{Stage, Promote, Revoke} {
			if _, diags := Turn(context.Background(), dir, stack, files, Options{Now: testNow}, []Change{{Address: address, Op: op}}); diags.HasErrors() {
				t.Fatal(diags[0].Detail)
			}
		}
	}
	t.Run("compared before", func(t *testing.T) {
		dir, store := workDir(t), other(t)
		brings(t, dir, bring{Values: store})
		build(t, dir, stack, files)
		for _, address := range []string{"secret.app", "secret.key"} {
			rotated(t, dir, address)
		}
		mine := entries(t, dir)
		r := brings(t, dir, bring{Values: store})
		if !slices.Equal(r.Newer, []string{"secret.app", "secret.key"}) || len(r.Changed) > 0 || entries(t, dir)["KEY"] != mine["KEY"] {
			t.Fatalf("the old values came back: %+v", r)
		}
		r = brings(t, dir, bring{Values: store, Push: func(v map[string]string) diag.List { maps.Copy(store, v); return nil }})
		if store["APP"] != mine["APP"] || store["APP__SLOT"] != "b" || store["KEY"] != mine["KEY"] {
			t.Errorf("the new values were not pushed: %+v", r)
		}
		if r := brings(t, dir, bring{Values: store}); !slices.Equal(r.Same, every) {
			t.Errorf("after the push: %+v", r)
		}
		// Then the store changes, and is the newer one.
		store = with(store, "KEY", other(t)["KEY"])
		if r := brings(t, dir, bring{Values: store}); !slices.Equal(r.Changed, []string{"secret.key"}) {
			t.Errorf("a change of the store is not taken: %+v", r)
		}
	})
	t.Run("both changed", func(t *testing.T) {
		dir, store := workDir(t), other(t)
		brings(t, dir, bring{Values: store})
		build(t, dir, stack, files)
		rotated(t, dir, "secret.key")
		before := state(t, dir)
		_, diags := take(dir, bring{Values: with(store, "KEY", other(t)["KEY"])})
		wantCode(t, diags, "NS647", "which is the newer")
		if state(t, dir) != before {
			t.Error("something was written")
		}
	})
	t.Run("never compared", func(t *testing.T) {
		dir := workDir(t)
		build(t, dir, stack, files)
		store := entries(t, dir)
		rotated(t, dir, "secret.key")
		_, diags := take(dir, bring{Values: store})
		wantCode(t, diags, "NS647", "which is the newer")
	})
	t.Run("damaged record", func(t *testing.T) {
		dir, store := workDir(t), other(t)
		for _, text := range []string{"{", `{"format": 2}`, `{"format": 1, "values": {"KEY": "zz"}}`} {
			put(t, filepath.Join(dir, SyncedFile), text, 0o600)
			_, diags := take(dir, bring{Values: store})
			wantCode(t, diags, "NS409", "Remove it")
		}
	})
}

// TestTakeRefuses holds that one bad value stops the whole, and is not shown.
func TestTakeRefuses(t *testing.T) {
	good := other(t)
	for _, tt := range []struct{ name, key, value, code string }{
		{"too short", "KEY", "c4nary", "NS646"},
		{"another alphabet", "APP", strings.Repeat("c4nary!", 7)[:43], "NS646"},
		{"empty", "KEY", " ", "NS646"},
		{"a default", "KEY", strings.Repeat("0123456789abcdef", 4), "NS646"},
		{"no key", "TLS__PRIVATE_KEY", "c4nary", "NS421"},
		{"next", "KEY__NEXT", good["KEY"], "NS481"},
		{"previous of a certificate", "CA__PREVIOUS__PRIVATE_KEY", good["CA__PRIVATE_KEY"], "NS481"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, fresh := range []bool{true, false} {
				dir := workDir(t)
				if !fresh {
					brings(t, dir, bring{Values: other(t)})
				}
				before := state(t, dir)
				_, diags := take(dir, bring{Values: with(good, tt.key, tt.value), Replace: true})
				d := wantCode(t, diags, tt.code, "")
				if strings.Contains(d.Detail, "c4nary") {
					t.Errorf("the value is shown: %s", d.Detail)
				}
				if after := withoutLock(state(t, dir)); after != withoutLock(before) {
					t.Errorf("something was written:\n%s\n%s", before, after)
				}
			}
		})
	}
	t.Run("rotation under way", func(t *testing.T) {
		stack, files := shared()
		dir := workDir(t)
		build(t, dir, stack, files)
		if _, diags := Turn(context.Background(), dir, stack, files, Options{Now: testNow}, []Change{{Address: "secret.key", Op: Stage}}); diags.HasErrors() {
			t.Fatal(diags[0].Detail)
		}
		before := state(t, dir)
		_, diags := take(dir, bring{Values: good, Replace: true})
		wantCode(t, diags, "NS481", "two values")
		if state(t, dir) != before {
			t.Error("something was written")
		}
	})
	t.Run("journal", func(t *testing.T) {
		dir := workDir(t)
		put(t, filepath.Join(dir, journalFile), "{}", 0o600)
		_, diags := take(dir, bring{Values: good})
		wantCode(t, diags, "NS481", "has begun")
	})
	t.Run("equal values", func(t *testing.T) {
		stack := stackOf(decl("a", "jwt"), decl("b", "jwt"))
		dir := workDir(t)
		_, diags := Take(context.Background(), dir, stack, nil, Options{Now: testNow, ReadStore: reading(map[string]string{"A": good["KEY"], "B": good["KEY"]})}, Import{})
		wantCode(t, diags, "NS404", "also the value of")
		if _, err := os.Stat(filepath.Join(dir, File)); err == nil {
			t.Error("written all the same")
		}
	})
}

// withoutLock leaves out the directory itself and the lock, which a first run makes.
func withoutLock(state string) string {
	var out []string
	for line := range strings.Lines(state) {
		if name, _, _ := strings.Cut(line, " "); filepath.Base(name) != LockFile && filepath.Base(name) != "out" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

// TestTakeSurvives fails at every change of the file system: .secrets is the old one
// or the new one, and the next run finishes.
func TestTakeSurvives(t *testing.T) {
	values := other(t)
	broken := errors.New("broken")
	for n := 1; ; n++ {
		dir := workDir(t)
		stack, files := shared()
		build(t, dir, stack, files)
		mine := entries(t, dir)
		seen := 0
		opts := Options{Now: testNow, ReadStore: reading(values), step: func(string, string) error {
			if seen++; seen == n {
				return broken
			}
			return nil
		}}
		_, diags := Take(context.Background(), dir, stack, files, opts, Import{Replace: true})
		got := entries(t, dir)
		if !maps.Equal(got, mine) && got["KEY"] != values["KEY"] || got["KEY"] == mine["KEY"] && got["APP"] != mine["APP"] {
			t.Fatalf("step %d: half of the values are taken", n)
		}
		if seen >= n != diags.HasErrors() {
			t.Fatalf("step %d of %d: errors %v", n, seen, diags)
		}
		brings(t, dir, bring{Replace: true})
		build(t, dir, stack, files)
		if seen < n {
			if n < 6 {
				t.Fatalf("only %d steps were tried", n)
			}
			return
		}
	}
}

// TestTakeReadsAgain has another process rotate a secret, and put the value into the
// store, while this one reads the store: what it has read by then is older than what
// is here, and counts for nothing.
func TestTakeReadsAgain(t *testing.T) {
	dir := workDir(t)
	stack, files := shared()
	build(t, dir, stack, files)
	held, reads := entries(t, dir), 0
	opts := Options{Now: testNow, ReadStore: func() (map[string]string, diag.List) {
		reads++
		read := held
		if reads == 1 {
			for _, op := range []Op{Stage, Promote, Revoke} {
				if _, diags := Turn(context.Background(), dir, stack, files, Options{Now: testNow}, []Change{{Address: "secret.app", Op: op}, {Address: "secret.key", Op: op}}); diags.HasErrors() {
					t.Fatal(diags[0].Detail)
				}
			}
			held = entries(t, dir)
		}
		return read, nil
	}}
	r, diags := Take(context.Background(), dir, stack, files, opts, Import{Store: "the store"})
	if diags.HasErrors() {
		t.Fatal(diags[0].Detail)
	}
	if !slices.Equal(r.Same, every) || !maps.Equal(held, entries(t, dir)) || reads != 2 {
		t.Errorf("after %d reads: %+v", reads, r)
	}
	if _, diags := Take(context.Background(), dir, stack, files, opts, Import{Store: "the store"}); diags.HasErrors() || reads != 3 {
		t.Errorf("nobody changed anything, and it was read %d times", reads-2)
	}
}
