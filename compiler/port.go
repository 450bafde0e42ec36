package compiler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/source"
)

// lowerPorts lowers the container's ports, by number.
func (l *lowering) lowerPorts(u *unit) {
	s := u.in
	if len(s.Ports) == 0 {
		return
	}
	u.out.Ports = make([]ir.Port, 0, len(s.Ports))
	for _, p := range s.Ports {
		o := ir.Port{Name: p.Name, Container: p.Container, Protocol: p.Protocol.Or("tcp", p.Name.Range, "default port.protocol")}
		switch {
		case p.Container.V < 1 || p.Container.V > 65535:
			l.outOfRange(s.Declared, p.Container.Range, "The port %q is %d. Ports are numbers between 1 and 65535.", p.Name.V, p.Container.V)
		case o.Protocol.V != "tcp" && o.Protocol.V != "udp":
			l.errorf(s.Declared, o.Protocol.Range, "NS345", unknownWordSummary, "A port's protocol is \"tcp\" or \"udp\", not %q: networks of containers carry no other.", o.Protocol.V)
		default:
			u.out.Ports = append(u.out.Ports, o)
			continue
		}
		if u.refused == nil {
			u.refused = map[string]bool{}
		}
		u.refused[p.Name.V] = true
	}
	slices.SortFunc(u.out.Ports, func(a, b ir.Port) int {
		return cmp.Or(a.Container.V-b.Container.V, strings.Compare(a.Protocol.V, b.Protocol.V), strings.Compare(a.Name.V, b.Name.V))
	})
}

const unknownWordSummary = "Unknown word"

// port finds a port by its name, or the only one when name is not set. It
// reports what it does not find, on behalf of what stands at.
func (l *lowering) port(u *unit, d lang.Declared, name lang.String, at source.Range, what string) (ir.Port, bool) {
	ports := u.out.Ports
	if !name.IsSet() {
		if len(ports) == 1 {
			return ports[0], true
		}
		if len(u.refused) > 0 {
			return ir.Port{}, false // reported there
		}
		example := "http"
		if len(ports) > 0 {
			example = ports[0].Name.V
		}
		l.errorf(d, at, "NS328", unknownPortSummary,
			"%s of %s names no port, and the service has %d of them. Say which one:\n\n    port = %q", what, u.in.Address, len(ports), example)
		return ir.Port{}, false
	}
	for _, p := range ports {
		if p.Name.V == name.V {
			return p, true
		}
	}
	if !u.refused[name.V] {
		names := make([]string, len(ports))
		for i, p := range ports {
			names[i] = p.Name.V
		}
		has := "It has none: declare it with a port block."
		if len(names) > 0 {
			has = "It has: " + strings.Join(names, ", ") + "."
		}
		l.errorf(d, name.Range, "NS328", unknownPortSummary, "%s names the port %q, which %s does not have. %s", what, name.V, u.in.Address, has)
	}
	return ir.Port{}, false
}

const unknownPortSummary = "Unknown port"

// lowerPublish lowers the loopback ports of a developer's machine. A store gets
// none, in any posture.
func (l *lowering) lowerPublish(u *unit) {
	s := u.in
	for _, p := range s.Publish {
		if s.Store.V != "" {
			l.storePublished(u, p.Range, "A publish block opens a port of")
			continue
		}
		port, ok := l.port(u, s.Declared, p.Port, p.Range, "A publish block")
		if !ok {
			continue
		}
		if p.Host.V < 1 || p.Host.V > 65535 {
			l.outOfRange(s.Declared, p.Host.Range, "The host port is %d. Ports are numbers between 1 and 65535.", p.Host.V)
			continue
		}
		u.out.Publish = append(u.out.Publish, ir.Publish{
			HostIP: source.Default(developmentListen, p.Range, "default publish.address"),
			Host:   p.Host, Container: port.Container, Protocol: port.Protocol,
		})
	}
	if n := u.out.Replicas; n.V > 1 && len(u.out.Publish) > 0 {
		l.errorf(s.Declared, u.out.Publish[0].Host.Range, "NS321", samePortSummary,
			"%s runs %d containers, and each of them wants port %d of the host: all but the first would not start. Publish a service of one "+
				"container, or take the publish block out; the ingress reaches every container.", s.Address, n.V, u.out.Publish[0].Host.V).
			With(n.Range, "the number of containers")
		u.out.Publish = nil
	}
	slices.SortFunc(u.out.Publish, comparePublish)
}

func comparePublish(a, b ir.Publish) int {
	return cmp.Or(a.Host.V-b.Host.V, strings.Compare(a.Protocol.V, b.Protocol.V), a.Container.V-b.Container.V, compareRanges(a.Host.Range, b.Host.Range))
}

func (l *lowering) storePublished(u *unit, at source.Range, what string) {
	l.errorf(u.in.Declared, at, "NS322", "Store is published",
		"%s %s, which stores data (store = %q). Whoever reaches a database from outside needs one password, or one fault in it, to "+
			"own all of the data, so no store can be published, in any environment. Let a service that checks who asks stand before it. "+
			"To look at the data yourself, use:\n\n    docker compose exec %s …", what, u.in.Address, u.in.Store.V, u.in.Name)
}

const samePortSummary = "Host port used twice"

// checkHostPorts refuses two services on one port of the host: the second
// container would not start. The addresses do not matter: one of the two may be
// all of them.
func (l *lowering) checkHostPorts() {
	type taken struct {
		service string
		at      source.Range
	}
	seen := map[string]taken{}
	check := func(d lang.Declared, p ir.Publish) {
		key := fmt.Sprintf("%d/%s", p.Host.V, p.Protocol.V)
		at := p.Host.Range
		if first, ok := seen[key]; ok {
			l.errorf(d, at, "NS321", samePortSummary,
				"%s and %s both want port %s of the host. The second of them would not start. Give one of them another port.",
				first.service, d.Address, key).With(first.at, "the first use of the port")
			return
		}
		seen[key] = taken{d.Address, at}
	}
	for _, u := range l.units {
		for _, p := range u.out.Publish {
			check(u.in.Declared, p)
		}
	}
	for _, p := range l.ingressPublish() {
		check(l.in.Ingress.Declared, p)
	}
	l.checkAllowedPorts(func(a lang.Allow, protocol string) (string, source.Range, bool) {
		first, ok := seen[fmt.Sprintf("%d/%s", a.Port.V, protocol)]
		return first.service, first.at, ok
	})
}
