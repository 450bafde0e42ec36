package secrets

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nselfc/compiler/ir"
	"nselfc/emit/outdir"
	"nselfc/internal/secrets/register"
	"nselfc/lang/diag"
)

func registerOf(t *testing.T, dir string) *register.Register {
	t.Helper()
	r, d := LoadRegister(dir, "shop")
	if d != nil {
		t.Fatal(d.Detail)
	}
	return r
}

// TestRecorded builds each kind, and holds which of them have a fingerprint and
// that no value is in the file in any form.
func TestRecorded(t *testing.T) {
	dir := workDir(t)
	put(t, filepath.Join(dir, File), "TYPED=u7Tq-29xLm0Pw-kV\nSTRIPE=acme_live_u7Tq29xLm0Pw\n", 0o600)
	stack := stackOf(decl("a", "hex"), decl("b", "base64url"), decl("c", "password"), decl("d", "jwt"), decl("e", "uuid"), decl("f", "ed25519"), rsaOf(2048),
		authority("ca", "db"), leaf("tls", "secret.ca", "db"), decl("typed", "password"), decl("stripe", "input"))
	if r := build(t, dir, stack, nil); !r.Recorded {
		t.Error("nothing was recorded")
	}
	got := registerOf(t, dir)
	for _, s := range stack.Secrets {
		e := got.Entries[s.Address]
		typed := s.Key == "TYPED" || s.Key == "STRIPE"
		if e == nil || e.Kind != s.Kind.V || e.Generation != 1 || e.Created != "2030-05-01" || e.Rotated != "" || (e.Origin == register.Found) != typed {
			t.Errorf("%s: %+v", s.Address, e)
			continue
		}
		if has := e.Fingerprint != ""; has == (typed || s.Kind.V == "uuid") {
			t.Errorf("%s has the fingerprint %q", s.Address, e.Fingerprint)
		}
	}
	text := get(t, filepath.Join(dir, register.Name))
	for key, value := range entries(t, dir) {
		for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value)), hex.EncodeToString([]byte(value))} {
			if strings.Contains(text, form) || strings.Contains(text, digest([]byte(value))) {
				t.Errorf("the value of %s is in %s", key, register.Name)
			}
		}
	}
	if fi, err := os.Lstat(filepath.Join(dir, register.Name)); err != nil || fi.Mode().Perm() != 0o644 {
		t.Errorf("%v %v", fi.Mode(), err)
	}
	if r := build(t, dir, stack, nil); r.Recorded {
		t.Error("the second run wrote it again")
	}
}

// TestRecordOfChanges follows a value through what happens to it.
func TestRecordOfChanges(t *testing.T) {
	dir := workDir(t)
	stack := stackOf(decl("api", "hex"))
	later := Options{Now: testNow.AddDate(0, 1, 0)}
	build(t, dir, stack, nil)
	first := *registerOf(t, dir).Entries["secret.api"]
	own := "API=" + generate(decl("api", "hex")) + "\n"
	after := func(text string) register.Entry {
		t.Helper()
		put(t, filepath.Join(dir, File), text, 0o600)
		if _, diags := run(dir, stack, nil, later); len(diags) > 0 {
			t.Fatal(diags[0].Detail)
		}
		return *registerOf(t, dir).Entries["secret.api"]
	}
	// By hand, it is no value of ours any more.
	if diff := cmp.Diff(register.Entry{Kind: "hex", Generation: 2, Created: "2030-05-01", Rotated: "2030-06-01", Origin: register.Found}, after(own)); diff != "" {
		t.Error(diff)
	}
	// The line deleted, the next one is.
	made := after("")
	if made.Generation != 3 || made.Origin != register.Generated || made.Fingerprint == "" || made.Fingerprint == first.Fingerprint {
		t.Errorf("%+v", made)
	}
	// A new name of the stack is no new value.
	stack.Name = str("store")
	text := get(t, filepath.Join(dir, File))
	if renamed := after(text); renamed.Generation != 3 || renamed.Fingerprint == made.Fingerprint || renamed.Fingerprint == "" {
		t.Errorf("%+v", renamed)
	}
	// In development every machine has a value of its own.
	stack.Posture = ir.Development
	if laptop := after(own); laptop.Generation != 3 {
		t.Errorf("%+v", laptop)
	}
	// What is no longer declared is still known.
	stack.Secrets = []*ir.Secret{decl("other", "hex")}
	if kept := after(text); kept.Generation != 3 {
		t.Errorf("%+v", kept)
	}
}

