package proof

import (
	"path"
	"slices"
	"strings"

	"nselfc/emit"
	"nselfc/internal/proof/yaml"
)

// volumeRules are proved on what containers mount.
func volumeRules() []Rule {
	return []Rule{
		eachBind("NS1301", func(s *service, m *yaml.Node, _ folders, report Report) {
			if n := m.Get("source"); !isRelative(n.Value()) {
				report(s.at(n), "The service %s mounts %q, which is no path beside the stack.", s.Key, n.Value())
			}
		}),
		eachBind("NS1302", func(s *service, m *yaml.Node, _ folders, report Report) {
			if n := otherThan(m.Get("bind"), "create_host_path"); n != nil {
				report(s.at(n), "The service %s mounts %s with the option %s.", s.Key, m.Get("source").Value(), n.Key)
			}
		}),
		eachBind("NS1303", func(s *service, m *yaml.Node, _ folders, report Report) {
			if n := m.At("bind", "create_host_path"); !n.Bool() || n.True() {
				report(s.at(m), "The service %s mounts %s, which Docker would make where it is missing.", s.Key, m.Get("source").Value())
			}
		}),
		eachService("NS1304", mountForm),
		eachBind("NS1305", func(s *service, m *yaml.Node, generated folders, report Report) {
			if n := m.Get("source"); generated.holds(path.Clean(n.Value())) && !m.Get("read_only").True() {
				report(s.at(n), "The service %s can write to %s.", s.Key, n.Value())
			}
		}),
		eachBind("NS1306", func(s *service, m *yaml.Node, _ folders, report Report) {
			n := m.Get("source")
			if clean := path.Clean(n.Value()); isRelative(n.Value()) && n.Value() != clean && n.Value() != "./"+clean {
				report(s.at(n), "The service %s mounts %s, which is %s.", s.Key, n.Value(), clean)
			}
		}),
		eachBind("NS1307", func(s *service, m *yaml.Node, generated folders, report Report) {
			if n := m.Get("source"); generated.shows(path.Clean(n.Value())) {
				report(s.at(n), "The service %s mounts %s, with secrets that are not its own.", s.Key, n.Value())
			}
		}),
		{"NS1308", func(a *Artefacts, report Report) {
			for _, v := range a.compose().volumes {
				if n := otherThan(v.Node, "labels"); n != nil {
					report(v.at(n), "The volume %s has the key %s.", v.Key, n.Key)
				}
			}
		}},
		{"NS1309", declaredVolumes},
		eachService("NS1310", func(s *service, report Report) {
			for m := range s.Get("volumes").All() {
				if n := m.Get("target"); n != nil && hidesSystem(n.Value()) {
					report(s.at(n), "The service %s mounts something at %q.", s.Key, n.Value())
				}
			}
		}),
		eachService("NS1311", memoryMount),
	}
}

// eachBind makes a rule of a check that looks at every path of the host.
func eachBind(code string, check func(s *service, m *yaml.Node, generated folders, report Report)) Rule {
	return Rule{Code: code, Check: func(a *Artefacts, report Report) {
		c := a.compose()
		for _, s := range c.services {
			for m := range s.Get("volumes").All() {
				if m.Get("type").Value() == "bind" {
					check(s, m, c.generated, report)
				}
			}
		}
	}}
}

// isRelative tells a path that Compose takes for one, and that starts from the
// compose file.
func isRelative(p string) bool {
	return p == "." || p == ".." || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../")
}

// folders are the files of an environment and the folders that they stand in.
type folders map[string]bool // true for one with a secret that is not the only file

func foldersOf(files []emit.File) folders {
	out := folders{".": true}
	for _, f := range files {
		secret := strings.HasPrefix(f.Path, ".secrets")
		if out[f.Path] = false; secret {
			out[".secrets.d"] = true
		}
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			out[dir] = out[dir] || secret
		}
	}
	return out
}

// holds tells whether a path is one of the files or folders.
func (f folders) holds(p string) bool {
	_, ok := f[p]
	return ok
}

// shows tells whether a mount of the path shows more than one secret, or what tools
// keep their own secrets in. One secret's file is what a service may see.
func (f folders) shows(p string) bool {
	switch path.Base(p) { // alone: the stack itself may lie below a folder of such a name
	case ".git", ".ssh", ".gnupg", ".docker", ".aws", ".kube", ".secrets":
		return true
	}
	return f[p] || p == ".." || strings.HasSuffix(p, "/..") // a folder above holds the output
}

// mountForm wants the long form, of a volume or a path: the short one has options
// behind colons, and takes a path that is missing for a volume.
func mountForm(s *service, report Report) {
	for m := range s.Get("volumes").All() {
		kind := m.Get("type").Value()
		n := otherThan(m, "type", "source", "target", "read_only", "bind")
		if m.Kind != yaml.Mapping || kind != "volume" && kind != "bind" || m.Get("source").Value() == "" || m.Get("target").Value() == "" || n != nil {
			report(s.at(m), "The service %s has a mount of another form: %q.", s.Key, strings.TrimSpace(m.Value()+" "+kind+" "+keyOf(n)))
		}
	}
}

func keyOf(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Key
}

func declaredVolumes(a *Artefacts, report Report) {
	c := a.compose()
	declared := map[string]bool{}
	for _, v := range c.volumes {
		declared[v.Key] = true
	}
	for _, s := range c.services {
		for m := range s.Get("volumes").All() {
			if n := m.Get("source"); m.Get("type").Value() == "volume" && !declared[n.Value()] {
				report(s.at(n), "The service %s mounts the volume %q, which is not declared.", s.Key, n.Value())
			}
		}
	}
}

// hidesSystem tells paths of a container at which a mount would hide what the image,
// the kernel or Docker has there.
func hidesSystem(target string) bool {
	clean := path.Clean(target)
	if !strings.HasPrefix(target, "/") || strings.ContainsAny(target, ":") ||
		slices.Contains([]string{"/", "/bin", "/boot", "/etc", "/lib", "/lib64", "/sbin", "/usr"}, clean) {
		return true
	}
	for _, tree := range [...]string{"/proc", "/sys", "/dev", "/run/secrets", "/var/run/secrets"} {
		if clean != "/dev/shm" && strings.HasPrefix(clean+"/", tree+"/") {
			return true
		}
	}
	return false
}

// memoryMount: a file system in memory without a size may take half of the host's.
func memoryMount(s *service, report Report) {
	for m := range s.Get("tmpfs").All() {
		target, options, _ := strings.Cut(m.Value(), ":")
		all := strings.Split(options, ",")
		sized := slices.ContainsFunc(all, func(o string) bool { return strings.HasPrefix(o, "size=") && strings.Trim(o, "size=0kmg%") != "" })
		if !sized || !slices.Contains(all, "nosuid") || !slices.Contains(all, "nodev") ||
			slices.Contains(all, "noexec") == slices.Contains(all, "exec") || slices.ContainsFunc(all, unknownOption) || hidesSystem(target) {
			report(s.at(m), "The service %s has the memory file system %q.", s.Key, m.Value())
		}
	}
}

// unknownOption tells an option of a memory file system that no writer of ours has: the
// last of two that speak of one thing counts, and an owner may be root.
func unknownOption(o string) bool {
	return !slices.Contains([]string{"rw", "noexec", "exec", "nosuid", "nodev"}, o) &&
		!slices.ContainsFunc([]string{"size=#", "size=#k", "size=#m", "size=#g", "mode=#"}, func(form string) bool { return matches(form, o) })
}
