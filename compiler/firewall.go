package compiler

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// lowerFirewall opens what the ingress publishes to more than the host itself,
// and the host's own ports that the stack allows. Without a firewall block there
// is no firewall; policy says so.
func (l *lowering) lowerFirewall() {
	s := l.in.Firewall
	if s == nil {
		return
	}
	d, at := s.Declared, cmp.Or(s.SSHRange, s.Range)
	o := &ir.Firewall{
		Origin: source.Origin{Range: s.Range},
		SSH: ir.SSH{
			Port:  within(l, d, s.SSHPort, 1, 65535, source.Default(defaultSSHPort, at, "default ssh.port"), "port"),
			From:  l.lowerRanges(d, s.SSHFrom),
			Limit: s.SSHLimit.Or(true, at, "default ssh.limit"),
		},
	}
	for _, p := range l.ingressPublish() {
		if isLoopback(p.HostIP.V) {
			continue
		}
		id := "ingress-http"
		if p.Container.V == ingressHTTPS {
			id = "ingress-https"
		}
		o.Open = append(o.Open, ir.OpenPort{
			Origin: source.Origin{Range: l.in.Ingress.Range, By: "published"}, ID: id, Port: p.Host, Protocol: p.Protocol, Container: true,
			From: everywhereTo(p.HostIP),
		})
	}
	allowed := slices.Clone(s.Allow)
	slices.SortFunc(allowed, func(a, b lang.Allow) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), compareRanges(a.Range, b.Range))
	})
	for i, a := range allowed {
		if i > 0 && allowed[i-1].Name == a.Name {
			l.badAllow(d, a.Range, "Two rules are named %q, by which a rule that is no longer wanted is found and removed. Rename one of them.", a.Name).
				With(allowed[i-1].Range, "the other rule")
			continue
		}
		if port, ok := l.lowerAllow(d, o, a); ok {
			o.Open = append(o.Open, port)
		}
	}
	slices.SortStableFunc(o.Open, func(a, b ir.OpenPort) int {
		if a.Container != b.Container {
			return map[bool]int{true: -1, false: 1}[a.Container]
		}
		return strings.Compare(a.ID, b.ID)
	})
	l.out.Firewall = o
}

// everywhereTo gives the sources that can reach an address of the host: those of
// its family. Nil stands for both. A port on an IPv4 address is not published on
// IPv6, and a rule for it there would open it to whatever else listens.
func everywhereTo(address ir.String) []ir.String {
	a, err := netip.ParseAddr(address.V)
	if err != nil {
		return nil
	}
	everywhere := "0.0.0.0/0"
	if a.Is6() {
		everywhere = "::/0"
	}
	return []ir.String{{V: everywhere, Origin: address.Origin}}
}

func (l *lowering) lowerAllow(d lang.Declared, o *ir.Firewall, a lang.Allow) (ir.OpenPort, bool) {
	protocol := a.Protocol.Or("tcp", a.Range, "default allow.protocol")
	switch {
	case !isLabel(a.Name) || a.Name == "ssh" || strings.HasPrefix(a.Name, "ingress-"):
		l.badAllow(d, a.Range, "The rule's name %q becomes part of its tag: it is a word of lower-case letters, digits and hyphens, and neither ssh nor ingress-….", a.Name)
	case a.Port.V < 1 || a.Port.V > 65535:
		l.outOfRange(d, cmp.Or(a.Port.Range, a.Range), "The port of the rule %q is %d. Ports are numbers between 1 and 65535.", a.Name, a.Port.V)
	case protocol.V != "tcp" && protocol.V != "udp":
		l.errorf(d, protocol.Range, "NS345", unknownWordSummary, "A rule's protocol is \"tcp\" or \"udp\", not %q: ufw opens ports of these alone.", protocol.V)
	case protocol.V == "tcp" && a.Port.V == o.SSH.Port.V:
		l.badAllow(d, a.Port.Range, "The rule %q opens port %d, which is ssh's. It would undo the limits that the ssh block sets. Remove it.", a.Name, a.Port.V).
			With(o.SSH.Port.Range, "the ssh port")
	default:
		return ir.OpenPort{
			Origin: source.Origin{Range: a.Range}, ID: a.Name, Port: a.Port, Protocol: protocol, From: l.lowerRanges(d, a.From),
		}, true
	}
	return ir.OpenPort{}, false
}

// checkAllowedPorts reports rules for processes of the host on ports that a
// container has.
func (l *lowering) checkAllowedPorts(published func(a lang.Allow, protocol string) (service string, at source.Range, ok bool)) {
	if l.in.Firewall == nil {
		return
	}
	for _, a := range l.in.Firewall.Allow {
		protocol := a.Protocol.Or("tcp", a.Range, "")
		if service, at, ok := published(a, protocol.V); ok {
			l.badAllow(l.in.Firewall.Declared, a.Port.Range,
				"The rule %q opens port %d for a process of the host, but %s publishes that port, and is opened already as far as it should be. Remove the rule.",
				a.Name, a.Port.V, service).With(at, "published here")
		}
	}
}

// isLoopback tells whether only the host itself can connect to the address.
func isLoopback(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.IsLoopback()
}

func (l *lowering) badAllow(d lang.Declared, at source.Range, detail string, args ...any) *diag.Diagnostic {
	return l.errorf(d, at, "NS343", "Conflicting firewall rule", detail, args...)
}
