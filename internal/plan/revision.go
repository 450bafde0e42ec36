package plan

import (
	"nselfc/compiler/model"
	"nselfc/emit"
	"nselfc/internal/build"
)

// Revision compares a compiled stack with another state of it, such as that of a
// revision of git. revision and commit name that state.
func Revision(c, base *build.Compiled, revision, commit string, opts Options) *Plan {
	p := start(c)
	p.Revision, p.Commit = revision, commit
	p.title = revision
	if short := commit[:min(len(commit), 12)]; short != "" && short != revision {
		p.title += " (" + short + ")"
	}
	before := map[string]*build.Environment{}
	for _, e := range base.Environments {
		before[e.Name] = e
	}
	for _, e := range c.Environments {
		env := newEnvironment(e)
		env.Dir = c.DirOf(e.Name, opts.Options)
		old, was := &model.Model{}, before[e.Name]
		if was != nil {
			old = was.Model
			env.Files = texts(was.Files, e.Files)
		} else {
			env.Status = New
			env.Files = texts(nil, e.Files)
		}
		p.compare(env, e, old, nil)
		env.finish()
		p.Environments = append(p.Environments, env)
		delete(before, e.Name)
	}
	for _, e := range base.Environments {
		if before[e.Name] == nil || opts.Env != "" {
			continue
		}
		env := &Environment{Name: e.Name, Dir: c.DirOf(e.Name, opts.Options), Status: Gone}
		p.goneReview(env, e.Model)
		env.Files = texts(e.Files, nil)
		env.finish()
		p.Environments = append(p.Environments, env)
	}
	return p
}

// texts compares two sets of files.
func texts(before, after []emit.File) []File {
	old := make(map[string]*emit.File, len(before))
	for i := range before {
		old[before[i].Path] = &before[i]
	}
	var out []File
	for i := range after {
		f := &after[i]
		was := old[f.Path]
		delete(old, f.Path)
		text := f.Text.String()
		if was == nil {
			out = append(out, file(f, model.Create, "", text, 0))
			continue
		}
		if before := was.Text.String(); before != text || was.Mode != f.Mode {
			out = append(out, file(f, model.Update, before, text, was.Mode))
		}
	}
	for i := range before {
		if f := &before[i]; old[f.Path] != nil {
			gone := file(f, model.Delete, f.Text.String(), "", f.Mode)
			gone.NewMode = 0
			out = append(out, gone)
		}
	}
	return out
}

func file(f *emit.File, a model.Action, old, text string, mode uint32) File {
	return File{
		Path: f.Path, Previous: f.Path, Action: a, Old: old, New: text, OldMode: mode, NewMode: f.Mode,
		Sensitive: f.Secret(), Record: f.Path == model.FileName,
	}
}
