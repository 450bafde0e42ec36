package review

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"nselfc/compiler/model"
)

// defines are the attributes of a network that the compose file holds.
var defines = []string{"internal", "subnet", "subnet6", "bridge"}

// networks finds the networks that come, stay behind, or are made anew because
// their definition changed. Every container on one of the last is made anew with
// it: a label repeats the definition (emit/compose), as Compose would otherwise put
// the old container on the new network without its names.
func (e *Effects) networks(r *reviewer) {
	come := map[string]map[string]any{} // by name, with the attributes that they get
	for i := range r.changes {
		c := &r.changes[i]
		if c.Type != model.TypeNetwork {
			continue
		}
		name, _ := quotedName(c.Address, model.TypeNetwork)
		if c.Action == model.Update && !slices.ContainsFunc(c.Attributes, func(a model.Attribute) bool { return slices.Contains(defines, a.Path[0]) }) {
			continue
		}
		e.Networks.add(c.Action, name)
		if c.Action != model.Delete {
			come[name] = c.After
		}
	}
	if len(e.Networks.Recreated) > 0 {
		e.again(r, func(a map[string]any) (reasons []string) {
			for _, name := range e.Networks.Recreated {
				if _, on := object(a, "networks")[name]; on {
					reasons = append(reasons, fmt.Sprintf("network[%q]", name))
				}
			}
			return reasons
		})
	}
	e.collisions(r, come)
}

// collisions finds networks whose subnet Docker does not give them, as another
// network still has it: one that stays behind, or one that moves in the same start.
func (e *Effects) collisions(r *reviewer, come map[string]map[string]any) {
	if len(come) == 0 {
		return
	}
	project := r.project(r.now)
	old := allotted(r.old)
	for _, name := range slices.Sorted(maps.Keys(come)) {
		subnet, other := text(come[name], "subnet"), ""
		if other = taken(old, name, subnet); other == "" {
			continue
		}
		e.again(r, func(map[string]any) []string { return []string{"docker compose down"} })
		e.Steps = append(e.Steps, Step{Address: fmt.Sprintf("network[%q]", name), Text: fmt.Sprintf(
			"Docker has given a part of its subnet %s to the network %s, and does not give it twice: the start would end with \"Pool overlaps with other one on this address space\". "+
				"Take the stack down before you bring it up; volumes stay: %s", subnet, other, takeDown(project))})
		return
	}
	if len(e.Networks.Recreated) > 0 {
		e.Steps = append(e.Steps, Step{Address: model.TypeStack, Text: fmt.Sprintf(
			"Compose before 2.31 keeps a network that is there, whatever its definition says: %s. With such a release, take the stack down before you bring it up; volumes stay: %s",
			list(e.Networks.Recreated), takeDown(project))})
	}
}

// again moves services that run before and after to those that are made anew, for
// the reasons that a function gives of their attributes; none leaves them.
func (e *Effects) again(r *reviewer, why func(map[string]any) []string) {
	known := map[string]*Container{}
	for i := range e.Recreate {
		known[e.Recreate[i].Service] = &e.Recreate[i]
	}
	ran := map[string]bool{}
	for i := range r.old.Resources {
		if a := serviceAt(&r.old.Resources[i]); count(a) > 0 {
			ran[text(a, "name")] = true
		}
	}
	var more []Container
	for i := range r.now.Resources {
		a := serviceAt(&r.now.Resources[i])
		name := text(a, "name")
		if count(a) == 0 || !ran[name] {
			continue
		}
		reasons := why(a)
		if len(reasons) == 0 {
			continue
		}
		if c := known[name]; c != nil {
			c.Reasons = append(c.Reasons, reasons...)
			continue
		}
		more = append(more, Container{Service: name, Address: r.now.Resources[i].Address, Reasons: reasons})
	}
	e.Recreate = append(e.Recreate, more...)
	isAgain := func(c Container) bool {
		return slices.ContainsFunc(more, func(m Container) bool { return m.Service == c.Service })
	}
	e.Scale, e.Older = slices.DeleteFunc(e.Scale, isAgain), slices.DeleteFunc(e.Older, isAgain)
}

// serviceAt gives the attributes of a resource that is a service, or nil.
func serviceAt(res *model.Resource) map[string]any {
	if !mayBe(res, model.TypeService) {
		return nil
	}
	a, err := res.Attributes()
	if err != nil || text(a, "type") != model.TypeService {
		return nil // Diff has said so
	}
	return a
}

// subnet is what a network has.
type subnet struct {
	network string
	prefix  netip.Prefix
}

// allotted gives the subnets of a model, by address. They do not overlap.
func allotted(m *model.Model) []subnet {
	var out []subnet
	for i := range m.Resources {
		name, ok := quotedName(m.Resources[i].Address, model.TypeNetwork)
		if !ok {
			continue
		}
		a, err := m.Resources[i].Attributes()
		if err != nil {
			continue // Diff has said so
		}
		if p, err := netip.ParsePrefix(text(a, "subnet")); err == nil {
			out = append(out, subnet{name, p})
		}
	}
	slices.SortFunc(out, func(a, b subnet) int { return a.prefix.Addr().Compare(b.prefix.Addr()) })
	return out
}

// taken gives another network that has a part of a subnet, or "".
func taken(old []subnet, name, wanted string) string {
	p, err := netip.ParsePrefix(wanted)
	if err != nil {
		return ""
	}
	after, _ := slices.BinarySearchFunc(old, p.Addr(), func(s subnet, a netip.Addr) int { return s.prefix.Addr().Compare(a) })
	for i := after - 1; i >= 0 && i > after-3; i-- { // one that begins before it, beside its own
		if old[i].network != name && old[i].prefix.Overlaps(p) {
			return old[i].network
		}
	}
	for i := after; i < len(old) && p.Contains(old[i].prefix.Addr()); i++ {
		if old[i].network != name {
			return old[i].network
		}
	}
	return ""
}
