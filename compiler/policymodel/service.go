package policymodel

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"nselfc/compiler/ir"
	"nselfc/compiler/reference"
)

func (b *builder) service(s *ir.Service) cty.Value {
	registry, tag, digest := imageParts(s.Image.V)
	networks := make([]string, len(s.Networks))
	for i, n := range s.Networks {
		networks[i] = n.Network
	}
	slices.Sort(networks)
	depends := make(values, len(s.DependsOn))
	for _, d := range s.DependsOn {
		depends[d.Service] = text(d.Condition)
	}
	return object(values{
		"address": text(s.Address), "name": text(s.Name), "kind": text(b.kindOf(s)),
		"image": text(s.Image.V), "registry": text(registry), "tag": text(tag), "digest": text(digest),
		"build": build(s.Build), "entrypoint": plain(s.Entrypoint), "command": plain(s.Command),
		"user": text(s.User.V), "job": cty.BoolVal(s.Job), "store": text(s.Store.V),
		"ports": ports(s.Ports), "publish": publish(s),
		"env": variables(s.Env), "secret_env": b.secretEnv(s),
		"secrets": b.mounts(s, s.Secrets, "secrets"), "configs": b.mounts(s, s.Configs, "configs"),
		"volumes": mounted(s.Volumes), "tmpfs": tmpfs(s.Tmpfs), "healthcheck": health(s.Health),
		"cpus": cores(s.CPUs.V), "memory": positive(s.Memory.V), "pids": positive(s.Pids.V), "replicas": number(replicas(s)),
		"restart": text(s.Restart.V), "stop_grace": text(s.StopGrace.V),
		"init": cty.BoolVal(s.Init.V), "read_only": cty.BoolVal(s.ReadOnly.V), "capabilities": plain(s.CapAdd),
		"networks": texts(networks), "depends_on": mapOf(depends), "extra_compose": extra(s.Extra.V),
	})
}

// kindOf names the kind that a service comes from: the outermost one, which is what
// the stack's author wrote.
func (b *builder) kindOf(s *ir.Service) string {
	for i := range len(s.Address) {
		if s.Address[i] != '.' {
			continue
		}
		if kind, ok := b.kinds[s.Address[:i]]; ok {
			return kind
		}
	}
	return ""
}

// imageParts gives the registry, tag and digest of a reference.
func imageParts(image string) (registry, tag, digest string) {
	ref, err := reference.Parse(image)
	if image == "" || err != nil {
		return "", "", "" // the compiler has refused it
	}
	registry = "docker.io"
	if host, _, found := strings.Cut(ref.Name, "/"); found && (strings.ContainsAny(host, ".:") || host == "localhost") {
		registry = host
	}
	return registry, ref.Tag, ref.Digest
}

func build(b *ir.Build) cty.Value {
	if b == nil {
		return null("services", "build")
	}
	return object(values{
		"context": text(b.Context.V), "dockerfile": text(b.Dockerfile.V), "target": text(b.Target.V), "args": variables(b.Args),
	})
}

func ports(in []ir.Port) cty.Value {
	out := make([]cty.Value, len(in))
	for i, p := range in {
		out[i] = object(values{"name": text(p.Name.V), "container": number(p.Container.V), "protocol": text(cmp.Or(p.Protocol.V, "tcp"))})
	}
	return list(out, "services", "ports")
}

func port(p ir.Publish) values {
	return values{
		"host_ip": text(p.HostIP.V), "host": number(p.Host.V), "container": number(p.Container.V), "protocol": text(cmp.Or(p.Protocol.V, "tcp")),
	}
}

func publish(s *ir.Service) cty.Value {
	out := make([]cty.Value, len(s.Publish))
	for i, p := range s.Publish {
		out[i] = object(port(p))
	}
	return list(out, "services", "publish")
}

func (b *builder) published() cty.Value {
	var out []cty.Value
	for _, s := range b.stack.Services {
		for _, p := range s.Publish {
			v := port(p)
			v["address"], v["service"] = text(s.Address), text(s.Name)
			out = append(out, object(v))
		}
	}
	return list(out, "published")
}

func (b *builder) secretEnv(s *ir.Service) cty.Value {
	ty := cty.List(cty.String)
	out := values{}
	for name, addresses := range secretEnv(b.texts[s.EnvFile.V]) {
		out[name] = texts(addresses)
		b.use(s, addresses)
	}
	if len(out) == 0 {
		return cty.MapValEmpty(ty)
	}
	return cty.MapVal(out)
}

// use notes that a service gets secrets.
func (b *builder) use(s *ir.Service, addresses []string) {
	for _, a := range addresses {
		if !slices.Contains(b.used[a], s.Name) {
			b.used[a] = append(b.used[a], s.Name)
		}
	}
}

func (b *builder) mounts(s *ir.Service, in []ir.Mount, attribute string) cty.Value {
	out := make([]cty.Value, len(in))
	for i, m := range in {
		uses := b.texts[m.File].Addresses()
		b.use(s, uses)
		out[i] = object(values{"target": text(m.Target), "uses": texts(uses)})
	}
	return list(out, "services", attribute)
}

func mounted(in []ir.VolumeMount) cty.Value {
	out := make([]cty.Value, len(in))
	for i, v := range in {
		out[i] = object(values{
			"target": text(v.Target.V), "volume": text(v.Volume), "bind": text(v.Bind), "read_only": cty.BoolVal(v.ReadOnly.V),
		})
	}
	return list(out, "services", "volumes")
}

func tmpfs(in []ir.Tmpfs) cty.Value {
	out := make([]cty.Value, len(in))
	for i, t := range in {
		out[i] = object(values{
			"target": text(t.Target.V), "size": number(t.Size.V), "mode": text("0" + strconv.FormatUint(uint64(t.Mode), 8)), "exec": cty.BoolVal(t.Exec.V),
		})
	}
	return list(out, "services", "tmpfs")
}

func health(h *ir.Health) cty.Value {
	if h == nil {
		return null("services", "healthcheck")
	}
	return object(values{
		"test": texts(h.Test), "interval": text(h.Interval.V), "timeout": text(h.Timeout.V), "retries": number(h.Retries.V), "start_period": text(h.StartPeriod.V),
	})
}

// cores rounds to thousandths, as Docker counts them.
func cores(n float64) cty.Value {
	if n == 0 {
		return cty.NullVal(cty.Number)
	}
	return cty.NumberFloatVal(math.Round(n*1000) / 1000)
}

// replicas: Compose starts one container where nothing says how many.
func replicas(s *ir.Service) int {
	if !s.Replicas.IsSet() {
		return 1
	}
	return s.Replicas.V
}

func mapOf(v values) cty.Value {
	if len(v) == 0 {
		return cty.MapValEmpty(cty.String)
	}
	return cty.MapVal(v)
}

// extra lists the keys of extra_compose.
func extra(v cty.Value) cty.Value {
	if v == cty.NilVal || v.IsNull() || !v.Type().IsObjectType() {
		return texts(nil)
	}
	return texts(slices.Sorted(maps.Keys(v.Type().AttributeTypes())))
}
