package proof

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nselfc/internal/proof/yaml"
)

// networkRules are proved on networks and on who is on them; those on published
// ports stand beside them.
func networkRules() []Rule {
	return append(
		portRules(),
		eachNetwork("NS1407", func(n entry, report Report) {
			driver := n.Get("driver")
			if key := otherThan(n.Node, "driver", "driver_opts", "enable_ipv6", "ipam", "internal"); key != nil {
				report(n.at(key), "The network %s has the key %s.", n.Key, key.Key)
			} else if key := otherThan(n.Get("ipam"), "config"); key != nil {
				report(n.at(key), "The network %s has the key ipam.%s.", n.Key, key.Key)
			} else if driver.Value() != "bridge" {
				report(n.at(driver), "The network %s has the driver %q.", n.Key, driver.Value())
			}
			for _, key := range [...]string{"enable_ipv6", "internal"} {
				if o := n.Get(key); o != nil && !o.Bool() {
					report(n.at(o), "%s of the network %s is %q.", key, n.Key, o.Value())
				}
			}
		}),
		Rule{"NS1408", dataNetworks},
		Rule{"NS1409", needlessNetworks},
		eachNetwork("NS1410", func(n entry, report Report) {
			if o := n.At("driver_opts", hostBinding); n.Get("internal").True() && o.Value() != "127.0.0.1" {
				report(n.at(o), "A port that is published from the network %s would listen on %q.", n.Key, o.Value())
			}
		}),
		Rule{"NS1411", bridgeNames},
		Rule{"NS1412", subnets},
		eachNetwork("NS1413", func(n entry, report Report) {
			six := 0
			for c := range n.At("ipam", "config").All() {
				p, err := netip.ParsePrefix(c.Get("subnet").Value())
				if err != nil || !p.Addr().Is6() {
					continue
				}
				if six++; !netip.MustParsePrefix("fc00::/7").Contains(p.Addr()) {
					report(n.at(c.Get("subnet")), "The network %s has the subnet %s, which the world can route to.", n.Key, p)
				}
			}
			if on := n.Get("enable_ipv6"); on.True() != (six == 1) {
				report(n.at(on), "The network %s has %d subnets of IPv6, and enable_ipv6 is %q.", n.Key, six, on.Value())
			}
		}),
		eachService("NS1417", func(s *service, report Report) {
			joined := s.Get("networks")
			if mode := s.Get("network_mode"); (joined == nil) == (mode == nil) || joined != nil && joined.Kind != yaml.Mapping {
				report(s.at(joined), "The service %s is on the networks that Compose gives to who names none, or on both kinds.", s.Key)
			}
		}),
		Rule{"NS1418", aliases},
		Rule{"NS1419", declaredNetworks},
	)
}

const (
	hostBinding = "com.docker.network.bridge.host_binding_ipv4"
	bridgeName  = "com.docker.network.bridge.name"
)

// eachNetwork makes a rule of a check that looks at networks one by one.
func eachNetwork(code string, check func(n entry, report Report)) Rule {
	return Rule{Code: code, Check: func(a *Artefacts, report Report) {
		for _, n := range a.compose().networks {
			check(n, report)
		}
	}}
}

// members gives who is on each network.
func (c *composition) members() map[string][]*service {
	out := make(map[string][]*service, len(c.networks))
	for _, s := range c.services {
		for n := range s.Get("networks").All() {
			out[n.Key] = append(out[n.Key], s)
		}
	}
	return out
}

// dataNetworks: a network with a way out, or from which ports are published, is one
// service's own. What several services talk on is internal.
func dataNetworks(a *Artefacts, report Report) {
	c := a.compose()
	members := c.members()
	for _, n := range c.networks {
		if !n.Get("internal").True() && len(members[n.Key]) > 1 {
			report(n.at(n.Get("internal")), "The network %s leads out, and %d services are on it.", n.Key, len(members[n.Key]))
		}
	}
}

// needlessNetworks: an internal network is that of the service it is named after.
// Others are on it to reach that service, for which they wait at their start, or, as
// the ingress, because it routes to it.
func needlessNetworks(a *Artefacts, report Report) {
	c := a.compose()
	members := c.members()
	var needs map[*service][]*service // who waits for a service; made when it is asked for
	for _, n := range c.networks {
		if !n.Get("internal").True() {
			continue
		}
		owner := c.named[n.Key]
		if owner == nil || !slices.Contains(members[n.Key], owner) {
			report(n.at(nil), "The network %s belongs to no service.", n.Key)
			continue
		}
		if owner.At("deploy", "replicas").Value() == "0" {
			continue // nobody waits for what does not run
		}
		var waiting map[*service]bool
		for _, s := range members[n.Key] {
			if s == owner || s.ingress() || s.At("depends_on", owner.Key) != nil {
				continue
			}
			if needs == nil {
				needs = c.waiting()
			}
			if waiting == nil {
				waiting = reach(needs, owner)
			}
			if !waiting[s] {
				report(s.at(s.At("networks", n.Key)), "The service %s is on the network of %s, and has no need of it.", s.Key, owner.Key)
			}
		}
	}
}

