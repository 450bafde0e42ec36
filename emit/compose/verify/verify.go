// Package verify reads the emitted compose files back with compose-go's own
// loader, the reader inside Docker Compose, and compares what it understood
// with the intermediate representation, field by field. It serves
// `nselfc build --verify` and the tests.
//
// It knows nothing of YAML, quoting or key order, shares no code with the
// emitter, reads no file and no environment, and starts no Docker. It lives in a
// package of its own because the loader costs several milliseconds at the start
// of every program that links it, and a second for a thousand services.
package verify

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"

	"nselfc/compiler/ir"
	"nselfc/emit"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// Verify loads the files as Compose would, with an empty environment, and
// returns one NS900 for every difference from the stack. The files of a split
// stack are merged in memory: `include` would read them from disk.
//
// The loader's consistency check is left out, as its search for cycles takes
// exponential time in layered graphs (compose-go, graph.CheckCycle). Dangling
// references are looked for here instead; cycles are the compiler's affair.
func Verify(ctx context.Context, stack *ir.Stack, files []emit.File) diag.List {
	project, err := load(ctx, files)
	if err != nil {
		return diag.List{bug(stack.Name.Range, "Compose cannot read the file: %s.", err)}
	}
	c := &comparison{}
	c.at = stack.Name.Range
	c.equal("name", stack.Project, project.Name)
	c.services(stack, project)
	c.networks(stack, project)
	c.volumes(stack, project)
	c.secrets(stack, project)
	c.references(stack, project)
	c.extras(stack, files)
	return c.diags
}

func load(ctx context.Context, files []emit.File) (*types.Project, error) {
	// compose-go warns through the global logger of logrus, in random order.
	logrus.SetOutput(io.Discard)
	details := types.ConfigDetails{WorkingDir: "/", Environment: types.Mapping{}}
	for _, f := range files {
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{
			Filename: f.Path, Content: []byte(f.Text.String()),
		})
	}
	return loader.LoadWithContext(ctx, details, func(o *loader.Options) {
		o.ResolvePaths = false
		o.SkipConsistencyCheck = true
		o.SkipDefaultValues = true
		o.SkipInclude = true
		o.SkipNormalization = true
		o.SkipResolveEnvironment = true
		o.SkipResolveLabels = true
	})
}

func bug(at source.Range, detail string, args ...any) *diag.Diagnostic {
	return diag.Errorf("NS900", at, "Bug in nselfc",
		"docker-compose.yml does not say what the compiler meant. "+detail+" Nothing was written. Please report this, with the stack that shows it.", args...)
}

// comparison collects differences. at is where the next one points.
type comparison struct {
	at    source.Range
	diags diag.List
}

func (c *comparison) services(stack *ir.Stack, project *types.Project) {
	c.names("services", stackNames(stack.Services, func(s *ir.Service) string { return s.Name }), project.Services)
	for _, s := range stack.Services {
		got, ok := project.Services[s.Name]
		if !ok {
			continue
		}
		c.at = s.Origin.Range
		extra := extraKeys(s)
		want := wantService(s)
		if len(s.Networks) > 0 {
			want.Labels[labelNetworks] = got.Labels[labelNetworks] // below
		}
		c.fields("services."+s.Name, want, gotService(got, extra))
		c.rest("services."+s.Name, got, extra)
	}
	c.networkLabels(stack, project)
}

const labelNetworks = "io.nselfc.networks"

// networkLabels holds that the labels of two services are the same when they are on
// the same networks, and not otherwise: Compose makes containers anew by them.
func (c *comparison) networkLabels(stack *ir.Stack, project *types.Project) {
	definitions := map[string]string{}
	for _, n := range stack.Networks {
		definitions[n.Name] = fmt.Sprintf("%q %t %q %q %q\n", n.Name, n.Internal, n.Subnet, n.Subnet6, n.Bridge)
	}
	labels, meanings := map[string]string{}, map[string]string{}
	for _, s := range stack.Services {
		label, meaning := project.Services[s.Name].Labels[labelNetworks], ""
		for _, a := range s.Networks {
			meaning += definitions[a.Network]
		}
		c.at = s.Origin.Range
		switch {
		case (label == "") != (meaning == ""):
			c.diags = append(c.diags, bug(c.at, "services.%s has the label %s %q, and is on %d networks.", s.Name, labelNetworks, label, len(s.Networks)))
		case meaning == "":
		case labels[meaning] != "" && labels[meaning] != label, meanings[label] != "" && meanings[label] != meaning:
			c.diags = append(c.diags, bug(c.at, "services.%s has a label %s that does not say which networks it is on.", s.Name, labelNetworks))
		default:
			labels[meaning], meanings[label] = label, meaning
		}
	}
}

func (c *comparison) networks(stack *ir.Stack, project *types.Project) {
	c.at = stack.Name.Range
	c.names("networks", stackNames(stack.Networks, func(n *ir.Network) string { return n.Name }), project.Networks)
	for _, n := range stack.Networks {
		c.at = n.Origin.Range
		c.fields("networks."+n.Name, wantNetwork(n), gotNetwork(project.Networks[n.Name]))
	}
}

func (c *comparison) volumes(stack *ir.Stack, project *types.Project) {
	c.at = stack.Name.Range
	c.names("volumes", stackNames(stack.Volumes, func(v *ir.Volume) string { return v.Name }), project.Volumes)
	for _, v := range stack.Volumes {
		c.at = v.Origin.Range
		got := project.Volumes[v.Name]
		c.equal("volumes."+v.Name+".labels", variables(v.Labels), plainMap(got.Labels))
		got.Labels = nil
		c.equal("volumes."+v.Name, types.VolumeConfig{}, got)
	}
}

func (c *comparison) secrets(stack *ir.Stack, project *types.Project) {
	want := map[string]types.SecretConfig{}
	for _, s := range stack.Services {
		for _, m := range s.Secrets {
			want[m.Name] = types.SecretConfig{File: local(m.File)}
		}
	}
	c.at = stack.Name.Range
	got := map[string]types.SecretConfig(project.Secrets)
	c.names("secrets", sortedKeys(want), got)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		c.equal("secrets."+name, want[name], got[name])
	}
}

// references looks for names that nothing declares.
func (c *comparison) references(stack *ir.Stack, project *types.Project) {
	for _, s := range stack.Services {
		c.at = s.Origin.Range
		path := "services." + s.Name
		for _, a := range s.Networks {
			declared(c, path+".networks", a.Network, project.Networks)
		}
		for _, d := range s.DependsOn {
			declared(c, path+".depends_on", d.Service, project.Services)
		}
		for _, v := range s.Volumes {
			if v.Volume != "" {
				declared(c, path+".volumes", v.Volume, project.Volumes)
			}
		}
	}
}

func declared[M ~map[string]V, V any](c *comparison, path, name string, in M) {
	if _, ok := in[name]; !ok {
		c.diags = append(c.diags, bug(c.at, "%s names %q, which nothing declares.", path, name))
	}
}

// names compares the keys of a section.
func (c *comparison) names(section string, want []string, got any) {
	slices.Sort(want)
	c.equal(section, want, sortedKeys(got))
}

func stackNames[T any](list []T, name func(T) string) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = name(e)
	}
	return out
}
