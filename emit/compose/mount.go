package compose

import (
	"bytes"
	"path"
	"strconv"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang/diag"
	"nselfc/lang/source"
)

// mounts writes volumes and configuration files, all in long form, and checks
// the paths of every mount of the service. A configuration file is a bind mount
// and not an entry under `configs`, whose mode Compose ignores with a warning.
func (w *writer) mounts(s *ir.Service) {
	w.checkTargets(s)
	if len(s.Volumes)+len(s.Configs) == 0 {
		return
	}
	w.key(4, "volumes", s.Origin)
	for _, v := range s.Volumes {
		w.mapItem()
		if v.Volume != "" {
			w.raw(8, "type", "volume", v.Origin)
			w.str(8, "source", v.Volume, v.Origin)
		} else {
			w.raw(8, "type", "bind", v.Origin)
			w.path(8, "source", v.Bind, v.Origin)
		}
		w.str(8, "target", v.Target.V, v.Target.Origin)
		w.yes(8, "read_only", v.ReadOnly)
		if v.Volume == "" {
			w.mustExist(v.Origin)
		}
	}
	for _, m := range s.Configs {
		w.mapItem()
		w.raw(8, "type", "bind", m.Origin)
		w.path(8, "source", m.File, m.Origin)
		w.str(8, "target", m.Target, m.Origin)
		w.raw(8, "read_only", "true", m.Origin)
		w.mustExist(m.Origin)
	}
}

// mustExist keeps Docker from making an empty, root-owned directory in the
// place of a host path that is missing.
func (w *writer) mustExist(o source.Origin) {
	w.key(8, "bind", o)
	w.raw(10, "create_host_path", "false", o)
}

// tmpfs writes the short form: the only one in which exec, noexec, nosuid and
// nodev can be said on every engine from 20.10 on. The long form has size and
// mode alone until Engine 27.
func (w *writer) tmpfs(mounts []ir.Tmpfs) {
	if len(mounts) == 0 {
		return
	}
	w.key(4, "tmpfs", mounts[0].Target.Origin)
	for _, t := range mounts {
		w.scratch = append(append(w.scratch[:0], t.Target.V...), ":rw,"...)
		if !t.Exec.V {
			w.scratch = append(w.scratch, "no"...)
		}
		w.scratch = append(w.scratch, "exec,nosuid,nodev"...)
		if t.Size.V > 0 {
			w.scratch = appendSize(append(w.scratch, ",size="...), t.Size.V)
			w.scratch = bytes.TrimSuffix(w.scratch, []byte{'b'}) // tmpfs(5) has no unit for single bytes
		}
		if t.Mode != 0 {
			w.scratch = strconv.AppendUint(append(w.scratch, ",mode="...), uint64(t.Mode), 8)
		}
		w.item(6, string(w.scratch), t.Target.Origin)
	}
}

// checkTargets refuses paths that the formats behind Compose cannot carry, and
// two mounts on one path, of which Compose drops the first without a word
// (compose-go, override.EnforceUnicity).
func (w *writer) checkTargets(s *ir.Service) {
	seen := w.targets[:0]
	for _, v := range s.Volumes {
		seen = w.checkTarget(seen, v.Target.V, v.Target.Origin)
	}
	for _, m := range s.Configs {
		seen = w.checkTarget(seen, m.Target, m.Origin)
	}
	for _, m := range s.Secrets {
		seen = w.checkTarget(seen, m.Target, m.Origin)
	}
	for _, t := range s.Tmpfs {
		seen = w.checkTarget(seen, t.Target.V, t.Target.Origin)
	}
	w.targets = seen
}

// target is a path in a container, and what mounts something there.
type target struct {
	path string
	by   source.Origin
}

func (w *writer) checkTarget(seen []target, p string, o source.Origin) []target {
	if !strings.HasPrefix(p, "/") || strings.Contains(p, ":") {
		w.diags = append(w.diags, diag.Errorf("NS351", w.at(o).Range, "Path cannot be mounted",
			"%s mounts something at %q. A path in a container must be absolute and hold no colon: Docker separates source, path and options by colons and would mount something else.",
			w.address, p))
	}
	clean := path.Clean(p)
	for _, t := range seen {
		if t.path != clean {
			continue
		}
		w.diags = append(w.diags, diag.Errorf("NS352", w.at(o).Range, "Two mounts at one path",
			"%s mounts two things at %s. Docker Compose would keep only the last one, without a word. Give each a path of its own.",
			w.address, clean).With(w.at(t.by).Range, "The other mount is here."))
		break
	}
	return append(seen, target{clean, o})
}
