package compiler

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"nselfc/compiler/ir"
	"nselfc/lang"
	"nselfc/lang/source"
)

// target is a path in a container that something is mounted on.
type target struct {
	path string
	at   source.Range
}

// lowerVolumes lowers the volumes that several services may share.
func (l *lowering) lowerVolumes() {
	in := slices.Clone(l.in.Volumes)
	slices.SortFunc(in, func(a, b *lang.Volume) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), compareRanges(a.Range, b.Range))
	})
	l.volumes, l.volumeNames = make(map[string]*lang.Volume, len(in)), make(map[string]source.Range, len(in))
	for _, v := range in {
		l.volumes[v.Address] = v
		if first, ok := l.volumeNames[v.Name]; ok {
			l.sameVolume(v.Declared, v.Range, v.Name, first)
			continue
		}
		l.volumeNames[v.Name] = v.Range
		l.out.Volumes = append(l.out.Volumes, &ir.Volume{Name: v.Name, Origin: source.Origin{Range: v.Range}})
	}
}

func (l *lowering) sameVolume(d lang.Declared, at source.Range, name string, first source.Range) {
	l.errorf(d, at, "NS329", "Two volumes with one name",
		"Two volumes would both be named %q, and so be one: each service would write over the other's data. Rename one of them, or "+
			"declare one volume for both:\n\n    volume \"data\" {}", name).With(first, "the other volume")
}

// lowerMounts lowers the volume blocks of a service.
func (l *lowering) lowerMounts(u *unit) {
	s := u.in
	if len(s.Volumes) == 0 {
		return
	}
	u.out.Volumes = make([]ir.VolumeMount, 0, len(s.Volumes))
	for _, m := range s.Volumes {
		o := ir.VolumeMount{Origin: source.Origin{Range: m.Range}, Target: m.Path}
		if !l.checkTarget(u, m.Path.V, cmp.Or(m.Path.Range, m.Range), "A volume") {
			continue
		}
		switch {
		case m.Host.IsSet():
			if !l.checkBind(s.Declared, m.Host) {
				continue
			}
			o.Bind = l.fromOutput(m.Host.V)
			o.ReadOnly = m.ReadOnly.Or(true, m.Range, "default volume.read_only")
		case m.Volume != "":
			shared, ok := l.volumes[m.Volume]
			if !ok {
				l.bug(s.Declared, m.Range, "%s refers to %s, which is no volume.", s.Address, m.Volume)
				continue
			}
			o.Volume = shared.Name
			o.ReadOnly = m.ReadOnly.Or(false, m.Range, "default volume.read_only")
		default:
			// A service's name has no underscore, so no two services can make one
			// name of their own volumes.
			o.Volume = s.Name + "_" + m.Name
			o.ReadOnly = m.ReadOnly.Or(false, m.Range, "default volume.read_only")
			if !l.ownVolume(s.Declared, o.Volume, m) {
				continue
			}
		}
		u.out.Volumes = append(u.out.Volumes, o)
	}
	slices.SortFunc(u.out.Volumes, func(a, b ir.VolumeMount) int {
		return cmp.Or(strings.Compare(a.Target.V, b.Target.V), compareRanges(a.Origin.Range, b.Origin.Range))
	})
}

// ownVolume adds the volume that one service alone mounts.
func (l *lowering) ownVolume(d lang.Declared, name string, m lang.Mount) bool {
	if !isFileName(m.Name) {
		l.badFileName(d, m.Range, "The volume", m.Name)
		return false
	}
	if first, ok := l.volumeNames[name]; ok {
		l.sameVolume(d, m.Range, name, first)
		return false
	}
	l.volumeNames[name] = m.Range
	l.out.Volumes = append(l.out.Volumes, &ir.Volume{Name: name, Origin: source.Origin{Range: m.Range}})
	return true
}

// lowerTmpfs lowers the paths that stay writable in memory. /tmp is always one
// of them on a read-only root: nearly every program wants it.
func (l *lowering) lowerTmpfs(u *unit) {
	s := u.in
	hasTmp := !u.out.ReadOnly.V || slices.ContainsFunc(u.targets, func(t target) bool { return t.path == "/tmp" })
	for _, w := range s.Writable {
		if !l.checkTarget(u, w.Path.V, w.Path.Range, "A writable block") {
			continue
		}
		hasTmp = hasTmp || path.Clean(w.Path.V) == "/tmp"
		u.out.Tmpfs = append(u.out.Tmpfs, ir.Tmpfs{
			Target: w.Path, Mode: tmpfsMode,
			Size: within(l, s.Declared, w.Size, 4<<10, 1<<40, source.Default[int64](defaultTmpfs, w.Path.Range, "default writable.size"), "size, in bytes,"),
			Exec: w.Exec.Or(false, w.Path.Range, "default writable.exec"),
		})
	}
	if !hasTmp {
		u.out.Tmpfs = append(u.out.Tmpfs, ir.Tmpfs{
			Target: source.Default("/tmp", s.Range, "default service.writable"), Mode: tmpfsMode,
			Size: source.Default[int64](defaultTmpfs, s.Range, "default writable.size"),
			Exec: source.Default(false, s.Range, "default writable.exec"),
		})
	}
	slices.SortFunc(u.out.Tmpfs, func(a, b ir.Tmpfs) int { return strings.Compare(a.Target.V, b.Target.V) })
}

// checkTarget notes a path in the container, or reports one that must not be
// mounted on.
func (l *lowering) checkTarget(u *unit, p string, at source.Range, what string) bool {
	if problem := targetProblem(p); problem != "" {
		l.errorf(u.in.Declared, at, "NS305", "Invalid path in the container",
			"%s of %s stands at %q, which %s. Write an absolute path of its own:\n\n    path = \"/var/lib/app\"", what, u.in.Address, p, problem)
		return false
	}
	u.targets = append(u.targets, target{path.Clean(p), at})
	return true
}

// targetProblem says why nothing may be mounted at p, or "".
func targetProblem(p string) string {
	if p == "" || p[0] != '/' {
		return "is not absolute"
	}
	if i := strings.IndexFunc(p, func(c rune) bool { return c < ' ' || c == 0x7f || c == ':' }); i >= 0 {
		return "holds a colon or a control character, which Docker would read as something else"
	}
	clean := path.Clean(p)
	if clean != p && clean+"/" != p {
		return "is not in its shortest form, " + clean
	}
	switch clean {
	case "/", "/bin", "/boot", "/etc", "/lib", "/lib64", "/sbin", "/usr":
		return "hides what the image has there; a path below it is fine"
	case "/dev/shm":
		return ""
	}
	for _, tree := range [...]string{"/proc", "/sys", "/dev", "/run/secrets", "/var/run/secrets"} {
		if clean == tree || strings.HasPrefix(clean, tree+"/") {
			return "belongs to the kernel, to Docker or to the stack's secrets"
		}
	}
	return ""
}

// checkTargets refuses two mounts at one path: Docker takes one of them, and
// compose drops the other without a word.
func (l *lowering) checkTargets(u *unit) {
	slices.SortFunc(u.targets, func(a, b target) int {
		return cmp.Or(strings.Compare(a.path, b.path), compareRanges(a.at, b.at))
	})
	for i := 1; i < len(u.targets); i++ {
		a, b := u.targets[i-1], u.targets[i]
		if a.path == b.path {
			l.errorf(u.in.Declared, b.at, "NS306", "Two mounts at one path",
				"%s mounts two things at %s, of which it would see only one. Give each a path of its own.", u.in.Address, b.path).
				With(a.at, "the other mount")
		}
	}
}
