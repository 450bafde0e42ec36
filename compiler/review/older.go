package review

import (
	"encoding/json"
	"strings"

	"nselfc/compiler/model"
)

// dependents finds what Compose before 2.29.4 makes anew beside the rest: whatever
// waits for a service that is made anew, and so on (setDependentLifecycle in its
// pkg/compose/convergence.go).
func (e *Effects) dependents(r *reviewer) {
	again := map[string]bool{}
	var next []string
	for _, list := range [][]Container{e.Recreate, e.Older} {
		for _, c := range list {
			again[c.Service] = true
			next = append(next, c.Service)
		}
	}
	if len(next) == 0 {
		return
	}
	for _, c := range e.Create {
		again[c.Service] = true // there is none to make anew
	}
	waiting := waits(r.now)
	for len(next) > 0 {
		var found []string
		for _, service := range next {
			for _, res := range waiting[service] {
				a := serviceAt(res)
				name := text(a, "name")
				if again[name] || count(a) == 0 {
					continue
				}
				again[name] = true
				found = append(found, name)
				e.Older = append(e.Older, Container{Service: name, Address: res.Address, Reasons: []string{"depends_on." + service}})
			}
		}
		next = found
	}
}

// waits gives the services that wait for each. It parses no more of a service than
// that: most have little to do with a change.
func waits(m *model.Model) map[string][]*model.Resource {
	const member = `"depends_on":`
	out := map[string][]*model.Resource{}
	for i := range m.Resources {
		res := &m.Resources[i]
		if !mayBe(res, model.TypeService) {
			continue
		}
		// Within a string, a backslash would stand before the second quote.
		_, object, found := strings.Cut(res.Text, member+"{")
		var on map[string]string
		if !found || json.NewDecoder(strings.NewReader("{"+object)).Decode(&on) != nil {
			continue
		}
		for service := range on {
			out[service] = append(out[service], res)
		}
	}
	return out // by address, as the model is
}
