package ufw

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// family is an IP version. A rule belongs to exactly one: what a source list
// does not name in a family stays closed there.
type family int

const (
	v4 family = 4
	v6 family = 6
)

// anywhere is the source of a rule without a source list.
func (f family) anywhere() netip.Prefix {
	if f == v4 {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}

// ruleSet is everything that a stack wants of a host.
type ruleSet struct {
	stack  string // compose project name: unique on the host
	origin source.Origin
	ssh    ir.SSH
	from   []netip.Prefix // of ssh; empty for everywhere
	rules  []rule         // ssh first, then in the order of the intermediate representation
}

// rule lets one source reach one port of the host.
type rule struct {
	family    family
	action    string // "allow", "limit"
	protocol  string // "tcp", "udp"
	port      int    // 1–65535
	source    netip.Prefix
	id        string
	container bool // published by Docker: passes DOCKER-USER too
	address   string
	origin    source.Origin
}

// src is the source as ufw's own database spells it: the network masked, a
// single address without its length.
func (r rule) src() string {
	if r.source.Bits() == r.source.Addr().BitLen() {
		return r.source.Addr().String()
	}
	return r.source.String()
}

// tag is the comment by which the scripts know the rules of a stack.
func (s ruleSet) tag(r rule) string { return "nself:" + s.stack + ":" + r.id }

// of selects the rules of one family.
func (s ruleSet) of(f family) []rule {
	var out []rule
	for _, r := range s.rules {
		if r.family == f {
			out = append(out, r)
		}
	}
	return out
}

// input is what ufw is asked for: one rule for each port and source. A published
// port needs one too, for what reaches Docker's proxy and not the container: IPv6
// on networks without it, and containers that use the host's own name.
func (s ruleSet) input(f family) []rule {
	var out []rule
	for _, r := range s.of(f) {
		if !slices.ContainsFunc(out, func(o rule) bool {
			return o.protocol == r.protocol && o.port == r.port && o.source == r.source
		}) {
			out = append(out, r)
		}
	}
	return out
}

// stackName is what a compose project name may be: it names a block in the
// host's files and is part of every tag.
var stackName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// lower gives the rules of both families. The compiler has checked the values;
// what is checked again here would otherwise become a wrong rule.
func lower(stack *ir.Stack) (ruleSet, diag.List) {
	fw := stack.Firewall
	l := lowering{set: ruleSet{stack: stack.Project, origin: fw.Origin, ssh: fw.SSH}, at: fw.Origin.Range}
	if !stackName.MatchString(stack.Project) {
		l.bug(fw.Origin.Range, "project name %q", stack.Project)
	}
	action := "allow"
	if fw.SSH.Limit.V {
		action = "limit"
	}
	ssh := rule{action: action, protocol: "tcp", port: fw.SSH.Port.V, id: "ssh", address: "firewall", origin: fw.SSH.Port.Origin}
	l.set.from = l.add(ssh, fw.SSH.From)
	for _, open := range fw.Open {
		r := rule{
			action: "allow", protocol: open.Protocol.V, port: open.Port.V, id: tagID(open.ID),
			container: open.Container, address: "firewall", origin: open.Origin,
		}
		if open.Container {
			r.address = "ingress"
		}
		if r.id == ssh.id {
			r.id += "." // the tag of the way in belongs to it alone
		}
		if r.protocol == "tcp" && r.port == ssh.port {
			l.diags = append(l.diags, portOfSSH(open, fw.SSH))
			continue
		}
		l.add(r, open.From)
	}
	return l.set, l.diags
}

type lowering struct {
	set   ruleSet
	at    source.Range
	diags diag.List
}

// add appends a rule for every source, and gives the sources.
func (l *lowering) add(r rule, from []ir.String) []netip.Prefix {
	at := cmp.Or(r.origin.Range, l.at)
	if r.port < 1 || r.port > 65535 {
		l.bug(at, "port %d", r.port)
	}
	if r.protocol != "tcp" && r.protocol != "udp" {
		l.bug(at, "protocol %q", r.protocol)
	}
	if len(from) == 0 {
		for _, f := range []family{v4, v6} {
			l.put(r, f, f.anywhere())
		}
		return nil
	}
	var sources []netip.Prefix
	for _, s := range from {
		p, err := parseSource(s.V)
		if err != nil {
			l.bug(cmp.Or(s.Range, at), "source %q", s.V)
			continue
		}
		sources = append(sources, p)
		f := v4
		if p.Addr().Is6() {
			f = v6
		}
		if r.id == "ssh" && s.IsSet() {
			r.origin = s.Origin // the way in has a line for each source
		}
		l.put(r, f, p)
	}
	return sources
}

// put appends one rule, unless an equal one stands already.
func (l *lowering) put(r rule, f family, p netip.Prefix) {
	r.family, r.source = f, p
	same := func(o rule) bool {
		return o.family == f && o.protocol == r.protocol && o.port == r.port && o.source == p && o.container == r.container
	}
	if !slices.ContainsFunc(l.set.rules, same) {
		l.set.rules = append(l.set.rules, r)
	}
}

func (l *lowering) bug(at source.Range, format string, args ...any) {
	l.diags = append(l.diags, diag.Errorf("NS900", at, "Bug in nselfc",
		"The firewall was handed a value that it cannot write: "+format+". The compiler should have refused it; please report this.", args...))
}

// portOfSSH refuses a published port that would take ssh's place, and drops,
// with a warning, a second rule for the port: it would open ssh wider than ssh's own.
func portOfSSH(open ir.OpenPort, ssh ir.SSH) *diag.Diagnostic {
	at := cmp.Or(open.Origin.Range, ssh.Port.Range)
	related := cmp.Or(ssh.Port.Range, at)
	if !open.Container {
		return diag.Warningf("NS381", at, "Allowed port is the ssh port",
			"Port %d is the port of ssh, and the ssh block alone says who may reach it; this rule is left out. "+
				"Widen the sources there, or remove the rule:\n\n"+
				"    firewall {\n      ssh {\n        port = %d\n        from = [\"203.0.113.0/24\"]\n      }\n    }", ssh.Port.V, ssh.Port.V).
			With(related, "the port of ssh")
	}
	return diag.Errorf("NS380", at, "Published port is the ssh port",
		"Port %d is published by a container, and it is the port of ssh. Docker would translate every new ssh connection to the container, "+
			"and nobody could log in to the host any more. Publish another port, or move sshd and say so:\n\n"+
			"    firewall {\n      ssh {\n        port = 2222\n      }\n    }", ssh.Port.V).
		With(related, "the port of ssh")
}

// parseSource reads an address or a CIDR. An IPv4 address in IPv6 clothes is
// refused: which family's packets it means depends on the socket.
func parseSource(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		a, errAddr := netip.ParseAddr(s)
		if errAddr != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("not an address or CIDR: %w", err)
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if p.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("an IPv4 address mapped to IPv6")
	}
	return p.Masked(), nil
}

// tagID makes an identifier fit for a comment of ufw (which refuses
// apostrophes) and of iptables (256 bytes): other characters become % and two
// hexadecimal digits, and a long identifier ends in a digest of the whole.
func tagID(id string) string {
	var b strings.Builder
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("._-", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	const longest = 80
	out := b.String()
	if len(out) > longest {
		sum := sha256.Sum256([]byte(id))
		out = out[:longest-9] + "-" + hex.EncodeToString(sum[:4])
	}
	return cmp.Or(out, "-")
}
