package verify

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"nselfc/compiler/ir"
)

// service is what both sides of the comparison are reduced to. Lists that are
// empty are nil, and maps are never nil, on both sides.
type service struct {
	Image, User, Restart, NetworkMode string
	Build                             build
	Command, Entrypoint               []string
	Environment, Labels               map[string]string
	EnvFiles                          []types.EnvFile
	DependsOn                         map[string]types.ServiceDependency
	Volumes                           []mount
	Secrets                           []types.ServiceSecretConfig
	Ports                             []types.ServicePortConfig
	Expose                            []string
	Networks                          map[string][]string
	Health                            health
	Logging                           types.LoggingConfig
	CapAdd, CapDrop, SecurityOpt      []string
	Tmpfs                             []string
	Replicas                          int
	CPUs                              float32
	Memory, MemorySwap, Pids          int64
	StopGrace                         string
	Init, ReadOnly                    bool
}

type build struct {
	Context, Dockerfile, Target string
	Args                        map[string]string
}

type mount struct {
	Type, Source, Target string
	ReadOnly             bool
	CreateHostPath       bool
}

type health struct {
	Test                           []string
	Interval, Timeout, StartPeriod string
	Retries                        uint64
}

// wantService says in Compose's terms what the intermediate representation
// means. Every hardening stands here a second time, on purpose.
func wantService(s *ir.Service) service {
	want := service{
		Image: s.Image.V, User: s.User.V, Restart: s.Restart.V,
		Command: texts(s.Command), Entrypoint: texts(s.Entrypoint),
		Environment: variables(s.Env),
		Labels:      map[string]string{"io.nselfc.address": s.Address},
		DependsOn:   map[string]types.ServiceDependency{},
		Networks:    map[string][]string{},
		Build:       build{Args: map[string]string{}},
		Logging: types.LoggingConfig{
			Driver: "json-file", Options: types.Options{"max-size": "10m", "max-file": "3"},
		},
		CapAdd: texts(s.CapAdd), CapDrop: []string{"ALL"},
		SecurityOpt: []string{"no-new-privileges:true"},
		Replicas:    1, CPUs: float32(s.CPUs.V), Memory: s.Memory.V, MemorySwap: s.Memory.V, Pids: int64(s.Pids.V),
		StopGrace: duration(s.StopGrace.V), Init: s.Init.V, ReadOnly: s.ReadOnly.V,
	}
	if s.Replicas.IsSet() {
		want.Replicas = s.Replicas.V
	}
	if s.Digest != "" {
		want.Labels["io.nselfc.config"] = s.Digest
	}
	if b := s.Build; b != nil {
		want.Build = build{local(b.Context.V), b.Dockerfile.V, b.Target.V, variables(b.Args)}
	}
	if s.EnvFile.V != "" {
		want.EnvFiles = []types.EnvFile{{Path: local(s.EnvFile.V), Required: true}}
	}
	for _, d := range s.DependsOn {
		want.DependsOn[d.Service] = types.ServiceDependency{Condition: d.Condition, Required: true}
	}
	for _, v := range s.Volumes {
		m := mount{Type: "volume", Source: v.Volume, Target: v.Target.V, ReadOnly: v.ReadOnly.V}
		if v.Volume == "" {
			m.Type, m.Source = "bind", local(v.Bind)
		}
		want.Volumes = append(want.Volumes, m)
	}
	for _, m := range s.Configs {
		want.Volumes = append(want.Volumes, mount{Type: "bind", Source: local(m.File), Target: m.Target, ReadOnly: true})
	}
	for _, m := range s.Secrets {
		want.Secrets = append(want.Secrets, types.ServiceSecretConfig{Source: m.Name, Target: m.Target})
	}
	for _, p := range s.Publish {
		want.Ports = append(want.Ports, types.ServicePortConfig{
			HostIP: p.HostIP.V, Target: uint32(p.Container.V), Published: strconv.Itoa(p.Host.V), Protocol: p.Protocol.V,
		})
	}
	for _, p := range s.Ports {
		text := strconv.Itoa(p.Container.V)
		if p.Protocol.V == "udp" {
			text += "/udp"
		}
		want.Expose = append(want.Expose, text)
	}
	want.Expose = slices.Compact(want.Expose) // one port may have two names
	for _, a := range s.Networks {
		want.Networks[a.Network] = nilIfEmpty(a.Aliases)
	}
	if len(s.Networks) == 0 {
		want.NetworkMode = "none"
	}
	for _, t := range s.Tmpfs {
		want.Tmpfs = append(want.Tmpfs, wantTmpfs(t))
	}
	if h := s.Health; h != nil {
		want.Health = health{
			nilIfEmpty(h.Test), duration(h.Interval.V), duration(h.Timeout.V), duration(h.StartPeriod.V), uint64(h.Retries.V),
		}
	}
	return want
}

