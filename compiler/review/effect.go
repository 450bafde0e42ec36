package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/model"
)

// Effects are what bringing the new stack up does to what runs. Lists are sorted
// by name.
type Effects struct {
	Create   []Container // containers that are new
	Recreate []Container // stopped, and made anew
	Scale    []Container // more or fewer of the same
	Remove   []Container // stopped for good ("up --remove-orphans")
	// Refresh lists containers that Docker leaves alone although a secret file of
	// theirs is made anew: they read it once somebody makes them anew.
	Refresh  []Container
	Build    []Container // an image must be built first
	Networks Parts
	Volumes  Parts // Removed ones stay on the host, and nothing uses them
	Secrets  Secrets
	Firewall bool   // the rules of the host must be applied again
	Steps    []Step // what somebody must do by hand, before or after
}

// Container is a compose service, with what its container is made anew for.
type Container struct {
	Service string   // name in docker-compose.yml
	Address string   // "service.api"
	Reasons []string // attributes that changed: "image", "env.LOG_LEVEL"
}

// Parts are things that come, go, or are made anew.
type Parts struct{ Created, Recreated, Removed []string }

// Secrets are what becomes of the values, by address.
type Secrets struct {
	Generated []string // made by the next build on the host
	Kept      int      // how many stay as they are
	Rotated   []string // a new value or certificate replaces the old
	Retired   []string // not used any more; the value stays in .secrets
}

// Step is something that no build or start does by itself.
type Step struct {
	Address string
	Text    string
}

// loose are the attributes of a service that are no part of what Compose compares
// before it decides to keep a container (docker/compose, pkg/compose/hash.go), or
// that it never sees: the compose file does not hold them, and what is made from
// them, such as nginx's configuration, shows in the attribute "config".
var loose = []string{
	"build", "depends_on", "replicas", "job", "store", "secret_env",
	"tls", "http_port", "https_port", "https_public", "nginx_version", "rate_limit", "trusted_proxies",
}

func (r *reviewer) effects() Effects {
	var e Effects
	for i := range r.changes {
		c := &r.changes[i]
		switch c.Type {
		case model.TypeService:
			e.service(c)
		case model.TypeNetwork:
			name, _ := quotedName(c.Address, model.TypeNetwork)
			e.Networks.add(c.Action, name)
		case model.TypeVolume:
			name, _ := volumeName(c.Address)
			e.Volumes.add(c.Action, name)
		case model.TypeSecret:
			e.secret(c)
		case model.TypeFirewall:
			e.Firewall = true
		case model.TypeKind:
			e.store(c)
		}
	}
	e.renamed(r)
	e.Secrets.Kept = r.kept()
	e.refresh(r)
	for _, l := range [][]Container{e.Create, e.Recreate, e.Scale, e.Remove, e.Build} {
		slices.SortFunc(l, func(a, b Container) int { return cmp.Compare(a.Service, b.Service) })
	}
	for _, l := range [][]string{e.Networks.Created, e.Networks.Recreated, e.Networks.Removed, e.Volumes.Created, e.Volumes.Removed} {
		slices.Sort(l)
	}
	return e
}

func (p *Parts) add(a model.Action, name string) {
	switch a {
	case model.Create:
		p.Created = append(p.Created, name)
	case model.Update:
		p.Recreated = append(p.Recreated, name)
	case model.Delete:
		p.Removed = append(p.Removed, name)
	}
}

// service sorts a changed service by what Compose does to its containers.
func (e *Effects) service(c *model.Change) {
	was, is := text(c.Before, "name"), text(c.After, "name")
	one := Container{Service: is, Address: c.Address}
	if object(c.After, "build") != nil && !model.Equal(c.Before["build"], c.After["build"]) {
		e.Build = append(e.Build, one)
	}
	switch {
	case c.Action == model.Create:
		e.Create = append(e.Create, one)
		return
	case c.Action == model.Delete:
		e.Remove = append(e.Remove, Container{Service: was, Address: c.Address})
		return
	case was != is:
		e.Create = append(e.Create, one)
		e.Remove = append(e.Remove, Container{Service: was, Address: c.Previous})
		return
	}
	if c.Renamed() {
		one.Reasons = append(one.Reasons, "address")
	}
	for _, a := range c.Attributes {
		if reason := recreates(a); reason != "" {
			one.Reasons = append(one.Reasons, reason)
		}
	}
	switch {
	case len(one.Reasons) > 0:
		slices.Sort(one.Reasons)
		one.Reasons = slices.Compact(one.Reasons)
		e.Recreate = append(e.Recreate, one)
	case number(c.Before, "replicas") != number(c.After, "replicas"):
		one.Reasons = []string{"replicas"}
		e.Scale = append(e.Scale, one)
	}
}

