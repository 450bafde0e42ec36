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
	var set []netip.Prefix
	for name := range before {
		if p, ok := prefix(name); ok {
			set = append(set, p)
		}
	}
	for _, name := range names(after) {
		if _, same := before[name]; same {
			continue
		}
		if p, ok := prefix(name); !ok || !within(set, p) {
			return true
		}
	}
	return false
}

// within tells whether a set covers a range, by one range or by several together.
func within(set []netip.Prefix, inner netip.Prefix) bool {
	var inside []netip.Prefix
	for _, p := range set {
		switch {
		case p.Bits() <= inner.Bits() && p.Contains(inner.Addr()):
			return true
		case inner.Contains(p.Addr()):
			inside = append(inside, p)
		}
	}
	if len(inside) < 2 { // less than both halves
		return false
	}
	low, high := halves(inner)
	return within(inside, low) && within(inside, high)
}

func halves(p netip.Prefix) (low, high netip.Prefix) {
	bits := p.Bits() + 1
	b := p.Addr().AsSlice()
	b[p.Bits()/8] |= 0x80 >> (p.Bits() % 8)
	other, _ := netip.AddrFromSlice(b)
	return netip.PrefixFrom(p.Addr(), bits), netip.PrefixFrom(other, bits)
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