// waiting gives, for each service, those that wait for it.
func (c *composition) waiting() map[*service][]*service {
	out := make(map[*service][]*service, len(c.services))
	for _, s := range c.services {
		for d := range s.Get("depends_on").All() {
			if p := c.named[d.Key]; p != nil {
				out[p] = append(out[p], s)
			}
		}
	}
	return out
}

func reach(edges map[*service][]*service, from *service) map[*service]bool {
	seen := map[*service]bool{from: true}
	for todo := []*service{from}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, s := range edges[next] {
			if !seen[s] {
				seen[s] = true
				todo = append(todo, s)
			}
		}
	}
	return seen
}

func bridgeNames(a *Artefacts, report Report) {
	seen := map[string]string{}
	for _, n := range a.compose().networks {
		name := n.At("driver_opts", bridgeName)
		if v := name.Value(); !strings.HasPrefix(v, "nself-") || len(v) > 15 || strings.Trim(v, letters+"0123456789-") != "" {
			report(n.at(name), "The bridge of the network %s has the name %q.", n.Key, v)
		} else if first, ok := seen[v]; ok {
			report(n.at(name), "The networks %s and %s both have the bridge %s.", first, n.Key, v)
		} else {
			seen[v] = n.Key
		}
		if key := otherThan(n.Get("driver_opts"), bridgeName, hostBinding); key != nil {
			report(n.at(key), "The network %s has the option %s.", n.Key, key.Key)
		}
	}
}

// subnets wants every network to have one of its own, in private address space.
func subnets(a *Artefacts, report Report) {
	type place struct {
		netip.Prefix
		of entry
		at *yaml.Node
	}
	var all []place
	for _, n := range a.compose().networks {
		four := 0
		for c := range n.At("ipam", "config").All() {
			subnet := c.Get("subnet")
			p, err := netip.ParsePrefix(subnet.Value())
			switch {
			case err != nil || p != p.Masked() || otherThan(c, "subnet") != nil:
				report(n.at(c), "The network %s has the subnet %q.", n.Key, subnet.Value())
			case p.Addr().Is4() && !p.Addr().IsPrivate() && !netip.MustParsePrefix("100.64.0.0/10").Contains(p.Addr()):
				report(n.at(subnet), "The network %s has the subnet %s, whose addresses belong to others.", n.Key, p)
			default:
				all = append(all, place{p, n, subnet})
			}
			if err == nil && p.Addr().Is4() {
				four++
			}
		}
		if four != 1 {
			report(n.at(n.Get("ipam")), "The network %s has %d subnets of IPv4.", n.Key, four)
		}
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Or(a.Addr().Compare(b.Addr()), a.Bits()-b.Bits()) })
	for i := 1; i < len(all); i++ {
		if all[i].Overlaps(all[i-1].Prefix) {
			report(all[i].of.at(all[i].at), "The networks %s and %s overlap in %s.", all[i-1].of.Key, all[i].of.Key, all[i])
		}
	}
}

// aliases: an attachment says nothing but further names, none of which is another
// service's.
func aliases(a *Artefacts, report Report) {
	c := a.compose()
	for _, s := range c.services {
		for n := range s.Get("networks").All() {
			if key := otherThan(n, "aliases"); key != nil {
				report(s.at(key), "The service %s has the key %s on the network %s.", s.Key, key.Key, n.Key)
			}
			for alias := range n.Get("aliases").All() {
				if other := c.named[alias.Value()]; other != nil && other != s {
					report(s.at(alias), "The service %s answers to the name of %s.", s.Key, other.Key)
				}
			}
		}
	}
}

func declaredNetworks(a *Artefacts, report Report) {
	c := a.compose()
	members := c.members()
	declared := map[string]bool{}
	for _, n := range c.networks {
		if declared[n.Key] = true; len(members[n.Key]) == 0 {
			report(n.at(nil), "No service is on the network %s.", n.Key)
		}
	}
	for _, s := range c.services {
		for n := range s.Get("networks").All() {
			if !declared[n.Key] {
				report(s.at(n), "The service %s is on the network %q, which is not declared.", s.Key, n.Key+n.Value())
			}
		}
	}
}

// portNumber reads a port in its one decimal form, or gives 0.
func portNumber(s string) int {
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 || v > 65535 || strconv.Itoa(v) != s {
		return 0
	}
	return v
}
