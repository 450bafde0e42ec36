package compiler

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// topology is what sets networks and attachments.
const topology = "topology"

// bridgeMembers is how many containers one Linux bridge carries: BR_MAX_PORTS is
// 1024 (net/bridge/br_private.h) and port 0 is not used.
const bridgeMembers = 1023

// lowerNetworks makes the networks and joins services to them:
//
//   - each service that another refers to, or that has a route, has one internal
//     network, which it and its consumers join;
//   - a service with egress has a network of its own that leads out;
//   - what publishes ports has an edge network of its own, as Docker publishes
//     none from internal networks.
//
// A service that is none of these joins no network at all.
func (l *lowering) lowerNetworks() {
	n := &networks{lowering: l, members: make([]int, len(l.units)), made: make([]*ir.Network, len(l.units))}
	if l.out.Ingress != nil {
		for _, r := range l.routes {
			r.unit.consumers++
		}
	}
	for _, u := range l.units {
		if u.consumers > 0 {
			n.made[u.index] = n.add(u.in.Name, u, "provider", source.Origin{Range: u.in.Range, By: topology})
			n.members[u.index] = containers(u)
		}
	}
	for _, u := range l.units {
		n.attach(u)
	}
	n.attachIngress()
	for _, u := range l.units {
		if members := n.members[u.index]; members > bridgeMembers {
			l.warningf(u.in.Declared, u.in.Range, "NS326", "More containers than a bridge carries",
				"%d containers would join the network of %s, and a Linux bridge carries %d: the rest would not start. Put a proxy or a "+
					"connection pool between them, or divide the stack.", members, u.in.Address, bridgeMembers)
		}
	}
	n.allot()
}

// networks gathers the networks of a stack.
type networks struct {
	*lowering
	made    []*ir.Network // the provider network of each unit, or nil
	members []int         // containers on it
	sizes   []sized
}

// sized is a network that wants addresses for so many containers.
type sized struct {
	network *ir.Network
	members int
}

// containers is how many containers of u run at once; one that is scaled to
// nothing now may run again.
func containers(u *unit) int { return max(1, u.out.Replicas.V) }

func (n *networks) add(name string, u *unit, purpose string, origin source.Origin) *ir.Network {
	o := &ir.Network{Name: name, Origin: origin, Internal: purpose == "provider", Purpose: purpose, Owner: u.in.Address}
	n.out.Networks = append(n.out.Networks, o)
	return o
}

// attach joins u to its own networks and to those of its providers.
func (n *networks) attach(u *unit) {
	joined := make([]ir.Attachment, 0, len(u.providers)+3)
	join := func(network *ir.Network, at source.Range) {
		joined = append(joined, ir.Attachment{Origin: source.Origin{Range: at, By: topology}, Network: network.Name})
	}
	if own := n.made[u.index]; own != nil {
		join(own, u.in.Range)
	}
	for _, p := range u.providers {
		join(n.made[p.provider.index], p.at)
		n.members[p.provider.index] += containers(u)
	}
	// Names of services have no underscore, so no service's own network has one
	// of these names.
	if u.in.Egress.V {
		egress := n.add(u.in.Name+"_egress", u, "egress", source.Origin{Range: u.in.Egress.Range})
		n.sizes = append(n.sizes, sized{egress, containers(u)})
		join(egress, u.in.Egress.Range)
	}
	if len(u.out.Publish) > 0 {
		at := u.out.Publish[0].Host.Range
		edge := n.add(u.in.Name+"_edge", u, "edge", source.Origin{Range: at, By: topology})
		n.sizes = append(n.sizes, sized{edge, containers(u)})
		join(edge, at)
	}
	slices.SortFunc(joined, func(a, b ir.Attachment) int { return strings.Compare(a.Network, b.Network) })
	if len(joined) > 0 {
		u.out.Networks = joined
	}
}

// attachIngress joins the ingress to its edge and to every routed service.
func (n *networks) attachIngress() {
	if n.out.Ingress == nil {
		return
	}
	s := n.out.Services[len(n.out.Services)-1] // where lowerIngress put it
	at := n.in.Ingress.Range
	edge := &ir.Network{
		Name: s.Name + "_edge", Purpose: "edge", Owner: s.Address, Origin: source.Origin{Range: at, By: topology},
	}
	if n.in.Ingress.IPv6.V {
		edge.Subnet6 = localSubnet6(n.out.Project, edge.Name)
	}
	n.out.Networks = append(n.out.Networks, edge)
	n.sizes = append(n.sizes, sized{edge, 1})
	s.Networks = append(make([]ir.Attachment, 0, len(n.units)+1), ir.Attachment{Network: edge.Name, Origin: edge.Origin})
	seen := make([]bool, len(n.units))
	for _, r := range n.routes {
		i := r.unit.index
		if seen[i] {
			continue
		}
		seen[i] = true
		n.members[i]++
		s.Networks = append(s.Networks, ir.Attachment{
			Network: n.made[i].Name, Origin: source.Origin{Range: r.in.Range, By: topology},
		})
	}
	slices.SortFunc(s.Networks, func(a, b ir.Attachment) int { return strings.Compare(a.Network, b.Network) })
}

// allot gives every network its subnet and its bridge.
func (n *networks) allot() {
	for i, network := range n.made {
		if network != nil {
			n.sizes = append(n.sizes, sized{network, n.members[i]})
		}
	}
	n.allotSubnets(n.sizes)
	nameBridges(n.out.Project, n.out.Networks)
}
