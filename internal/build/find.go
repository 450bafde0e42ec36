package build

import (
	"context"
	"path"
	"path/filepath"
	"strings"

	"nselfc/emit"
	"nselfc/emit/compose/verify"
	"nselfc/lang/diag"
)

// Find gives the file that a path in the working directory stands for, and its
// environment; nil when no compiled environment generates it.
func (c *Compiled) Find(opts Options, name string) (*Environment, *emit.File) {
	abs, errName := filepath.Abs(name)
	out, errOut := filepath.Abs(c.OutDir(opts))
	if errName != nil || errOut != nil {
		return nil, nil // the working directory is gone
	}
	rel, err := filepath.Rel(out, abs)
	if err != nil {
		return nil, nil
	}
	rel = filepath.ToSlash(rel)
	for _, e := range c.Environments {
		for i := range e.Files {
			if path.Join(e.Name, e.Files[i].Path) == rel {
				return e, &e.Files[i]
			}
		}
	}
	return nil, nil
}

// DisplayName gives the path, from the working directory, of a file that a
// range names. Files of the built-in catalog keep their name.
func (c *Compiled) DisplayName(name string) string {
	if _, ok := c.Files()[name]; !ok && !c.missing[name] || strings.HasPrefix(name, "catalog/") {
		return name
	}
	return filepath.Join(c.Dir, filepath.FromSlash(name))
}

// note remembers the files that findings of the compiler name and that could not
// be read: their names are the stack's too, and not the working directory's.
func (c *Compiled) note(list diag.List) diag.List {
	for _, d := range list {
		if _, ok := c.Files()[d.Subject.File]; !ok {
			c.missing[d.Subject.File] = true
		}
	}
	return list
}

// Verify reads the compose files of every environment back with Compose's own
// loader and compares them with what they were made from. A finding is a bug.
func (c *Compiled) Verify(ctx context.Context) diag.List {
	var diags diag.List
	for _, e := range c.Environments {
		diags = append(diags, verify.Verify(ctx, e.Stack, e.composed)...)
	}
	return diags
}
