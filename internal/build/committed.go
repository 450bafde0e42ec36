package build

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	"nselfc/compiler/model"
	"nselfc/emit/outdir"
	"nselfc/internal/secrets"
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

	dir     *outdir.Dir
	conceal func(path string) bool
}

// Conceals tells whether no part of a file may be shown, as somebody wrote a secret
// into it.
func (c *Committed) Conceals(e *outdir.Entry) bool { return c.conceal(e.Path) }

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
	out.conceal = conceals(out.dir, e)
	p, notes := out.dir.Plan(e.committed(), c.meta(e, version), outdir.Options{Concealed: out.conceal})
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

// conceals makes a function that looks for secrets in files of an output directory.
// It is asked of those alone that somebody edited.
func conceals(dir *outdir.Dir, e *Environment) func(path string) bool {
	values := sync.OnceValue(func() []secrets.Value { return secrets.Known(dir.Name(), e.Stack) })
	return func(path string) bool {
		text, whole, err := dir.TextAt(path, maxText)
		return err != nil || !whole || secrets.Holds(text, values())
	}
}