// recreates gives the reason for which an attribute makes the container anew, or "".
func recreates(a model.Attribute) string {
	if slices.Contains(loose, a.Path[0]) {
		return ""
	}
	switch a.Path[0] {
	case "ports":
		// Of a port, the file has the number and not the name.
		if len(a.Path) == 2 && a.Before != nil && a.After != nil {
			return ""
		}
	case "secrets", "configs":
		// The secrets that a file is made of show in "config".
		if len(a.Path) > 2 && a.Path[2] == "uses" {
			return ""
		}
	}
	return strings.Join(a.Path, ".")
}

// renamed replaces everything when the project has another name: Compose then
// knows none of what runs.
func (e *Effects) renamed(r *reviewer) {
	was, is := r.project(r.old), r.project(r.now)
	if was == "" || is == "" || was == is {
		return
	}
	e.Create, e.Recreate, e.Scale, e.Remove = nil, nil, nil, nil
	for i := range r.now.Resources {
		res := &r.now.Resources[i]
		if a, err := res.Attributes(); err == nil && text(a, "type") == model.TypeService {
			e.Create = append(e.Create, Container{Service: text(a, "name"), Address: res.Address})
		}
	}
	e.Steps = append(e.Steps, Step{
		Address: model.TypeStack,
		Text: fmt.Sprintf("The project %s goes on running beside %s, on the same ports. Stop it first: docker compose -p %s down. Its volumes stay; move what is in them.",
			was, is, was),
	})
}

// secret sorts a changed secret by what becomes of its value.
func (e *Effects) secret(c *model.Change) {
	s := &e.Secrets
	switch {
	case c.Action == model.Create:
		s.Generated = append(s.Generated, c.Address)
	case c.Action == model.Delete:
		s.Retired = append(s.Retired, c.Address)
	case text(c.Before, "key") != text(c.After, "key"):
		s.Generated = append(s.Generated, c.Address)
		s.Retired = append(s.Retired, c.Address)
	case object(c.After, "certificate") != nil:
		s.Rotated = append(s.Rotated, c.Address)
	}
}

// kept counts the secrets that stay as they are.
func (r *reviewer) kept() int {
	n := 0
	for i := range r.now.Resources {
		if old := r.old.Find(r.now.Resources[i].Address); old != nil && old.Text == r.now.Resources[i].Text &&
			strings.HasPrefix(old.Text, `{"type":"`+model.TypeSecret+`"`) {
			n++
		}
	}
	return n
}

// refresh finds the containers that hold on to a certificate that is made anew.
func (e *Effects) refresh(r *reviewer) {
	if len(e.Secrets.Rotated) == 0 {
		return
	}
	again := map[string]bool{}
	for _, list := range [][]Container{e.Create, e.Recreate} {
		for _, c := range list {
			again[c.Service] = true
		}
	}
	for i := range r.now.Resources {
		res := &r.now.Resources[i]
		if !strings.Contains(res.Text, `"uses":{`) || !strings.HasPrefix(res.Text, `{"type":"`+model.TypeService+`"`) {
			continue
		}
		a, err := res.Attributes()
		if err != nil || again[text(a, "name")] {
			continue
		}
		var reasons []string
		for _, kind := range []string{"secrets", "configs"} {
			for target := range object(a, kind) {
				for address := range object(a, kind, target, "uses") {
					if slices.Contains(e.Secrets.Rotated, address) {
						reasons = append(reasons, address)
					}
				}
			}
		}
		if len(reasons) > 0 {
			slices.Sort(reasons)
			e.Refresh = append(e.Refresh, Container{Service: text(a, "name"), Address: res.Address, Reasons: slices.Compact(reasons)})
		}
	}
	slices.SortFunc(e.Refresh, func(a, b Container) int { return cmp.Compare(a.Service, b.Service) })
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
