// Package compiler lowers an evaluated lang.Stack to the intermediate
// representation: it applies the defaults of the posture, derives networks,
// start order, files and the ingress from what refers to what, and then checks
// policy.
//
// It knows neither the syntax of the language nor that of any output, and reads
// nothing but its argument: no file, no clock, no environment, no secret. The
// order of the input's slices does not matter; everything in the result is
// sorted. What it refuses it reports with the place that a user can act on, and
// leaves out of the result, or replaces by the safe default.
//
// Reachability is by network: a provider has one internal network, which its
// consumers join. Two consumers of one provider are neighbours on it.
package compiler

import (
	"cmp"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/compiler/policy"
	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Compile lowers one environment of a stack and checks it. The result is
// complete only when the diagnostics, which are sorted, hold no error; it is
// never nil.
func Compile(s *lang.Stack) (*ir.Stack, diag.List) {
	l := newLowering(s)
	l.lowerKinds()
	l.declareSecrets()
	l.lowerStore()
	l.lowerVolumes()
	for _, u := range l.units {
		l.lowerService(u)
	}
	l.lowerRotations()
	l.lowerIngress()
	l.lowerFirewall()
	l.checkHostPorts()
	l.lowerNetworks()
	l.lowerWaivers() // which may be on any of that
	l.lowerOrder()
	l.reportUnusedSecrets()
	l.sort()
	own := ownRules(s.Rules, l.out)
	l.diags = append(l.diags, policy.Check(l.out, s.Today, own.list...)...)
	return l.out, append(l.diags, own.diags...).Sort()
}

// lowering is one run of Compile.
type lowering struct {
	in    *lang.Stack
	out   *ir.Stack
	diags diag.List

	units     []*unit // by name
	byAddress map[string]*unit
	secrets   map[string]*declaredSecret
	volumes   map[string]*lang.Volume // by address
	// volumeNames are the names that are taken, shared volumes' first.
	volumeNames map[string]source.Range
	routes      []routed
	files       []ir.File // backing of out.Files, so that 2000 files are few allocations
}

// unit is a service on its way through the compiler.
type unit struct {
	in  *lang.Service
	out *ir.Service
	// index is the position in lowering.units, which is the order of names.
	index int
	// providers are the services that it refers to, each once, by index.
	providers []use
	consumers int // services that refer to it; lowerNetworks adds the ingress
	targets   []target
	refused   map[string]bool // port names that are declared but out of range
}

// use is a reference to a provider.
type use struct {
	provider *unit
	at       source.Range
}

func newLowering(s *lang.Stack) *lowering {
	l := &lowering{
		in: s,
		out: &ir.Stack{
			Name: s.Name, Domain: s.Domain, Environment: s.Environment, Posture: ir.Production, PostureAt: s.Posture.Origin,
			Services: make([]*ir.Service, 0, len(s.Services)+1),
		},
		byAddress: make(map[string]*unit, len(s.Services)),
	}
	if s.Posture.V == ir.Development.String() {
		l.out.Posture = ir.Development
	}
	l.out.Project = s.Name.V
	if s.Environment != "" {
		l.out.Project += "-" + s.Environment
	}
	l.declareServices()
	return l
}

// declareServices makes the units, by name, and resolves what they use.
func (l *lowering) declareServices() {
	in := slices.Clone(l.in.Services)
	slices.SortFunc(in, func(a, b *lang.Service) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), compareRanges(a.Range, b.Range), strings.Compare(a.Address, b.Address))
	})
	services, units := make([]ir.Service, len(in)), make([]unit, len(in))
	files := 0
	for i, s := range in {
		files += len(s.Secrets) + len(s.Configs) + len(s.Files) + 1
		if n := len(l.units); n > 0 && l.units[n-1].in.Name == s.Name {
			l.errorf(s.Declared, s.Range, "NS320", sameNameSummary,
				"%s and %s are both named %q on their networks and in docker-compose.yml. One would replace the other. Rename one of them.",
				l.units[n-1].in.Address, s.Address, s.Name).With(l.units[n-1].in.Range, "the first service of that name")
			continue
		}
		u := &units[i]
		*u = unit{in: s, out: &services[i], index: len(l.units)}
		l.units = append(l.units, u)
		l.byAddress[s.Address] = u
		l.out.Services = append(l.out.Services, u.out)
	}
	l.files = make([]ir.File, 0, files+4)
	for _, u := range l.units {
		l.resolveUses(u)
	}
}

const sameNameSummary = "Two services with one name"

// lowerKinds hands on what the kinds and modules were given.
func (l *lowering) lowerKinds() {
	for _, k := range l.in.Kinds {
		out := &ir.Kind{Address: k.Address, Type: k.Type, Origin: source.Origin{Range: k.Range}, Site: k.Site()}
		for _, a := range k.Args {
			out.Args = append(out.Args, ir.Argument(a))
		}
		slices.SortFunc(out.Args, func(a, b ir.Argument) int { return strings.Compare(a.Name, b.Name) })
		l.out.Kinds = append(l.out.Kinds, out)
	}
	slices.SortFunc(l.out.Kinds, func(a, b *ir.Kind) int { return strings.Compare(a.Address, b.Address) })
}

// resolveUses finds the units that u refers to.
func (l *lowering) resolveUses(u *unit) {
	u.providers = make([]use, 0, len(u.in.Uses))
	for _, ref := range u.in.Uses {
		p, ok := l.byAddress[ref.Service]
		if !ok {
			l.bug(u.in.Declared, ref.Range, "%s refers to %s, which is no service.", u.in.Address, ref.Service)
			continue
		}
		if p != u {
			u.providers = append(u.providers, use{p, ref.Range})
		}
	}
	slices.SortFunc(u.providers, func(a, b use) int {
		return cmp.Or(a.provider.index-b.provider.index, compareRanges(a.at, b.at))
	})
	u.providers = slices.CompactFunc(u.providers, func(a, b use) bool { return a.provider == b.provider })
	for _, p := range u.providers {
		p.provider.consumers++
	}
}

// sort puts what was appended in the order of its making into that of names.
func (l *lowering) sort() {
	o := l.out
	slices.SortFunc(o.Services, func(a, b *ir.Service) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Networks, func(a, b *ir.Network) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Volumes, func(a, b *ir.Volume) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Files, func(a, b *ir.File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(o.Secrets, func(a, b *ir.Secret) int { return strings.Compare(a.Address, b.Address) })
}

func compareRanges(a, b source.Range) int {
	switch {
	case a.Before(b):
		return -1
	case b.Before(a):
		return 1
	}
	return 0
}