func wantTmpfs(t ir.Tmpfs) string {
	opts := []string{"rw", "noexec", "nosuid", "nodev"}
	if t.Exec.V {
		opts[1] = "exec"
	}
	if n := t.Size.V; n > 0 {
		unit := ""
		for _, u := range []string{"k", "m", "g"} {
			if n%1024 != 0 {
				break
			}
			n, unit = n/1024, u
		}
		opts = append(opts, fmt.Sprintf("size=%d%s", n, unit))
	}
	if t.Mode != 0 {
		opts = append(opts, fmt.Sprintf("mode=%o", t.Mode))
	}
	return t.Target.V + ":" + strings.Join(opts, ",")
}

// gotService reduces a loaded service. Labels that extra_compose adds are left
// out: extras compares them.
func gotService(s types.ServiceConfig, extra map[string]bool) service {
	got := service{
		Image: s.Image, User: s.User, Restart: s.Restart, NetworkMode: s.NetworkMode,
		Command: nilIfEmpty(s.Command), Entrypoint: nilIfEmpty(s.Entrypoint),
		Environment: present(s.Environment), Labels: plainMap(s.Labels),
		EnvFiles: nilIfEmpty(s.EnvFiles), DependsOn: map[string]types.ServiceDependency{},
		Secrets: nilIfEmpty(s.Secrets), Ports: nilIfEmpty(s.Ports), Expose: nilIfEmpty(s.Expose),
		Networks: map[string][]string{}, Build: build{Args: map[string]string{}},
		CapAdd: nilIfEmpty(s.CapAdd), CapDrop: nilIfEmpty(s.CapDrop), SecurityOpt: nilIfEmpty(s.SecurityOpt),
		Tmpfs: nilIfEmpty(s.Tmpfs), Replicas: s.GetScale(), MemorySwap: int64(s.MemSwapLimit), ReadOnly: s.ReadOnly,
		Init: s.Init != nil && *s.Init,
	}
	if extra["labels"] {
		got.Labels = ownLabels(s.Labels)
	}
	if s.Logging != nil {
		got.Logging = *s.Logging
	}
	if s.StopGracePeriod != nil {
		got.StopGrace = s.StopGracePeriod.String()
	}
	maps.Copy(got.DependsOn, s.DependsOn)
	for _, v := range s.Volumes {
		m := mount{Type: v.Type, Source: v.Source, Target: v.Target, ReadOnly: v.ReadOnly}
		m.CreateHostPath = v.Bind != nil && bool(v.Bind.CreateHostPath)
		got.Volumes = append(got.Volumes, m)
	}
	for name, n := range s.Networks {
		got.Networks[name] = nil
		if n != nil {
			got.Networks[name] = nilIfEmpty(n.Aliases)
		}
	}
	if b := s.Build; b != nil {
		got.Build = build{b.Context, b.Dockerfile, b.Target, present(b.Args)}
	}
	if h := s.HealthCheck; h != nil {
		got.Health = health{Test: nilIfEmpty(h.Test), Interval: text(h.Interval), Timeout: text(h.Timeout), StartPeriod: text(h.StartPeriod)}
		if h.Retries != nil {
			got.Health.Retries = *h.Retries
		}
	}
	if s.Deploy != nil && s.Deploy.Resources.Limits != nil {
		l := s.Deploy.Resources.Limits
		got.CPUs, got.Memory, got.Pids = l.NanoCPUs.Value(), int64(l.MemoryBytes), l.Pids
	}
	return got
}

type network struct {
	Driver, Subnet, Bridge, Binding string
	Internal, IPv6                  bool
	Options                         int
}

func wantNetwork(n *ir.Network) network {
	want := network{Driver: "bridge", Subnet: strings.TrimSpace(n.Subnet + " " + n.Subnet6), Bridge: n.Bridge, Internal: n.Internal, IPv6: n.Subnet6 != ""}
	if n.Internal {
		want.Binding = "127.0.0.1"
		want.Options++
	}
	if n.Bridge != "" {
		want.Options++
	}
	return want
}

func gotNetwork(n types.NetworkConfig) network {
	got := network{
		Driver: n.Driver, Internal: n.Internal, Options: len(n.DriverOpts),
		Bridge:  n.DriverOpts["com.docker.network.bridge.name"],
		Binding: n.DriverOpts["com.docker.network.bridge.host_binding_ipv4"],
	}
	got.IPv6 = n.EnableIPv6 != nil && *n.EnableIPv6
	var subnets []string
	for _, pool := range n.Ipam.Config {
		subnets = append(subnets, pool.Subnet)
	}
	got.Subnet = strings.Join(subnets, " ")
	return got
}
