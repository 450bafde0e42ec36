package rotation

import (
	"net/netip"
	"slices"

	"nselfc/compiler/ir"
)

// manner is how the containers of a service are replaced.
type manner uint8

const (
	// recreated: stopped, and then started anew. Who calls the service meanwhile fails.
	recreated manner = iota
	// exchanged: the new ones run, are healthy and get the requests before the old ones stop.
	exchanged
	// awaited: a job, which reads its files whenever it runs; one that runs now may end.
	awaited
)

// mannerOf says how a service is replaced. Two at once must not write one volume,
// publish one port or be one store; and what nobody calls has no requests to lose,
// but may well do its work twice.
func mannerOf(stack *ir.Stack, s *ir.Service) manner {
	switch {
	case s.Job:
		return awaited
	case s.Store.V != "", len(s.Publish) > 0, isIngress(stack, s), slices.ContainsFunc(s.Volumes, func(v ir.VolumeMount) bool { return !v.ReadOnly.V }):
		return recreated
	case door(stack, s) == "":
		return recreated
	}
	return exchanged
}

func isIngress(stack *ir.Stack, s *ir.Service) bool {
	return stack.Ingress != nil && stack.Ingress.Service == s.Name
}

// door is the network on which others call a service, or "".
func door(stack *ir.Stack, s *ir.Service) string {
	for _, n := range stack.Networks {
		if n.Purpose == "provider" && n.Owner == s.Address {
			return n.Name
		}
	}
	return ""
}

// routed lists the ports of a service that the ingress sends requests to.
func routed(stack *ir.Stack, service string) (ports []int) {
	if stack.Ingress == nil {
		return nil
	}
	for _, h := range stack.Ingress.Hosts {
		for _, r := range h.Routes {
			if r.Service == service && !slices.Contains(ports, r.Port.V) {
				ports = append(ports, r.Port.V)
			}
		}
	}
	slices.Sort(ports)
	return ports
}

func replicas(s *ir.Service) int {
	if s.Replicas.IsSet() {
		return s.Replicas.V
	}
	return 1
}

func find(stack *ir.Stack, service string) *ir.Service {
	for _, s := range stack.Services {
		if s.Name == service {
			return s
		}
	}
	return nil
}

// room is what the host has left for containers beside those that the stack declares.
type room struct {
	memory    int64          // bytes
	addresses map[string]int // of each network
}

// roomOf reckons with what is declared, and not with what is used just now: under
// load the host must not run out.
func roomOf(stack *ir.Stack, memory int64) room {
	r := room{memory: memory, addresses: map[string]int{}}
	for _, n := range stack.Networks {
		r.addresses[n.Name] = 1 << 20
		if p, err := netip.ParsePrefix(n.Subnet); err == nil {
			r.addresses[n.Name] = 1<<(32-p.Bits()) - 3 // the network's, the gateway's, the broadcast
		}
	}
	for _, s := range stack.Services {
		r.take(s, replicas(s))
	}
	return r
}

// take reserves room for n more containers of a service, and tells whether there was.
func (r *room) take(s *ir.Service, n int) bool {
	r.memory -= s.Memory.V * int64(n)
	fits := r.memory >= 0
	for _, a := range s.Networks {
		r.addresses[a.Network] -= n
		fits = fits && r.addresses[a.Network] >= 0
	}
	return fits
}

// batch is so many containers of a service at once.
type batch struct {
	service *ir.Service
	count   int
	whole   bool // all that there are
}

// batches divides the work into groups of what is exchanged at the same time: all of
// it where there is room for twice as many containers, and else less at once, down to
// one container, for which subnets always have room.
func batches(stack *ir.Stack, services []*ir.Service, old map[string]int, memory int64) (groups [][]batch) {
	var group []batch
	left := roomOf(stack, memory)
	flush := func() {
		if len(group) > 0 {
			groups, group = append(groups, group), nil
		}
		left = roomOf(stack, memory)
	}
	for _, s := range services {
		n := old[s.Name]
		if !left.take(s, n) {
			flush()
			if !left.take(s, n) && replicas(s) > 1 { // for one, there always has to be room
				left = roomOf(stack, memory)
				for range n {
					groups = append(groups, []batch{{service: s, count: 1}})
				}
				continue
			}
		}
		group = append(group, batch{service: s, count: n, whole: true})
	}
	flush()
	return groups
}
