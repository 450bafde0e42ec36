package proof

import (
	"slices"
	"strings"

	"nselfc/internal/proof/nginxconf"
)

// nginxFolder is mounted as /etc/nginx.
const nginxFolder = "nginx/"

// edge is the configuration of nginx as nginx reads it, from nginx.conf on.
type edge struct {
	files    map[string][]*nginxconf.Node // by path below nginx/
	order    []string                     // of the paths
	included map[string]bool
	broken   []Finding // what kept it from being read, without a code
	byName   map[string][]*nginxconf.Node
	http     []*nginxconf.Node // what stands in the http block, without what it includes
	servers  []*server
}

// server is one server block.
type server struct {
	*nginxconf.Node
	names     []string
	listens   []*nginxconf.Node
	tls       bool // each of its sockets is TLS
	health    bool // it listens on the container's own loopback address alone
	fallback  bool // it is the default of a socket
	locations []*nginxconf.Node
}

// name shows a server in a finding.
func (s *server) name() string {
	names := strings.TrimSpace(strings.Join(s.names, " "))
	if names == "" && len(s.listens) > 0 {
		return "of " + s.listens[0].Arg(0)
	}
	return names
}

// readEdge gives nil for a stack without nginx.
func readEdge(a *Artefacts) *edge {
	e := &edge{
		files: map[string][]*nginxconf.Node{}, included: map[string]bool{"nginx.conf": true}, byName: map[string][]*nginxconf.Node{},
	}
	for _, f := range a.Files {
		path, ok := strings.CutPrefix(f.Path, nginxFolder)
		if !ok {
			continue
		}
		body, err := nginxconf.Parse(f.Path, f.Text.String())
		if err != nil {
			e.broken = append(e.broken, Finding{Place: Place{File: f.Path, Line: 1}, Detail: err.Error()})
		}
		e.files[path] = body
		e.order = append(e.order, path)
		e.index(body)
	}
	if len(e.files) == 0 {
		return nil
	}
	for _, path := range e.order {
		if !e.included[path] {
			e.broken = append(e.broken, Finding{Place: Place{File: nginxFolder + path, Line: 1}, Detail: "no file includes it"})
		}
	}
	for _, n := range e.files["nginx.conf"] {
		if n.Name == "http" {
			e.http = n.Body
		}
	}
	e.each(e.http, func(n *nginxconf.Node) {
		if n.Name == "server" {
			e.servers = append(e.servers, e.server(n))
		}
	})
	return e
}

// index notes every directive by its name, and every include by its file.
func (e *edge) index(body []*nginxconf.Node) {
	for _, n := range body {
		e.byName[n.Name] = append(e.byName[n.Name], n)
		if n.Name == "include" {
			e.included[n.Arg(0)] = true
		}
		if n.Name != "map" && n.Name != "geo" { // what stands in these are values, not directives
			e.index(n.Body)
		}
	}
}

func (e *edge) server(n *nginxconf.Node) *server {
	s := &server{Node: n, tls: true, health: true}
	e.each(n.Body, func(n *nginxconf.Node) {
		switch n.Name {
		case "server_name":
			s.names = append(s.names, n.Args...)
		case "listen":
			s.listens = append(s.listens, n)
			s.tls = s.tls && slices.Contains(n.Args, "ssl")
			s.health = s.health && strings.HasPrefix(n.Arg(0), "127.0.0.1:")
			s.fallback = s.fallback || slices.Contains(n.Args, "default_server")
		case "location":
			s.locations = append(s.locations, n)
		}
	})
	if len(s.listens) == 0 {
		s.tls, s.health = false, false
	}
	return s
}

// each calls f for the directives of a block, those of the files that it includes
// in their place.
func (e *edge) each(body []*nginxconf.Node, f func(n *nginxconf.Node)) { e.eachBelow(body, f, 0) }

func (e *edge) eachBelow(body []*nginxconf.Node, f func(n *nginxconf.Node), depth int) {
	for _, n := range body {
		if n.Name == "include" && depth < 8 {
			e.eachBelow(e.files[n.Arg(0)], f, depth+1)
			continue
		}
		f(n)
	}
}

// first gives the first directive of a name in a block, or nil.
func (e *edge) first(body []*nginxconf.Node, name string) *nginxconf.Node {
	var out *nginxconf.Node
	e.each(body, func(n *nginxconf.Node) {
		if out == nil && n.Name == name {
			out = n
		}
	})
	return out
}

// has tells whether a block has a directive of exactly these arguments.
func (e *edge) has(body []*nginxconf.Node, name string, args ...string) bool {
	found := false
	e.each(body, func(n *nginxconf.Node) {
		found = found || n.Name == name && slices.Equal(n.Args, args)
	})
	return found
}

// passing lists the locations that hand requests to a service.
func (e *edge) passing() []*nginxconf.Node {
	var out []*nginxconf.Node
	for _, n := range e.byName["proxy_pass"] {
		if n.Parent != nil {
			out = append(out, n.Parent)
		}
	}
	return out
}

func place(n *nginxconf.Node) Place { return Place{File: n.File, Line: n.Line} }

// label shortens a directive for a finding.
func label(n *nginxconf.Node) string { return strings.Join(append([]string{n.Name}, n.Args...), " ") }
