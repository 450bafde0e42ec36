package rotation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/ir"
)

// replaceChanged replaces the containers of all services that have other files now
// than when they were started, and of those whose replacement was interrupted.
func (r *run) replaceChanged(ctx context.Context) error {
	j := r.journal
	now := r.digests()
	services := slices.Clone(j.Services)
	for _, s := range r.Stack.Services {
		if r.reads(s, now) && !slices.Contains(services, s.Name) {
			services = append(services, s.Name)
		}
	}
	if len(services) > 0 {
		slices.Sort(services)
		if err := r.replace(ctx, services); err != nil {
			return err
		}
	}
	j.Seen, j.Old, j.Services = now, nil, nil // saved with the step
	return nil
}

// reads tells whether a service mounts a file that is another one now. What the
// server of a rotation was told of, it knows.
func (r *run) reads(s *ir.Service, now map[string]string) bool {
	for path, digest := range now {
		if r.journal.Seen[path] == digest || !mounts(s, path) {
			continue
		}
		if !slices.ContainsFunc(r.told(), func(t told) bool { return t.service == s.Name && t.file == path }) {
			return true
		}
	}
	return false
}

func mounts(s *ir.Service, path string) bool {
	is := func(m ir.Mount) bool { return m.File == path }
	return s.EnvFile.V == path || slices.ContainsFunc(s.Secrets, is) || slices.ContainsFunc(s.Configs, is)
}

// replace notes which containers are to go, before the first of them does.
func (r *run) replace(ctx context.Context, services []string) error {
	j := r.journal
	if j.Old == nil || !slices.Equal(j.Services, services) {
		all, err := r.Engine.Containers(ctx)
		if err != nil {
			return err
		}
		j.Old, j.Services = []string{}, services
		for _, c := range all {
			if slices.Contains(services, c.Service) {
				j.Old = append(j.Old, c.ID)
			}
		}
		if err := asError(r.save()); err != nil {
			return err
		}
	}
	if len(j.Old) == 0 {
		return nil // nothing runs
	}
	r.Say("new containers for %s", strings.Join(services, ", "))
	old := map[string]bool{}
	for _, id := range j.Old {
		old[id] = true
	}
	if err := (&replacement{engine: r.Engine, stack: r.Stack, old: old, say: r.Say, sleep: r.Sleep, now: r.Now}).run(ctx, services); err != nil {
		return err
	}
	return r.allNew(ctx, services, old)
}

// allNew proves that nobody is left who was started with the old files, but for jobs
// that have ended.
func (r *run) allNew(ctx context.Context, services []string, old map[string]bool) error {
	all, err := r.Engine.Containers(ctx)
	if err != nil {
		return err
	}
	n := 0
	for _, c := range all {
		switch {
		case !slices.Contains(services, c.Service) || find(r.Stack, c.Service).Job:
		case old[c.ID]:
			return fmt.Errorf("%s is still there, with the old value", c.Name)
		case !c.well():
			return &notWell{c.Service, "is not healthy any more"}
		default:
			n++
		}
	}
	r.Say("%s: all containers (%d) are new, and healthy", strings.Join(services, ", "), n)
	return nil
}
