package outdir

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/secret"
)

// TB is what the helpers need of a test, of a fuzz run and of a property.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

var testMeta = Meta{
	Stack: "shop", Compiler: "0.1.0",
	Inputs:  []Input{{Name: "nself.hcl", Digest: sha256.Sum256([]byte("stack"))}},
	Images:  []Image{{Reference: "nginx:1.30.4", Digest: "sha256:" + strings.Repeat("ab", 32)}, {Reference: "ghcr.io/acme/api:1.4.2"}},
	Secrets: []Secret{{Address: "secret.jwt_key", Kind: "hex"}, {Address: `service.web["a b"].secret.x`, Kind: "x509", Generation: 3}},
}

// busy is what may take a tenth of that on an idle machine, without the race
// detector; what the tests rule out would take minutes.
const busy = 5 * time.Second

// file makes a generated file; its text begins with the header.
func file(path, body string) emit.File {
	return emit.File{Path: path, Mode: 0o644, Text: secret.Literal(generated(body))}
}

func generated(body string) string { return "# " + emit.Header + "\n" + body + "\n" }

// fresh gives an output directory that does not exist yet.
func fresh(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "outdir") //nolint:usetesting // in memory, as the tests make thousands of directories
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "out")
}

func open(t TB, dir string) *Dir {
	t.Helper()
	d, problem := Open(dir)
	if problem != nil {
		t.Fatalf("Open: %s: %s", problem.Code, problem.Detail)
	}
	d.sys.sync = func(*os.File) error { return nil } // waiting for the disk proves nothing here
	return d
}

// build plans and, without errors, applies; it gives the codes of all diagnostics.
func build(t TB, dir string, files []emit.File, force ...string) (*Plan, *Result, []string) {
	t.Helper()
	d := open(t, dir)
	defer d.Close()
	p, diags := d.Plan(files, testMeta, Options{Force: force})
	if diags.HasErrors() {
		return p, &Result{}, codes(diags)
	}
	res, more := d.Apply(context.Background(), p)
	return p, res, codes(append(diags, more...))
}

// mustBuild builds, and fails on any diagnostic.
func mustBuild(t TB, dir string, files ...emit.File) *Result {
	t.Helper()
	_, res, got := build(t, dir, files)
	if len(got) > 0 {
		t.Fatalf("build: %v", got)
	}
	return res
}

func codes(l diag.List) []string {
	var out []string
	for _, d := range l {
		if os.Getenv("OUTDIR_SHOW") != "" {
			println(d.Code, d.Detail)
		}
		out = append(out, d.Code)
	}
	return out
}

// tree gives everything below a directory: the text of files, where links lead,
// and "dir" and "special" for the rest.
func tree(t TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		switch {
		case rel == ".":
		case e.IsDir():
			out[rel] = "dir"
		case e.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(p)
			out[rel] = "-> " + to
			return err
		case !e.Type().IsRegular():
			out[rel] = "special"
		default:
			b, err := os.ReadFile(p)
			out[rel] = string(b)
			return err
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("walk: %v", err)
	}
	return out
}

// expectTree compares a directory with the files of a finished build and with
// what others left in it.
func expectTree(t TB, dir string, files []emit.File, others map[string]string) {
	t.Helper()
	want := map[string]string{}
	for _, f := range slices.Concat(files, GitFiles()) {
		text, _ := f.Text.Plain()
		want[f.Path] = text
		parents(f.Path, func(d string) bool { want[d] = "dir"; return true })
	}
	for p, text := range others {
		want[p] = text
		parents(p, func(d string) bool { want[d] = "dir"; return true })
	}
	got := tree(t, dir)
	if _, ok := got[LockName]; !ok {
		t.Fatalf("there is no lock")
	}
	delete(got, LockName)
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("output (-want +got):\n%s", d)
	}
	d := open(t, dir)
	defer d.Close()
	p, diags := d.Plan(files, testMeta, Options{})
	for _, e := range p.Entries {
		if e.State != Clean && e.State != Unlisted {
			t.Fatalf("after the build, %s is %s", e.Path, e.State)
		}
	}
	if diags.HasErrors() || p.Changed() {
		t.Fatalf("a second build would change something: %v", codes(diags))
	}
	if c := d.Check(p); len(c) > 0 {
		t.Fatalf("check: %v: %s", codes(c), c[0].Detail)
	}
}

func write(t TB, dir, path, text string) {
	t.Helper()
	full := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatalf("%v", err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatalf("%v", err)
	}
}

func state(p *Plan, path string) State {
	for _, e := range p.Entries {
		if e.Path == path {
			return e.State
		}
	}
	return State(255)
}
