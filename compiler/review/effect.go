package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nselfc/compiler/model"
)

// Effects are what bringing the new stack up does to what runs, by the commands
// that a build prints: "docker compose up -d --wait --remove-orphans", with
// "--build" where an image is built here. It holds for Compose 2.26 to 5; Older
// and Steps say where a release differs. Lists are sorted by name.
//
// A review compares two models. It does not know what else happened since: an image
// that a tag names anew, files of a build, containers that somebody removed.
type Effects struct {
	Create   []Container // containers that are new
	Recreate []Container // stopped, and made anew
	Scale    []Container // more or fewer of the same
	Remove   []Container // stopped for good ("up --remove-orphans")
	// Older lists containers that Compose before 2.29.4 makes anew as well: those that
	// wait for another service than before, or for one that is made anew.
	Older []Container
	// Refresh lists containers that Docker leaves alone although a secret file of
	// theirs is made anew: they read it once somebody makes them anew.
	Refresh []Container
	// Build lists those whose image is built by other instructions. A container is
	// made anew when that gives another image.
	Build    []Container
	Networks Parts // Removed ones stay on the host, empty: "up" takes no network away
	Volumes  Parts // Removed ones stay on the host, and nothing uses them
	Secrets  Secrets
	Firewall bool   // the rules of the host must be applied again
	Steps    []Step // what somebody must do by hand, before or after
}

// Container is a compose service, with what its container is made anew for.
type Container struct {
	Service string   // name in docker-compose.yml
	Address string   // "service.api"
	Reasons []string // attributes that changed, or addresses: "image", "env.LOG_LEVEL", `network["db"]`
}

// Parts are things that come, go, or are made anew.
type Parts struct{ Created, Recreated, Removed []string }

// Step is something that no build or start does by itself.
type Step struct {
	Address string
	Text    string
}

func (r *reviewer) effects() Effects {
	var e Effects
	for i := range r.changes {
		c := &r.changes[i]
		switch c.Type {
		case model.TypeService:
			e.service(c)
		case model.TypeVolume:
			name, _ := volumeName(c.Address)
			e.Volumes.add(c.Action, name)
		case model.TypeFirewall:
			e.Firewall = true
		case model.TypeKind:
			e.store(c)
		}
	}
	e.takeOver()
	e.networks(r)
	e.dependents(r)
	e.secrets(r)
	e.renamed(r)
	e.keeping(r)
	e.refresh(r)
	for _, list := range [][]Container{e.Create, e.Recreate, e.Scale, e.Remove, e.Older, e.Refresh, e.Build} {
		slices.SortFunc(list, func(a, b Container) int { return cmp.Compare(a.Service, b.Service) })
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

// takeOver finds services whose name another one has now: to Compose, that is one
// service, which changed.
func (e *Effects) takeOver() {
	e.Remove = slices.DeleteFunc(e.Remove, func(gone Container) bool {
		i := slices.IndexFunc(e.Create, func(c Container) bool { return c.Service == gone.Service })
		if i < 0 {
			return false
		}
		c := e.Create[i]
		c.Reasons = []string{"address"}
		e.Create = slices.Delete(e.Create, i, i+1)
		e.Recreate = append(e.Recreate, c)
		return true
	})
}

// renamed replaces everything when the project has another name: Compose then
// knows none of what runs.
func (e *Effects) renamed(r *reviewer) {
	was, is := r.project(r.old), r.project(r.now)
	if was == "" || was == is {
		return
	}
	e.Create, e.Recreate, e.Scale, e.Remove, e.Older = nil, nil, nil, nil, nil
	e.Networks, e.Volumes, e.Steps = Parts{}, Parts{}, nil
	for i := range r.now.Resources {
		res := &r.now.Resources[i]
		a, err := res.Attributes()
		if err != nil {
			continue
		}
		switch text(a, "type") {
		case model.TypeService:
			if count(a) > 0 {
				e.Create = append(e.Create, Container{Service: text(a, "name"), Address: res.Address})
			}
		case model.TypeNetwork:
			name, _ := quotedName(res.Address, model.TypeNetwork)
			e.Networks.add(model.Create, name)
		case model.TypeVolume:
			name, _ := volumeName(res.Address)
			e.Volumes.add(model.Create, name)
		}
	}
	e.Steps = append(e.Steps, Step{
		Address: model.TypeStack,
		Text: fmt.Sprintf("The project %s goes on running beside %s, on the same ports, so that the new ingress does not start. Stop it first: %s. Its volumes stay; move what is in them.",
			was, is, takeDown(was)),
	})
}

// takeDown gives the commands that take a project down and its networks away, those
// too that no file names any more. Volumes stay.
func takeDown(project string) string {
	return fmt.Sprintf("docker compose -p %s down --remove-orphans && docker network prune --force --filter label=com.docker.compose.project=%[1]s", project)
}

// refresh finds the containers that hold on to a certificate that is made anew.
func (e *Effects) refresh(r *reviewer) {
	if len(e.Secrets.renewed) == 0 {
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
		if !strings.Contains(res.Text, `"uses":{`) || !mayBe(res, model.TypeService) {
			continue
		}
		a, err := res.Attributes()
		if err != nil || again[text(a, "name")] || count(a) == 0 {
			continue
		}
		var reasons []string
		for _, kind := range []string{"secrets", "configs"} {
			for target := range object(a, kind) {
				for part := range object(a, kind, target, "uses") {
					if by := e.Secrets.renewed[part]; by != "" {
						reasons = append(reasons, by)
					}
				}
			}
		}
		if len(reasons) > 0 {
			slices.Sort(reasons)
			e.Refresh = append(e.Refresh, Container{Service: text(a, "name"), Address: res.Address, Reasons: slices.Compact(reasons)})
		}
	}
}

// mayBe tells whether a resource may have a type: of a text in canonical form, which
// need not be parsed for that, the first words say it.
func mayBe(res *model.Resource, kind string) bool {
	return strings.HasPrefix(res.Text, `{"type":"`+kind+`"`) || !strings.HasPrefix(res.Text, `{"type":"`)
}
