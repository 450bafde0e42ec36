package compose

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// Origins of what this package adds on its own. They carry no place: the
// writer completes them with the service's.
var (
	hardening = source.Origin{By: "hardening"}
	logging   = source.Origin{By: "log rotation"}
	tracing   = source.Origin{By: "label of nselfc"}
)

// service writes one service. The order of keys is that of dclint's
// service-keys-order rule, so that the file reads like the ones that people
// write: what runs, what it needs, its data, environment and networks, how it
// runs, and then the rest by the alphabet, extra_compose included.
func (w *writer) service(s *ir.Service, x extra) {
	w.address, w.origin = s.Address, s.Origin
	w.userKey(2, s.Name, s.Origin)
	w.text(4, "image", s.Image)
	w.build(s.Build)
	w.dependsOn(s.DependsOn)
	w.mounts(s)
	w.secrets(s.Secrets)
	w.environment(s)
	w.ports(s.Publish)
	w.networks(s.Networks)
	w.list("command", s.Command)
	w.list("entrypoint", s.Entrypoint)
	w.text(4, "working_dir", x.workingDir)
	w.text(4, "restart", s.Restart)
	w.health(s.Health)
	w.logging()
	w.labels(s, x.labels)
	w.text(4, "user", s.User)
	w.pending = x.keys
	w.limits(s)
	w.flush("~")
}

// limits writes the alphabetical rest of a service, and with it everything that
// confines the container.
func (w *writer) limits(s *ir.Service) {
	w.flush("cap_add")
	w.list("cap_add", s.CapAdd)
	w.flush("cap_drop")
	w.key(4, "cap_drop", hardening)
	w.rawItem(6, "ALL", hardening)
	w.flush("deploy")
	w.deploy(s)
	w.flush("expose")
	w.expose(s.Ports)
	w.flush("init")
	w.yes(4, "init", s.Init)
	w.flush("memswap_limit")
	if s.Memory.V > 0 {
		// Equal to the memory limit: no swap. A limit that could spill to
		// disk would slow down every service of the host instead of this one.
		w.size(4, "memswap_limit", s.Memory.V, s.Memory.Origin)
	}
	w.flush("read_only")
	w.yes(4, "read_only", s.ReadOnly)
	w.flush("security_opt")
	w.key(4, "security_opt", hardening)
	w.rawItem(6, "no-new-privileges:true", hardening)
	w.flush("stop_grace_period")
	w.text(4, "stop_grace_period", s.StopGrace)
	w.flush("tmpfs")
	w.tmpfs(s.Tmpfs)
}

// flush writes the keys of extra_compose that stand before the given one in
// the alphabet.
func (w *writer) flush(before string) {
	for len(w.pending) > 0 && w.pending[0].key < before {
		w.cty(4, w.pending[0].key, w.pending[0].value.V, w.pending[0].value.Origin)
		w.pending = w.pending[1:]
	}
}

// deploy writes limits and replicas in the one form that every release from
// Compose 2.26 on honours without Swarm: deploy.resources.limits. mem_limit,
// cpus and pids_limit say the same, but next to a deploy block Compose 5
// compares the two and refuses any difference.
func (w *writer) deploy(s *ir.Service) {
	replicas := s.Replicas.IsSet() && s.Replicas.V != 1
	limits := s.CPUs.V > 0 || s.Memory.V > 0 || s.Pids.V > 0
	if !replicas && !limits {
		return
	}
	w.key(4, "deploy", s.Origin)
	if replicas {
		w.int(6, "replicas", s.Replicas.V, s.Replicas.Origin)
	}
	if !limits {
		return
	}
	w.key(6, "resources", s.Origin)
	w.key(8, "limits", s.Origin)
	if s.CPUs.V > 0 {
		w.begin(10, s.CPUs.Origin)
		w.buf = appendCores(append(w.buf, "cpus: "...), s.CPUs.V)
		w.nodes++
		w.end()
	}
	if s.Memory.V > 0 {
		w.size(10, "memory", s.Memory.V, s.Memory.Origin)
	}
	if s.Pids.V > 0 {
		w.int(10, "pids", s.Pids.V, s.Pids.Origin)
	}
}

func (w *writer) build(b *ir.Build) {
	if b == nil {
		return
	}
	w.key(4, "build", b.Origin)
	w.path(6, "context", b.Context.V, b.Context.Origin)
	w.text(6, "dockerfile", b.Dockerfile)
	if len(b.Args) > 0 {
		w.key(6, "args", b.Origin)
		for _, a := range b.Args {
			w.userStr(8, a.Name, a.Value.V, a.Value.Origin)
		}
	}
	w.text(6, "target", b.Target)
}

// dependsOn never sets `restart: true`: it would restart every consumer
// whenever its provider is recreated, and a consumer that cannot reconnect is
// better found by its health check than hidden by a restart.
func (w *writer) dependsOn(deps []ir.Dependency) {
	if len(deps) == 0 {
		return
	}
	w.key(4, "depends_on", deps[0].Origin)
	for _, d := range deps {
		w.userKey(6, d.Service, d.Origin)
		w.str(8, "condition", d.Condition, d.Origin)
	}
}

func (w *writer) secrets(mounts []ir.Mount) {
	if len(mounts) == 0 {
		return
	}
	// No uid, gid or mode: Compose ignores them for secrets from files, with a
	// warning at every start.
	w.key(4, "secrets", mounts[0].Origin)
	for _, m := range mounts {
		w.mapItem()
		w.str(8, "source", m.Name, m.Origin)
		w.str(8, "target", m.Target, m.Origin)
	}
}

