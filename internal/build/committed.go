package build

import (
	"errors"
	"io/fs"
	"os"

	"nselfc/compiler/model"
	"nselfc/emit/outdir"
	"nselfc/lang/diag"
)

// Committed is the output of an environment as it stands on disk, beside what a
// build would make of it. Nothing was changed, and nothing is held.
type Committed struct {
	Dir     string // the output directory
	Exists  bool
	Entries []*outdir.Entry
	// LockChanged tells whether a build would write another lock.
	LockChanged bool
	// Model is that of the committed output; nil when it has none that can be read,
	// for the reason that Unknown gives.
	Model   *model.Model
	Unknown error
	Notes   diag.List // what stands in the way of a build

	dir *outdir.Dir
}

// Text gives what stands on disk for an entry, and whether that is all of it.
func (c *Committed) Text(e *outdir.Entry) (string, bool, error) {
	return c.dir.TextOnDisk(e, maxText)
}

// maxText bounds a file that is read to be shown.
const maxText = 64 << 20

// Close lets go of the directory.
func (c *Committed) Close() { c.dir.Close() }

// Committed compares the output of an environment with what it compiles to.
func (c *Compiled) Committed(e *Environment, opts Options, version string) (*Committed, diag.List) {
	out, d := c.committedIn(e.Name, opts)
	if d != nil {
		return nil, diag.List{d}
	}
	p, notes := out.dir.Plan(e.committed(), c.meta(e, version), outdir.Options{})
	out.Entries, out.Notes, out.LockChanged = p.Entries, notes, p.LockChanged
	return out, nil
}

// committedIn opens the output of an environment and reads its model.
func (c *Compiled) committedIn(name string, opts Options) (*Committed, *diag.Diagnostic) {
	var below []string
	if name != "" {
		below = []string{name}
	}
	dir, d := outdir.Look(c.OutDir(opts), below...)
	if d != nil {
		return nil, d
	}
	out := &Committed{Dir: dir.Name(), dir: dir}
	_, _, err := dir.TextAt(outdir.LockName, 1)
	out.Exists = !errors.Is(err, fs.ErrNotExist)
	text, whole, err := dir.TextAt(model.FileName, maxText)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !out.Exists:
		out.Model = &model.Model{} // never built: everything is new
	case errors.Is(err, fs.ErrNotExist):
		out.Unknown = errors.New("there is no " + model.FileName)
	case err != nil:
		out.Unknown = err
	case !whole:
		out.Unknown = errors.New("it is too large")
	default:
		out.Model, out.Unknown = model.Read([]byte(text))
	}
	return out, nil
}

// Gone gives the environments whose output is still there although the stack does
// not declare them any more, with their models.
func (c *Compiled) Gone(opts Options) map[string]*Committed {
	out := map[string]*Committed{}
	c.eachGone(opts, func(_ *os.Root, env string) {
		if found, d := c.committedIn(env, opts); d == nil {
			out[env] = found
		}
	})
	return out
}
