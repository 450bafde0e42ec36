package model

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/source"
)

// service describes a compose service. Every attribute but those of Loose is part
// of what Compose compares, so that a change of it makes the container anew.
func (d *describer) service(w *writer, s *ir.Service) {
	resource(w, TypeService, s.Origin)
	w.str("name", s.Name, s.Origin)
	w.text("image", s.Image)
	build(w, s)
	w.list("entrypoint", s.Entrypoint, s.Origin)
	w.list("command", s.Command, s.Origin)
	w.text("user", s.User)
	w.bool("job", s.Job, s.Origin)
	w.text("store", s.Store)
	ports(w, s)
	vars(w, "env", s.Env, s.Origin)
	d.secretEnv(w, s)
	d.mounts(w, "secrets", s.Secrets, s)
	d.mounts(w, "configs", s.Configs, s)
	volumes(w, s)
	tmpfs(w, s)
	health(w, s)
	w.cores("cpus", s.CPUs)
	w.bytes("memory", s.Memory)
	w.number("pids", s.Pids)
	if s.Replicas.IsSet() && s.Replicas.V != 1 { // none at all is a number too
		w.begin("replicas", s.Replicas.Origin)
		w.buf = strconv.AppendInt(w.buf, int64(s.Replicas.V), 10)
	}
	w.text("restart", s.Restart)
	w.duration("stop_grace", s.StopGrace)
	w.yes("init", s.Init)
	w.yes("read_only", s.ReadOnly)
	w.set("capabilities", s.CapAdd, s.Origin)
	topology(w, s)
	w.str("config", s.Digest, s.Origin)
	if s.Extra.IsSet() {
		w.value("extra_compose", s.Extra.V, s.Extra.Origin)
	}
	if i := d.stack.Ingress; i != nil && i.Service == s.Name {
		edge(w, i)
	}
	w.end()
}

// cores writes a number of processors, in thousandths as Docker counts them.
func (w *writer) cores(name string, v source.Value[float64]) {
	if v.V == 0 {
		w.note(name, v.Origin)
		return
	}
	w.begin(name, v.Origin)
	w.buf = strconv.AppendFloat(w.buf, math.Round(v.V*1000)/1000, 'f', -1, 64)
}

func build(w *writer, s *ir.Service) {
	b := s.Build
	if b == nil {
		return
	}
	w.group("build", b.Origin)
	w.text("context", b.Context)
	w.text("dockerfile", b.Dockerfile)
	w.text("target", b.Target)
	vars(w, "args", b.Args, b.Origin)
	w.endGroup()
}

// ports writes the ports that the container listens on, by number and protocol,
// and those that the host opens, by address, number and protocol.
func ports(w *writer, s *ir.Service) {
	if len(s.Ports) > 0 {
		w.group("ports", s.Origin)
		written := ""
		for _, p := range s.Ports { // by number
			key := strconv.Itoa(p.Container.V) + "/" + p.Protocol.V
			if key == written {
				continue // one port by two names
			}
			written = key
			w.begin(key, p.Container.Origin)
			w.buf = appendString(w.buf, p.Name.V)
		}
		w.endGroup()
	}
	if len(s.Publish) > 0 {
		w.group("publish", s.Publish[0].Host.Origin)
		for _, p := range s.Publish {
			host := p.HostIP.V
			if host == "" {
				host = "*"
			}
			w.int(host+":"+strconv.Itoa(p.Host.V)+"/"+p.Protocol.V, int64(p.Container.V), p.Host.Origin)
		}
		w.endGroup()
	}
}

// secretEnv writes the variables that hold a secret: those of the env file, which
// has one on a line, in the form NAME=${…}.
func (d *describer) secretEnv(w *writer, s *ir.Service) {
	f := d.file(s.EnvFile.V)
	if f == nil {
		return
	}
	w.group("secret_env", s.EnvFile.Origin)
	for line := range strings.Lines(f.Content.String()) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		w.begin(name, s.EnvFile.Origin)
		w.standIn(value)
	}
	w.endGroup()
}

// file finds a file of the stack by its path.
func (d *describer) file(path string) *ir.File {
	files := d.stack.Files // sorted
	i, ok := slices.BinarySearchFunc(files, path, func(f *ir.File, p string) int { return strings.Compare(f.Path, p) })
	if !ok {
		return nil
	}
	return files[i]
}

// mounts writes files by where the container sees them.
func (d *describer) mounts(w *writer, name string, list []ir.Mount, s *ir.Service) {
	if len(list) == 0 {
		return
	}
	w.group(name, s.Origin)
	for _, m := range byName(list, func(m *ir.Mount) string { return m.Target }) {
		w.group(m.Target, m.Origin)
		w.str("file", m.File, m.Origin)
		if f := d.file(m.File); f != nil {
			uses(w, f.Content, m.Origin)
		}
		w.endGroup()
	}
	w.endGroup()
}

func volumes(w *writer, s *ir.Service) {
	if len(s.Volumes) == 0 {
		return
	}
	w.group("volumes", s.Origin)
	for _, v := range byName(s.Volumes, func(v *ir.VolumeMount) string { return v.Target.V }) {
		w.group(v.Target.V, v.Origin)
		w.str("volume", v.Volume, v.Origin)
		w.str("bind", v.Bind, v.Origin)
		w.yes("read_only", v.ReadOnly)
		w.endGroup()
	}
	w.endGroup()
}

func tmpfs(w *writer, s *ir.Service) {
	if len(s.Tmpfs) == 0 {
		return
	}
	w.group("tmpfs", s.Origin)
	for _, t := range byName(s.Tmpfs, func(t *ir.Tmpfs) string { return t.Target.V }) {
		w.group(t.Target.V, t.Target.Origin)
		w.bytes("size", t.Size)
		w.str("mode", "0"+strconv.FormatUint(uint64(t.Mode), 8), t.Target.Origin)
		w.yes("exec", t.Exec)
		w.endGroup()
	}
	w.endGroup()
}

func health(w *writer, s *ir.Service) {
	h := s.Health
	if h == nil {
		return
	}
	w.group("healthcheck", h.Origin)
	test := make([]ir.String, len(h.Test))
	for i, word := range h.Test {
		test[i] = ir.String{V: word, Origin: h.Origin}
	}
	w.list("test", test, h.Origin)
	w.duration("interval", h.Interval)
	w.duration("timeout", h.Timeout)
	w.number("retries", h.Retries)
	w.duration("start_period", h.StartPeriod)
	w.endGroup()
}

// topology writes networks, with the names that the service has on them, and the
// services that must be up before it.
func topology(w *writer, s *ir.Service) {
	if len(s.Networks) > 0 {
		w.group("networks", s.Origin)
		for _, n := range byName(s.Networks, func(n *ir.Attachment) string { return n.Network }) {
			w.begin(n.Network, n.Origin)
			w.buf = append(w.buf, '[')
			for i, a := range slices.Sorted(slices.Values(n.Aliases)) {
				if i > 0 {
					w.buf = append(w.buf, ',')
				}
				w.buf = appendString(w.buf, a)
			}
			w.buf = append(w.buf, ']')
		}
		w.endGroup()
	}
	if len(s.DependsOn) > 0 {
		w.group("depends_on", s.DependsOn[0].Origin)
		for _, dep := range byName(s.DependsOn, func(d *ir.Dependency) string { return d.Service }) {
			w.str(dep.Service, dep.Condition, dep.Origin)
		}
		w.endGroup()
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}
