package secrets

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/escape"
)

// tree is what is to be done below .secrets.d. Planning reads only; apply writes
// in an order that may stop anywhere: manifest with old and new digests, files,
// removals, manifest.
type tree struct {
	st       *store
	opts     Options
	old      manifest
	oldText  []byte
	want     []rendered
	stale    map[string]bool // paths of wanted that must be written
	replaced []string        // those that have another text now
	gone     []string        // ours, no longer wanted
	temps    []string        // left behind by a run that was killed
	touched  map[string]bool // directories in which names changed
	foreign  []string
	needed   bool // the directory is there, or has to be
	unlisted bool // .gitignore is missing
}

// planTree compares the rendered files with the disk, and refuses what somebody
// edited or put there.
func planTree(st *store, want []rendered, opts Options) (*tree, diag.List) {
	t := &tree{st: st, opts: opts, want: want, stale: map[string]bool{}, touched: map[string]bool{}, needed: len(want) > 0 || st.exists(Dir)}
	if !t.needed {
		return t, nil
	}
	var diags diag.List
	if d := st.inspectDir(Dir, true); d != nil {
		return t, diag.List{d}
	}
	var d *diag.Diagnostic
	if t.old, t.oldText, d = st.readManifest(); d != nil {
		return t, diag.List{d}
	}
	ignore, _, d := st.read(ignorePath)
	if d != nil {
		return t, diag.List{d}
	}
	t.unlisted = ignore == nil
	wanted := map[string]bool{}
	for _, f := range want {
		wanted[f.path] = true
		if d := t.compare(f); d != nil {
			diags = append(diags, d)
		}
	}
	found, more := st.walk(Dir)
	diags = append(diags, more...)
	for _, p := range found {
		switch {
		case wanted[p], p == manifestPath, p == ignorePath:
		case strings.HasPrefix(path.Base(p), tempPrefix):
			t.temps = append(t.temps, p)
		case t.ours(p):
			t.gone = append(t.gone, p)
		default:
			t.foreign = append(t.foreign, p)
			full := filepath.Join(st.dir, p)
			diags = append(diags, diag.Warningf(codeForeign, onFile(full), "File in .secrets.d that nselfc did not write",
				"%s is not one of the files of this stack, or was edited since. It stays as it is.\n\nIf it is not needed, remove it:\n\n    rm %s", full, escape.ShellWord(full)))
		}
	}
	return t, diags
}

// compare decides whether a wanted file must be written, or may not be.
func (t *tree) compare(f rendered) *diag.Diagnostic {
	for dir := path.Dir(f.path); dir != Dir; dir = path.Dir(dir) {
		if d := t.st.inspectDir(dir, false); d != nil {
			return d
		}
	}
	text, fi, d := t.st.read(f.path)
	if d != nil {
		return d
	}
	if fi == nil {
		t.stale[f.path] = true
		return nil
	}
	mode, uid := t.access(f)
	have, _ := owner(fi)
	if string(text) == string(f.text) {
		t.stale[f.path] = fi.Mode().Perm() != mode || uid >= 0 && have != uid
		return nil
	}
	t.stale[f.path] = true
	if slices.Contains(t.old[f.path], digest(text)) || slices.Contains(t.opts.Force, f.path) {
		t.replaced = append(t.replaced, f.path)
		return nil
	}
	return t.st.edited(f.path)
}

func (st *store) edited(p string) *diag.Diagnostic {
	full := filepath.Join(st.dir, p)
	return diag.Errorf(codeEdited, onFile(full), "Secret file edited by hand",
		"%s is not what nselfc wrote there, and building would overwrite it.\n\n"+
			"Carry the change over to nself.hcl or the template that the file is made from, and accept the new text with\n\n    nselfc build --force %s", full, escape.ShellWord(full))
}

// edited looks for what planTree would refuse, before the values of a run are
// known: a file is rendered only when the manifest does not know its text.
func (b *book) edited(st *store, files []emit.File) diag.List {
	if !st.exists(Dir) {
		return nil
	}
	if d := st.inspectDir(Dir, true); d != nil {
		return diag.List{d}
	}
	known, _, d := st.readManifest()
	if d != nil {
		return diag.List{d}
	}
	var diags diag.List
	for _, f := range files {
		if !f.Secret() || slices.Contains(b.opts.Force, f.Path) {
			continue
		}
		text, fi, d := st.read(f.Path)
		if d != nil {
			diags = append(diags, d)
		}
		if fi == nil || slices.Contains(known[f.Path], digest(text)) {
			continue
		}
		// What cannot be rendered, for want of a certificate perhaps, Materialize reports.
		if want, _ := b.render([]emit.File{f}); len(want) == 1 && string(want[0].text) != string(text) {
			diags = append(diags, st.edited(f.Path))
		}
	}
	return diags
}

// ours tells whether a file on disk is one that we wrote, and is as we wrote it.
func (t *tree) ours(p string) bool {
	if len(t.old[p]) == 0 {
		return false
	}
	text, fi, d := t.st.read(p)
	return d == nil && fi != nil && slices.Contains(t.old[p], digest(text))
}

// access gives the mode and the owner that a file is to have; uid -1 is ours.
func (t *tree) access(f rendered) (fs.FileMode, int) {
	if uid, ok := t.opts.Owners[f.path]; ok && os.Geteuid() == 0 {
		return fs.FileMode(f.mode) & 0o500, uid
	}
	if os.Geteuid() == 0 {
		return fs.FileMode(f.mode), 0
	}
	return fs.FileMode(f.mode), -1
}

