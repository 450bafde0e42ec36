// Package graph draws the topology of one environment: who can reach what, from
// the internet to the stores. New makes a plain graph of the intermediate
// representation; SVG, HTML, DOT and Mermaid write it down. The package does not
// know policy: it shows what is, whether that is wise or not.
package graph

// Kind is what a node stands for.
type Kind uint8

// The kinds, in the order in which one reads them.
const (
	Internet Kind = iota // whoever connects from outside
	Machine              // programs of the host itself, which reach its loopback ports
	Firewall             // ufw
	Host                 // ports of the host that the firewall opens for others than containers
	Network              // a bridge network: whatever is on it can reach all else on it
	Route                // a path of a host name, which the ingress sends to a service
	Service              // a compose service; a store when its Exposure says so
	Volume               // a named volume
	Outside              // the internet, for connections that begin in a container
)

// String names a kind.
func (k Kind) String() string {
	return [...]string{"internet", "machine", "firewall", "host", "network", "route", "service", "volume", "outside"}[k]
}

// Node is one thing in the picture. Every network, route, service and volume of
// the stack is one node.
type Node struct {
	Kind     Kind
	Name     string   // of a service, network or volume; the host and path of a route
	Address  string   // in the stack: "service.api", "service.api.route[0]"; "" for what has none
	Owner    int      // number of the service that a network serves; -1 for none
	Leads    bool     // a network's: not internal, so that it leads out of the host
	Exposure Exposure // a service's
	Notes    []string // more to know, a line each
}

// EdgeKind is what an edge says.
type EdgeKind uint8

// The kinds of edges.
const (
	Enters EdgeKind = iota // connections from outside, on their way in
	Serves                 // requests: from the ingress to a route, from a route to the network on which its service listens
	Joins                  // a service is on a network
	Owns                   // from a network to the service that it is there for, which is on it too
	Leaves                 // connections from a network to the internet
	Mounts                 // a service reads or writes a volume
)

// Edge joins two nodes, by number.
type Edge struct {
	From, To int
	Kind     EdgeKind
}

// Graph is the topology of one environment.
type Graph struct {
	Stack       string
	Environment string // "" for the nameless one
	Posture     string
	Nodes       []Node // by kind, then as in the stack
	Edges       []Edge // by kind, then by nodes
}

// Title names the environment.
func (g *Graph) Title() string {
	if g.Environment == "" {
		return g.Stack + " (" + g.Posture + ")"
	}
	return g.Stack + ", environment " + g.Environment + " (" + g.Posture + ")"
}
