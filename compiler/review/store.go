package review

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nselfc/compiler/model"
)

// access orders what a login of PostgreSQL may do, by the words of the kind. backup
// reads everything, monitor nothing but statistics.
var access = map[string]int{"monitor": 1, "read_only": 2, "backup": 3, "read_write": 4, "migrate": 5}

// kind looks at arguments that no container shows: what logins may do, and which
// release reads the data.
func (r *reviewer) kind(c *model.Change) {
	if text(c.Before, "kind") == "redis" && truth(c.Before, "arguments", "persistent") && c.After != nil && !truth(c.After, "arguments", "persistent") {
		r.add(c, finding{
			code: "NS701", severity: Destructive, path: []string{"arguments", "persistent"},
			detail: fmt.Sprintf("DATA LOSS: %s reads and writes nothing on the disk any more. What it holds is gone once this change restarts it, and with every restart from then on.", c.Address),
		})
	}
	if text(c.Before, "kind") != "postgres" && text(c.After, "kind") != "postgres" || c.After == nil {
		return
	}
	if was, is := major(c.Before), major(c.After); c.Before != nil && was != is {
		r.add(c, finding{
			code: "NS722", severity: High, path: []string{"arguments", "version"},
			detail: fmt.Sprintf("%s goes from PostgreSQL %d to %d, which does not start on the data of %d. Dump before, restore after: see docs/stores.md.", c.Address, was, is, was),
		})
	}
	was, is := object(c.Before, "arguments", "roles"), object(c.After, "arguments", "roles")
	for _, name := range names(is) {
		path := []string{"arguments", "roles", name}
		before, after := text(was, name, "access"), text(is, name, "access")
		if _, there := was[name]; !there {
			if c.Before != nil {
				r.add(c, finding{code: "NS715", severity: Low, path: path, detail: fmt.Sprintf("%s has a new login %s, which is %s.", c.Address, name, after)})
			}
			continue
		}
		r.either(c, "NS715", High, append(path, "access"), access[after] > access[before], access[after] < access[before],
			fmt.Sprintf("The login %s of %s was %s, and is %s.", name, c.Address, before, after),
			fmt.Sprintf("The login %s of %s was %s, and is %s.", name, c.Address, before, after))
		if from, to := text(was, name, "database"), text(is, name, "database"); from != to {
			r.add(c, finding{code: "NS715", severity: Medium, path: append(path, "database"), detail: fmt.Sprintf("The login %s of %s opens the database %s now, and not %s.", name, c.Address, to, from)})
		}
	}
	for _, name := range came(is, was) {
		r.add(c, finding{code: "NS715", safer: true, path: []string{"arguments", "roles"}, detail: fmt.Sprintf("%s has no login %s any more.", c.Address, name)})
	}
}

// major reads the major version of a store from its arguments; 0 for none.
func major(attributes map[string]any) int {
	v := text(attributes, "arguments", "version")
	n, err := strconv.Atoi(v[:len(v)-len(strings.TrimLeft(v, "0123456789"))])
	if err != nil {
		return 0
	}
	return n
}

// store says what a change asks of whoever runs the database.
func (e *Effects) store(c *model.Change) {
	if c.Action != model.Update || text(c.After, "kind") != "postgres" {
		return
	}
	if was, is := major(c.Before), major(c.After); was != is && was > 0 {
		e.Steps = append(e.Steps, Step{Address: c.Address, Text: fmt.Sprintf(
			"PostgreSQL %d does not read the data of %d, and does not start on it. Dump %s before, and restore into the new one: docs/stores.md has the commands.", is, was, c.Address)})
	}
	had := textsOf(c.Before, "arguments", "databases")
	for _, name := range textsOf(c.After, "arguments", "databases") {
		had = slices.DeleteFunc(had, func(s string) bool { return s == name })
	}
	if len(had) > 0 {
		e.Steps = append(e.Steps, Step{Address: c.Address, Text: fmt.Sprintf(
			"The databases %s of %s stay where they are: a build creates databases and never drops one. Drop them by hand once nothing needs what is in them.", list(had), c.Address)})
	}
}

