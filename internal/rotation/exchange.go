package rotation

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	return r.recreate(ctx, recreate)
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

// recreate replaces what cannot run twice.
func (r *replacement) recreate(ctx context.Context, services []string) error {
	var left []string
	for _, name := range services {
		old, _, err := r.of(ctx, name)
		if err != nil {
			return err
		}
		if len(old) > 0 {
			left = append(left, name)
		}
	}
	if len(left) > 0 {
		r.say("recreating %s", strings.Join(left, ", "))
		if err := r.engine.Recreate(ctx, left); err != nil {
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

// exchange starts new containers, sends the requests to them, and takes the old ones
// away when these have answered what they had begun to.
func (r *replacement) exchange(ctx context.Context, services []*ir.Service) error {
	old := map[string]int{}
	for _, s := range services {
		had, _, err := r.of(ctx, s.Name)
		if err != nil {
			return err
		}
		old[s.Name] = len(had)
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
	var names []string
	for _, b := range group {
		if err := r.begin(ctx, b); err != nil {
			return err
		}
		names = append(names, b.service.Name)
	}
	r.say("waiting until the new %s answers", strings.Join(names, ", "))
	var marked []mark
	for _, b := range group {
		old, fresh, err := r.of(ctx, b.service.Name)
		if err != nil {
			return err
		}
		left := max(0, len(old)-b.count)
		if err := r.well(ctx, b.service, min(replicas(b.service)-left, len(fresh))); err != nil {
			return err
		}
		group, err := r.admit(ctx, b.service)
		if err != nil {
			return err
		}
		if b.whole {
			marked = append(marked, marksOf(r.stack, b.service, group)...)
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
	return r.release(ctx, ingress, marked, begun)
}

// begin makes and starts the new containers of a batch, out of sight of those who
// call the service: Docker gives out an address from the moment that a container
// starts, whether anything listens there yet or not.
func (r *replacement) begin(ctx context.Context, b batch) error {
	old, fresh, err := r.of(ctx, b.service.Name)
	if err != nil {
		return err
	}
	if missing := replicas(b.service) - max(0, len(old)-b.count) - len(fresh); missing > 0 {
		if err := r.engine.Create(ctx, b.service.Name, len(old)+len(fresh)+missing); err != nil {
			return err
		}
		if _, fresh, err = r.of(ctx, b.service.Name); err != nil {
			return err
		}
	}
	for _, c := range fresh {
		if c.Running {
			continue
		}
		if _, there := c.Networks[door(r.stack, b.service)]; there && len(old) > 0 {
			if err := r.engine.Detach(ctx, c, door(r.stack, b.service)); err != nil {
				return err
			}
		}
		if err := r.engine.Start(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// notWell says that new containers do not come up. The old ones still work.
type notWell struct{ service, problem string }

func (e *notWell) Error() string {
	return fmt.Sprintf("the new container of %s %s", e.service, e.problem)
}

// well waits until at least count new containers of a service are well.
func (r *replacement) well(ctx context.Context, s *ir.Service, count int) error {
	for deadline := r.now().Add(patience(s)); ; {
		_, fresh, err := r.of(ctx, s.Name)
		if err != nil {
			return err
		}
		n, problem := 0, "did not become healthy in time"
		for _, c := range fresh {
			switch {
			case c.well():
				n++
			case c.Health == "unhealthy":
				problem = "is unhealthy"
			case !c.Running:
				problem = "does not run: it ended with status " + strconv.Itoa(c.ExitCode)
			}
		}
		if n >= count {
			return nil
		}
		if r.now().After(deadline) {
			return &notWell{s.Name, problem}
		}
		if err := r.sleep(ctx, poll); err != nil {
			return err
		}
	}
}

// patience is how long a service may take to become healthy.
func patience(s *ir.Service) time.Duration {
	h := s.Health
	if h == nil {
		return time.Minute
	}
	duration := func(v ir.String) time.Duration { d, _ := time.ParseDuration(v.V); return d }
	return time.Minute + duration(h.StartPeriod) + time.Duration(h.Retries.V+1)*(duration(h.Interval)+duration(h.Timeout))
}

// await waits for a job that runs with the old files.
func (r *replacement) await(ctx context.Context, service string) error {
	for deadline, told := r.now().Add(10*time.Minute), false; ; told = true {
		old, _, err := r.of(ctx, service)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(old, func(c Container) bool { return c.Running })
		if i < 0 {
			return nil
		}
		if r.now().After(deadline) {
			return fmt.Errorf("the job %s still runs with the old value; wait for its end, or stop %s", service, old[i].Name)
		}
		if !told {
			r.say("waiting until the job %s has ended", service)
		}
		if err := r.sleep(ctx, poll); err != nil {
			return err
		}
	}
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

// divert sends the ingress's requests to the new containers alone. Where it cannot
// be told, it finds them by itself, and repeats what an old one refuses.
func (r *replacement) divert(ctx context.Context, marks []mark, group []batch) (begun time.Time, ingress string, err error) {
	begun = r.now()
	if len(marks) == 0 {
		return begun, "", nil
	}
	all, err := r.engine.Containers(ctx)
	if err != nil {
		return begun, "", err
	}
	for _, c := range all {
		if c.Service == r.stack.Ingress.Service && c.Running {
			ingress = c.ID
		}
	}
	if ingress == "" {
		return begun, "", nil // nobody sends requests
	}
	life := drainLimit + settle + 2*forget
	for _, b := range group {
		grace, _ := time.ParseDuration(b.service.StopGrace.V)
		life += time.Duration(b.count) * max(grace, 10*time.Second)
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
func (r *replacement) release(ctx context.Context, ingress string, marks []mark, begun time.Time) error {
	if ingress == "" || len(marks) == 0 {
		return nil
	}
	if err := r.sleep(ctx, forget-r.now().Sub(begun)); err != nil {
		return err
	}
	var paths []string
	for _, m := range marks {
		paths = append(paths, m.path)
	}
	if err := r.engine.Unmark(ctx, ingress, paths...); err != nil {
		r.say("the ingress could not be told that the exchange is over; it finds out by itself")
	}
	return nil
}
