package graph

import (
	"cmp"
	"strconv"
	"strings"

	"nselfc/compiler/ir"
)

// edge adds what stands around the containers.
func (b *builder) edge() {
	b.internet, b.machine, b.wall, b.host = -1, -1, -1, -1
	wall, outer := b.stack.Firewall, Node{Kind: Internet, Name: "Internet"}
	local := false
	for _, s := range b.stack.Services {
		for _, p := range s.Publish {
			local = local || loopback(p)
			if wall == nil && !loopback(p) {
				outer.Notes = []string{"no firewall declared"}
			}
		}
	}
	if wall != nil || outer.Notes != nil {
		b.internet = b.add(outer)
	}
	if local {
		b.machine = b.add(Node{Kind: Machine, Name: "This machine", Notes: []string{"loopback only"}})
	}
	if wall == nil {
		return
	}
	fire, host := Node{Kind: Firewall, Name: "Firewall"}, Node{Kind: Host, Name: "Host"}
	ssh := "ssh " + port(wall.SSH.Port.V, "tcp")
	fire.Notes = append(fire.Notes, ssh+from(wall.SSH.From))
	host.Notes = append(host.Notes, ssh)
	for _, o := range wall.Open {
		text := port(o.Port.V, o.Protocol.V)
		if !o.Container {
			text = o.ID + " " + text
			host.Notes = append(host.Notes, text)
		}
		fire.Notes = append(fire.Notes, text+from(o.From))
	}
	b.wall, b.host = b.add(fire), b.add(host)
	b.link(b.internet, b.wall, Enters)
	b.link(b.wall, b.host, Enters)
}

func port(number int, protocol string) string { return strconv.Itoa(number) + "/" + protocol }

// from says who may connect.
func from(ranges []ir.String) string {
	if len(ranges) == 0 {
		return " from anywhere"
	}
	names := make([]string, len(ranges))
	for i, r := range ranges {
		names[i] = r.V
		if r.V == "0.0.0.0/0" {
			names[i] = "any IPv4 address"
		} else if r.V == "::/0" {
			names[i] = "any IPv6 address"
		}
	}
	return " from " + strings.Join(names, ", ")
}

// enter leads connections from outside to the network through which Docker
// publishes a service's ports, or to the service itself.
func (b *builder) enter() {
	edge := make(map[int]int, 8) // network of each service that publishes
	for _, n := range b.stack.Networks {
		if number := b.networks[n.Name]; n.Purpose == "edge" && b.graph.Nodes[number].Owner >= 0 {
			edge[b.graph.Nodes[number].Owner] = number
		}
	}
	for _, s := range b.stack.Services {
		to := b.services[s.Name]
		e := b.graph.Nodes[to].Exposure
		if n, ok := edge[to]; ok {
			to = n
		}
		if e.Machine {
			b.link(b.machine, to, Enters)
		}
		if e.Internet {
			b.link(cmp.Or(max(b.wall, 0), b.internet), to, Enters)
		}
	}
}

// leave leads from the networks that lead out to the internet.
func (b *builder) leave() {
	outside := -1
	for _, n := range b.stack.Networks {
		if n.Internal {
			continue
		}
		if outside < 0 {
			outside = b.add(Node{Kind: Outside, Name: "Internet", Notes: []string{"outbound"}})
		}
		b.link(b.networks[n.Name], outside, Leaves)
	}
}
