package compiler

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// startOrder is what sets a dependency that no reference asks for.
const startOrder = "start order"

// slowWalk is the number of comparisons, about five seconds of them, above which
// Docker Compose is slow to read the stack.
const slowWalk = 1e9

// lowerOrder makes the start order of what refers to what: healthy providers
// first, nothing said twice, and bounded for Docker Compose. The ingress waits
// for nobody: nginx looks names up when a request comes, and one service that
// does not get well must not keep the others' site down.
func (l *lowering) lowerOrder() {
	g := graph{needs: make([][]int32, len(l.units))}
	count := 0
	for _, u := range l.units {
		count += len(u.providers)
	}
	backing := make([]int32, 0, count)
	for i, u := range l.units {
		begin := len(backing)
		for _, p := range u.providers {
			backing = append(backing, int32(p.provider.index))
		}
		g.needs[i] = backing[begin:len(backing):len(backing)]
	}
	order := g.order()
	if len(order) < len(l.units) {
		for _, c := range g.cycles() {
			l.reportCycle(c)
		}
		order = g.order()
	}
	l.skipIdle(g)
	g.reduce(order)
	if at, length := g.serialise(order); at >= 0 {
		l.reportSerialised(l.units[at], length)
		order = g.order()
	}
	if g.walk(order) > slowWalk {
		l.reportSlow(g, order)
	}
	for i, u := range l.units {
		u.out.DependsOn = l.dependencies(u, g.needs[i])
	}
}

// skipIdle takes out the needs of services of no replicas. Compose waits neither
// for them nor, on their behalf, for what they need themselves (startService
// returns at once): a need that seems to follow through one would be lost.
func (l *lowering) skipIdle(g graph) {
	for v, needs := range g.needs {
		g.needs[v] = slices.DeleteFunc(needs, func(d int32) bool { return l.units[d].out.Replicas.V == 0 })
	}
}

func (l *lowering) dependencies(u *unit, needs []int32) []ir.Dependency {
	if len(needs) == 0 {
		return nil
	}
	out := make([]ir.Dependency, len(needs))
	for i, n := range needs {
		provider := l.units[n]
		out[i] = ir.Dependency{
			Origin:  source.Origin{Range: u.in.Range, By: startOrder},
			Service: provider.in.Name, Condition: condition(provider.out),
		}
		for _, p := range u.providers {
			if p.provider == provider {
				out[i].Origin = source.Origin{Range: p.at, By: topology}
			}
		}
	}
	return out
}

// condition is what others wait for: the health check where there is one, the
// end of a job, the mere start of anything else.
func condition(s *ir.Service) string {
	switch {
	case s.Job:
		return "service_completed_successfully"
	case s.Health != nil:
		return "service_healthy"
	}
	return "service_started"
}

func (l *lowering) reportCycle(cycle []int32) {
	names := make([]string, 0, len(cycle)+1)
	for _, v := range cycle {
		names = append(names, l.units[v].in.Address)
	}
	names = append(names, names[0])
	first := l.units[cycle[0]]
	d := l.errorf(first.in.Declared, first.reference(l.units[cycle[1%len(cycle)]]), "NS323", "Services wait for each other",
		"%s: each of these refers to the next, so none of them could start first. Take one of the references out, for example by "+
			"letting one service find the other through the ingress, or by telling it where the other is with a plain text.",
		strings.Join(names, " → "))
	for i, v := range cycle {
		u, next := l.units[v], l.units[cycle[(i+1)%len(cycle)]]
		d.With(u.reference(next), "%s refers to %s", u.in.Address, next.in.Address)
	}
}

// reference is where u refers to a provider.
func (u *unit) reference(provider *unit) source.Range {
	for _, p := range u.providers {
		if p.provider == provider {
			return p.at
		}
	}
	return u.in.Range
}

const denseSummary = "Start order too dense for Docker Compose"

func (l *lowering) reportSerialised(u *unit, length int) {
	l.warningf(u.in.Declared, u.in.Range, "NS348", denseSummary,
		"So many services wait for so many others that Docker Compose, which follows every path between them, would take minutes to read "+
			"the stack. %d services below %s therefore start one after the other instead of several at once; nothing starts before what it "+
			"refers to. The start takes longer, and a service that does not become healthy keeps back those behind it. To start in "+
			"parallel again, remove references, for example those to services that are reached through another one anyway.", length, u.in.Address)
}

func (l *lowering) reportSlow(g graph, order []int32) {
	deepest, depth := order[0], make([]int, len(g.needs))
	for _, v := range order {
		for _, d := range g.needs[v] {
			depth[v] = max(depth[v], depth[d]+1)
		}
		if depth[v] > depth[deepest] {
			deepest = v
		}
	}
	u := l.units[deepest]
	l.warningf(u.in.Declared, u.in.Range, "NS348", denseSummary,
		"%d services start one after the other before %s. Docker Compose follows every path between them each time that it reads the "+
			"stack, which takes it many seconds. Remove references, or divide the stack.", depth[deepest], u.in.Address)
}
