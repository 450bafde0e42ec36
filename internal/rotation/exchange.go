package rotation

import (
	"context"
	"maps"
	"strings"
	"time"

	"nselfc/compiler/ir"
)

// replacement puts new containers, which read the new files, in the place of old
// ones. Called again with the same old ones it goes on where it was left.
type replacement struct {
	engine Engine
	stack  *ir.Stack
	// old are the containers that are to go, by their IDs: those that ran when the
	// files changed.
	old   map[string]bool
	say   func(format string, args ...any)
	sleep func(context.Context, time.Duration) error
	now   func() time.Time

	diverted []diverted // what the ingress is to be told when all is done
}

// run replaces the containers of the services, and returns when none of the old ones
// is left and all new ones are well.
func (r *replacement) run(ctx context.Context, services []string) error {
	var exchange []*ir.Service
	var first, recreate []string
	for _, name := range services {
		s := find(r.stack, name)
		if s == nil {
			continue
		}
		switch m := mannerOf(r.stack, s); {
		case m == exchanged:
			exchange = append(exchange, s)
		case m == awaited:
			if err := r.await(ctx, name); err != nil {
				return err
			}
		case s.Store.V != "": // its clients are healthy only with it
			first = append(first, name)
		default:
			recreate = append(recreate, name)
		}
	}
	if err := r.recreate(ctx, first); err != nil {
		return err
	}
	if err := r.exchange(ctx, exchange); err != nil {
		return err
	}
	if err := r.recreate(ctx, recreate); err != nil { // meanwhile the ingress forgets
		return err
	}
	for _, d := range r.diverted {
		if err := r.release(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// of divides the containers of a service into old and new ones.
func (r *replacement) of(ctx context.Context, service string) (old, fresh []Container, err error) {
	all, err := r.engine.Containers(ctx)
	for _, c := range all {
		switch {
		case c.Service != service:
		case r.old[c.ID]:
			old = append(old, c)
		default:
			fresh = append(fresh, c)
		}
	}
	return old, fresh, err
}

// recreate replaces what cannot run twice: the old ones go first.
func (r *replacement) recreate(ctx context.Context, services []string) error {
	want, told := map[string]int{}, false
	for _, name := range services {
		old, fresh, err := r.of(ctx, name)
		if err != nil {
			return err
		}
		if len(old) > 0 && !told {
			told = true
			r.say("recreating %s", strings.Join(services, ", "))
		}
		for _, c := range old {
			if err := r.engine.Remove(ctx, c.ID); err != nil {
				return err
			}
		}
		if n := replicas(find(r.stack, name)); len(fresh) < n {
			want[name] = n
		}
	}
	if err := r.create(ctx, want); err != nil {
		return err
	}
	for _, name := range services {
		if err := r.start(ctx, find(r.stack, name)); err != nil {
			return err
		}
	}
	for _, name := range services {
		if err := r.well(ctx, find(r.stack, name), replicas(find(r.stack, name))); err != nil {
			return err
		}
	}
	return nil
}

// create makes containers, so that there are as many of some services as are wanted,
// and of the others as many as there are.
func (r *replacement) create(ctx context.Context, want map[string]int) error {
	if len(want) == 0 {
		return nil
	}
	all, err := r.engine.Containers(ctx)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, s := range r.stack.Services {
		counts[s.Name] = 0
	}
	for _, c := range all {
		if _, ours := counts[c.Service]; ours {
			counts[c.Service]++
		}
	}
	maps.Copy(counts, want)
	return r.engine.Create(ctx, counts)
}

// exchange starts new containers, sends the requests to them, and takes the old ones
// away when these have answered what they had begun to.
func (r *replacement) exchange(ctx context.Context, services []*ir.Service) error {
	old := map[string]int{}
	for _, s := range services {
		had, _, err := r.of(ctx, s.Name)
		if err != nil {
			return err
		}
		for _, c := range had {
			if c.Running {
				old[s.Name]++
			} else if err := r.engine.Remove(ctx, c.ID); err != nil { // of a run that was killed: it answers nobody
				return err
			}
		}
	}
	memory, err := r.engine.Memory(ctx)
	if err != nil {
		return err
	}
	for _, group := range batches(r.stack, services, old, memory) {
		if err := r.round(ctx, group); err != nil {
			return err
		}
	}
	return nil
}

// round exchanges one group. Until divert, nothing that runs has changed.
func (r *replacement) round(ctx context.Context, group []batch) error {
	names, err := r.begin(ctx, group)
	if err != nil {
		return err
	}
	r.say("waiting until the new %s answers", strings.Join(names, ", "))
	var marked []mark
	for _, b := range group {
		old, fresh, err := r.of(ctx, b.service.Name)
		if err != nil {
			return err
		}
		if err := r.well(ctx, b.service, min(due(b, old), len(fresh))); err != nil {
			return err
		}
		group, err := r.admit(ctx, b.service)
		if err != nil {
			return err
		}
		marks := marksOf(r.stack, b.service, group)
		if b.whole {
			marked = append(marked, marks...)
		} else if err := r.unmark(ctx, marks); err != nil { // of a run that was killed: all copies get requests
			return err
		}
	}
	begun, ingress, err := r.divert(ctx, marked, group)
	if err != nil {
		return err
	}
	if err := r.sleep(ctx, settle); err != nil {
		return err
	}
	for _, b := range group {
		if err := r.dismiss(ctx, b, ingress); err != nil {
			return err
		}
	}
	r.diverted = append(r.diverted, diverted{ingress, marked, begun})
	return nil
}
