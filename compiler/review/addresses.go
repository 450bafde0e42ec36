package review

import "net/netip"

// wider tells whether the second set of addresses lets in anybody whom the first
// does not. An empty set lets in everybody.
func wider(before, after map[string]any) bool {
	switch {
	case len(before) == 0:
		return false
	case len(after) == 0:
		return true
	}
	for _, name := range names(after) {
		if _, same := before[name]; !same && !within(before, name) {
			return true
		}
	}
	return false
}

// within tells whether one of the set covers a range.
func within(set map[string]any, name string) bool {
	inner, ok := prefix(name)
	if !ok {
		return false
	}
	for outer := range set {
		if o, ok := prefix(outer); ok && o.Bits() <= inner.Bits() && o.Contains(inner.Addr()) {
			return true
		}
	}
	return false
}

func prefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// loopback tells whether only the host itself reaches an address.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
