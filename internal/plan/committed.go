package plan

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/emit/outdir"
	"nselfc/internal/build"
	"nselfc/lang/source"
)

// Committed compares a compiled stack with its output on disk.
func Committed(ctx context.Context, c *build.Compiled, opts Options) *Plan {
	p := start(c)
	p.title = "the committed output"
	for _, e := range c.Environments {
		if ctx.Err() != nil {
			return p
		}
		out, diags := c.Committed(e, opts.Options, opts.Version)
		if out == nil {
			p.Diagnostics = append(p.Diagnostics, diags...)
			continue
		}
		p.Diagnostics = append(p.Diagnostics, out.Notes...)
		p.Environments = append(p.Environments, p.committed(e, out))
		out.Close()
	}
	if opts.Env == "" {
		p.gone(c.Gone(opts.Options))
	}
	return p
}

// start begins a plan of a compiled stack.
func start(c *build.Compiled) *Plan {
	p := &Plan{files: c.Files(), name: c.DisplayName, source: c.Source}
	if len(c.Environments) > 0 {
		p.Stack = c.Environments[0].Stack.Name.V
	}
	return p
}

func (p *Plan) committed(e *build.Environment, out *build.Committed) *Environment {
	env := newEnvironment(e)
	env.Dir = out.Dir
	if !out.Exists {
		env.Status = New
	}
	p.compare(env, e, out.Model, out.Unknown)
	for _, entry := range out.Entries {
		if f, ok := fileOf(entry, out); ok {
			env.Files = append(env.Files, f)
		}
	}
	if out.LockChanged {
		lock := File{Path: outdir.LockName, Previous: outdir.LockName, Action: model.Update, Record: true}
		if !out.Exists {
			lock.Action = model.Create
		}
		env.Files = append(env.Files, lock)
	}
	env.Files = append(env.Files, secretFiles(env.Review.Changes, e)...)
	env.finish()
	return env
}

// compare reviews the models; unknown says why there is none of before.
func (p *Plan) compare(env *Environment, e *build.Environment, old *model.Model, unknown error) {
	r := &review.Review{}
	if unknown == nil {
		r, unknown = review.Compare(old, e.Model, e.Stack)
	}
	if unknown != nil {
		env.Status, env.Why = Unknown, unknown.Error()
		r = &review.Review{}
	}
	r.Trace(p.source.Causes(env.Name).Of)
	env.Review = r
}

// finish puts the files in order, tells what explains them, and finds the status.
func (e *Environment) finish() {
	slices.SortStableFunc(e.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	e.renames()
	e.explain()
	e.settle()
}

// fileOf makes a file of the plan from an entry that a build would change.
func fileOf(entry *outdir.Entry, out *build.Committed) (File, bool) {
	f := File{Path: entry.Path, Previous: entry.Path, State: entry.State.String(), New: entry.Text, OldMode: entry.DiskMode, NewMode: entry.Mode, Record: entry.Path == model.FileName}
	switch entry.State {
	case outdir.Create, outdir.Missing:
		f.Action = model.Create
	case outdir.Stale, outdir.HandEdited, outdir.Conflicted, outdir.Foreign, outdir.ForeignGenerated, outdir.Permissions:
		f.Action = model.Update
	case outdir.Orphan, outdir.EditedOrphan:
		f.Action = model.Delete
	case outdir.Clean, outdir.Adopt, outdir.Gone, outdir.Blocked, outdir.Unlisted:
		return f, false
	}
	switch entry.State {
	case outdir.HandEdited, outdir.Conflicted, outdir.Foreign, outdir.ForeignGenerated, outdir.EditedOrphan:
		if f.Concealed = out.Conceals(entry); f.Concealed {
			f.OldUnknown = true
			return f, true
		}
	default: // as a build wrote it
	}
	text, whole, err := out.Text(entry)
	switch {
	case err != nil:
		f.OldUnknown = true // a finding of the plan says why
	case !whole:
		f.OldUnknown = true
	}
	f.Old = text
	return f, true
}

// secretFiles gives the files with secrets that change: no output has them, but the
// model has their form.
func secretFiles(changes []model.Change, e *build.Environment) []File {
	var out []File
	for i := range changes {
		c := &changes[i]
		path, ok := model.FilePath(c.Address)
		old, was := model.Form(c.Before)
		form, is := model.Form(c.After)
		if !ok || !was && !is {
			continue
		}
		f := File{Path: path, Previous: path, Action: c.Action, Sensitive: true, Old: old, New: form}
		if before, ok := model.FilePath(c.Previous); ok {
			f.Previous = before
		}
		if made := e.File(path); made != nil && is {
			f.NewMode = made.Mode
		}
		out = append(out, f)
	}
	return out
}

// gone adds the environments whose output is still there although the stack does
// not declare them any more.
func (p *Plan) gone(left map[string]*build.Committed) {
	for _, name := range slices.Sorted(maps.Keys(left)) {
		out := left[name]
		env := &Environment{Name: name, Dir: out.Dir, Status: Gone, Review: &review.Review{}}
		p.goneReview(env, out.Model)
		p.Environments = append(p.Environments, env)
		out.Close()
	}
}

// goneReview reviews the end of an environment.
func (p *Plan) goneReview(env *Environment, old *model.Model) {
	if old == nil {
		return
	}
	if s := old.Find(model.TypeStack); s != nil {
		if a, err := s.Attributes(); err == nil {
			env.Project, _ = a["project"].(string)
			env.Posture, _ = a["posture"].(string)
		}
	}
	if r, err := review.Compare(old, &model.Model{}, nil); err == nil {
		env.Review = r
		for i := range r.Risks {
			if r.Risks[i].Origin.Range.IsZero() {
				r.Risks[i].Origin.Range = p.first()
			}
		}
	}
}

// first is the place of what has none: the first line of the stack.
func (p *Plan) first() source.Range {
	for _, name := range slices.Sorted(maps.Keys(p.files)) {
		if !strings.Contains(name, "/") { // none of the catalog, a module or a kind
			return source.Range{File: name, Start: source.Pos{Line: 1}, End: source.Pos{Line: 1}}
		}
	}
	return source.Range{}
}
