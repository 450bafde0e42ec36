package build

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"nselfc/lang"
)

// links finds out where the paths lead that a stack shows to containers, and
// where its private key is: the compiler, which reads no disk, must not take a
// link for the folder that it is called.
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

// outputs gives the folders of all environments below the output directory, as seen
// from the stack's folder: what lies there belongs to no container, whichever of them
// is compiled.
func outputs(dir, out string, environments []string, real func(string) (string, error)) []string {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil
	}
	var list []string
	for _, name := range environments {
		at, err := filepath.Abs(filepath.Join(out, name))
		if err != nil {
			continue // the working directory is gone
		}
		if leads, err := real(at); err == nil {
			at = leads
		}
		if p := way(root, at); p != "" {
			list = append(list, p)
		}
	}
	return list
}

// follow gives where a path leads when all links are followed, those too that lead to
// what is not there yet: the first build makes the folder of the output.
func follow(at string) (string, error) {
	const most = 40 // as for links in Linux
	links := 0
	var walk func(at string) (string, error)
	walk = func(at string) (string, error) {
		leads, err := filepath.EvalSymlinks(at)
		if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(at) == at {
			return leads, err
		}
		dir, err := walk(filepath.Dir(at))
		if err != nil {
			return "", err
		}
		at = filepath.Join(dir, filepath.Base(at))
		to, err := os.Readlink(at)
		if err != nil {
			return at, nil // no link: it is missing
		}
		if links++; links > most {
			return "", errors.New("too many links")
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(dir, to)
		}
		return walk(to)
	}
	return walk(at)
}
