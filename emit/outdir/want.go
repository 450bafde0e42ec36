package outdir

import (
	"cmp"
	"slices"

	"nselfc/emit"
	"nselfc/lang/diag"
)

// wanted checks the files of the emitters, adds those of git, and gives entries
// in the order of their paths. The texts are not hashed yet.
func (d *Dir) wanted(files []emit.File) ([]*Entry, diag.List) {
	var diags diag.List
	files = slices.Concat(files, GitFiles())
	slices.SortStableFunc(files, func(a, b emit.File) int { return cmp.Compare(a.Path, b.Path) })
	entries := make([]Entry, len(files))
	out := make([]*Entry, 0, len(files))
	folded := make(map[string]string, len(files))
	for i, f := range files {
		text, plain := f.Text.Plain()
		why := checkPath(f.Path)
		switch {
		case !plain:
			diags = append(diags, bug(d.path(f.Path), "The file %s holds a secret and was to be written where files are committed.", quote(f.Path)))
			continue
		case why != "":
			diags = append(diags, bug(d.path(f.Path), "The path of the generated file %s %s.", quote(f.Path), why))
			continue
		case f.Mode == 0 || f.Mode&^0o777 != 0:
			diags = append(diags, bug(d.path(f.Path), "The generated file %s has the mode %#o.", quote(f.Path), f.Mode))
			continue
		}
		if other, ok := folded[fold(f.Path)]; ok {
			diags = append(diags, d.collision(other, f.Path))
			continue
		}
		folded[fold(f.Path)] = f.Path
		entries[i] = Entry{Path: f.Path, Text: text, Mode: f.Mode, wanted: true}
		out = append(out, &entries[i])
	}
	for _, e := range out {
		parents(e.Path, func(dir string) bool {
			other, ok := folded[fold(dir)]
			if ok {
				diags = append(diags, d.collision(other, e.Path))
			}
			return !ok
		})
	}
	return out, diags
}

func (d *Dir) collision(a, b string) *diag.Diagnostic {
	why := "The two paths differ in case only, and are one file where case does not count, as on macOS and Windows"
	switch {
	case a == b:
		why = "Two parts of the stack want to write this file"
	case len(a) < len(b) && fold(b[:len(a)]) == fold(a) && b[len(a)] == '/':
		why = "The first is to be a file and a directory at once"
	}
	return diag.Errorf("NS540", wholeFile(d.path(b)), "Two generated files have one path",
		"%s and %s cannot both be written. %s. Give one of the blocks that they come from another name.", quote(a), quote(b), why).
		With(wholeFile(d.path(a)), "the other file")
}

// bug reports what only a fault of nselfc itself brings about.
func bug(name, what string, args ...any) *diag.Diagnostic {
	b := diag.Errorf("NS900", wholeFile(name), "Bug in nselfc", what, args...)
	b.Detail += " Nothing was written. Please report it together with the stack that brings it about."
	return b
}
