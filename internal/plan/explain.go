package plan

import (
	"slices"
	"strings"

	"nselfc/compiler/model"
	"nselfc/emit/outdir"
	"nselfc/emit/textdiff"
)

// explain tells, for each file, which changed resources it is made from. A change
// of a build's own file that none of them explains is one of the layout only.
func (e *Environment) explain() {
	for i := range e.Files {
		f := &e.Files[i]
		for j := range e.Review.Changes {
			if c := &e.Review.Changes[j]; madeFrom(f, c) {
				f.ExplainedBy = append(f.ExplainedBy, c.Address)
			}
		}
		byBuild := f.State == "" || f.State == outdir.Stale.String()
		f.LayoutOnly = len(f.ExplainedBy) == 0 && byBuild && f.Action == model.Update && !f.Record && e.Status != Unknown
	}
}

// madeFrom tells whether a file is made from a resource.
func madeFrom(f *File, c *model.Change) bool {
	if path, ok := model.FilePath(c.Address); ok {
		was, _ := model.FilePath(c.Previous)
		return path == f.Path || was == f.Previous
	}
	edge := c.Before["tls"] != nil || c.After["tls"] != nil
	switch dir, _, _ := strings.Cut(f.Path, "/"); dir {
	case "nginx":
		return c.Type == model.TypeRoute || c.Type == model.TypeStack || edge
	case "ufw":
		return c.Type == model.TypeFirewall || c.Type == model.TypeStack || c.Type == model.TypeNetwork || edge
	default:
		return strings.HasPrefix(dir, "docker-compose") && strings.HasSuffix(dir, ".yml") &&
			(c.Type == model.TypeService || c.Type == model.TypeNetwork || c.Type == model.TypeVolume || c.Type == model.TypeStack)
	}
}

// renames pairs files that only have another path.
func (e *Environment) renames() {
	gone, come := map[string]string{}, map[string]string{}
	for i := range e.Files {
		switch f := &e.Files[i]; {
		case f.Sensitive || f.Record || f.OldUnknown:
		case f.Action == model.Delete:
			gone[f.Path] = f.Old
		case f.Action == model.Create:
			come[f.Path] = f.New
		}
	}
	if len(gone) == 0 || len(come) == 0 {
		return
	}
	pairs := textdiff.Renames(gone, come)
	taken := map[string]bool{}
	for i := range e.Files {
		f := &e.Files[i]
		from, ok := pairs[f.Path]
		if !ok || f.Action != model.Create {
			continue
		}
		taken[from] = true
		f.Action, f.Previous, f.Old, f.State = model.Update, from, gone[from], ""
		for j := range e.Files {
			if e.Files[j].Path == from {
				f.OldMode = e.Files[j].OldMode
			}
		}
	}
	e.Files = slices.DeleteFunc(e.Files, func(f File) bool { return f.Action == model.Delete && taken[f.Path] })
}
