package build

import (
	"path"
	"path/filepath"

	"nselfc/lang"
)

// links finds out where the paths lead that a stack shows to containers, and
// where its private key is: the compiler, which reads no disk, must not take a
// link for the folder that it is called. What is not there yet is no link.
//
// real is what follows the links: on the disk, or as they are at a revision.
func links(dir string, s *lang.Stack, real func(string) (string, error)) map[string]string {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil
	}
	var out map[string]string
	add := func(p string) {
		if p == "" {
			return
		}
		at := filepath.FromSlash(p)
		if !filepath.IsAbs(at) {
			at = filepath.Join(root, at)
		}
		if leads, err := real(at); err == nil {
			at = leads
		}
		to := way(root, at)
		if to == "" || to == path.Clean(p) {
			return
		}
		if out == nil {
			out = map[string]string{}
		}
		out[p] = to
	}
	for _, service := range s.Services {
		for _, m := range service.Volumes {
			add(m.Host.V)
		}
		if service.Build != nil {
			add(service.Build.Context.V)
		}
	}
	if s.Ingress != nil && s.Ingress.Certificate != nil {
		add(s.Ingress.Certificate.PrivateKey.V)
	}
	return out
}
