package rotation

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"nselfc/compiler/ir"
)

// begin makes and starts the new containers of a group, out of sight of those who
// call the services: Docker gives out an address from the moment that a container
// starts, whether anything listens there yet or not.
func (r *replacement) begin(ctx context.Context, group []batch) (names []string, err error) {
	counts := map[string]int{}
	for _, b := range group {
		old, fresh, err := r.of(ctx, b.service.Name)
		if err != nil {
			return nil, err
		}
		if missing := due(b, old) - len(fresh); missing > 0 {
			counts[b.service.Name] = len(old) + len(fresh) + missing
		}
		names = append(names, b.service.Name)
	}
	if err := r.create(ctx, counts); err != nil {
		return nil, err
	}
	for _, b := range group {
		if err := r.start(ctx, b.service); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// due is how many new containers have to be well before those of a batch go: as many
// as make up for them, and one in any case, as an old one that stays may be one that
// was never let in.
func due(b batch, old []Container) int {
	n := replicas(b.service)
	return max(min(1, n), n-max(0, len(old)-b.count))
}

func (r *replacement) start(ctx context.Context, s *ir.Service) error {
	old, fresh, err := r.of(ctx, s.Name)
	if err != nil {
		return err
	}
	for _, c := range fresh {
		if c.Running {
			continue
		}
		if _, there := c.Networks[door(r.stack, s)]; there && len(old) > 0 {
			if err := r.engine.Detach(ctx, c, door(r.stack, s)); err != nil {
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
