package compiler

import (
	"net/netip"

	"nselfc/compiler/ir"
	"nselfc/lang"
)

// lowerRanges checks a list of networks in CIDR form, IPv4 or IPv6; an
// address alone is a network of one. Bits behind the prefix are cleared, with a
// warning. Sorted, each once.
func (l *lowering) lowerRanges(d lang.Declared, in []lang.String) []ir.String {
	if len(in) == 0 {
		return nil
	}
	out := make([]ir.String, 0, len(in))
	for _, v := range in {
		p, err := netip.ParsePrefix(v.V)
		if a, addrErr := netip.ParseAddr(v.V); err != nil && addrErr == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err == nil && p.Addr().Is4In6() {
			p, err = netip.Prefix{}, errMapped
		}
		if err != nil {
			l.errorf(d, v.Range, "NS337", rangeSummary,
				"%q is not a network of IPv4 or IPv6 addresses, so the rule that it stands in could not be loaded. Write:\n\n    \"203.0.113.0/24\"", v.V)
			continue
		}
		if p != p.Masked() {
			l.warningf(d, v.Range, "NS337", rangeSummary,
				"%q has bits set behind its prefix. The network that holds that address is %s, and that is what is written; if you meant "+
					"the one address, write %s.", v.V, p.Masked(), p.Addr())
			p = p.Masked()
		}
		v.V = p.String()
		out = append(out, v)
	}
	return sortedStrings(out)
}

const rangeSummary = "Invalid network address"

// errMapped refuses IPv4 written as IPv6: firewalls and nginx read it as one or
// the other.
var errMapped = rangeError("an IPv4 address written as IPv6")

type rangeError string

func (e rangeError) Error() string { return string(e) }
