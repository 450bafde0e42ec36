package compose

import (
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// network writes one top-level network.
func (w *writer) network(n *ir.Network) {
	w.address, w.origin = n.Owner, n.Origin
	w.userKey(2, n.Name, n.Origin)
	w.raw(4, "driver", "bridge", n.Origin)
	if n.Internal || n.Bridge != "" {
		w.key(4, "driver_opts", n.Origin)
	}
	if n.Internal {
		// Should a port ever be published from here, by whatever tool, it
		// listens on loopback only.
		w.raw(6, "com.docker.network.bridge.host_binding_ipv4", "'127.0.0.1'", hardening)
	}
	if n.Bridge != "" {
		w.str(6, "com.docker.network.bridge.name", n.Bridge, n.Origin)
	}
	if n.Subnet6 != "" {
		w.raw(4, "enable_ipv6", "true", n.Origin)
	}
	if n.Subnet != "" || n.Subnet6 != "" {
		w.key(4, "ipam", n.Origin)
		w.key(6, "config", n.Origin)
	}
	for _, subnet := range [...]string{n.Subnet, n.Subnet6} {
		if subnet != "" {
			w.mapItem()
			w.str(10, "subnet", subnet, n.Origin)
		}
	}
	if n.Internal {
		w.raw(4, "internal", "true", n.Origin)
	}
}

// definitions gives the text of each network, by name.
func definitions(networks []*ir.Network) map[string]string {
	out := make(map[string]string, len(networks))
	var w writer
	for _, n := range networks {
		w.buf = w.buf[:0]
		w.network(n)
		out[n.Name] = string(w.buf)
	}
	return out
}

// volume writes one top-level volume.
func (w *writer) volume(v *ir.Volume) {
	w.address, w.origin = "", v.Origin
	if len(v.Labels) == 0 {
		w.empty(2, v.Name, v.Origin)
		return
	}
	w.userKey(2, v.Name, v.Origin)
	w.key(4, "labels", v.Origin)
	for _, l := range v.Labels {
		w.userStr(6, l.Name, l.Value.V, l.Value.Origin)
	}
}

// secretFile is one top-level secret: a file that services mount by its name.
type secretFile struct {
	name, path, address string
	origin              source.Origin
}

// secretFiles collects the secrets of all services, sorted by name. One name
// with two files is a fault of the compiler, which makes the names.
func secretFiles(services []*ir.Service) ([]secretFile, diag.List) {
	n := 0
	for _, s := range services {
		n += len(s.Secrets)
	}
	all := make([]secretFile, 0, n)
	for _, s := range services {
		for _, m := range s.Secrets {
			all = append(all, secretFile{m.Name, m.File, s.Address, m.Origin})
		}
	}
	slices.SortStableFunc(all, func(a, b secretFile) int { return strings.Compare(a.name, b.name) })
	var diags diag.List
	unique := all[:0]
	for _, f := range all {
		if last := len(unique) - 1; last < 0 || unique[last].name != f.name {
			unique = append(unique, f)
		} else if unique[last].path != f.path {
			diags = append(diags, diag.Errorf("NS900", f.origin.Range, bugSummary,
				"The compose secret %q stands for two files, %s and %s. Please report this, with the stack that shows it.",
				f.name, unique[last].path, f.path))
		}
	}
	return unique, diags
}

const bugSummary = "Bug in nselfc"

func (w *writer) secretFile(f secretFile) {
	w.address, w.origin = f.address, f.origin
	w.userKey(2, f.name, f.origin)
	w.path(4, "file", f.path, f.origin)
}
