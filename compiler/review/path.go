package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nselfc/compiler/model"
	"nselfc/lang/diag"
)

// topology is who is on which network.
type topology struct {
	networks map[string]map[string]any  // attributes, by name
	members  map[string]map[string]bool // addresses of services, by network
	joined   map[string][]string        // networks, by address of a service
	ports    map[string]bool            // services that listen, by address
	stores   map[string]bool
}

// topologyOf reads the services and networks of a model. renamed gives a service's
// new address for its old one.
func topologyOf(m *model.Model, renamed map[string]string) (*topology, error) {
	t := &topology{
		networks: map[string]map[string]any{}, members: map[string]map[string]bool{}, joined: map[string][]string{},
		ports: map[string]bool{}, stores: map[string]bool{},
	}
	for i := range m.Resources {
		res := &m.Resources[i]
		if !strings.HasPrefix(res.Text, `{"type":"`+model.TypeService+`"`) && !strings.HasPrefix(res.Text, `{"type":"`+model.TypeNetwork+`"`) &&
			strings.HasPrefix(res.Text, `{"type":"`) {
			continue // of a canonical text, the first words say the type
		}
		a, err := res.Attributes()
		if err != nil {
			return nil, err
		}
		switch text(a, "type") {
		case model.TypeNetwork:
			if name, ok := quotedName(res.Address, model.TypeNetwork); ok {
				t.networks[name] = a
			}
		case model.TypeService:
			address := res.Address
			if to, ok := renamed[address]; ok {
				address = to
			}
			t.ports[address] = len(object(a, "ports")) > 0
			t.stores[address] = text(a, "store") != ""
			for _, name := range names(object(a, "networks")) {
				if t.members[name] == nil {
					t.members[name] = map[string]bool{}
				}
				t.members[name][address] = true
				t.joined[address] = append(t.joined[address], name)
			}
		}
	}
	return t, nil
}

// via gives a network that two services share, or "".
func (t *topology) via(a, b string) string {
	for _, name := range t.joined[a] { // sorted
		if t.members[name][b] {
			return name
		}
	}
	return ""
}

// meet tells whether two services share a network.
func (t *topology) meet(a, b string) bool { return t.via(a, b) != "" }

// way gives the network by which a service has a way to the internet, or "".
func (t *topology) way(a string) string {
	for _, name := range t.joined[a] {
		if n := t.networks[name]; n != nil && !truth(n, "internal") {
			return name
		}
	}
	return ""
}

func (t *topology) outward(a string) bool { return t.way(a) != "" }

// paths looks at who reaches whom. Two services reach each other's ports when they
// share a network; nothing else makes a path.
func (r *reviewer) paths() error {
	renamed, back := map[string]string{}, map[string]*model.Change{}
	touched := false
	for i := range r.changes {
		c := &r.changes[i]
		if c.Type == model.TypeService || c.Type == model.TypeNetwork {
			touched = touched || c.Action != model.Update || c.Renamed() || c.Type == model.TypeNetwork ||
				slices.ContainsFunc(c.Attributes, func(a model.Attribute) bool { return a.Path[0] == "networks" || a.Path[0] == "ports" })
		}
		if c.Renamed() {
			renamed[c.Previous] = c.Address
		}
		back[c.Address] = c
	}
	if !touched {
		return nil
	}
	was, err := topologyOf(r.old, renamed)
	if err != nil {
		return err
	}
	is, err := topologyOf(r.now, nil)
	if err != nil {
		return err
	}
	for _, a := range slices.Sorted(maps.Keys(is.joined)) {
		r.reaches(a, was, is)
	}
	for _, a := range slices.Sorted(maps.Keys(was.joined)) {
		if c := back[a]; c != nil && c.Action == model.Delete {
			continue // it is gone, and its paths with it
		}
		for _, b := range neighbours(was, a) {
			if _, stays := is.ports[a]; stays && !is.meet(a, b) && was.ports[b] && a != ingress && consumes(was, a, b) {
				r.found = append(r.found, r.pathRisk(a, "", Risk{Safer: true, Detail: fmt.Sprintf("%s can no longer reach %s.", a, b)}))
			}
		}
		if was.outward(a) && !is.outward(a) {
			r.found = append(r.found, r.pathRisk(a, "", Risk{Code: "NS709", Safer: true, Detail: a + " has no way to the internet any more."}))
		}
	}
	return nil
}

// ingress is the address of the one ingress.
const ingress = "ingress"

// reaches notes whom a service reaches that it did not reach before.
func (r *reviewer) reaches(a string, was, is *topology) {
	if is.outward(a) && !was.outward(a) {
		r.found = append(r.found, r.pathRisk(a, is.way(a), Risk{
			Code: "NS709", Severity: Medium, Detail: a + " has a way to the internet now: what gets into it can fetch programs, and send out what it finds.",
		}))
	}
	var beside []string
	for _, b := range neighbours(is, a) {
		if was.meet(a, b) || !is.ports[b] || a == ingress {
			continue // who comes through the ingress is said of its routes
		}
		if consumes(is, b, a) {
			continue // said of the other, who asked for it
		}
		if !consumes(is, a, b) {
			beside = append(beside, b)
			continue
		}
		severity := Low
		if is.stores[b] {
			severity = Medium
		}
		r.found = append(r.found, r.pathRisk(a, is.via(a, b), Risk{Severity: severity, Detail: fmt.Sprintf("%s can now reach %s.", a, b)}))
	}
	if len(beside) > 0 {
		r.found = append(r.found, r.pathRisk(a, is.via(a, beside[0]), Risk{
			Severity: Low, Detail: fmt.Sprintf("%s can now reach %s, as they use the same service and so meet on its network.", a, list(beside)),
		}))
	}
}

// consumes tells whether the network on which two services meet is there for the
// second of them.
func consumes(t *topology, a, b string) bool {
	return slices.ContainsFunc(t.joined[a], func(name string) bool {
		return t.members[name][b] && text(t.networks[name], "owner") == b
	})
}

// neighbours lists the services that share a network with one, sorted.
func neighbours(t *topology, a string) []string {
	seen := map[string]bool{}
	for _, name := range t.joined[a] {
		for b := range t.members[name] {
			if b != a {
				seen[b] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// pathRisk completes a finding about the networks of a service.
func (r *reviewer) pathRisk(address, network string, k Risk) Risk {
	if k.Code == "" {
		k.Code = "NS708"
	}
	k.Address, k.Path = address, []string{"networks"}
	if network != "" {
		k.Path = append(k.Path, network)
	}
	k.Summary = diag.Title(k.Code)
	k.Origin = r.place(address, k.Path)
	return k
}