// apply carries the plan out and fills the report.
func (t *tree) apply(report *Report) diag.List {
	if !t.needed {
		return nil
	}
	report.Foreign = t.foreign
	next, both := manifest{}, manifest{}
	for _, f := range t.want {
		next[f.path] = []string{digest(f.text)}
		both[f.path] = next[f.path]
		if had := t.old[f.path]; t.stale[f.path] && len(had) > 0 && !slices.Contains(had, next[f.path][0]) {
			both[f.path] = append(slices.Clone(had), next[f.path]...)
		}
	}
	for _, p := range t.gone {
		both[p] = t.old[p]
	}
	changes := len(t.gone) > 0
	for _, f := range t.want {
		changes = changes || t.stale[f.path]
	}
	failed := func(p string, err error) diag.List { return diag.List{t.st.writeFailed(p, err)} }
	if err := t.makeDirs(Dir); err != nil {
		return failed(Dir, err)
	}
	for _, p := range t.temps {
		if err := t.st.remove(p); err != nil {
			return failed(p, err)
		}
	}
	if t.unlisted { // before any secret, so that no commit in between can take one
		if err := t.st.write(ignorePath, []byte("*\n"), 0o600, -1); err != nil {
			return failed(ignorePath, err)
		}
	}
	if changes {
		if err := t.save(both); err != nil {
			return failed(manifestPath, err)
		}
	}
	for _, f := range t.want {
		if !t.stale[f.path] {
			report.Unchanged = append(report.Unchanged, f.path)
			continue
		}
		if err := t.place(f); err != nil {
			return failed(f.path, err)
		}
		report.Rendered = append(report.Rendered, f.path)
		if slices.Contains(t.replaced, f.path) {
			report.Replaced = append(report.Replaced, f.path)
		}
	}
	for _, p := range t.gone {
		if err := t.remove(p); err != nil {
			return failed(p, err)
		}
		report.Removed = append(report.Removed, p)
	}
	for _, dir := range slices.Sorted(maps.Keys(t.touched)) {
		if err := t.st.syncDir(dir); err != nil {
			return failed(dir, err)
		}
	}
	if err := t.save(next); err != nil {
		return failed(manifestPath, err)
	}
	return nil
}

func (t *tree) save(m manifest) error {
	text := m.bytes()
	if string(text) == string(t.oldText) {
		return nil
	}
	if err := t.st.write(manifestPath, text, 0o600, -1); err != nil {
		return err
	}
	t.oldText = text
	return t.st.syncDir(Dir)
}

func (t *tree) place(f rendered) error {
	dir := path.Dir(f.path)
	if err := t.makeDirs(dir); err != nil {
		return err
	}
	t.touched[dir] = true
	mode, uid := t.access(f)
	return t.st.write(f.path, f.text, mode, uid)
}

// remove deletes a file of ours and the directories that are empty without it.
func (t *tree) remove(p string) error {
	if err := t.st.remove(p); err != nil {
		return err
	}
	dir := path.Dir(p)
	for ; dir != Dir; dir = path.Dir(dir) {
		if t.st.root.Remove(dir) != nil {
			break // not empty
		}
		delete(t.touched, dir)
	}
	t.touched[dir] = true
	return nil
}

// makeDirs makes a directory and those above it, each 0700 under any umask.
func (t *tree) makeDirs(dir string) error {
	made := ""
	for part := range strings.SplitSeq(dir, "/") {
		made = path.Join(made, part)
		if _, err := t.st.root.Lstat(made); err == nil {
			continue
		}
		if err := t.st.step("mkdir", made); err != nil {
			return err
		}
		if err := t.st.root.Mkdir(made, 0o700); err != nil {
			return err
		}
		if err := t.st.root.Chmod(made, 0o700); err != nil { // a umask such as 0777 took the bits away
			return err
		}
		t.touched[path.Dir(made)] = true
	}
	return nil
}

// inspectDir refuses what is not a directory of ours that others cannot write
// to; a private one others cannot even search. A missing one is fine.
func (st *store) inspectDir(name string, private bool) *diag.Diagnostic {
	fi, err := st.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return st.readFailed(name, err)
	}
	uid, _ := owner(fi)
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		return st.unsafe(name, "is a symbolic link, and writing below it would write where it points", "rm")
	case !fi.IsDir():
		return st.unsafe(name, "is not a directory", "ls -ld")
	case uid != os.Geteuid():
		return st.unsafe(name, fmt.Sprintf("belongs to user %d, and this command runs as user %d", uid, os.Geteuid()), "ls -ld")
	case private:
		return st.private(name, fi, "700")
	case fi.Mode()&0o022 != 0:
		return st.unsafe(name, "may be written by other users", "chmod 700")
	}
	return nil
}

// walk lists every file below a directory, sorted, and follows no link.
func (st *store) walk(dir string) ([]string, diag.List) {
	d, err := st.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, diag.List{st.readFailed(dir, err)}
	}
	entries, err := d.ReadDir(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return nil, diag.List{st.readFailed(dir, err)}
	}
	var found []string
	for _, e := range entries {
		p := path.Join(dir, e.Name())
		if !e.IsDir() {
			found = append(found, p)
			continue
		}
		below, more := st.walk(p)
		if more != nil {
			return nil, more
		}
		found = append(found, below...)
	}
	slices.Sort(found)
	return found, nil
}
