package plan

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"nselfc/compiler/model"
	"nselfc/compiler/review"
	"nselfc/emit/textdiff"
	"nselfc/lang/escape"
)

// effectLine is one line of what bringing the stack up does.
type effectLine struct{ what, text string }

// effectLines gives the effects in the order in which they happen.
func (e *Environment) effectLines() []effectLine {
	x := &e.Review.Effects
	var out []effectLine
	add := func(what, text string) {
		if text != "" {
			out = append(out, effectLine{what, text})
		}
	}
	for _, s := range x.Steps {
		add("by hand", s.Address+": "+s.Text)
	}
	add("build", containers(x.Build))
	add("create", containers(x.Create))
	add("recreate", containers(x.Recreate))
	if slices.ContainsFunc(e.Files, func(f File) bool { return f.LayoutOnly && strings.HasPrefix(f.Path, "docker-compose") }) {
		add("recreate", "perhaps more: another version of nselfc writes docker-compose.yml in other words")
	}
	if len(x.Older) > 0 {
		add("older", "Compose before 2.29.4 also recreates "+containers(x.Older))
	}
	add("scale", containers(x.Scale))
	add("remove", containers(x.Remove))
	if len(x.Refresh) > 0 {
		var names []string
		for _, c := range x.Refresh {
			names = append(names, c.Service)
		}
		file := escape.ShellWord(filepath.Join(e.Dir, "docker-compose.yml"))
		add("refresh", containers(x.Refresh)+": their containers keep the old files until docker compose -f "+file+" up -d --force-recreate "+strings.Join(names, " "))
	}
	add("networks", parts(x.Networks))
	add("volumes", parts(x.Volumes))
	add("secrets", secretsLine(&x.Secrets))
	if x.Firewall {
		script := escape.ShellWord(filepath.Join(e.Dir, "ufw/apply.sh"))
		add("firewall", "apply the rules again: sudo "+script+" --check, then --apply and --confirm")
	}
	return out
}

// containers lists services with the reasons for which they are made anew.
func containers(list []review.Container) string {
	var out []string
	for _, c := range list {
		s := c.Service
		if len(c.Reasons) > 0 {
			s += " (" + strings.Join(c.Reasons, ", ") + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func parts(p review.Parts) string {
	var out []string
	for sign, names := range map[string][]string{"+": p.Created, "~": p.Recreated, "-": p.Removed} {
		for _, n := range names {
			out = append(out, sign+n)
		}
	}
	return strings.Join(sorted(out), ", ")
}

// note says of a file what its diff does not.
func (f *File) note() string {
	var out []string
	if f.Previous != f.Path {
		out = append(out, "was "+clean(f.Previous))
	}
	switch {
	case f.Sensitive && f.Action == model.Update:
		out = append(out, sensitiveChanged)
	case f.Sensitive:
		out = append(out, sensitiveValue)
	case f.Record:
		out = append(out, "changes with the rest")
	case f.Concealed:
		out = append(out, "holds a secret, not shown: nselfc check")
	case f.OldUnknown:
		out = append(out, "too large to compare, or not readable")
	default:
		added, removed := f.counts()
		out = append(out, fmt.Sprintf("+%d -%d", added, removed))
	}
	if f.Action == model.Update && f.OldMode != f.NewMode && f.OldMode != 0 {
		out = append(out, fmt.Sprintf("mode %04o → %04o", f.OldMode, f.NewMode))
	}
	switch f.State {
	case "hand-edited", "conflicted", "foreign", "foreign-generated", "edited orphan", "missing":
		out = append(out, f.State)
	}
	if f.LayoutOnly {
		out = append(out, "layout only")
	}
	return strings.Join(out, ", ")
}

// counts gives the lines that are added and removed.
func (f *File) counts() (added, removed int) {
	for _, h := range textdiff.Hunks(f.Old, f.New, 0) {
		added += h.B1 - h.B0
		removed += h.A1 - h.A0
	}
	return added, removed
}

// shown tells whether the lines of a file are worth showing: not those of records,
// nor what is not known whole, nor every line of an environment that is new or gone.
func (f *File) shown(e *Environment) bool {
	return !f.Record && !f.OldUnknown && (e.Status == Changed || e.Status == Unknown)
}

// mode writes permission bits, or "" for none.
func mode(m uint32) string {
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("%04o", m)
}