func (w *writer) environment(s *ir.Service) {
	if len(s.Env) > 0 {
		w.key(4, "environment", s.Env[0].Value.Origin)
		for _, e := range s.Env {
			w.userStr(6, e.Name, e.Value.V, e.Value.Origin)
		}
	}
	if s.EnvFile.V == "" {
		return
	}
	// Required: a missing file must stop the start, not drop the variables.
	w.key(4, "env_file", s.EnvFile.Origin)
	w.mapItem()
	w.path(8, "path", s.EnvFile.V, s.EnvFile.Origin)
	w.raw(8, "required", "true", s.EnvFile.Origin)
}

// ports writes long-form ports. A port for every address has no host_ip:
// Docker 20.10 to 29 then listens on 0.0.0.0 and on [::], and does without the
// second where the kernel has no IPv6 (libnetwork, IsV6Listenable). An explicit
// `host_ip: '::'` would keep the container from starting on such a host.
func (w *writer) ports(ports []ir.Publish) {
	if len(ports) == 0 {
		return
	}
	w.key(4, "ports", ports[0].Host.Origin)
	for _, p := range ports {
		w.mapItem()
		w.int(8, "target", p.Container.V, p.Container.Origin)
		w.raw(8, "published", "'"+strconv.Itoa(p.Host.V)+"'", p.Host.Origin)
		w.str(8, "protocol", p.Protocol.V, p.Protocol.Origin)
		w.text(8, "host_ip", p.HostIP)
	}
}

// networks lists the attachments. A service without any gets none at all:
// Compose would otherwise join it to a default network with a way out.
func (w *writer) networks(joined []ir.Attachment) {
	if len(joined) == 0 {
		w.raw(4, "network_mode", "none", source.Origin{By: "topology"})
		return
	}
	w.key(4, "networks", joined[0].Origin)
	for _, a := range joined {
		w.checkExtension(a.Network, a.Origin)
		if len(a.Aliases) == 0 {
			w.empty(6, a.Network, a.Origin)
			continue
		}
		w.userKey(6, a.Network, a.Origin)
		w.key(8, "aliases", a.Origin)
		for _, name := range a.Aliases {
			w.item(10, name, a.Origin)
		}
	}
}

func (w *writer) health(h *ir.Health) {
	if h == nil {
		return
	}
	w.key(4, "healthcheck", h.Origin)
	w.key(6, "test", h.Origin)
	for _, arg := range h.Test {
		w.item(8, arg, h.Origin)
	}
	w.text(6, "interval", h.Interval)
	w.text(6, "timeout", h.Timeout)
	if h.Retries.V > 0 {
		w.int(6, "retries", h.Retries.V, h.Retries.Origin)
	}
	w.text(6, "start_period", h.StartPeriod)
}

// logging bounds the logs: Docker keeps them for ever by default (CIS Docker
// Benchmark 2.13). json-file and not local, because it is the one driver that
// every engine has and that log shippers can read.
func (w *writer) logging() {
	w.key(4, "logging", logging)
	w.raw(6, "driver", "json-file", logging)
	w.key(6, "options", logging)
	w.raw(8, "max-file", "'3'", logging)
	w.raw(8, "max-size", "10m", logging)
}

// labels names the service in `docker inspect`, and repeats what is no part of
// what Compose compares before it keeps a container: digests of the files that it
// reads and of the networks that it is on. Without the second, Compose 2.31 and
// later would make a network anew when its definition changes, and put the old
// containers on it without their names: no service would find another.
func (w *writer) labels(s *ir.Service, extra []ir.EnvVar) {
	w.key(4, "labels", tracing)
	w.str(6, labelAddress, s.Address, tracing)
	if s.Digest != "" {
		w.str(6, labelConfig, s.Digest, tracing)
	}
	if len(s.Networks) > 0 {
		w.str(6, labelNetworks, w.networkDigest(s.Networks), tracing)
	}
	for _, l := range extra {
		w.userStr(6, l.Name, l.Value.V, l.Value.Origin)
	}
}

// Labels of every container; see labels.
const (
	labelAddress  = "io.nselfc.address"
	labelConfig   = "io.nselfc.config"
	labelNetworks = "io.nselfc.networks"
)

// networkDigest identifies the definitions of networks.
func (w *writer) networkDigest(joined []ir.Attachment) string {
	w.scratch = w.scratch[:0]
	for _, a := range joined { // by name
		w.scratch = append(w.scratch, w.definitions[a.Network]...)
	}
	sum := sha256.Sum256(w.scratch)
	return hex.EncodeToString(sum[:16])
}

func (w *writer) expose(ports []ir.Port) {
	if len(ports) == 0 {
		return
	}
	w.key(4, "expose", ports[0].Container.Origin)
	for i, p := range ports {
		if i > 0 && p.Container.V == ports[i-1].Container.V && p.Protocol.V == ports[i-1].Protocol.V {
			continue // one port by two names; the schema wants each once
		}
		w.dash = true
		w.begin(8, p.Container.Origin)
		w.buf = strconv.AppendInt(append(w.buf, '\''), int64(p.Container.V), 10)
		if p.Protocol.V == "udp" {
			w.buf = append(w.buf, "/udp"...)
		}
		w.buf = append(w.buf, '\'')
		w.nodes++
		w.end()
	}
}

// list writes a list of strings, or nothing when it is empty.
func (w *writer) list(key string, values []ir.String) {
	if len(values) == 0 {
		return
	}
	w.key(4, key, values[0].Origin)
	for _, v := range values {
		w.item(6, v.V, v.Origin)
	}
}
