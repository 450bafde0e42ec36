package compiler

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
)

// defaultPool is 10.208.0.0/12, a million addresses that little else hands out:
// Docker's own pools are 172.17.0.0 to 172.31.255.255 and 192.168.0.0/16, home
// and office networks stand at the beginning of 10.0.0.0/8 and in
// 192.168.0.0/16, AWS's default is 172.31.0.0/16, Hetzner's 10.0.0.0/16,
// Kubernetes takes 10.96.0.0/12 and 10.244.0.0/16, Tailscale 100.64.0.0/10. Some
// regions of Google's automatic networks lie in it; `stack.subnet_pool` moves
// the stack out of their way.
var defaultPool = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 208, 0, 0}), 12)

// slotBits is the size of the smallest subnet and the grain of the pool: /28, 13
// addresses for containers.
const slotBits = 28

// allotSubnets gives each network a subnet of the pool: the one that a hash of
// project and name points at, or the next free one. A network keeps its subnet
// when others come and go, unless the two collided, and is given room to grow,
// as a new subnet means a new network and a restart of everything on it.
func (l *lowering) allotSubnets(wanted []sized) {
	pool, ok := l.pool()
	if !ok {
		return
	}
	// Large ones first: what is placed later finds small holes only. Then by
	// name, as the slices have no order yet.
	slices.SortFunc(wanted, func(a, b sized) int {
		return cmp.Or(prefixFor(a.members)-prefixFor(b.members), strings.Compare(a.network.Name, b.network.Name))
	})
	slots := newSlots(1 << (slotBits - pool.Bits()))
	base := binary.BigEndian.Uint32(pool.Addr().AsSlice())
	missing := 0
	for _, w := range wanted {
		prefix := prefixFor(w.members)
		size := 1 << (slotBits - prefix) // in slots
		slot, ok := slots.take(hashName(l.out.Project, w.network.Name, 0), size)
		if !ok {
			missing++
			continue
		}
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], base+uint32(slot)<<(32-slotBits))
		w.network.Subnet = netip.PrefixFrom(netip.AddrFrom4(a), prefix).String()
	}
	if missing > 0 {
		l.errorf(lang.Declared{Address: "stack", Range: l.in.Range}, cmp.Or(l.in.SubnetPool.Range, l.in.Range), "NS325", "Subnet pool is full",
			"The stack has %d networks, and %d of them find no subnet in %s. Give it a larger pool that nothing else on the host or its "+
				"VPNs uses:\n\n    subnet_pool = \"10.208.0.0/12\"", len(wanted), missing, pool)
	}
}

// pool gives the pool that subnets are taken from.
func (l *lowering) pool() (netip.Prefix, bool) {
	v := l.in.SubnetPool
	if !v.IsSet() {
		return defaultPool, true
	}
	p, err := netip.ParsePrefix(v.V)
	switch {
	case err != nil || !p.Addr().Is4():
		l.badPool(v, "is not an IPv4 network such as 10.208.0.0/12")
	case p != p.Masked():
		l.badPool(v, "has bits set behind its prefix; the network is "+p.Masked().String())
	case !p.Addr().IsPrivate() && !sharedSpace.Contains(p.Addr()):
		l.badPool(v, "is not private (RFC 1918, RFC 6598), so the addresses behind it could not be reached from this host any more")
	case p.Bits() > 24 || p.Bits() < 8:
		l.badPool(v, "is too small or too large: a pool has a prefix of 8 to 24 bits")
	default:
		return p, true
	}
	return netip.Prefix{}, false
}

// sharedSpace is RFC 6598, private between a provider and its customers.
var sharedSpace = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)

func (l *lowering) badPool(v lang.String, problem string) {
	l.errorf(lang.Declared{Address: "stack", Range: l.in.Range}, v.Range, "NS324", "Invalid subnet pool",
		"The subnet pool %q %s. Write a private network that nothing else on the host uses:\n\n    subnet_pool = \"10.208.0.0/12\"", v.V, problem)
}

// prefixFor gives the prefix of a subnet for so many containers, with a quarter
// more to grow. Subnets grow by a factor of four, so that they seldom do. Of its
// addresses three are the network's, Docker's gateway's and the broadcast.
func prefixFor(members int) int {
	need := members + members/4 + 3
	prefix := slotBits
	for need > 1<<(32-prefix) && prefix > 16 {
		prefix -= 2
	}
	return prefix
}

// slots says which parts of the pool are taken.
type slots struct {
	taken []uint64
	count int
}

func newSlots(count int) *slots {
	return &slots{taken: make([]uint64, (count+63)/64), count: count}
}

// take finds size free slots, size being a power of two, aligned to size, the
// first from where the hash points.
func (s *slots) take(hash uint64, size int) (int, bool) {
	places := s.count / size
	if places == 0 {
		return 0, false
	}
	for i := range places {
		at := int((hash+uint64(i))%uint64(places)) * size
		if s.free(at, size) {
			s.mark(at, size)
			return at, true
		}
	}
	return 0, false
}

func (s *slots) free(at, size int) bool {
	for i := at; i < at+size; i += 64 {
		if s.taken[i/64]&mask(i, size) != 0 {
			return false
		}
	}
	return true
}

func (s *slots) mark(at, size int) {
	for i := at; i < at+size; i += 64 {
		s.taken[i/64] |= mask(i, size)
	}
}

// mask gives the bits of slots i to i+size, of which one word holds all or
// which fill it: sizes are powers of two, and aligned.
func mask(i, size int) uint64 {
	if size >= 64 {
		return ^uint64(0)
	}
	return bits.RotateLeft64(1<<size-1, i%64)
}

// nameBridges gives every network's bridge a name that firewall rules can know:
// "nself-" and nine characters, as interfaces have at most 15 (IFNAMSIZ - 1).
func nameBridges(project string, networks []*ir.Network) {
	slices.SortFunc(networks, func(a, b *ir.Network) int { return strings.Compare(a.Name, b.Name) })
	taken := make(map[string]bool, len(networks))
	for _, n := range networks {
		for try := byte(0); ; try++ {
			n.Bridge = bridgeName(hashName(project, n.Name, try))
			if !taken[n.Bridge] {
				break
			}
		}
		taken[n.Bridge] = true
	}
}

var bridgeAlphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func bridgeName(hash uint64) string {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], hash)
	var text [13]byte
	bridgeAlphabet.Encode(text[:], raw[:])
	return "nself-" + string(text[:9])
}

// localSubnet6 gives a network its /64 of IPv6: the first of a unique local prefix
// (RFC 4193), whose 40 bits are not random but a hash, as a build has no chance.
func localSubnet6(project, network string) string {
	a := [16]byte{0xfd}
	binary.BigEndian.PutUint64(a[1:], hashName(project, network, 0)&^0xffffff)
	return netip.PrefixFrom(netip.AddrFrom16(a), 64).String()
}

// hashName hashes the name of a network in its project. Another try gives
// another hash.
func hashName(project, network string, try byte) uint64 {
	buf := make([]byte, 0, 128)
	buf = append(append(append(append(buf, project...), 0), network...), 0, try)
	sum := sha256.Sum256(buf)
	return binary.BigEndian.Uint64(sum[:])
}
