package nginx

import (
	"fmt"

	"nselfc/internal/proof/nginxconf"
)

// The writer is judged by the reader that judges every build: it is written from
// nginx's manual and not from the writer.

// directive is a simple directive, or a block when it has a body.
type directive struct {
	name  string
	args  []string
	block bool
	body  []*directive
	line  int
}

// parse reads a whole file.
func parse(src string) ([]*directive, error) {
	body, err := nginxconf.Parse("", src)
	return directives(body), err
}

func directives(body []*nginxconf.Node) []*directive {
	var out []*directive
	for _, n := range body {
		out = append(out, &directive{name: n.Name, args: n.Args, block: n.Block, body: directives(n.Body), line: n.Line})
	}
	return out
}

// resolve replaces include by what it includes, from nginx.conf on. A file that
// is missing or included with a pattern is an error.
func resolve(files map[string]string, path string) ([]*directive, error) {
	src, ok := files[path]
	if !ok {
		return nil, fmt.Errorf("there is no file %q", path)
	}
	ds, err := parse(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return expand(files, ds)
}

func expand(files map[string]string, ds []*directive) ([]*directive, error) {
	var out []*directive
	for _, d := range ds {
		if d.name == "include" {
			body, err := resolve(files, "nginx/"+d.args[0])
			if err != nil {
				return nil, err
			}
			out = append(out, body...)
			continue
		}
		body, err := expand(files, d.body)
		if err != nil {
			return nil, err
		}
		d.body = body
		out = append(out, d)
	}
	return out, nil
}

// all gives the directives of a name, at any depth.
func all(ds []*directive, name string) []*directive {
	var out []*directive
	for _, d := range ds {
		if d.name == name {
			out = append(out, d)
		}
		out = append(out, all(d.body, name)...)
	}
	return out
}

// direct gives the directives of a name in a block itself.
func direct(ds []*directive, name string) []*directive {
	var out []*directive
	for _, d := range ds {
		if d.name == name {
			out = append(out, d)
		}
	}
	return out
}