// textsOf gives the strings of a list at a path.
func textsOf(in map[string]any, path ...string) []string {
	values, _ := object(in, path[:len(path)-1]...)[path[len(path)-1]].([]any)
	var out []string
	for _, v := range values {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// secret looks at how hard a secret is to guess, and how long a certificate holds.
func (r *reviewer) secret(c *model.Change) {
	if c.Action != model.Update {
		return
	}
	was, is := bits(c.Before), bits(c.After)
	path := []string{"kind"}
	for _, name := range []string{"bytes", "length"} {
		if number(c.Before, name) != number(c.After, name) && text(c.Before, "kind") == text(c.After, "kind") {
			path = []string{name}
		}
	}
	says := fmt.Sprintf("%s has %.0f instead of %.0f random bits", c.Address, is, was)
	r.either(c, "NS717", Medium, path, was > 0 && is > 0 && is < was, was > 0 && is > was, says+": it is easier to guess.", says+".")
	days, daysNow := number(c.Before, "certificate", "days"), number(c.After, "certificate", "days")
	r.either(c, "NS705", Low, []string{"certificate", "days"}, days > 0 && daysNow > days, daysNow > 0 && daysNow < days,
		fmt.Sprintf("The certificate of %s is good for %.0f instead of %.0f days, and so is its key for whoever steals it.", c.Address, daysNow, days),
		fmt.Sprintf("The certificate of %s is good for %.0f instead of %.0f days.", c.Address, daysNow, days))
}

// bits gives how many random bits a secret is made of; 0 where that is no number.
func bits(secret map[string]any) float64 {
	switch text(secret, "kind") {
	case "password":
		return 6 * number(secret, "length") // of 64 characters
	case "jwt":
		return 256
	}
	return 8 * number(secret, "bytes")
}

// posture looks at what the whole environment is held to.
func (r *reviewer) posture() {
	for _, c := range r.changes {
		if c.Type != model.TypeStack || c.Action != model.Update {
			continue
		}
		was, is := text(c.Before, "posture"), text(c.After, "posture")
		r.either(&c, "NS719", Critical, []string{"posture"}, was == "production" && is == "development", was == "development" && is == "production",
			"The environment is held to the posture development now: what only a laptop should do is allowed.",
			"The environment is held to the posture production now.")
	}
}

// volumes looks for named volumes that nothing will use any more. Docker keeps
// them until somebody removes them, but no service sees what is in them. Their
// name begins with that of the project, so that a stack of another name has none
// of the old ones.
func (r *reviewer) volumes() {
	was, is := r.project(r.old), r.project(r.now)
	if was != "" && was != is {
		why := fmt.Sprintf("the project is called %s now, and begins with empty volumes", is)
		if is == "" {
			why = "no environment of the stack uses it any more"
		}
		for _, res := range r.old.Resources {
			if name, ok := volumeName(res.Address); ok {
				r.lost(res.Address, was, name, why)
			}
		}
		return
	}
	for i := range r.changes {
		c := &r.changes[i]
		if name, ok := volumeName(c.Address); ok && c.Action == model.Delete {
			r.lost(c.Address, was, name, "nothing uses it any more")
		}
	}
}

func (r *reviewer) lost(address, project, name, why string) {
	c := &model.Change{Address: address}
	if owner := r.mounted(name); owner != "" && r.now.Find(address) == nil {
		c.Address = owner // the place is that of who used it
	}
	r.add(c, finding{
		code: "NS701", severity: Destructive,
		detail: fmt.Sprintf("DATA LOSS: the volume %s_%s keeps what is in it, but %s. Copy the data first, or nobody will find it again.", project, name, why),
	})
	r.found[len(r.found)-1].Address = address
}

// mounted gives the service that used a volume before, by its address of now; "" for
// one that is gone.
func (r *reviewer) mounted(volume string) string {
	for i := range r.old.Resources {
		res := &r.old.Resources[i]
		if !strings.Contains(res.Text, strconv.Quote("volume")+":"+strconv.Quote(volume)) {
			continue
		}
		for j := range r.changes {
			if c := &r.changes[j]; c.Renamed() && c.Previous == res.Address {
				return c.Address
			}
		}
		if r.now.Find(res.Address) != nil {
			return res.Address
		}
	}
	return ""
}

// project gives the compose project of a model, or "".
func (r *reviewer) project(m *model.Model) string {
	res := m.Find(model.TypeStack)
	if res == nil {
		return ""
	}
	attributes, err := res.Attributes()
	if err != nil {
		return "" // Diff has said so
	}
	return text(attributes, "project")
}

func volumeName(address string) (string, bool) { return quotedName(address, model.TypeVolume) }

// quotedName reads the name from an address like `volume["main_data"]`.
func quotedName(address, kind string) (string, bool) {
	s, ok := strings.CutPrefix(address, kind+"[")
	if !ok {
		return "", false
	}
	name, err := strconv.Unquote(strings.TrimSuffix(s, "]"))
	return name, err == nil
}
