package graph

import (
	"net/netip"

	"nselfc/compiler/ir"
)

// Exposure says from where a service can be reached, beside the services that
// share a network with it, and whether it can connect to the internet.
type Exposure struct {
	Internet bool   // it publishes a port beyond the host's loopback, and the firewall, where there is one, lets somebody in
	Closed   bool   // it publishes such a port, and the firewall opens none of them
	Machine  bool   // it publishes a port on loopback
	Ingress  bool   // a route leads to it
	Egress   bool   // it is on a network that leads out of the host
	Store    string // what kind of store it is; "" for none
}

// Class is the one word that decides a service's colour: the widest way to it.
type Class uint8

// The classes, widest first.
const (
	ByInternet Class = iota
	ByMachine
	ByIngress
	ByEgress
	Stored
	Internal
)

// Word is how pictures and tables name the class.
func (c Class) Word() string {
	return [...]string{"from the internet", "from this machine", "through the ingress", "egress", "store", "internal"}[c]
}

// Class gives the widest way.
func (e Exposure) Class() Class {
	switch {
	case e.Internet:
		return ByInternet
	case e.Machine:
		return ByMachine
	case e.Ingress:
		return ByIngress
	case e.Store != "":
		return Stored
	case e.Egress:
		return ByEgress
	}
	return Internal
}

// Words says all that holds, widest first; never nothing.
func (e Exposure) Words() []string {
	var out []string
	add := func(holds bool, word string) {
		if holds {
			out = append(out, word)
		}
	}
	add(e.Internet, ByInternet.Word())
	add(e.Closed && !e.Internet, "closed by the firewall")
	add(e.Machine, ByMachine.Word())
	add(e.Ingress, ByIngress.Word())
	add(e.Store != "", e.Store+" store")
	add(e.Egress, ByEgress.Word())
	add(!e.Internet && !e.Closed && !e.Machine && !e.Ingress && !e.Egress, Internal.Word())
	return out
}

// ways says how the published ports of a stack can be reached.
type ways struct {
	firewall *ir.Firewall
}

// loopback tells whether only the host itself can connect.
func loopback(p ir.Publish) bool {
	a, err := netip.ParseAddr(p.HostIP.V)
	return err == nil && a.IsLoopback()
}

// open tells whether the firewall lets anybody from outside reach the port. A
// stack without a firewall closes nothing.
func (w ways) open(p ir.Publish) bool {
	if w.firewall == nil {
		return true
	}
	for _, o := range w.firewall.Open {
		if o.Container && o.Port.V == p.Host.V && o.Protocol.V == p.Protocol.V {
			return true
		}
	}
	return false
}

// exposure judges a service by what it publishes, what leads to it, and the
// networks that it is on.
func (w ways) exposure(s *ir.Service, routed bool, leads map[string]bool) Exposure {
	e := Exposure{Ingress: routed, Store: s.Store.V}
	for _, p := range s.Publish {
		switch {
		case loopback(p):
			e.Machine = true
		case w.open(p):
			e.Internet = true
		default:
			e.Closed = true
		}
	}
	for _, a := range s.Networks {
		e.Egress = e.Egress || leads[a.Network]
	}
	return e
}