// TestDamagedRegister holds that a register that cannot be read stops the run before
// anything is written, and stays as it is.
func TestDamagedRegister(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"conflict": func(path string) error { return os.WriteFile(path, []byte("{\n<<<<<<< ours\n"), 0o600) },
		"empty":    func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"huge":     func(path string) error { return os.WriteFile(path, make([]byte, register.MaxBytes+1), 0o600) },
		"link":     func(path string) error { return os.Symlink("/etc/passwd", path) },
		"folder":   func(path string) error { return os.Mkdir(path, 0o700) },
		"pipe":     func(path string) error { return exec.Command("mkfifo", path).Run() },
	} {
		t.Run(name, func(t *testing.T) {
			dir := workDir(t)
			if err := damage(filepath.Join(dir, register.Name)); err != nil {
				t.Fatal(err)
			}
			before := state(t, dir)
			_, diags := Check(dir, stackOf(decl("api", "hex")), nil, Options{Now: testNow})
			wantCode(t, diags, "NS450", register.Name)
			if after := state(t, dir); after != before {
				t.Error("Check changed something")
			}
			_, diags = run(dir, stackOf(decl("api", "hex")), nil, Options{})
			wantCode(t, diags, "NS450", register.Name)
			if _, err := os.Lstat(filepath.Join(dir, File)); err == nil {
				t.Error("a value was made all the same")
			}
		})
	}
}

