package build

import (
	"context"
	"path/filepath"
	"strings"

	"nselfc/emit"
	"nselfc/emit/compose/verify"
	"nselfc/lang"
	"nselfc/lang/diag"
)

// Environments lists the environments that a stack declares, for a shell that
// completes words: of a stack that cannot be read, there are none.
func Environments(path string) []string {
	in, d := open(path)
	if d != nil {
		return nil
	}
	defer in.close()
	src, _ := lang.Open(in.fsys, in.names) // validate is for the findings
	names := src.Environments()
	if len(names) == 1 && names[0] == "" {
		return nil
	}
	return names
}

// Find gives the environment in whose output directory a path of the working
// directory lies, and the slash-separated path below that directory; nil when it
// lies in none.
func (c *Compiled) Find(opts Options, name string) (*Environment, string) {
	abs, errName := filepath.Abs(name)
	out, errOut := filepath.Abs(c.OutDir(opts))
	if errName != nil || errOut != nil {
		return nil, "" // the working directory is gone
	}
	for _, e := range c.Environments {
		rel, err := filepath.Rel(filepath.Join(out, e.Name), abs)
		if err == nil && filepath.IsLocal(rel) {
			return e, filepath.ToSlash(rel)
		}
	}
	return nil, ""
}

// File gives the file that an emitter wrote to a path below the output directory;
// nil for none.
func (e *Environment) File(path string) *emit.File {
	for i := range e.Files {
		if e.Files[i].Path == path {
			return &e.Files[i]
		}
	}
	return nil
}

// DisplayName gives the path, from the working directory, of a file that a
// range names; of a stack at a revision it is a name of git's, REV:path, which is
// no file of today. Files of the built-in catalog keep their name.
func (c *Compiled) DisplayName(name string) string {
	if _, ok := c.Files()[name]; !ok && !c.missing[name] || strings.HasPrefix(name, "catalog/") {
		return name
	}
	if c.rev != "" {
		return c.rev + name
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

// DirOf gives the output directory of one environment.
func (c *Compiled) DirOf(env string, opts Options) string { return filepath.Join(c.OutDir(opts), env) }
