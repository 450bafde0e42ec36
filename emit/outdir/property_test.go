package outdir

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"nselfc/emit"
	"nselfc/lang/diag"
)

// machine is an output directory in the hands of a build, of a user who edits
// what he likes, and of a disk that fails.
type machine struct {
	dir  string
	mine map[string]string // what the user wrote and did not remove
	n    int               // makes every text of the user's new
}

// paths clash with each other as files and directories.
var paths = []string{"compose.yml", "nginx", "nginx/nginx.conf", "nginx/conf.d", "nginx/conf.d/a.conf", "nginx/conf.d/b.conf", "ufw/apply.sh", "x/y/z"}

func files(t *rapid.T) []emit.File {
	var out []emit.File
	taken := map[string]bool{}
	for _, p := range rapid.SliceOfDistinct(rapid.SampledFrom(paths), rapid.ID).Draw(t, "paths") {
		clash := false
		for q := range taken {
			for _, pair := range [][2]string{{p, q}, {q, p}} {
				parents(pair[0], func(dir string) bool { clash = clash || dir == pair[1]; return true })
			}
		}
		if clash {
			continue
		}
		taken[p] = true
		f := file(p, rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, "text"))
		f.Mode = rapid.SampledFrom([]uint32{0o644, 0o755}).Draw(t, "mode")
		out = append(out, f)
	}
	return out
}

func (m *machine) Build(t *rapid.T) {
	d := open(t, m.dir)
	defer d.Close()
	p, diags := d.Plan(files(t), testMeta, Options{})
	if diags.HasErrors() {
		return
	}
	f := &fault{torn: true, at: rapid.IntRange(0, 60).Draw(t, "fails at")}
	if f.at > 0 && rapid.Bool().Draw(t, "survives") {
		f.err = rapid.SampledFrom([]error{syscall.ENOSPC, syscall.EIO}).Draw(t, "errno")
	}
	f.install(d)
	_, diags = d.Apply(context.Background(), p)
	if len(diags) > 0 && f.name == "" {
		t.Fatalf("the build failed of itself: %s", diags[0].Detail)
	}
}

func (m *machine) Edit(t *rapid.T) {
	p := rapid.SampledFrom(paths).Draw(t, "path")
	full := filepath.Join(m.dir, p)
	info, err := os.Lstat(full)
	if err == nil && !info.Mode().IsRegular() || os.MkdirAll(filepath.Dir(full), 0o755) != nil {
		return
	}
	m.n++
	text := fmt.Sprintf("the user's %d\n", m.n)
	if rapid.Bool().Draw(t, "header") {
		text = generated(text)
	}
	write(t, m.dir, p, text)
	m.mine[p] = text
}

func (m *machine) Link(t *rapid.T) {
	p := rapid.SampledFrom(paths).Draw(t, "path")
	full := filepath.Join(m.dir, p)
	if os.MkdirAll(filepath.Dir(full), 0o755) != nil {
		return
	}
	m.n++
	to := fmt.Sprintf("../elsewhere/%d", m.n)
	if os.Symlink(to, full) == nil {
		m.mine[p] = "-> " + to
	}
}

func (m *machine) Delete(t *rapid.T) {
	p := rapid.SampledFrom(append([]string{LockName}, paths...)).Draw(t, "path")
	_ = os.Remove(filepath.Join(m.dir, p)) // a directory that is not empty stays, and what stays is still expected
	if _, err := os.Lstat(filepath.Join(m.dir, p)); err != nil {
		delete(m.mine, p)
	}
}

func (m *machine) Touch(t *rapid.T) {
	p := rapid.SampledFrom(paths).Draw(t, "path")
	full := filepath.Join(m.dir, p)
	if info, err := os.Lstat(full); err == nil && info.Mode().IsRegular() {
		_ = os.Chmod(full, rapid.SampledFrom([]os.FileMode{0o600, 0o644, 0o777}).Draw(t, "mode"))
	}
}

// Check holds after every step.
func (m *machine) Check(t *rapid.T) {
	got := tree(t, m.dir)
	for p, text := range m.mine {
		if got[p] != text {
			t.Fatalf("%s was lost: it holds %q, not %q", p, got[p], text)
		}
	}
}

// TestNothingIsEverLost: whatever builds, users and disks do in whatever order,
// no build removes or replaces what a user wrote; and at the end, a build that
// may replace just the paths that it names ends clean.
func TestNothingIsEverLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{dir: fresh(t), mine: map[string]string{}}
		if err := os.Mkdir(m.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(m.dir) }()
		rt.Repeat(rapid.StateMachineActions(m))

		want := files(rt)
		var force []string
		for range 3 {
			d := open(rt, m.dir)
			p, diags := d.Plan(want, testMeta, Options{Force: force})
			if !diags.HasErrors() {
				_, diags = d.Apply(context.Background(), p)
				if diags.HasErrors() {
					rt.Fatalf("%v: %s", codes(diags), diags[0].Detail)
				}
				d.Close()
				break
			}
			d.Close()
			for _, e := range p.Entries {
				if !e.stops() {
					continue
				}
				// What force cannot replace, the user moves away as he is told.
				if e.State == Blocked && !e.replaceable() {
					where := e.Path
					if e.onDisk.blocker != "" {
						where = e.onDisk.blocker
					}
					if err := os.RemoveAll(filepath.Join(m.dir, where)); err != nil {
						rt.Fatalf("%v", err)
					}
					maps.DeleteFunc(m.mine, func(p, _ string) bool { return p == where || strings.HasPrefix(p, where+"/") })
					continue
				}
				force = append(force, e.Path)
			}
		}
		d := open(rt, m.dir)
		defer d.Close()
		p, diags := d.Plan(want, testMeta, Options{})
		if diags.HasErrors() || p.Changed() {
			rt.Fatalf("it does not end clean: %v %s", codes(diags), details(diags))
		}
		got := tree(rt, m.dir)
		for _, f := range want {
			if text, _ := f.Text.Plain(); got[f.Path] != text {
				rt.Fatalf("%s holds %q", f.Path, got[f.Path])
			}
		}
		for p, text := range m.mine {
			if got[p] != text && !slices.Contains(force, p) {
				rt.Fatalf("%s was lost without force", p)
			}
		}
	})
}

func details(l diag.List) string {
	if len(l) == 0 {
		return ""
	}
	return l[0].Detail
}
