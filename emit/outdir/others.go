package outdir

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"nselfc/lang/diag"
)

// Bounds of what is told of files of others: somebody may have unpacked a
// package in the output directory.
const (
	maxOthers  = 1000
	maxVisited = 100_000
)

// Others gives an error for everything in the directory that a plan knows nothing
// of and that is not ignored: a commit would take it, and what stands in an output
// directory is in force, as containers are given whole folders of it. A directory
// in which nothing is ours is told once, with what is in it. A build leaves all of
// this alone, so it is asked for by itself. ignored is asked for each path of a
// file and, with dir set, of a directory.
func (d *Dir) Others(p *Plan, ignored func(path string, dir bool) bool) diag.List {
	if d.root == nil {
		return nil
	}
	o := others{dir: d, disk: newDisk(d.root), ignored: ignored, ours: map[string]bool{}}
	defer o.disk.close()
	for _, e := range p.Entries {
		o.ours[e.Path] = true
		parents(e.Path, func(dir string) bool {
			seen := o.ours[dir]
			o.ours[dir] = true
			return !seen
		})
	}
	o.walk(".", false)
	return o.diags
}

type others struct {
	dir     *Dir
	disk    *disk
	ignored func(path string, dir bool) bool
	ours    map[string]bool // files of the plan, and directories that hold one
	visited int
	diags   diag.List
}

// walk looks at a directory, and tells whether anything in it counts. Below one
// that is not ours, that is all that is asked.
func (o *others) walk(dir string, foreign bool) bool {
	entries, err := o.disk.list(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			o.diags = append(o.diags, cannotRead(o.dir.path(dir), err))
		}
		return false
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if o.visited++; o.visited > maxVisited || len(o.diags) > maxOthers {
			return true
		}
		switch {
		case o.ours[name] && e.IsDir():
			o.walk(name, false)
		case o.ours[name], o.own(e.Name()), o.ignored(name, e.IsDir()), e.IsDir() && !o.walk(name, true):
		case foreign:
			return true
		default:
			o.tell(name, e)
		}
	}
	return false
}

// own tells the names that belong to the build, to git, or to the secret store.
func (o *others) own(name string) bool {
	return name == LockName || strings.HasPrefix(name, ".nself.") || name == ".git" || strings.Contains(fold(name), ".secrets")
}

func (o *others) tell(name string, e fs.DirEntry) {
	what := "stands in the output directory, and neither the stack nor the lock knows of it"
	switch {
	case e.IsDir():
		what = "is a directory in the output directory of which neither the stack nor the lock knows anything"
	case e.Type()&fs.ModeSymlink != 0:
		what = "is a symbolic link in the output directory, and neither the stack nor the lock knows of it"
	}
	o.diags = append(o.diags, diag.Errorf("NS536", wholeFile(o.dir.path(name)), "Output holds a file that is not from nselfc",
		"%s %s. It may be in force all the same: containers are given whole folders of the output, nginx loads all of conf.d, and Docker Compose reads "+
			"compose.override.yml and .env beside the file that it runs.\n\n"+
			"If the stack needs it, write it in nself.hcl. Otherwise move it out of the output directory, or have git ignore it where it is not to be committed. A build leaves it alone.",
		quote(name), what))
}
