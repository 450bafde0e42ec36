package compiler

import (
	"path"
	"slices"
	"strings"

	"nselfc/lang"
)

// checkFolder reports a path that is not below the stack's folder: what lies
// outside may not exist on another machine, and is not reviewed with the stack.
func (l *lowering) checkFolder(d lang.Declared, p lang.String, what string) bool {
	if link, ok := l.in.Links[p.V]; ok && isBelow(p.V) && !isBelow(link) {
		l.errorf(d, p.Range, "NS307", hostPathSummary,
			"The %s of %s is %q, which is, or passes through, a link out of the stack's folder: on this host it leads to %q. Put the files "+
				"themselves into the stack's folder.", what, d.Address, p.V, link)
		return false
	}
	if isBelow(p.V) {
		return true
	}
	l.errorf(d, p.Range, "NS307", hostPathSummary,
		"The %s of %s is %q, which is not a path below the stack's folder. What lies outside is not reviewed with the stack and may be the "+
			"host's own. Write a relative path:\n\n    %s = \"./site\"", what, d.Address, p.V, what)
	return false
}

const hostPathSummary = "Invalid path on the host"

// isBelow tells whether a relative path stays below where it starts, and is one
// to every program that reads it.
func isBelow(p string) bool {
	clean := path.Clean(p)
	return p != "" && !path.IsAbs(p) && clean != ".." && !strings.HasPrefix(clean, "../") &&
		!strings.ContainsFunc(p, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' || c == ':' })
}

// checkBind refuses to show a container the stack's secrets, the ingress's key
// or a Docker socket.
func (l *lowering) checkBind(d lang.Declared, p lang.String) bool {
	if !l.checkFolder(d, p, "host") {
		return false
	}
	for _, clean := range l.places(p.V) {
		if !l.checkShown(d, p, clean) {
			return false
		}
	}
	return true
}

// places gives where a path below the stack's folder leads: where it says, and
// where links on this host take it.
func (l *lowering) places(p string) []string {
	out := []string{path.Clean(p)}
	if link, ok := l.in.Links[p]; ok {
		out = append(out, link)
	}
	return out
}

// checkShown judges one clean path below the stack's folder that p leads to.
func (l *lowering) checkShown(d lang.Declared, p lang.String, clean string) bool {
	segments := strings.Split(clean, "/")
	base := segments[len(segments)-1]
	private := slices.IndexFunc(segments, isPrivate)
	switch {
	case l.meetsOutput(clean) || segments[0] == "out":
		l.errorf(d, p.Range, "NS307", hostPathSummary,
			"%s would see the folder that nselfc writes to, with all secrets of the stack. Bind a folder that holds only what the service "+
				"needs:\n\n    host = \"./site\"", d.Address)
	case l.writes(clean):
		l.errorf(d, p.Range, "NS307", hostPathSummary,
			"%s would see %s, which nselfc writes, as its output lies beside the sources here. What a container changes there is deployed, or lost, "+
				"with the next build. Bind a folder of another name, or build into a folder of its own with --out:\n\n    host = \"./site\"", d.Address, segments[0])
	case base == "docker.sock" || base == "containerd.sock" || base == "podman.sock" || base == "crio.sock":
		l.errorf(d, p.Range, "NS307", hostPathSummary,
			"%s would get a container engine's socket. Whoever can talk to it is root on the host. There is no way to bind it.", d.Address)
	case private >= 0:
		l.errorf(d, p.Range, "NS307", hostPathSummary, "%s would see %s, which is not for containers: such files hold secrets, or what they "+
			"guarded once.", d.Address, path.Join(segments[:private+1]...))
	case l.holdsKey(clean):
		l.errorf(d, p.Range, "NS307", hostPathSummary,
			"%s would see %s, the private key of the ingress's certificate. Whoever has it can pass for every host of the stack. Bind a "+
				"folder that holds only what the service needs:\n\n    host = \"./site\"", d.Address, l.in.Ingress.Certificate.PrivateKey.V).
			With(l.in.Ingress.Certificate.PrivateKey.Range, "the private key")
	default:
		return true
	}
	return false
}

// isPrivate tells a file or folder in which tools keep secrets, by its name.
func isPrivate(name string) bool {
	switch name {
	case ".git", ".ssh", ".gnupg", ".docker", ".aws", ".kube":
		return true
	}
	return strings.HasPrefix(name, ".secrets")
}

// holdsKey tells whether a clean path below the stack's folder is, or holds, the
// private key that the ingress is brought.
func (l *lowering) holdsKey(clean string) bool {
	return slices.ContainsFunc(l.keys(), func(key string) bool {
		return clean == "." || strings.HasPrefix(key+"/", clean+"/")
	})
}

// keys gives where below the stack's folder the private key is that the ingress
// is brought.
func (l *lowering) keys() []string {
	if l.in.Ingress == nil || l.in.Ingress.Certificate == nil {
		return nil
	}
	return slices.DeleteFunc(l.places(l.in.Ingress.Certificate.PrivateKey.V), func(key string) bool { return !isBelow(key) })
}

// outputs gives the folders that nselfc writes the environments to, as seen from the
// stack's folder.
func (l *lowering) outputs() []string {
	if len(l.in.Outputs) == 0 {
		return []string{path.Join("out", l.in.Environment)}
	}
	return l.in.Outputs
}

// meetsOutput tells whether a clean path below the stack's folder is, holds or
// lies in what nselfc writes, of this environment or another.
func (l *lowering) meetsOutput(clean string) bool {
	return clean == "." || slices.ContainsFunc(l.outputs(), func(out string) bool {
		if around := path.Dir(out); l.in.Environment != "" && around != "." {
			out = around // the folder of all environments
		}
		return out != "." && (strings.HasPrefix(out+"/", clean+"/") || strings.HasPrefix(clean, out+"/"))
	})
}

// writes tells whether nselfc writes to a clean path below the stack's folder, or
// beside it, where the output lies among the sources.
func (l *lowering) writes(clean string) bool {
	if !slices.Contains(l.outputs(), ".") {
		return false
	}
	name, _, _ := strings.Cut(clean, "/")
	switch name {
	case ".gitattributes", ".gitignore":
		return true
	case "nginx":
		return l.in.Ingress != nil
	case "ufw":
		return l.in.Firewall != nil
	case "config":
		return slices.ContainsFunc(l.in.Services, func(s *lang.Service) bool {
			return slices.ContainsFunc(s.Configs, func(c lang.Config) bool { return !c.Content.V.HasSecret() })
		})
	case "files":
		return slices.ContainsFunc(l.in.Services, func(s *lang.Service) bool {
			return slices.ContainsFunc(s.Secrets, func(e lang.EnvVar) bool { return !e.Value.V.HasSecret() }) ||
				slices.ContainsFunc(s.Files, func(f lang.CompanionFile) bool { return !f.Text.V.HasSecret() })
		})
	}
	return strings.HasPrefix(name, "docker-compose.") || strings.HasPrefix(name, "nself.") && path.Ext(name) != ".hcl"
}

// fromOutput gives a path below the stack's folder as seen from the output
// directory.
func (l *lowering) fromOutput(p string) string {
	folder := l.in.Folder
	if folder == "" {
		folder = ".."
		if l.in.Environment != "" {
			folder = "../.."
		}
	}
	return path.Join(folder, p)
}
