package proof

import (
	"path"
	"strings"
)

// imageRules are proved on what a service runs.
func imageRules() []Rule {
	return []Rule{
		eachService("NS1201", func(s *service, report Report) {
			if n := s.Get("image"); n.Value() != "" && !isReference(n.Value()) {
				report(s.at(n), "The image of the service %s is %q.", s.Key, n.Value())
			}
		}),
		eachService("NS1202", func(s *service, report Report) {
			n := s.Get("image")
			if _, digest, ok := strings.Cut(n.Value(), "@"); ok && !isDigest(digest) {
				report(s.at(n), "The digest of the service %s is %q.", s.Key, digest)
			}
		}),
		eachService("NS1203", func(s *service, report Report) {
			if n := s.At("build", "context"); s.Get("build") != nil && !isRelative(n.Value()) {
				report(s.at(n), "The image of the service %s is built from %q.", s.Key, n.Value()+s.Get("build").Value())
			}
		}),
		eachService("NS1204", func(s *service, report Report) {
			if n := otherThan(s.Get("build"), "context", "dockerfile", "args", "target"); n != nil {
				report(s.at(n), "The build of the service %s has the key %s.", s.Key, n.Key)
			}
		}),
		eachService("NS1205", func(s *service, report Report) {
			n := s.At("build", "dockerfile")
			v, context := n.Value(), s.At("build", "context").Value()
			if strings.HasPrefix(v, "/") || strings.Contains(v, ":") || climb(path.Join(context, v)) > climb(path.Clean(context)) {
				report(s.at(n), "The Dockerfile of the service %s is %q.", s.Key, v)
			}
		}),
		eachService("NS1206", func(s *service, report Report) {
			if n := s.Get("image"); n.Value() == "" && s.Get("build") == nil {
				report(s.at(n), "The service %s has neither an image nor a build.", s.Key)
			}
		}),
	}
}

// climb counts the folders that a clean path goes up before it goes down. A Dockerfile
// may stand beside its context, but no higher than the folder that both are below.
func climb(p string) int { return strings.Count("/"+p+"/", "/../") }

// isReference tells an image's reference in the one form that Docker takes: a name of
// lower-case letters below an optional registry, a tag, a digest.
func isReference(s string) bool {
	name, digest, pinned := strings.Cut(s, "@")
	if pinned && digest == "" {
		return false
	}
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		tag := name[i+1:]
		if tag == "" || len(tag) > 128 || strings.Trim(tag, letters+strings.ToUpper(letters)+"0123456789_.-") != "" {
			return false
		}
		name = name[:i]
	}
	first, rest, several := strings.Cut(name, "/")
	if several && (strings.ContainsAny(first, ".:") || first == "localhost") {
		name = rest // a registry, with its port
		if strings.Trim(first, letters+strings.ToUpper(letters)+"0123456789.:-[]") != "" {
			return false
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.Trim(part, letters+"0123456789._-") != "" {
			return false
		}
	}
	return true
}

const letters = "abcdefghijklmnopqrstuvwxyz"

func isDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}
