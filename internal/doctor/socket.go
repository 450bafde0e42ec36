package doctor

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// socket is one that waits for others.
type socket struct {
	Protocol string // "tcp", "udp" or "sctp"
	Address  netip.Addr
	Port     int
	Owner    string // name of the process; "" where it may not be seen
}

func (s socket) String() string {
	return fmt.Sprintf("%s/%s", netip.AddrPortFrom(s.Address, uint16(s.Port)), s.Protocol) //nolint:gosec // read from 16 bits
}

// ephemeral is where the ports begin that clients get. A socket of UDP there is
// mostly one that waits for the answer of another machine.
const ephemeral = 32768

// listening reads the kernel's tables of sockets, and whose they are as far as this
// user may see.
func (h Host) listening() ([]socket, error) {
	owners := h.owners()
	var out []socket
	read := 0
	for _, file := range []string{"tcp", "tcp6", "udp", "udp6"} {
		text, err := h.read("/proc/net/" + file)
		if err != nil {
			continue // a kernel without IPv6
		}
		read++
		protocol := strings.TrimSuffix(file, "6")
		state := map[string]string{"tcp": "0A", "udp": "07"}[protocol]
		for line := range strings.Lines(text) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != state {
				continue
			}
			address, err := hexAddress(f[1])
			if err != nil {
				continue // the heading
			}
			s := socket{protocol, address.Addr(), int(address.Port()), owners[f[9]]}
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	out = append(out, h.associating(owners)...)
	if read == 0 {
		return nil, fmt.Errorf("%s cannot be read", h.path("/proc/net"))
	}
	return out, nil
}

// associating reads the kernel's table of the ends of SCTP, which is there once somebody
// uses it: "ffff8880 ffff8881 2 10 29 5432 0 12345 0.0.0.0 ::". State 10 listens.
func (h Host) associating(owners map[string]string) []socket {
	text, err := h.read("/proc/net/sctp/eps")
	if err != nil {
		return nil
	}
	var out []socket
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 9 || f[3] != "10" {
			continue
		}
		port, err := strconv.ParseUint(f[5], 10, 16)
		if err != nil {
			continue
		}
		for _, word := range f[8:] {
			if a, err := netip.ParseAddr(word); err == nil {
				out = append(out, socket{"sctp", a.Unmap(), int(port), owners[f[7]]})
			}
		}
	}
	return out
}

// hexAddress reads "0100007F:1538": words of 32 bits in the machine's order.
func hexAddress(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	if err != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, fmt.Errorf("%q is no address", text)
	}
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	a, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(a.Unmap(), uint16(number)), nil
}

// owners gives the name of the process of each socket, by its inode: of several, that
// of the newest, as systemd keeps the sockets that it hands to those it starts.
func (h Host) owners() map[string]string {
	out := map[string]string{}
	processes := h.processes()
	for _, pid := range slices.SortedFunc(maps.Keys(processes), func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }) {
		name, dir := processes[pid], h.path("/proc/"+pid+"/fd")
		entries, _ := os.ReadDir(dir) // of others, only root may
		for _, e := range entries {
			link, err := os.Readlink(filepath.Join(dir, e.Name()))
			inode, ok := strings.CutPrefix(link, "socket:[")
			if err == nil && ok {
				out[strings.TrimSuffix(inode, "]")] = name
			}
		}
	}
	return out
}

// processes gives the names of all processes, by their numbers.
func (h Host) processes() map[string]string {
	out := map[string]string{}
	entries, _ := os.ReadDir(h.path("/proc"))
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		if name, err := h.read("/proc/" + e.Name() + "/comm"); err == nil {
			out[e.Name()] = strings.TrimSpace(name)
		}
	}
	return out
}
