package graph

import (
	"cmp"
	"slices"
	"strconv"

	"nselfc/compiler/ir"
)

// New makes the graph of a stack. It takes time in proportion to the stack, but
// for sorting.
func New(s *ir.Stack) *Graph {
	b := &builder{
		stack: s, ways: ways{s.Firewall},
		graph:    &Graph{Stack: s.Name.V, Environment: s.Environment, Posture: s.Posture.String()},
		networks: make(map[string]int, len(s.Networks)), services: make(map[string]int, len(s.Services)),
		volumes: make(map[string]int, len(s.Volumes)), on: make(map[[2]int]bool, 4*len(s.Services)),
	}
	b.edge()
	b.addNetworks()
	b.addRoutes()
	b.addServices()
	b.addVolumes()
	b.own()
	b.serve()
	b.join()
	b.enter()
	b.leave()
	slices.SortStableFunc(b.graph.Edges, func(x, y Edge) int {
		return cmp.Or(int(x.Kind)-int(y.Kind), x.From-y.From, x.To-y.To)
	})
	return b.graph
}

type builder struct {
	ways
	stack                       *ir.Stack
	graph                       *Graph
	internet, machine           int // numbers of nodes; -1 for none
	wall, host                  int
	networks, services, volumes map[string]int
	routes                      []int           // numbers, as in the stack
	on                          map[[2]int]bool // service and network that an edge already joins
}

func (b *builder) add(n Node) int {
	if n.Kind != Network {
		n.Owner = -1
	}
	b.graph.Nodes = append(b.graph.Nodes, n)
	return len(b.graph.Nodes) - 1
}

func (b *builder) link(from, to int, kind EdgeKind) {
	b.graph.Edges = append(b.graph.Edges, Edge{from, to, kind})
}

func (b *builder) addNetworks() {
	for _, n := range b.stack.Networks {
		node := Node{Kind: Network, Name: n.Name, Address: n.Owner, Owner: -1, Leads: !n.Internal}
		for _, subnet := range [...]string{n.Subnet, n.Subnet6} {
			if subnet != "" {
				node.Notes = append(node.Notes, subnet)
			}
		}
		b.networks[n.Name] = b.add(node)
	}
}

func (b *builder) addRoutes() {
	if b.stack.Ingress == nil {
		return
	}
	for _, h := range b.stack.Ingress.Hosts {
		for _, r := range h.Routes {
			node := Node{Kind: Route, Name: h.Name.V + r.Path.V, Address: r.Address}
			node.Notes = append(node.Notes, "to "+r.Service+" port "+strconv.Itoa(r.Port.V))
			if len(r.AllowFrom) > 0 {
				node.Notes = append(node.Notes, "only"+from(r.AllowFrom))
			}
			b.routes = append(b.routes, b.add(node))
		}
	}
}

func (b *builder) addServices() {
	routed, leads := map[string]bool{}, map[string]bool{}
	if in := b.stack.Ingress; in != nil {
		for _, h := range in.Hosts {
			for _, r := range h.Routes {
				routed[r.Service] = true
			}
		}
	}
	for _, n := range b.stack.Networks {
		leads[n.Name] = !n.Internal
	}
	for _, s := range b.stack.Services {
		node := Node{Kind: Service, Name: s.Name, Address: s.Address, Exposure: b.exposure(s, routed[s.Name], leads)}
		if s.Job {
			node.Notes = append(node.Notes, "job: runs once")
		}
		if n := s.Replicas; n.V != 1 && (n.V != 0 || n.IsSet()) {
			node.Notes = append(node.Notes, strconv.Itoa(n.V)+" replicas")
		}
		b.services[s.Name] = b.add(node)
	}
}

// addVolumes adds the volumes, and who mounts them.
func (b *builder) addVolumes() {
	for _, v := range b.stack.Volumes {
		b.volumes[v.Name] = b.add(Node{Kind: Volume, Name: v.Name})
	}
	mounted := map[[2]int]bool{}
	for _, s := range b.stack.Services {
		for _, m := range s.Volumes {
			v, ok := b.volumes[m.Volume]
			if pair := [2]int{b.services[s.Name], v}; ok && !mounted[pair] {
				mounted[pair] = true
				b.link(pair[0], v, Mounts)
			}
		}
	}
}

// own joins each network to the service that it is there for.
func (b *builder) own() {
	address := make(map[string]*ir.Service, len(b.stack.Services))
	for _, s := range b.stack.Services {
		address[s.Address] = s
	}
	for _, n := range b.stack.Networks {
		s := address[n.Owner]
		if s == nil || !slices.ContainsFunc(s.Networks, func(a ir.Attachment) bool { return a.Network == n.Name }) {
			continue
		}
		network, service := b.networks[n.Name], b.services[s.Name]
		b.graph.Nodes[network].Owner = service
		b.on[[2]int{service, network}] = true
		b.link(network, service, Owns)
	}
}

// serve draws routes: from the ingress, and on to the network on which it meets
// the service. That line is the ingress's place on the network, too.
func (b *builder) serve() {
	in := b.stack.Ingress
	if in == nil {
		return
	}
	ingress, known := b.services[in.Service]
	joined := map[string]bool{}
	byName := make(map[string]*ir.Service, len(b.stack.Services))
	for _, s := range b.stack.Services {
		byName[s.Name] = s
		if s.Name == in.Service {
			for _, a := range s.Networks {
				joined[a.Network] = true
			}
		}
	}
	i := 0
	for _, h := range in.Hosts {
		for _, r := range h.Routes {
			route := b.routes[i]
			i++
			if known {
				b.link(ingress, route, Serves)
			}
			s := byName[r.Service]
			if s == nil {
				continue
			}
			way := -1
			for _, a := range s.Networks {
				n, ok := b.networks[a.Network]
				if ok && joined[a.Network] && (way < 0 || b.graph.Nodes[n].Owner == b.services[s.Name]) {
					way = n
				}
			}
			if way < 0 {
				continue // nothing that a request could take
			}
			if known {
				b.on[[2]int{ingress, way}] = true
			}
			b.link(route, way, Serves)
		}
	}
}

// join adds the rest of who is on which network.
func (b *builder) join() {
	for _, s := range b.stack.Services {
		for _, a := range s.Networks {
			n, ok := b.networks[a.Network]
			if pair := [2]int{b.services[s.Name], n}; ok && !b.on[pair] {
				b.on[pair] = true
				b.link(pair[0], n, Joins)
			}
		}
	}
}
