package proof

import (
	"slices"
	"strings"

	"nselfc/emit"
	"nselfc/internal/proof/yaml"
)

// projectRules are proved on the compose file as a whole.
func projectRules() []Rule {
	return []Rule{
		{"NS2151", openVariables},
		{"NS2152", projectName},
		eachDocument("NS2153", func(d document, report Report) {
			for n := range d.root.All() {
				if !slices.Contains(sections, n.Key) {
					report(Place{d.path, n.Line}, "The file has the key %s.", n.Key)
				}
			}
		}),
		eachDocument("NS2154", func(d document, report Report) {
			if d.err != nil {
				report(Place{d.path, d.err.Line}, "It cannot be read: %s.", d.err.Reason)
			}
		}),
		{"NS2155", included},
		eachDocument("NS2156", inOrder),
		eachDocument("NS2157", func(d document, report Report) {
			if first, _, _ := strings.Cut(d.text, "\n"); first != "# "+emit.Header {
				report(Place{d.path, 1}, "The first line is %q.", first)
			}
		}),
		eachService("NS2158", func(s *service, report Report) {
			labels := s.Get("labels")
			if s.address == "" {
				report(s.at(labels), "The service %s does not say what it comes from.", s.Key)
			}
			if s.from.Key != s.Key && s.address != "" { // of one key NS2159 tells
				report(s.at(labels), "The service %s says that it comes from %s, as %s does.", s.Key, s.address, s.from.Key)
			}
			for n := range labels.All() {
				if strings.HasPrefix(n.Key, "com.docker.") || strings.HasPrefix(n.Key, "x-") {
					report(s.at(n), "The service %s has the label %s, by which Docker's tools work.", s.Key, n.Key)
				}
			}
		}),
		{"NS2159", func(a *Artefacts, report Report) {
			c := a.compose()
			for _, s := range c.services {
				if first := c.named[s.Key]; first != s {
					report(s.at(nil), "The service %s stands in %s too.", s.Key, first.file)
				}
			}
		}},
		eachService("NS2160", func(s *service, report Report) {
			env := s.Get("environment")
			if env != nil && env.Kind != yaml.Mapping {
				report(s.at(env), "The variables of the service %s are a list.", s.Key)
			}
			for v := range env.All() {
				if env.Kind == yaml.Mapping && !v.String() {
					report(s.at(v), "The variable %s of the service %s is no text.", v.Key, s.Key)
				}
			}
		}),
	}
}

// sections are the keys of a compose file, in their order.
var sections = []string{"name", "include", "services", "networks", "volumes", "secrets"}

// eachDocument makes a rule of a check that looks at compose files one by one.
func eachDocument(code string, check func(d document, report Report)) Rule {
	return Rule{Code: code, Check: func(a *Artefacts, report Report) {
		for _, d := range a.compose().documents {
			check(d, report)
		}
	}}
}

// openVariables: a dollar sign that stands alone is a variable of whoever starts the
// stack. Compose looks for them in values, not in keys.
func openVariables(a *Artefacts, report Report) {
	for _, d := range a.compose().documents {
		if strings.IndexByte(d.text, '$') >= 0 {
			openVariable(d, d.root, report)
		}
	}
}

func openVariable(d document, n *yaml.Node, report Report) {
	for c := range n.All() {
		switch {
		case c.Kind != yaml.Scalar:
			openVariable(d, c, report)
		case strings.Contains(strings.ReplaceAll(c.Text, "$$", ""), "$"):
			report(Place{d.path, c.Line}, "A value holds a dollar sign that stands alone.")
		}
	}
}

func projectName(a *Artefacts, report Report) {
	c := a.compose()
	if len(c.documents) == 0 {
		return
	}
	root := c.documents[0]
	n := root.root.Get("name")
	v := n.Value()
	if root.root != nil && (v == "" || strings.Trim(v, letters+"0123456789_-") != "" || v[0] == '-' || v[0] == '_') {
		report(Place{root.path, max(1, lineOf(n))}, "The project has the name %q.", v)
	}
}

func lineOf(n *yaml.Node) int {
	if n == nil {
		return 0
	}
	return n.Line
}

// included: the files that docker-compose.yml names are those that are there.
func included(a *Artefacts, report Report) {
	c := a.compose()
	if len(c.documents) == 0 || c.documents[0].path != composeFile {
		report(Place{composeFile, 0}, "The file is missing.")
		return
	}
	root := c.documents[0]
	if root.root == nil {
		return // and has a finding
	}
	named := map[string]bool{}
	for n := range root.root.Get("include").All() {
		name := n.Value()
		if named[name] || !slices.ContainsFunc(c.documents[1:], func(d document) bool { return d.path == name }) {
			report(Place{root.path, n.Line}, "The file includes %q, which is not there, or twice.", name)
		}
		named[name] = true
	}
	for _, d := range c.documents[1:] {
		if !named[d.path] {
			report(Place{d.path, 0}, "No file includes this one.")
		}
		if n := d.root.Get("include"); n != nil {
			report(Place{d.path, n.Line}, "A part includes others.")
		}
	}
}

// inOrder wants sections in their order, and what stands in them by the alphabet.
func inOrder(d document, report Report) {
	last := -1
	for n := range d.root.All() {
		at := slices.Index(sections, n.Key)
		if at < 0 {
			continue // and has a finding
		}
		if at < last {
			report(Place{d.path, n.Line}, "The section %s stands behind one that comes later.", n.Key)
		}
		last = max(last, at)
		before := ""
		for c := range n.All() {
			if n.Kind == yaml.Mapping && c.Key <= before {
				report(Place{d.path, c.Line}, "%s stands behind %s.", c.Key, before)
			}
			before = c.Key
		}
	}
}