// TestRegisterIsCommitted asks git, with the .gitignore of an output directory, and
// has the guard look: the one file with "secrets" in its name that belongs there.
func TestRegisterIsCommitted(t *testing.T) {
	dir := workDir(t)
	for _, f := range outdir.GitFiles() {
		text, _ := f.Text.Plain()
		put(t, filepath.Join(dir, f.Path), text, 0o644)
	}
	build(t, dir, stackOf(decl("api", "hex")), nil)
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.Command(tool(t, "git"), append([]string{"-C", dir}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
		return string(out)
	}
	git("init", "-q")
	git("add", "-A")
	if diff := cmp.Diff(".gitattributes\n.gitignore\nnself.secrets.json\n", git("ls-files")); diff != "" {
		t.Error(diff)
	}
	if diags := TrackedAtAll(dir); len(diags) > 0 {
		t.Errorf("%s", diags[0].Detail)
	}
	build(t, dir, stackOf(decl("api", "hex")), nil)
	git("add", "-f", File) // the guard sees what is wrong as well
	if diags := TrackedAtAll(dir); len(diags) != 1 {
		t.Errorf("%d findings of a tracked .secrets", len(diags))
	}
}

// TestShared is the proof: a key that two environments have is an error that names
// both, whether the other is known by its .secrets or by its committed record alone.
func TestShared(t *testing.T) {
	stack := stackOf(decl("jwt_key", "jwt"), decl("stripe", "input"), decl("api", "hex"))
	staging, prod := workDir(t), workDir(t)
	put(t, filepath.Join(staging, File), "STRIPE=acme_live_u7Tq29xLm0Pw\n", 0o600)
	build(t, staging, stack, nil)
	both := entries(t, staging)
	look := func() *Neighbour { return LookAt("staging", staging, stackOf(), true) }
	own := "STRIPE=acme_live_u7Tq29xLm0Pw\n" // one account for both, which its issuer says is fine
	put(t, filepath.Join(prod, File), own+"JWT_KEY="+both["JWT_KEY"]+"\n", 0o600)
	remove := func() {
		if err := os.Remove(filepath.Join(staging, File)); err != nil {
			t.Fatal(err)
		}
	}
	for _, known := range []string{"by its values", "by git alone"} {
		t.Run(known, func(t *testing.T) {
			if known == "by git alone" {
				remove()
			}
			before := state(t, prod)
			_, diags := Check(prod, stack, nil, Options{Now: testNow, Environment: "prod", Neighbours: []*Neighbour{look()}})
			words := "secret.jwt_key of the environment prod and secret.jwt_key of the environment staging"
			if d := wantCode(t, diags, "NS453", words); d.Severity != diag.Error || len(diags) != 1 {
				t.Errorf("%s, %d findings", d.Severity, len(diags))
			}
			if after := state(t, prod); after != before {
				t.Error("Check changed something")
			}
			stack.Posture = ir.Development
			_, diags = Check(prod, stack, nil, Options{Now: testNow, Environment: "prod", Neighbours: []*Neighbour{look()}})
			if d := wantCode(t, diags, "NS453", words); d.Severity != diag.Warning {
				t.Errorf("two laptops: %s", d.Severity)
			}
			stack.Posture = ir.Production
		})
	}
	put(t, filepath.Join(prod, File), own, 0o600)
	if _, diags := run(prod, stack, nil, Options{Environment: "prod", Neighbours: []*Neighbour{look()}}); len(diags) > 0 {
		t.Errorf("values of its own: %s", diags[0].Detail)
	}
	// Both by git alone, as in CI.
	text := get(t, filepath.Join(staging, register.Name))
	a := LookAt("prod", writeRegister(t, text), stack, false)
	b := LookAt("staging", writeRegister(t, text), stack, true)
	if len(a.Damage()) > 0 || len(b.Damage()) > 0 {
		t.Fatal("a register cannot be read")
	}
	diags := Shared(a, b, func(string) *ir.Secret { return nil })
	wantCode(t, diags, "NS453", "secret.api of the environment prod and secret.api of the environment staging")
	wantCode(t, diags, "NS453", "secret.jwt_key of the environment prod and secret.jwt_key of the environment staging")
	if len(diags) != 2 {
		t.Errorf("%d findings", len(diags))
	}
}

// TestSharedWhenStaged hands a rotation the value of another environment: it is refused
// before the first step, also where nothing but the fingerprint is known.
func TestSharedWhenStaged(t *testing.T) {
	stack := stackOf(decl("key", "hex"), decl("other", "hex"))
	staging, prod := workDir(t), workDir(t)
	build(t, staging, stack, nil)
	build(t, prod, stack, nil)
	theirs := entries(t, staging)["KEY"]
	if err := os.Remove(filepath.Join(staging, File)); err != nil {
		t.Fatal(err)
	}
	opts := Options{Now: testNow, Environment: "prod", Neighbours: []*Neighbour{LookAt("staging", staging, stack, false)}}
	before := withoutLock(state(t, prod))
	_, diags := Turn(context.Background(), prod, stack, nil, opts, []Change{{Address: "secret.other", Op: Stage, Value: Seal(theirs)}})
	wantCode(t, diags, "NS453", "secret.other of the environment prod and secret.key of the environment staging")
	if after := withoutLock(state(t, prod)); after != before {
		t.Error("it was staged")
	}
	if _, diags := Turn(context.Background(), prod, stack, nil, opts, []Change{{Address: "secret.other", Op: Stage}}); diags.HasErrors() {
		t.Error(diags[0].Detail)
	}
}

// TestDamagedNeighbour holds that a build does not take silence for proof.
func TestDamagedNeighbour(t *testing.T) {
	other := LookAt("staging", writeRegister(t, "<<<<<<< ours\n"), stackOf(), false)
	_, diags := run(workDir(t), stackOf(decl("api", "hex")), nil, Options{Neighbours: []*Neighbour{other}})
	if d := wantCode(t, diags, "NS450", register.Name); d.Severity != diag.Warning || len(diags) != 1 {
		t.Errorf("%s, %d findings", d.Severity, len(diags))
	}
}

func writeRegister(t *testing.T, text string) string {
	t.Helper()
	dir := workDir(t)
	put(t, filepath.Join(dir, register.Name), text, 0o644)
	return dir
}

// TestRecordOfTurns follows what is known of a value through a rotation and back: one
// that was typed has no fingerprint at any step, and one that was made has its own.
func TestRecordOfTurns(t *testing.T) {
	dir := workDir(t)
	turn(t, dir)
	entry := func() register.Entry {
		t.Helper()
		e := *registerOf(t, dir).Entries["secret.app"]
		value := entries(t, dir)["APP"]
		if has := e.Fingerprint == register.Fingerprint("shop", value); has != (e.Origin == register.Generated) || !has && e.Fingerprint != "" {
			t.Fatalf("%+v", e)
		}
		e.Fingerprint = ""
		return e
	}
	typed := Seal(generate(decl("app", "base64url")))
	want := register.Entry{Kind: "base64url", Generation: 1, Created: "2030-05-01", Origin: register.Generated}
	for i, step := range []struct {
		change Change
		edit   func()
	}{
		{Change{Op: Stage, Value: typed}, func() { want.Next = register.Set }},
		{Change{Op: Discard}, func() { want.Next = "" }},
		{Change{Op: Stage, Value: typed}, func() { want.Next = register.Set }},
		{Change{Op: Promote}, func() {
			want.Origin, want.Next, want.Previous, want.Generation, want.Rotated = register.Set, "", register.Generated, 2, "2030-05-01"
		}},
		{Change{Op: Undo}, func() {
			want.Origin, want.Next, want.Previous, want.Generation = register.Generated, register.Set, "", 1
		}},
		{Change{Op: Promote}, func() {
			want.Origin, want.Next, want.Previous, want.Generation = register.Set, "", register.Generated, 2
		}},
		{Change{Op: Revoke}, func() { want.Previous = "" }},
		{Change{Op: Stage}, func() { want.Next = register.Generated }},
		{Change{Op: Stage}, func() {}},
		{Change{Op: Promote}, func() {
			want.Origin, want.Next, want.Previous, want.Generation = register.Generated, "", register.Set, 3
		}},
	} {
		step.change.Address = "secret.app"
		before := get(t, filepath.Join(dir, register.Name))
		turn(t, dir, step.change)
		// Killed before the register was written, the next run catches up.
		if op := step.change.Op; op == Promote || op == Revoke || op == Discard {
			after := get(t, filepath.Join(dir, register.Name))
			put(t, filepath.Join(dir, register.Name), before, 0o644)
			turn(t, dir)
			if again := get(t, filepath.Join(dir, register.Name)); again != after {
				t.Fatalf("step %d, %s: caught up to %s, want %s", i, op, again, after)
			}
		}
		step.edit()
		if diff := cmp.Diff(want, entry()); diff != "" {
			t.Fatalf("step %d, %s: %s", i, step.change.Op, diff)
		}
	}
}
