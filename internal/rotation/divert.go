package rotation

import (
	"context"
	"slices"
	"time"

	"nselfc/compiler/ir"
	"nselfc/emit/nginx"
)

const (
	// drainLimit is how long requests that old containers work on may take until
	// these are asked to end; their own stop_grace comes on top.
	drainLimit = 30 * time.Second
	// settle is more than nginx needs from choosing an address to connecting to it.
	settle = time.Second
	// forget is when nginx has forgotten the addresses of a name for certain.
	forget = (nginx.ResolverValid + 1) * time.Second
	poll   = 300 * time.Millisecond
)

// diverted is where requests go to new containers alone.
type diverted struct {
	ingress string
	marks   []mark
	begun   time.Time
}

// admit joins the new containers to the network on which the service is called, and
// gives the name that they have in common, and the old ones do not.
func (r *replacement) admit(ctx context.Context, s *ir.Service) (group string, err error) {
	old, fresh, err := r.of(ctx, s.Name)
	if err != nil || len(old) == 0 {
		return "", err
	}
	network := door(r.stack, s)
	has := func(all []Container, group string) bool {
		return slices.ContainsFunc(all, func(c Container) bool { return slices.Contains(c.Networks[network].Aliases, group+"."+s.Name) })
	}
	i := slices.IndexFunc(nginx.Groups[:], func(g string) bool { return has(fresh, g) }) // of a run that was killed
	if i < 0 {
		i = slices.IndexFunc(nginx.Groups[:], func(g string) bool { return !has(old, g) })
	}
	group = nginx.Groups[max(i, 0)]
	for _, c := range fresh {
		e, there := c.Networks[network]
		if !c.well() || slices.Contains(e.Aliases, group+"."+s.Name) {
			continue
		}
		if there { // the engine had joined it by itself, or somebody else has started it
			if err := r.engine.Detach(ctx, c, network); err != nil {
				return "", err
			}
		}
		if err := r.engine.Attach(ctx, c, network, aliases(s, c, network, group)); err != nil {
			return "", err
		}
	}
	return group, nil
}

// aliases are the names of a container on a network: those that Compose gives, and
// that of its group.
func aliases(s *ir.Service, c Container, network, group string) []string {
	out := []string{c.Name, s.Name}
	for _, a := range s.Networks {
		if a.Network == network {
			out = append(out, a.Aliases...)
		}
	}
	return append(out, group+"."+s.Name)
}

// mark is a file that makes the ingress use the new containers of a service. The
// others are those that an earlier run may have left there.
type mark struct {
	service, path string
	others        []string
}

func marksOf(stack *ir.Stack, s *ir.Service, group string) (out []mark) {
	if group == "" { // there was no old one
		return nil
	}
	for _, port := range routed(stack, s.Name) {
		m := mark{service: s.Name, path: nginx.Mark(group, s.Name, port)}
		for _, g := range nginx.Groups {
			if g != group {
				m.others = append(m.others, nginx.Mark(g, s.Name, port))
			}
		}
		out = append(out, m)
	}
	return out
}

// ingress gives the container that sends requests, or "".
func (r *replacement) ingress(ctx context.Context) (string, error) {
	all, err := r.engine.Containers(ctx)
	for _, c := range all {
		if r.stack.Ingress != nil && c.Service == r.stack.Ingress.Service && c.Running {
			return c.ID, nil
		}
	}
	return "", err
}

// unmark takes all marks of services away.
func (r *replacement) unmark(ctx context.Context, marks []mark) error {
	ingress, err := r.ingress(ctx)
	if err != nil || ingress == "" {
		return err
	}
	for _, m := range marks {
		if err := r.engine.Unmark(ctx, ingress, append(m.others, m.path)...); err != nil {
			return err
		}
	}
	return nil
}

// divert sends the ingress's requests to the new containers alone. Where it cannot
// be told, it finds them by itself, and repeats what an old one refuses.
func (r *replacement) divert(ctx context.Context, marks []mark, group []batch) (begun time.Time, ingress string, err error) {
	begun = r.now()
	if len(marks) == 0 {
		return begun, "", nil
	}
	if ingress, err = r.ingress(ctx); err != nil {
		return begun, "", err
	}
	if ingress == "" {
		return begun, "", nil // nobody sends requests
	}
	life := settle + 2*forget // and as long as the old ones may take: without the mark they get requests
	for _, b := range group {
		grace, _ := time.ParseDuration(b.service.StopGrace.V)
		life += time.Duration(b.count) * (drainLimit + max(grace, 10*time.Second))
	}
	for _, m := range marks {
		err := r.engine.Mark(ctx, ingress, m.path, life)
		if err == nil { // only now: without any, nginx may know none but an address that is gone
			err = r.engine.Unmark(ctx, ingress, m.others...)
		}
		if err != nil {
			r.say("the ingress could not be told of the new %s; a request that it sends in the instant when the old one ends may fail", m.service)
		}
	}
	return begun, ingress, nil
}

// dismiss takes old containers of a batch away, when the ingress has no request left
// there. One without a route ends what it has begun after being asked to stop.
func (r *replacement) dismiss(ctx context.Context, b batch, ingress string) error {
	old, _, err := r.of(ctx, b.service.Name)
	if err != nil {
		return err
	}
	for _, c := range old[:min(b.count, len(old))] {
		if e := c.Networks[door(r.stack, b.service)]; b.whole && ingress != "" && e.Address != "" && c.Running {
			r.drain(ctx, ingress, c, e.Address)
		}
		if err := r.engine.Remove(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

func (r *replacement) drain(ctx context.Context, ingress string, c Container, address string) {
	for deadline, told := r.now().Add(drainLimit), false; ; told = true {
		n, err := r.engine.Connections(ctx, ingress, address)
		if err != nil || n == 0 {
			return // stop_grace is left, for whoever handles the signal
		}
		if r.now().After(deadline) {
			r.say("%d requests to %s take longer than %s, and have its stop_grace left", n, c.Name, drainLimit)
			return
		}
		if !told {
			r.say("waiting for %d requests that %s works on", n, c.Name)
		}
		if r.sleep(ctx, poll) != nil {
			return
		}
	}
}

// release lets the ingress use the service's own name again, once it must have
// forgotten the old addresses.
func (r *replacement) release(ctx context.Context, d diverted) error {
	if d.ingress == "" || len(d.marks) == 0 {
		return nil
	}
	if err := r.sleep(ctx, forget-r.now().Sub(d.begun)); err != nil {
		return err
	}
	var paths []string
	for _, m := range d.marks {
		paths = append(paths, m.path)
	}
	if err := r.engine.Unmark(ctx, d.ingress, paths...); err != nil {
		r.say("the ingress could not be told that the exchange is over; it finds out by itself")
	}
	return nil
}
