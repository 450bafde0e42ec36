//go:build lab && linux

package e2e

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nselfc/compiler/review"
)

// outcome is what bringing a stack up did, or what a plan says that it does: each
// list holds names, sorted.
type outcome struct {
	Create, Recreate, Scale, Remove                    []string // services
	NetworksCreated, NetworksRecreated, NetworksUnused []string
	VolumesCreated, VolumesUnused                      []string
}

// running is what Docker has of a project.
type running struct {
	containers map[string][]string // identities, by service
	networks   map[string]string   // identities, by name
	joined     map[string]bool     // networks that containers are on, whether they run or not
	volumes    map[string]bool
	mounted    map[string]bool // volumes that containers have
}

// look asks the engine, and not Compose, what there is.
func (s *stack) look(t *testing.T) running {
	t.Helper()
	r := running{containers: map[string][]string{}, networks: map[string]string{}, joined: map[string]bool{}, volumes: map[string]bool{}, mounted: map[string]bool{}}
	label := "label=com.docker.compose.project=" + s.project
	strip := func(name string) string { return strings.TrimPrefix(name, s.project+"_") }
	for line := range strings.Lines(s.engine.Docker("network", "ls", "--no-trunc", "--filter", label, "--format", "{{.Name}} {{.ID}}").Must(t)) {
		name, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		r.networks[strip(name)] = id
	}
	for line := range strings.Lines(s.engine.Docker("volume", "ls", "--filter", label, "--format", "{{.Name}}").Must(t)) {
		r.volumes[strip(strings.TrimSpace(line))] = true
	}
	ids := strings.Fields(s.engine.Docker("ps", "--all", "--quiet", "--no-trunc", "--filter", label).Must(t))
	if len(ids) == 0 {
		return r
	}
	var list []struct {
		ID     string `json:"Id"`
		Config struct{ Labels map[string]string }
		Mounts []struct{ Type, Name string }

		NetworkSettings struct{ Networks map[string]any }
	}
	if err := json.Unmarshal([]byte(s.engine.Docker(append([]string{"inspect"}, ids...)...).Must(t)), &list); err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		service := c.Config.Labels["com.docker.compose.service"]
		r.containers[service] = append(r.containers[service], c.ID)
		for name := range c.NetworkSettings.Networks {
			r.joined[strip(name)] = true
		}
		for _, m := range c.Mounts {
			if m.Type == "volume" {
				r.mounted[strip(m.Name)] = true
			}
		}
	}
	return r
}

// observed tells what became of what was there. stays tells which services are
// declared before and after: one without replicas is still one.
func observed(before, after running, stays func(string) bool) outcome {
	var o outcome
	services := map[string][]string{}
	maps.Copy(services, before.containers)
	maps.Copy(services, after.containers)
	for _, name := range sortedKeys(services) {
		was, is := before.containers[name], after.containers[name]
		kept := 0
		for _, id := range is {
			if slices.Contains(was, id) {
				kept++
			}
		}
		switch {
		case (len(was) == 0 || len(is) == 0) && stays(name):
			o.Scale = append(o.Scale, name)
		case len(was) == 0:
			o.Create = append(o.Create, name)
		case len(is) == 0:
			o.Remove = append(o.Remove, name)
		case kept == 0:
			o.Recreate = append(o.Recreate, name)
		case kept < max(len(was), len(is)):
			o.Scale = append(o.Scale, name)
		}
	}
	for _, name := range sortedKeys(after.networks) {
		switch was, there := before.networks[name]; {
		case !there:
			o.NetworksCreated = append(o.NetworksCreated, name)
		case was != after.networks[name]:
			o.NetworksRecreated = append(o.NetworksRecreated, name)
		case before.joined[name] && !after.joined[name]:
			o.NetworksUnused = append(o.NetworksUnused, name)
		}
	}
	for _, name := range sortedKeys(after.volumes) {
		switch {
		case !before.volumes[name]:
			o.VolumesCreated = append(o.VolumesCreated, name)
		case before.mounted[name] && !after.mounted[name]:
			o.VolumesUnused = append(o.VolumesUnused, name)
		}
	}
	return o
}

// predicted is the same, as a review says it for a release of Compose.
func predicted(e review.Effects, comparesDependencies, keepsNetworks bool) outcome {
	o := outcome{
		Create: services(e.Create), Recreate: services(e.Recreate), Scale: services(e.Scale), Remove: services(e.Remove),
		NetworksCreated: e.Networks.Created, NetworksRecreated: e.Networks.Recreated, NetworksUnused: e.Networks.Removed,
		VolumesCreated: e.Volumes.Created, VolumesUnused: e.Volumes.Removed,
	}
	if comparesDependencies {
		o.Recreate = merged(o.Recreate, services(e.Older))
		o.Scale = slices.DeleteFunc(o.Scale, func(name string) bool { return slices.Contains(o.Recreate, name) })
	}
	if keepsNetworks {
		o.NetworksRecreated = nil
	}
	return o
}

func services(list []review.Container) (out []string) {
	for _, c := range list {
		out = append(out, c.Service)
	}
	return out
}

// merged joins two lists of names, sorted, each once.
func merged(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// spoiled gives predictions that are each wrong in one thing.
func (o outcome) spoiled() []outcome {
	var out []outcome
	for i := range reflect.TypeFor[outcome]().NumField() {
		change := func(f func([]string) []string) {
			wrong := o
			field := reflect.ValueOf(&wrong).Elem().Field(i)
			field.Set(reflect.ValueOf(f(field.Interface().([]string))))
			out = append(out, wrong)
		}
		change(func(list []string) []string { return merged(list, []string{"nobody"}) })
		if reflect.ValueOf(o).Field(i).Len() > 0 {
			change(func(list []string) []string { return list[1:] })
		}
	}
	return out
}

// TestOutcome holds the comparison against what happened, and what did not.
func TestOutcome(t *testing.T) {
	before := running{
		containers: map[string][]string{"kept": {"1"}, "again": {"2"}, "gone": {"3"}, "more": {"4"}, "fewer": {"5", "6"}, "none": {"7"}, "all": {"8", "9"}},
		networks:   map[string]string{"same": "a", "anew": "b", "left": "c"}, joined: map[string]bool{"same": true, "anew": true, "left": true},
		volumes: map[string]bool{"same": true, "left": true}, mounted: map[string]bool{"same": true, "left": true},
	}
	after := running{
		containers: map[string][]string{"kept": {"1"}, "again": {"20"}, "come": {"30"}, "more": {"4", "40"}, "fewer": {"6"}, "all": {"80"}},
		networks:   map[string]string{"same": "a", "anew": "bb", "left": "c", "come": "d"}, joined: map[string]bool{"same": true, "anew": true, "come": true},
		volumes: map[string]bool{"same": true, "left": true, "come": true}, mounted: map[string]bool{"same": true, "come": true},
	}
	want := outcome{
		Create: []string{"come"}, Recreate: []string{"again", "all"}, Scale: []string{"fewer", "more", "none"}, Remove: []string{"gone"},
		NetworksCreated: []string{"come"}, NetworksRecreated: []string{"anew"}, NetworksUnused: []string{"left"},
		VolumesCreated: []string{"come"}, VolumesUnused: []string{"left"},
	}
	got := observed(before, after, func(name string) bool { return name == "none" })
	if diff := differences(want, got); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range want.spoiled() {
		if differences(wrong, got) == "" {
			t.Errorf("accepted: %+v", wrong)
		}
	}
}
